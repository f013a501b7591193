# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tables that are looked up by influxctl before anything is done: by the module table, and by cluster for many."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.fixtures import every_operation, own_errors
from harness.modules import Modules, Outcome
from harness.plays import connection
from harness.sample import part_or_all, sample
from harness.sweeps import assert_no_secret, snapshot
from simulator import Fault, Simulator, Switches
from simulator.influxctl import CliSwitches, install, invocations
from simulator.recording import Action

DAILY = [{"type": "time", "value": "%Y-%m-%d"}]
YEARLY = [{"type": "time", "value": "%Y"}]
BUCKETS: list[dict[str, Any]] = [{"type": "bucket", "value": {"tagName": "customer", "numberOfBuckets": 20}}, *DAILY]
BUCKETS_STATED: list[dict[str, Any]] = [{"type": "bucket", "tag_name": "customer", "number_of_buckets": 20}, *DAILY]
# Servers made it once, and take it for no new table any more.
FORMER = [{"type": "time", "value": "%Y wk:%W"}]
Run = Callable[..., Outcome]


@pytest.fixture
def program(tmp_path: Path) -> Path:
    return install(tmp_path, shown_templates="api")


@pytest.fixture
def run(modules: Modules, program: Path) -> Run:
    """Runs a module with influxctl at hand; nothing that it prints holds a secret, and check mode writes nothing."""

    def run_it(sim: Simulator, module: str = "cluster", *, check: bool = False, **options: Any) -> Outcome:
        sim.requests.clear()
        Path(f"{program}.log").unlink(missing_ok=True)
        before = snapshot(sim)
        common = {**connection(sim), "lookup": "influxctl", "influxctl_path": str(program)}
        outcome = modules.run(module, {**common, **options, "_ansible_check_mode": check})
        assert_no_secret(outcome.output, sim.secrets)
        assert "Traceback" not in outcome.output
        assert not list(modules.temporary.rglob("config.toml"))
        if check:
            assert (snapshot(sim), writes(sim)) == (before, [])
        return outcome

    return run_it


def writes(sim: Simulator) -> list[tuple[str, str]]:
    """What was asked of the API but lists."""
    return [
        (request.method, request.path.split("/databases", 1)[-1])
        for request in sim.requests
        if request.kind == "api" and request.method != "GET"
    ]


def listed(program: Path) -> list[str]:
    """The databases whose tables were listed, in the order of their names."""
    return sorted(ran.argv[-1] for ran in invocations(program) if "table" in ran.argv)


def outcomes(outcome: Outcome) -> list[str]:
    return [item["outcome"] for item in outcome.result["tables"]]


def tables(sim: Simulator, database: str) -> list[str]:
    (found,) = (one for one in sim.state.databases if one.name == database and one.deleted_at is None)
    return sorted(table.name for table in sim.state.tables_of(found))


def lives(sim: Simulator) -> tuple[list[dict[str, Any]], list[str]]:
    """Tables in every state, and what becomes of them."""
    metrics, logs = sim.add_database("metrics"), sim.add_database("team/logs")
    for name in ("old", "unwanted", "kept"):
        sim.add_table(metrics, name)
    sim.add_table(metrics, "daily", partition_template=BUCKETS)
    sim.add_table(metrics, "former", partition_template=FORMER)
    sim.add_table(logs, "air/quality")
    active = sim.add_table(logs, "active")
    dropped = sim.add_table(metrics, "dropped", deleted_at=sim.clock.now())
    return [
        {"database": "metrics", "name": "cpu", "partition_template": DAILY},
        {"database": "metrics", "name": "kept"},
        {"database": "metrics", "name": "daily", "partition_template": BUCKETS_STATED},
        {"database": "metrics", "name": "former", "partition_template": FORMER},
        {"database": "metrics", "name": "new", "rename_from": "old"},
        {"database": "metrics", "name": "unwanted", "state": "absent"},
        {"database": "metrics", "name": "never", "state": "absent"},
        {"database": "metrics", "id": dropped.id, "state": "restored"},
        {"database": "team/logs", "name": "air/quality"},
        {"database": "team/logs", "name": "a/b", "rename_from": "b/a"},
        {"database": "team/logs", "id": active.id, "state": "restored"},
        {"database": "never", "name": "x", "state": "absent"},
    ], [
        *("created", "unchanged", "unchanged", "unchanged", "updated", "deleted", "unchanged", "created", "unchanged"),
        *("created", "unchanged", "unchanged"),
    ]  # fmt: skip


WORLDS: list[dict[str, Any]] = [
    *({"url_forms": form} for form in Switches.values("url_forms")),
    {"product": "dedicated"},
    {"duplicate_create": 400, "undelete_active": 200, "table_inherits_template": True},
]


@pytest.mark.parametrize("world", sample(WORLDS, lambda number, _world: number == 2), ids=str)
@every_operation
@own_errors
def test_the_life_of_tables(
    make_simulator: Callable[..., Simulator], run: Run, program: Path, world: dict[str, Any]
) -> None:
    sim = make_simulator(**world)
    items, become = lives(sim)
    check = run(sim, tables=items, check=True)
    assert check.code == 0, check.output
    assert listed(program) == ["metrics", "team/logs"]
    first = run(sim, tables=items)
    assert first.code == 0, first.output
    assert (outcomes(check), outcomes(first)) == (become, become)
    assert check.result["totals"] == first.result["totals"]
    assert check.result["diff"]["before"] == first.result["diff"]["before"]
    assert tables(sim, "metrics") == ["cpu", "daily", "dropped", "former", "kept", "new"]
    assert tables(sim, "team/logs") == ["a/b", "active", "air/quality"]
    assert "warnings" not in first.result

    again = run(sim, tables=items)
    assert (again.code, again.result["changed"], writes(sim)) == (0, False, []), again.output
    assert listed(program) == ["metrics", "team/logs"]
    ids = {table.name: table.id for table in sim.state.tables}
    assert again.result["tables"][0] == {"database": "metrics", "name": "cpu", "id": ids["cpu"], "outcome": "unchanged"}


@pytest.mark.parametrize("step", part_or_all(4))
@every_operation
@own_errors
def test_one_table_is_looked_up_as_well(sim: Simulator, run: Run, program: Path, step: int) -> None:
    items, become = lives(sim)
    for item, word in list(zip(items, become, strict=True))[::step]:
        check = run(sim, "table", **item, check=True)
        first = run(sim, "table", **item)
        assert (check.code, first.code) == (0, 0), first.output
        assert check.result["changed"] == first.result["changed"] == (word != "unchanged"), item
        assert check.result.get("diff", {}).get("before") == first.result.get("diff", {}).get("before")
        again = run(sim, "table", **item)
        assert (again.result["changed"], writes(sim)) == (False, []), again.output
        assert len(listed(program)) == (item["database"] != "never")
        if "id" not in item and item.get("state") != "absent":
            assert again.result["table"]["id"] is not None


SHOWN = sample(CliSwitches.values("shown_templates"), lambda _number, shown: shown == "api")


@pytest.mark.parametrize("shown", SHOWN)
@every_operation
@own_errors
def test_a_template_that_differs_fails_where_it_is_shown(sim: Simulator, run: Run, tmp_path: Path, shown: str) -> None:
    metrics = sim.add_database("metrics")
    sim.add_table(metrics, "daily", partition_template=BUCKETS)
    sim.add_table(metrics, "old", partition_template=DAILY)
    install(tmp_path, shown_templates=shown)
    items: list[dict[str, Any]] = [
        {"database": "metrics", "name": "daily", "partition_template": YEARLY},
        {"database": "metrics", "name": "new", "rename_from": "old", "partition_template": YEARLY},
    ]
    runs = [run(sim, tables=items, check=check) for check in (True, False)]
    assert [outcomes(one) for one in runs] == [["unchanged", "updated"] if shown == "no" else ["failed"] * 2] * 2
    if shown == "no":
        assert "can't be seen" in json.dumps(runs[1].result["warnings"])
        return
    for one in runs:
        assert [item["failure"]["code"] for item in one.result["tables"]] == ["immutable"] * 2
    assert tables(sim, "metrics") == ["daily", "old"]
    single = run(sim, "table", **items[0])
    assert (single.code, single.result["failure"]["code"], writes(sim)) == (1, "immutable", [])
    items[0]["partition_template"], items[1]["partition_template"] = BUCKETS_STATED, DAILY
    assert outcomes(run(sim, tables=items)) == ["unchanged", "updated"]
    assert outcomes(run(sim, tables=items)) == ["unchanged", "unchanged"]


@pytest.mark.parametrize("there", list(itertools.product((False, True), repeat=2)), ids=str)
@every_operation
@own_errors
def test_a_rename_guesses_nothing(sim: Simulator, run: Run, there: tuple[bool, bool]) -> None:
    metrics = sim.add_database("metrics")
    for name, is_there in zip(("old", "new"), there, strict=True):
        if is_there:
            sim.add_table(metrics, name)
    item = {"database": "metrics", "name": "new", "rename_from": "old"}
    word = {(False, False): "created", (True, False): "updated", (False, True): "unchanged", (True, True): "failed"}
    for check in (True, False):
        outcome = run(sim, tables=[item], check=check)
        assert outcomes(outcome) == [word[there]]
    assert len(writes(sim)) == (word[there] in ("created", "updated"))
    if there == (True, True):
        assert outcome.result["tables"][0]["failure"]["code"] == "refused"
        return
    assert tables(sim, "metrics") == ["new"]
    assert outcomes(run(sim, tables=[item])) == ["unchanged"]
    assert writes(sim) == []


@every_operation
@own_errors
def test_tables_of_a_database_that_is_renamed_are_seen_under_its_old_name(
    sim: Simulator, run: Run, program: Path
) -> None:
    old = sim.add_database("old")
    for name in ("kept", "unwanted"):
        sim.add_table(old, name)
    options = {
        "databases": [{"name": "new", "rename_from": "old"}, {"name": "made"}],
        "tables": [
            {"database": "new", "name": "kept"},
            {"database": "new", "name": "unwanted", "state": "absent"},
            {"database": "made", "name": "x"},
        ],
    }
    check = run(sim, **options, check=True)
    first = run(sim, **options)
    assert listed(program) == ["old"]
    assert outcomes(check) == outcomes(first) == ["unchanged", "deleted", "created"]
    assert check.result["diff"]["before"]["tables"] == first.result["diff"]["before"]["tables"]
    assert tables(sim, "new") == ["kept"]
    assert outcomes(run(sim, **options)) == ["unchanged", "unchanged", "unchanged"]
    assert (writes(sim), listed(program)) == ([], ["made", "new"])


HOSTILE = ["a/b", "../x", "-force", "--config", "ü é", "{{ 1 }}", "a%2Fb", "x'\"y"]


@every_operation
@own_errors
@pytest.mark.presumes(encoded_slash="kept")
def test_hostile_names_are_looked_up(sim: Simulator, run: Run, program: Path) -> None:
    for name in HOSTILE:
        sim.add_table(sim.add_database(name), name)
    items = [{"database": name, "name": table} for name in HOSTILE for table in (name, f"new {name}")]
    first = run(sim, tables=items)
    assert outcomes(first) == ["unchanged", "created"] * len(HOSTILE), first.output
    assert listed(program) == sorted(HOSTILE)
    assert outcomes(run(sim, tables=items)) == ["unchanged"] * len(items)
    assert writes(sim) == []


@pytest.mark.parametrize("step", part_or_all(7))
@pytest.mark.parametrize("action", sample(["drop_before", "drop_after", "status"], lambda number, _action: number == 1))
@every_operation
@own_errors
def test_a_fault_at_any_request_leaves_what_the_next_run_finishes(
    make_simulator: Callable[..., Simulator], run: Run, action: Action, step: int
) -> None:
    for number in itertools.count(1, step):
        sim = make_simulator()
        items, _become = lives(sim)
        fault = Fault(action, at=number)
        sim.faults.append(fault)
        run(sim, tables=items, retries=0, concurrency=1)
        if not fault.fired:
            break
        sim.faults.clear()
        second = run(sim, tables=items)
        assert second.code == 0, second.output
        assert tables(sim, "metrics") == ["cpu", "daily", "dropped", "former", "kept", "new"]
        assert tables(sim, "team/logs") == ["a/b", "active", "air/quality"]
        again = run(sim, tables=items)
        assert (again.result["changed"], writes(sim)) == (False, [])
        assert sim.violations == []
    assert number > 1, "none was struck"


def test_a_table_that_appears_meanwhile_is_looked_up_again(sim: Simulator, run: Run, program: Path) -> None:
    """Its answer is lost, and the list says that it was made: this run's."""
    sim.add_database("metrics")
    sim.faults.append(Fault("drop_after", match=lambda request: request.method == "POST" and request.kind == "api"))
    outcome = run(sim, tables=[{"database": "metrics", "name": name} for name in "ab"], concurrency=1)
    assert (outcome.code, outcomes(outcome)) == (0, ["created", "created"]), outcome.output
    assert len(writes(sim)) == 2
    assert listed(program) == ["metrics", "metrics"]


@every_operation
@own_errors
def test_a_name_that_only_the_server_takes_for_there_is_told(
    make_simulator: Callable[..., Simulator], run: Run
) -> None:
    sim = make_simulator(renamed_table_name="taken")
    sim.add_table(sim.add_database("metrics"), "new").former_names.append("old")
    outcome = run(sim, "table", database="metrics", name="old")
    assert (outcome.code, outcome.result["changed"]) == (0, False), outcome.output
    assert "former name" in json.dumps(outcome.result["warnings"])


@every_operation
@own_errors
def test_a_list_that_fails_fails_the_tables_of_its_database(sim: Simulator, run: Run) -> None:
    for name in ("good", "bad"):
        sim.add_table(sim.add_database(name), "unwanted")
    sim.faults.append(
        Fault("status", status=403, times=0, match=lambda request: request.body["database"] == "bad", kind="influxctl")
    )
    items = [{"database": name, "name": "unwanted", "state": "absent"} for name in ("good", "bad")]
    outcome = run(sim, tables=items)
    assert outcome.code == 1
    assert outcomes(outcome) == ["deleted", "failed"]
    assert outcome.result["tables"][1]["failure"]["code"] == "influxctl"
    assert writes(sim) == [("DELETE", "/good/tables/unwanted")]


@pytest.mark.parametrize("module", ["cluster", "table"])
def test_without_the_program_nothing_is_begun(sim: Simulator, run: Run, module: str, tmp_path: Path) -> None:
    sim.add_database("metrics")
    item = {"database": "metrics", "name": "cpu"}
    options: dict[str, Any] = {"tables": [item]} if module == "cluster" else item
    outcome = run(sim, module, **options, influxctl_path=str(tmp_path / "none"))
    assert (outcome.code, outcome.result["failure"]["code"], sim.requests) == (1, "influxctl_missing", [])
    # Whoever states no table, or looks nothing up, needs none.
    assert run(sim, databases=[{"name": "metrics"}], influxctl_path=str(tmp_path / "none")).code == 0
    assert run(sim, module, **options, lookup="none", influxctl_path=str(tmp_path / "none")).code == 0


def test_a_program_that_lists_no_tables_is_told(sim: Simulator, run: Run, tmp_path: Path) -> None:
    sim.add_database("metrics")
    install(tmp_path, "2.9.9")
    outcome = run(sim, tables=[{"database": "metrics", "name": "cpu"}])
    assert outcome.code == 1
    assert "2.10.2 or newer" in outcome.result["tables"][0]["failure"]["message"]
    assert writes(sim) == []


FORMS: list[dict[str, Any]] = [
    {"list_wrapping": "data", "list_keys": "go", "list_numbers": "text", "noise": "stdout"},
    {"list_wrapping": "lines", "list_keys": "camel", "list_nothing": "null", "noise": "stderr"},
    {"version": "2.10.2", "list_wrapping": "each", "list_keys": "short", "shown_templates": "go"},
]


@pytest.mark.parametrize("form", sample(FORMS, lambda number, _form: number == 0), ids=str)
@every_operation
@own_errors
def test_every_form_of_the_list_is_looked_up(sim: Simulator, run: Run, tmp_path: Path, form: dict[str, Any]) -> None:
    items, become = lives(sim)
    install(tmp_path, **{"shown_templates": "parts", **form})
    first = run(sim, tables=items)
    assert outcomes(first) == become, first.output
    assert run(sim, tables=items).result["changed"] is False
    assert writes(sim) == []
