# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Two playbooks change the same object at once: both end well, and one of them says `changed`.

In each task the first answers to both are held until the server has handled both requests. So both have read the same
databases before either writes; of tables, where there is nothing to read, both have written before either knows.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from harness.playbook import Ansible, Run
from harness.plays import connection, local_play
from harness.sweeps import assert_no_secret
from simulator import Fault, Simulator
from simulator.recording import Request

RACES: dict[str, tuple[str, dict[str, Any]]] = {
    "create a database": ("database", {"name": "made", "retention_period": "30d"}),
    "rename a database": ("database", {"name": "new", "rename_from": "old"}),
    "delete a database": ("database", {"name": "gone", "state": "absent"}),
    "restore a database": ("database", {"name": "back", "id": 3, "state": "restored"}),
    "create a table": ("table", {"database": "new", "name": "made"}),
    "rename a table": ("table", {"database": "new", "name": "new", "rename_from": "old"}),
    "delete a table": ("table", {"database": "new", "name": "gone", "state": "absent"}),
}


def meeting(secrets: set[str]) -> Fault:
    """Holds the first answer for each of these tokens until all of them have asked."""
    missing = set(secrets)

    def is_first(request: Request) -> bool:
        secret = request.headers["authorization"].removeprefix("Bearer ")
        if secret not in missing:
            return False
        missing.remove(secret)
        if not missing:
            fault.release()
        return True

    fault = Fault("slow", times=0, match=is_first)
    return fault


@pytest.mark.complete
def test_two_playbooks_at_once_end_well_and_one_of_them_changes(ansible: Ansible, sim: Simulator) -> None:
    old = sim.add_database("old")
    sim.add_database("gone")
    assert sim.add_database("back", deleted_at=sim.clock.now()).id == 3
    for name in ("old", "gone"):
        sim.add_table(old, name)
    tokens = {task: [sim.add_mgmt_token(task).secret for _play in range(2)] for task in RACES}
    sim.faults += [meeting(set(secrets)) for secrets in tokens.values()]

    def play(number: int) -> Run:
        tasks = [
            {"name": task, f"influxops.influxdb3.{module}": {**options, "management_token": tokens[task][number]}}
            for task, (module, options) in RACES.items()
        ]
        own = replace(ansible, workdir=ansible.workdir / str(number))
        own.workdir.mkdir()
        # One attempt, so that a playbook that ends early doesn't leave the other one waiting for long.
        return own.playbook(local_play(tasks, {**connection(sim), "timeout": 60, "retries": 0}))

    with ThreadPoolExecutor(2) as pool:
        runs = list(pool.map(play, range(2)))
    for run in runs:
        assert run.code == 0, run.output
        assert_no_secret(run.output, sim.secrets)
    assert all(fault.fired == 2 for fault in sim.faults)
    changed = {task: [run.result(task)["changed"] for run in runs] for task in RACES}
    assert {task: sum(both) for task, both in changed.items()} == dict.fromkeys(RACES, 1)
    alive = [(d.name, d.retention_period) for d in sim.state.databases if d.deleted_at is None]
    assert alive == [("new", 0), ("back", 0), ("made", 2592000000000000)]
    assert [t.name for t in sim.state.tables_of(old)] == ["new", "made"]
    assert sim.violations == []
