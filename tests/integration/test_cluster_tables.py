# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tables in the module cluster: their life, their order among databases and tokens, failures, bad input."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.fixtures import every_operation, own_errors
from harness.modules import Modules, Outcome
from harness.plays import connection
from harness.sample import sample
from harness.sweeps import assert_no_secret, snapshot
from simulator import Fault, Simulator, Switches

DAILY = [{"type": "time", "value": "%Y-%m-%d"}]
YEARLY = [{"type": "time", "value": "%Y"}]
Run = Callable[..., Outcome]


@pytest.fixture
def run(modules: Modules) -> Run:
    """Runs cluster against a simulator; nothing that it prints holds a secret, and check mode writes nothing."""

    def run_it(sim: Simulator, *, check: bool = False, **options: Any) -> Outcome:
        sim.requests.clear()
        before = snapshot(sim)
        options = {**connection(sim), **options, "_ansible_check_mode": check}
        outcome = modules.run("cluster", options)
        assert_no_secret(outcome.output, sim.secrets)
        assert "Traceback" not in outcome.output
        if check:
            assert (snapshot(sim), sim.writes) == (before, [])
        return outcome

    return run_it


def sent(sim: Simulator) -> list[tuple[str, str]]:
    """The requests in the right form of the URL."""
    return [
        (request.method, request.path.split("/databases", 1)[-1] if "/databases" in request.path else "tokens")
        for request in sim.requests
    ]


def tables(sim: Simulator, database: str) -> list[str]:
    (found,) = (one for one in sim.state.databases if one.name == database and one.deleted_at is None)
    return sorted(table.name for table in sim.state.tables_of(found))


def outcomes(outcome: Outcome) -> list[str]:
    return [item["outcome"] for item in outcome.result["tables"]]


def lives(sim: Simulator) -> list[dict[str, Any]]:
    """Tables in every state that there is without a list of them."""
    metrics = sim.add_database("metrics")
    for name in ("old", "unwanted", "kept"):
        sim.add_table(metrics, name)
    dropped = sim.add_table(metrics, "dropped", deleted_at=sim.clock.now())
    return [
        {"database": "metrics", "name": "cpu", "partition_template": DAILY},
        {"database": "metrics", "name": "kept"},
        {"database": "metrics", "name": "new", "rename_from": "old"},
        {"database": "metrics", "name": "unwanted", "state": "absent"},
        {"database": "metrics", "name": "never", "state": "absent"},
        {"database": "metrics", "id": dropped.id, "state": "restored"},
        {"database": "made", "name": "air/quality"},
    ]


@pytest.mark.parametrize("form", sample(Switches.values("url_forms"), lambda _number, form: form == "long"))
@every_operation
@own_errors
def test_the_life_of_tables(make_simulator: Callable[..., Simulator], run: Run, form: str) -> None:
    sim = make_simulator(url_forms=form)
    items = lives(sim)
    options = {"databases": [{"name": "made"}], "tables": items}
    check = run(sim, **options, check=True)
    assert check.code == 0, check.output
    first = run(sim, **options)
    assert first.code == 0, first.output
    assert outcomes(first) == ["created", "unchanged", "updated", "deleted", "unchanged", "created", "created"]
    # Without a list of tables, check mode takes it that there is something to do.
    assert outcomes(check) == ["created", "created", "updated", "deleted", "deleted", "created", "created"]
    assert tables(sim, "metrics") == ["cpu", "dropped", "kept", "new"]
    assert tables(sim, "made") == ["air/quality"]
    ids = {table.name: table.id for table in sim.state.tables}
    assert first.result["tables"][2] == {"database": "metrics", "name": "new", "id": ids["new"], "outcome": "updated"}
    assert first.result["tables"][5]["name"] == "dropped"
    assert first.result["totals"]["tables"] == {
        **{"created": 3, "updated": 1, "deleted": 1, "unchanged": 2, "failed": 0, "skipped": 0}
    }
    assert first.result["diff"]["after"]["tables"]["metrics/cpu"]["partition_template"] == DAILY
    assert first.result["diff"]["before"]["tables"]["metrics/unwanted"] == {"database": "metrics", "name": "unwanted"}

    after = snapshot(sim)
    again = run(sim, databases=options["databases"], tables=[item for item in items if "id" not in item])
    assert again.code == 0, again.output
    assert (again.result["changed"], snapshot(sim)) == (False, after)


@every_operation
@own_errors
def test_tables_come_after_their_databases_and_go_before_them(sim: Simulator, run: Run, tmp_path: Path) -> None:
    for name in ("old", "gone"):
        sim.add_table(sim.add_database(name), "last")
    outcome = run(
        sim,
        databases=[{"name": "gone", "state": "absent"}, {"name": "new"}, {"name": "renamed", "rename_from": "old"}],
        tables=[
            {"database": "gone", "name": "last", "state": "absent"},
            {"database": "new", "name": "first"},
            {"database": "renamed", "name": "first"},
        ],
        db_tokens=[{"description": "made", "permissions": [{"action": "read", "resource": "new"}]}],
        secret_dir=str(tmp_path),
    )
    assert outcome.code == 0, outcome.output
    order = [one for one in sent(sim) if one[0] != "GET"]
    assert sorted(order[:2]) == [("POST", ""), ("PUT", "/old/rename")]
    assert sorted(order[2:4]) == [("POST", "/new/tables"), ("POST", "/renamed/tables")]
    assert order[4:] == [("POST", "tokens"), ("PATCH", "tokens"), ("DELETE", "/gone/tables/last"), ("DELETE", "/gone")]
    assert outcomes(outcome) == ["deleted", "created", "created"]


@pytest.mark.parametrize("number", [60, pytest.param(1000, marks=pytest.mark.complete)])
@own_errors
def test_many_tables_cost_one_list_and_the_writes(sim: Simulator, run: Run, number: int) -> None:
    for i in range(10):
        sim.add_database(f"db{i}", max_tables=number)
    items = [{"database": f"db{i % 10}", "name": f"table{i}"} for i in range(number)]
    first = run(sim, tables=items, concurrency=16)
    assert first.code == 0, first.output
    assert Counter(method for method, _path in sent(sim)) == {"GET": 1, "POST": number}
    assert first.result["totals"]["tables"]["created"] == number
    again = run(sim, tables=items, concurrency=16)
    assert (again.code, again.result["changed"]) == (0, False)
    assert again.result["totals"]["tables"]["unchanged"] == number


@own_errors
def test_a_table_that_fails_stops_no_other(sim: Simulator, run: Run) -> None:
    sim.add_database("metrics")
    sim.add_database("unstated")
    sim.faults.append(Fault("status", status=403, times=0, match=lambda request: request.body == {"name": "b"}))
    options: dict[str, Any] = {
        "databases": [{"name": "metrics"}],
        "tables": [
            *({"database": "metrics", "name": name} for name in "abc"),
            {"database": "never", "name": "a"},
        ],
        "prune": {"databases": True},
    }
    refused = run(sim, **options)
    assert [(one["index"], one["name"]) for one in refused.result["problems"]] == [(3, "a")]
    options["prune"] = {"databases": False}
    outcome = run(sim, **options)
    assert outcome.code == 1
    assert outcomes(outcome) == ["created", "failed", "created", "failed"]
    assert [item["failure"]["status"] for item in outcome.result["tables"] if "failure" in item] == [403, 404]
    assert "'metrics/b'" in outcome.result["msg"]
    assert "Tables are in databases that neither exist nor are stated: 'never/a'" in outcome.output
    assert tables(sim, "metrics") == ["a", "c"]
    sim.faults.clear()
    options["tables"] = options["tables"][:3]
    assert outcomes(
        run(
            sim,
            **options,
        )
    ) == ["unchanged", "created", "unchanged"]
    sim.faults.append(Fault("status", status=403, times=0, match=lambda request: request.body == {"name": "d"}))
    options.update(tables=[{"database": "metrics", "name": "d"}], prune={"databases": True})
    outcome = run(sim, **options)
    assert outcome.result["databases"][1] == {"name": "unstated", "outcome": "skipped", "pruned": True}


A = {"database": "a", "name": "x"}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"tables": [A, A]}, {0: None, 1: "the name 'x' in the database 'a' is also that of tables[0]"}),
        ({"tables": [A, {"database": "b", "name": "x"}]}, {}),
        ({"tables": [A, {**A, "state": "absent"}]}, {1: "is also that of tables[0]"}),
        (
            {"tables": [{"database": "a", "name": name, "rename_from": "z"} for name in "xy"]},
            {1: "the rename_from 'z' in the database 'a' is also that of tables[0]"},
        ),
        ({"tables": [A, {"database": "a", "name": "y", "rename_from": "x"}]}, {1: "'x' is the name of tables[0]"}),
        (
            {"tables": [{"database": "a", "id": 5, "state": "restored"}] * 2},
            {1: "the id '5' in the database 'a' is also that of tables[0]"},
        ),
        ({"tables": [{"name": "x"}]}, {0: "database"}),
        ({"tables": [{"database": "a", "state": "restored"}]}, {0: "any of the following are missing: id, name"}),
        ({"tables": [A, {**A, "state": "restored"}]}, {1: "is also that of tables[0]"}),
        ({"tables": [{"database": "a"}]}, {0: "name"}),
        ({"tables": [{**A, "partition_template": [{"type": "time", "value": "%F"}]}]}, {0: "%Y, %m and %d"}),
        ({"tables": [{**A, "retention_period": "30d"}]}, {0: "retention_period"}),
        ({"tables": [A], "databases": [{"name": "a", "state": "absent"}]}, {0: "is deleted by databases[0]"}),
        ({"tables": [{**A, "state": "absent"}], "databases": [{"name": "a", "state": "absent"}]}, {}),
        ({"tables": [A], "databases": [{"name": "b", "rename_from": "a"}]}, {0: "state its new name 'b'"}),
        ({"tables": [{**A, "state": "absent"}], "databases": [{"name": "b", "rename_from": "a"}]}, {0: "'b'"}),
        (
            {"tables": [A, {"database": "_internal", "name": "x"}], "databases": [], "prune": {"databases": True}},
            {None: "prune_limit", 0: "prune.databases would delete it"},
        ),
    ],
    ids=str,
)
def test_what_can_t_be_had_is_refused_before_the_first_request(
    sim: Simulator, run: Run, options: dict[str, Any], said: dict[int | None, str | None]
) -> None:
    sim.add_database("a")
    sim.add_database("b")
    outcome = run(sim, **options, check=True)
    problems = {one["index"]: one["message"] for one in outcome.result.get("problems", ())}
    wanted = {index: text for index, text in said.items() if text}
    assert set(problems) == set(wanted), outcome.output
    for index, text in wanted.items():
        assert text in problems[index]
    assert bool(problems) == (sim.requests == [])
