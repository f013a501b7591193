# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module `probe` as Ansible runs it: check mode, signals, kills, and what it says where something is missing."""

from __future__ import annotations

import json
import os
import random
import signal
from pathlib import Path
from typing import Any

import pytest

from harness.crash import KILLS, Attempt, Case, Promise, killing, points, strike
from harness.fixtures import MakeSimulator, every_operation
from harness.modules import Modules
from harness.playbook import Ansible
from harness.plays import connection
from harness.probing import Program, add_foreign, alive, foreign, private_texts, wrong
from harness.sample import sample
from harness.sweeps import assert_no_secret, snapshot
from simulator import Fault, Simulator, Switches
from simulator.influxctl import install

# Other points in each run; `make crash` tries them all.
SAMPLE = 2


def options(sim: Simulator, influxctl: Path | str, **more: Any) -> dict[str, Any]:
    """The module's options for a server; the data plane of Cloud Dedicated is elsewhere by default."""
    path = {"influxctl_path": str(influxctl), "query_host": sim.url}
    return {**connection(sim), **path, "writes": True, "retries": 1, **more}


SERVERS: dict[str, tuple[str, dict[str, Any]]] = {
    "likeliest": ("clustered", {}),
    "another": (
        "dedicated",
        {
            "duplicate_create": 400,
            "default_max_columns": 200,
            "revoked_listed": False,
            "encoded_slash": "rejected",
            "old_server": True,
            "error_bodies": "html",
            "mgmt_token_may_manage": False,
            "clock_skew": 120,
        },
    ),
}


SURPRISES: dict[str, set[str]] = {
    "likeliest": set(),
    "another": {
        *("duplicate_status", "default_max_columns", "revoked_listed", "encoded_slash", "error_body"),
        *("rename_database", "delete_table", "rename_table", "influxctl_manages_tokens"),
    },
}


@pytest.mark.parametrize("server", sample(list(SERVERS), lambda number, _name: number == 1))
def test_a_whole_probe_through_ansible(
    server: str, ansible: Ansible, make_simulator: MakeSimulator, tmp_path: Path
) -> None:
    product, switches = SERVERS[server]
    sim = make_simulator(product, like=Switches(), **switches)
    add_foreign(sim)
    before, text = foreign(sim), snapshot(sim)
    variables: dict[str, Any] = {"cluster_connection": connection(sim), "probe_query_host": sim.url}
    variables |= {"probe_writes": True, "probe_file": "probe.json"}
    check = ansible.playbook("influxops.influxdb3.probe", "--check", variables=variables)
    path = ansible.workdir / "probe.json"
    assert (check.code, snapshot(sim), sim.writes, path.exists()) == (0, text, [], False), check.output
    run = ansible.playbook("influxops.influxdb3.probe", variables=variables)
    assert (run.code, run.changed) == (0, ["localhost: Write the report"]), run.output
    report = json.loads(path.read_text())
    found = run.result("Ask the cluster")
    assert found["probe"] == report
    assert wrong(sim, Program(), report) == []
    assert (report["leftovers"], found["removed"], alive(sim), foreign(sim)) == ([], [], set(), before)
    shown = json.dumps(report)
    assert [one for one in private_texts(sim) | {str(tmp_path)} if one in shown] == []
    assert_no_secret(run.output, sim.secrets)
    assert {*report["surprises"]} == SURPRISES[server]
    lines = run.result("Show what was found out")["lines"]
    assert lines[0] == f"{len(SURPRISES[server])} of 33 answers are not as documented or assumed."


def test_leftovers_are_named_and_the_next_run_removes_them(modules: Modules, sim: Simulator) -> None:
    def deletes(request: Any) -> bool:
        return bool(request.method == "DELETE")

    sim.faults.append(Fault("status", times=0, status=403, match=deletes))
    wanted = options(sim, "/nowhere/influxctl")
    first = modules.run("probe", wanted).result
    left = {(one["kind"], one["name"]) for one in first["probe"]["leftovers"]}
    assert left == alive(sim)
    assert {kind for kind, _name in left} == {"database", "db_token"}
    assert first["changed"]
    assert [name for _kind, name in left if name not in str(first["warnings"])] == []
    sim.faults.clear()
    reading = modules.run("probe", {**wanted, "writes": False}).result
    assert {(one["kind"], one["name"]) for one in reading["probe"]["leftovers"]} == left == alive(sim)
    assert not reading["changed"]
    checked = modules.run("probe", {**wanted, "_ansible_check_mode": True}).result
    assert (checked["changed"], alive(sim)) == (True, left)
    second = modules.run("probe", wanted).result
    assert {(one["kind"], one["name"]) for one in second["removed"]} == left
    assert (second["changed"], second["probe"]["leftovers"], alive(sim)) == (True, [], set())


@pytest.mark.parametrize("number", [7, pytest.param(20, marks=pytest.mark.complete)])
@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_leaves_nothing(
    modules: Modules, sim: Simulator, tmp_path: Path, number: int, ending: signal.Signals
) -> None:
    pids = Promise()
    sim.faults.append(killing(number, lambda: os.kill(pids.get(), ending), action="drop_after"))
    outcome = modules.run("probe", options(sim, install(tmp_path)), started=pids.set)
    assert outcome.code == 128 + ending
    assert any(request.is_write for request in sim.requests)
    assert alive(sim) == set()


class World:
    """A cluster in which a probe is cut off."""

    def __init__(self, sim: Simulator, influxctl: Path) -> None:
        self.sim, self.influxctl = sim, influxctl
        self.left: set[tuple[str, str]] = set()

    def prepare(self) -> dict[str, Any]:
        self.sim.reset()
        add_foreign(self.sim)
        self.before = foreign(self.sim)
        return options(self.sim, self.influxctl)

    def meanwhile(self) -> list[str]:
        """What the disturbed run has left."""
        self.left = alive(self.sim)
        return []

    def check(self, attempt: Attempt) -> list[str]:
        removed = {(one["kind"], one["name"]) for one in attempt.repaired.result.get("removed", [])}
        problems = [] if removed == self.left else [f"left {self.left}, and the next run tells of {removed}"]
        problems += [f"the next run leaves {alive(self.sim)}"] if alive(self.sim) else []
        problems += ["something of the owner's was touched"] if foreign(self.sim) != self.before else []
        if not attempt.killed:
            report = attempt.disturbed.result.get("probe", {"leftovers": []})
            named = {(one["kind"], one["name"]) for one in report["leftovers"]}
            problems += [f"left without a word: {self.left - named}"] if self.left - named else []
        return problems


@pytest.fixture
def case(make_simulator: MakeSimulator, tmp_path: Path) -> tuple[Case, Simulator]:
    sim = make_simulator(tls=False)
    world = World(sim, install(tmp_path))
    return Case("a probe", "probe", world.prepare, world.check, world.meanwhile), sim


def test_some_ends_of_a_run(case: tuple[Case, Simulator], modules: Modules) -> None:
    one, sim = case
    seed = os.environ["CRASH_SEED"]
    found = points(one, sim, modules)
    chosen = random.Random(f"{seed} probe").sample(found, SAMPLE)
    # One that surely leaves something.
    kill = next(point for point in found if point.what == "kill after the commit" and point.number == 12)
    assert [problem for point in [*chosen, kill] for problem in strike(one, point, sim, modules)] == []


@pytest.mark.crash
def test_every_end_of_a_run(case: tuple[Case, Simulator], modules: Modules) -> None:
    one, sim = case
    found = points(one, sim, modules)
    problems = [problem for point in found for problem in strike(one, point, sim, modules)]
    print(f"{len(found)} points, {sum(point.what in KILLS for point in found)} of them kills: {len(problems)} problems")
    assert problems == []


@pytest.mark.parametrize("prefix", ["", "ab", "a/b", "x" * 33, "-abc", "a b c", "ümlaut"])
def test_a_prefix_that_names_can_not_begin_with_is_refused(modules: Modules, sim: Simulator, prefix: str) -> None:
    outcome = modules.run("probe", options(sim, "influxctl", prefix=prefix))
    assert outcome.result["failure"]["code"] == "invalid_option"
    assert outcome.result["msg"].startswith("prefix: ")
    assert sim.requests == []


@every_operation
def test_a_prefix_of_ones_own(modules: Modules, sim: Simulator) -> None:
    add_foreign(sim)
    before = snapshot(sim)
    result = modules.run("probe", options(sim, "/nowhere/influxctl", prefix="our_probe")).result
    state = sim.state
    made = [one for one in state.databases if one.name.startswith("our_probe-")]
    assert len(made) > 5
    for one in made:
        assert one.deleted_at is not None
        state.databases.remove(one)
    state.tables = [one for one in state.tables if one.database_id not in {database.id for database in made}]
    state.db_tokens = [one for one in state.db_tokens if not one.description.startswith("our_probe-")]
    assert (result["probe"]["leftovers"], snapshot(sim)) == ([], before)


def test_no_influxctl_is_said_and_no_path_shown(modules: Modules, sim: Simulator) -> None:
    report = modules.run("probe", options(sim, "/canary/influxctl", writes=False)).result["probe"]
    asked = {name: text for name, text in report["evidence"].items() if name.startswith("influxctl_")}
    assert len(asked) == 4
    assert {*asked.values()} == {"influxctl isn't installed where the module runs: set influxctl_path, or install it."}
    assert "canary" not in json.dumps(report)
    assert report["influxctl"] is None


def test_a_cluster_that_refuses_is_a_failure(modules: Modules, sim: Simulator) -> None:
    wrong_token = "M.V1.canaryWrong+/" + "c" * 40
    outcome = modules.run("probe", options(sim, "influxctl", management_token=wrong_token))
    assert outcome.result["failure"]["code"] == "unauthorized"
    assert "probe" not in outcome.result
    assert sim.writes == []
