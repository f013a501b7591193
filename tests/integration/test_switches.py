# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The same life of a cluster on servers that answer what facts.md calls open in every possible way.

Server number k takes the k-th value of each switch, so that a few servers show every value of every switch once.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.playbook import Ansible, Run
from harness.plays import connection, local_play
from harness.sample import sample
from harness.sweeps import assert_no_secret, snapshot
from simulator import Simulator, Switches

# Each with the reason why this life of a cluster can't meet it, and where it is met.
ELSEWHERE = {
    "encoded_slash": "only concerns names with a slash: scenarios database_*",
    "short_retention": "refuses what the user asks for",
    "mgmt_token_may_manage": "refuses what the user asks for",
    "missing_operations": "refuses what the user asks for; old_server is the likeliest set of them",
    "past_expiry": "the modules refuse such a token themselves",
    "empty_template": "the modules never send one: the simulator counts a violation",
    "unknown_fields": "the modules never send one: the simulator counts a violation",
    "empty_patch": "the modules never send one: the simulator counts a violation",
}
VARIED = [switch for switch in Switches.catalogue() if switch.name not in ELSEWHERE]
SERVERS = max(len(switch.values) for switch in VARIED)


def server(number: int) -> dict[str, Any]:
    """The switches of one server."""
    return {switch.name: switch.values[number % len(switch.values)] for switch in VARIED}


def life(secret_file: Path, *, old_server: bool) -> list[dict[str, Any]]:
    """Tasks that create, change and remove; without those that an old server can't do."""
    database, token = "influxops.influxdb3.database", "influxops.influxdb3.db_token"
    template = [{"type": "time", "value": "%Y-%m"}, {"type": "bucket", "tag_name": "a", "number_of_buckets": 9}]
    read_all = [{"action": "read", "resource": "*"}]
    tasks: list[dict[str, Any]] = [
        {database: {"name": "made", "retention_period": "30d", "partition_template": template}},
        {database: {"name": "changed", "retention_period": "1y", "max_tables": 9, "partition_template": template}},
        {database: {"name": "removed", "state": "absent"}},
        {
            token: {
                "description": "made",
                "permissions": read_all * 2,
                "expires_in": "1y",
                "secret_file": str(secret_file),
            }
        },
        {token: {"description": "changed", "permissions": read_all}},
        {token: {"description": "removed", "state": "absent"}},
        {
            "influxops.influxdb3.cluster": {
                "databases": [{"name": "bulk", "retention_period": "30d"}, {"name": "gone", "state": "absent"}],
                "db_tokens": [{"description": "bulk", "permissions": [{"action": "read", "resource": "bulk"}]}],
                "secret_dir": str(secret_file.parent),
            }
        },
    ]
    if not old_server:
        tasks.append({database: {"name": "new", "rename_from": "old", "max_tables": 8}})
        tasks.append({database: {"name": "back", "id": 5, "state": "restored"}})
    return tasks


# Number 1 is the one that differs from the default in every switch.
@pytest.mark.parametrize("number", sample(range(SERVERS), lambda number, _value: number == 1))
def test_every_answer_to_an_open_question(
    ansible: Ansible, make_simulator: Callable[..., Simulator], tmp_path: Path, number: int
) -> None:
    switches = server(number)
    sim = make_simulator(**switches)
    wire: list[dict[str, Any]] = [
        {"type": "time", "value": "%Y-%m"},
        {"type": "bucket", "value": {"tagName": "a", "numberOfBuckets": 9}},
    ]
    for name in ("changed", "removed", "old", "gone"):
        sim.add_database(name, partition_template=wire)
    sim.add_database("back", deleted_at=sim.clock.now())
    for description in ("changed", "removed"):
        sim.add_db_token(description, [{"action": "write", "resource": "a"}])
    old_server = bool(switches["old_server"])
    plays = local_play(life(tmp_path / "secrets" / "made.json", old_server=old_server), connection(sim))

    def play() -> Run:
        run = ansible.playbook(plays)
        assert run.code == 0, run.output
        assert_no_secret(run.output, sim.secrets)
        return run

    assert len(play().changed) == (7 if old_server else 9)
    after = snapshot(sim)
    assert play().changed == []
    assert snapshot(sim) == after
    assert sim.violations == []
    alive = {d.name: (d.retention_period, d.max_tables) for d in sim.state.databases if d.deleted_at is None}
    most = switches["default_max_tables"]
    common = {"made": (2592000000000000, most), "changed": (31536000000000000, 9), "bulk": (2592000000000000, most)}
    assert alive == common | ({"old": (0, most)} if old_server else {"new": (0, 8), "back": (0, most)})
    assert [t.description for t in sim.state.db_tokens if t.revoked_at is None] == ["changed", "made", "bulk"]


def test_all_switches_are_known() -> None:
    assert set(ELSEWHERE) <= {switch.name for switch in Switches.catalogue()}
