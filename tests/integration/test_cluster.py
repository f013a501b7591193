# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What cluster does with many items: requests, order, failures, bad input, pruning, a server that is overloaded."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from harness.fixtures import every_operation, own_errors
from harness.modules import Modules, Outcome
from harness.plays import connection
from harness.struck import once_struck
from harness.sweeps import assert_no_secret
from simulator import DbToken, Fault, Request, Simulator

READ = [{"action": "read", "resource": "metrics"}]


@pytest.fixture
def run(modules: Modules, sim: Simulator) -> Callable[..., Outcome]:
    """Runs cluster against the simulator; nothing that it prints holds a secret."""

    def run_it(*, check: bool = False, started: Callable[[int], None] | None = None, **options: Any) -> Outcome:
        sim.requests.clear()
        options = {**connection(sim), **options, "_ansible_check_mode": check}
        outcome = modules.run("cluster", options, started=started)
        assert_no_secret(outcome.output, sim.secrets)
        assert "Traceback" not in outcome.output
        return outcome

    return run_it


def alive(sim: Simulator) -> list[DbToken]:
    return [token for token in sim.state.db_tokens if token.revoked_at is None]


def names(sim: Simulator) -> list[str]:
    return sorted(database.name for database in sim.state.databases if database.deleted_at is None)


def sent(sim: Simulator) -> list[tuple[str, str]]:
    return [(request.method, request.path.removeprefix("/api/v0/")) for request in sim.requests]


def outcomes(outcome: Outcome, kind: str = "databases") -> list[str]:
    return [item["outcome"] for item in outcome.result[kind]]


def many(number: int) -> dict[str, Any]:
    """As many databases, and tokens for them."""
    return {
        "databases": [{"name": f"db{i}", "retention_period": "30d"} for i in range(number)],
        "db_tokens": [
            {"description": f"token {i}", "permissions": [{"action": "read", "resource": f"db{i}"}], "expires_in": "9d"}
            for i in range(number)
        ],
    }


# Requests and order


@pytest.mark.parametrize("number", [60, pytest.param(1000, marks=pytest.mark.complete)])
def test_many_cost_two_lists_and_the_writes(
    sim: Simulator, run: Callable[..., Outcome], tmp_path: Path, number: int
) -> None:
    options = {**many(number), "secret_dir": str(tmp_path / "secrets"), "concurrency": 16}
    check = run(**options, check=True)
    assert sorted(sent(sim)) == [("GET", "databases"), ("GET", "tokens")]
    first = run(**options)
    assert first.code == 0, first.output
    assert Counter(method for method, path in sent(sim)) == {"GET": 2, "POST": 2 * number, "PATCH": number}
    assert check.result["totals"] == first.result["totals"]
    assert first.result["totals"]["databases"]["created"] == first.result["totals"]["db_tokens"]["created"] == number
    kept = [json.loads(path.read_text()) for path in (tmp_path / "secrets").glob("*.json")]
    assert {one["token"] for one in kept} == {token.secret for token in alive(sim)}
    assert len(kept) == number

    again = run(**options)
    assert sorted(sent(sim)) == [("GET", "databases"), ("GET", "tokens")]
    assert again.result["changed"] is False
    assert again.result["diff"] == {"before": {}, "after": {}}
    assert again.result["totals"]["db_tokens"]["unchanged"] == number

    options["databases"][7]["retention_period"] = "60d"
    changed = run(**options)
    assert sent(sim)[2:] == [("PATCH", "databases/db7")]
    fields = {"retention_period": "60d", "retention_period_ns": 60 * 86400 * 10**9}
    assert changed.result["diff"]["after"] == {"databases": {"db7": fields}}


@every_operation
@own_errors
def test_databases_come_before_tokens_and_deletions_last(
    sim: Simulator, run: Callable[..., Outcome], tmp_path: Path
) -> None:
    for name in ("old", "gone", "unstated"):
        sim.add_database(name)
    for description in ("revoked", "unstated"):
        sim.add_db_token(description)
    outcome = run(
        databases=[{"name": "gone", "state": "absent"}, {"name": "new"}, {"name": "renamed", "rename_from": "old"}],
        db_tokens=[
            {"description": "revoked", "state": "absent"},
            {"description": "made", "permissions": [{"action": "read", "resource": "new"}]},
        ],
        prune={"databases": True, "db_tokens": True},
        secret_dir=str(tmp_path),
    )
    kinds = [(method, path.split("/")[0]) for method, path in sent(sim)]
    assert sorted(kinds[:2]) == [("GET", "databases"), ("GET", "tokens")]
    assert sorted(kinds[2:4]) == [("POST", "databases"), ("PUT", "databases")]
    assert kinds[4:] == [
        *[("POST", "tokens"), ("PATCH", "tokens"), ("DELETE", "tokens"), ("DELETE", "databases")],
        *[("DELETE", "tokens"), ("DELETE", "databases")],
    ]
    assert outcomes(outcome) == ["deleted", "created", "updated", "deleted"]
    assert outcomes(outcome, "db_tokens") == ["deleted", "created", "deleted"]
    assert [item.get("pruned") for item in outcome.result["databases"]] == [None, None, None, True]
    assert (names(sim), [token.description for token in alive(sim)]) == (["new", "renamed"], ["made"])
    assert "warnings" not in outcome.result


@contextmanager
def held(sim: Simulator, fault: Fault, expected: int) -> Iterator[list[int]]:
    """Holds what the fault strikes until as many as expected are on their way at once, then lets all go.

    Afterwards the list's only entry tells how many there were shortly after that, or when the block ended without.
    """
    sim.faults.append(fault)
    over = threading.Event()
    seen: list[int] = []

    def release() -> None:
        while fault.fired < expected and not over.is_set():
            over.wait(0.005)
        over.wait(0.1)
        seen.append(fault.fired)
        fault.release()

    thread = threading.Thread(target=release)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()


def test_as_many_requests_as_allowed_are_on_their_way_at_once(sim: Simulator, run: Callable[..., Outcome]) -> None:
    with held(sim, Fault("slow", times=0, match=lambda request: request.method == "POST"), 5) as seen:
        run(databases=[{"name": f"db{i}"} for i in range(9)], concurrency=5)
    assert seen == [5]
    assert len(names(sim)) == 9


@pytest.mark.parametrize(("concurrency", "at_once"), [(8, 2), (1, 1)])
def test_both_lists_are_asked_for_at_once(
    sim: Simulator, run: Callable[..., Outcome], tmp_path: Path, concurrency: int, at_once: int
) -> None:
    """Unless only one request may be on its way."""
    with held(sim, Fault("slow", times=2), at_once) as seen:
        outcome = run(
            databases=[{"name": "metrics"}],
            db_tokens=[{"description": "a", "permissions": READ}],
            secret_dir=str(tmp_path),
            concurrency=concurrency,
            retries=0,
            check=True,
        )
    assert outcome.code == 0, outcome.output
    assert seen == [at_once]
    assert sorted(sent(sim)) == [("GET", "databases"), ("GET", "tokens")]


# Failures


def test_a_failing_item_stops_no_other(sim: Simulator, run: Callable[..., Outcome], tmp_path: Path) -> None:
    sim.add_database("fixed", partition_template=[{"type": "time", "value": "%Y"}])
    sim.add_database("unstated")
    sim.faults.append(Fault("status", status=403, times=0, match=lambda request: request.body == {"name": "db3"}))
    outcome = run(
        databases=[
            *[{"name": f"db{i}"} for i in range(6)],
            {"name": "fixed", "partition_template": [{"type": "time", "value": "%Y-%m"}]},
        ],
        db_tokens=[{"description": "a", "permissions": READ}, {"description": "b"}],
        secret_dir=str(tmp_path),
        prune={"databases": True},
    )
    assert outcome.code == 1
    assert outcomes(outcome) == [*["created"] * 3, "failed", *["created"] * 2, "failed", "skipped"]
    assert outcomes(outcome, "db_tokens") == ["created"] * 2
    forbidden, fixed = (outcome.result["databases"][i]["failure"] for i in (3, 6))
    assert (forbidden["status"], forbidden["code"], forbidden["path"]) == (403, "forbidden", "/api/v0/databases")
    assert fixed["code"] == "immutable"
    assert outcome.result["failure"]["code"] == "several"
    assert (
        "2 of 10 items failed. Done: databases: 5 created, 2 failed, 1 skipped; database tokens: 2 created."
        in (outcome.result["msg"])
    )
    assert "unstated" in names(sim), "what others depend on may have failed, so nothing is pruned"
    sim.faults.clear()
    assert outcomes(run(databases=[{"name": f"db{i}"} for i in range(6)])).count("created") == 1


def test_check_mode_foretells_what_can_be_foretold(sim: Simulator, run: Callable[..., Outcome]) -> None:
    sim.add_database("fixed", partition_template=[{"type": "time", "value": "%Y"}])
    options = {"databases": [{"name": "a"}, {"name": "fixed", "partition_template": [{"type": "tag", "value": "t"}]}]}
    check, real = run(**options, check=True), run(**options)
    assert outcomes(check) == outcomes(real) == ["created", "failed"]
    assert (check.code, real.code) == (1, 1)
    assert check.result["msg"].replace("It would be", "Done") == real.result["msg"]


@pytest.mark.parametrize("action", ["drop_after", "truncate"])
def test_lost_answers_are_looked_up_once_for_all(sim: Simulator, run: Callable[..., Outcome], action: Any) -> None:
    fault = Fault(action, times=4, match=lambda request: request.method == "POST")
    sim.faults.append(fault)
    outcome = run(databases=[{"name": f"db{i}"} for i in range(20)], concurrency=4)
    assert outcome.code == 0, outcome.output
    assert outcomes(outcome) == ["created"] * 20
    methods = Counter(request.method for request in sim.requests)
    assert methods["POST"] == 20
    # The databases, the tokens that may be for a new name, and at the most one look for each lost answer.
    assert 3 <= methods["GET"] <= 2 + 4


def test_a_list_that_can_not_be_read_fails_the_task(sim: Simulator, run: Callable[..., Outcome]) -> None:
    sim.faults.append(Fault("status", status=401, times=0))
    outcome = run(databases=[{"name": "a"}])
    assert outcome.result["failure"]["code"] == "unauthorized"
    assert "databases" not in outcome.result
    assert sim.writes == []


# An overloaded server


@pytest.mark.parametrize("status", [429, 503])
def test_a_refusal_is_sat_out(sim: Simulator, run: Callable[..., Outcome], status: int) -> None:
    sim.faults.append(Fault("status", at=5, status=status, headers={"Retry-After": "30"}))
    outcome = run(databases=[{"name": f"db{i}"} for i in range(40)], concurrency=4, retries=1)
    assert outcome.code == 0, outcome.output
    assert outcomes(outcome) == ["created"] * 40
    assert len(sim.requests) == 43, "both lists, 40 databases, and one of them again"


def test_a_server_that_only_refuses_is_given_up(sim: Simulator, run: Callable[..., Outcome]) -> None:
    sim.faults.append(Fault("status", times=0, status=503, match=lambda request: request.method == "POST"))
    outcome = run(databases=[{"name": f"db{i}"} for i in range(8)], concurrency=4, retries=2)
    assert outcomes(outcome) == ["failed"] * 8
    assert outcome.result["failure"]["code"] == "http_error"
    assert len(sim.writes) == 8 * 3


# Being stopped


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_it_with_a_report(
    sim: Simulator, run: Callable[..., Outcome], tmp_path: Path, number: signal.Signals
) -> None:
    """What is on its way is finished, the rest is not begun, and the result says which is which."""
    pids: list[int] = []
    fault = Fault("slow", at=6, times=0, seconds=0.1, match=lambda request: request.method == "POST")
    sim.faults.append(fault)
    # However busy the machine is, the module has noticed before they are all made.
    databases = [{"name": f"db{i}"} for i in range(300)]

    with once_struck(fault, 3, lambda: os.kill(pids[0], number)):
        outcome = run(databases=databases, concurrency=3, started=pids.append)
    assert outcome.code == 1
    found = Counter(outcomes(outcome))
    assert found["created"] == len(names(sim)) < len(databases)
    assert found["created"] + found["skipped"] == len(databases)
    assert outcome.result["failure"]["code"] == "stopped"
    assert (
        f"stopped by {number.name}. Done: databases: {found['created']} created, {found['skipped']} skipped"
        in (outcome.result["msg"])
    )
    sim.faults.clear()
    assert outcomes(run(databases=databases)).count("unchanged") == found["created"]


def test_many_tokens_are_proved_before_what_they_supersede_is_revoked(
    sim: Simulator, run: Callable[..., Outcome], tmp_path: Path
) -> None:
    sim.add_database("metrics")
    write = [{"action": "write", "resource": "metrics"}]
    wishes: list[dict[str, Any]] = [
        {"description": "read", "permissions": READ},
        {"description": "write", "permissions": write},
        {"description": "waived", "permissions": write, "revoke_unproved": True},
    ]
    options = {"secret_dir": str(tmp_path)}
    run(**options, db_tokens=[{**wish, "expires_in": "7d"} for wish in wishes])
    first = alive(sim)
    renewal = {"expires_in": "90d", "renew_before": "14d", "revoke_superseded": True}
    sim.faults.append(Fault("status", status=401, kind="data", times=2))
    outcome = run(**options, db_tokens=[{**wish, **renewal} for wish in wishes])
    assert outcome.code == 0, outcome.output
    left = [token.description for token in first if token.revoked_at is None]
    assert left == ["write"]
    warned = json.dumps(outcome.result["warnings"])
    assert [token.id in warned for token in first] == [token.description == "write" for token in first]
    assert [request.status for request in sim.requests if request.kind == "data"] == [401, 401, 200]

    sim.faults.append(Fault("status", status=401, kind="data", times=0))
    (tmp_path / "read.json").unlink()
    again = {**wishes[0], **renewal, "on_lost_secret": "reissue", "wait_active": 2}
    outcome = run(**options, db_tokens=[again])
    assert outcome.result["db_tokens"][0]["failure"]["code"] == "not_active"
    assert [token.description for token in alive(sim)].count("read") == 2


# Bad input


def test_all_that_is_wrong_is_told_before_the_first_request(sim: Simulator, run: Callable[..., Outcome]) -> None:
    outcome = run(
        databases=[
            {"name": "a"},
            {"name": "a"},
            {"name": "b", "max_tables": 0, "retention_period": "soon"},
            {"nome": "c"},
            {"name": "d", "rename_from": "b"},
            {"name": "e", "state": "gone"},
            {"name": "_internal", "state": "absent"},
            {"name": 2025, "rename_from": 2024},
            {"name": "2024"},
            {"name": "f", "rename_from": ["b"]},
            {"name": None},
            {"name": "g", "state": "restored", "id": 7},
            {"name": "h", "state": "restored", "id": "7"},
            {"name": "i", "id": 7},
        ],
        tables=[
            {"database": "t", "name": 2, "rename_from": 1},
            {"database": "t", "name": "1"},
            {"database": "t", "name": None},
            {"database": "t", "state": "restored", "id": None},
        ],
        db_tokens=[
            {"description": "x/1", "permissions": [{"action": "own", "resource": "a"}]},
            {"description": "x 1"},
            {"description": "x_1"},
            {"permissions": READ},
            {"description": "y", "renew_before": "90d", "expires_in": "30d"},
            {"description": "z", "wait_active": -1},
            {"description": None},
        ],
        secret_dir="/nonexistent",
        concurrency=0,
        prune_limit=-1,
        timeout=-3.0,
    )
    assert sim.requests == []
    told = {(p["option"], p["index"], p["name"]): p["message"] for p in outcome.result["problems"]}
    assert {key[:2] for key in told} >= {
        *[("databases", index) for index in (1, 2, 3, 4, 5, 6, 7, 10, 12)],
        *[("tables", index) for index in (0, 2, 3)],
        *[("db_tokens", index) for index in (0, 2, 3, 4, 5, 6)],
        *[("concurrency", None), ("prune_limit", None)],
    }
    assert "also that of databases[0]" in told["databases", 1, "a"]
    assert "max_tables" in told["databases", 2, "b"]
    assert "retention_period" in told["databases", 2, "b"]
    assert "also that of db_tokens[0]" in told["db_tokens", 1, "x 1"]
    assert "x_1.json" in told["db_tokens", 2, "x_1"]
    assert "databases[2]" in told["databases", 4, "d"]
    # A number that YAML has made of a name is the same name.
    assert "databases[8]" in told["databases", 7, "2025"]
    assert "tables[1]" in told["tables", 0, "2"]
    assert "databases[11]" in told["databases", 12, "h"]
    assert not [key for key in told if key[0] == "databases" and key[1] in (0, 8, 9, 11, 13)]
    for piece in ("timeout must be", "databases[1] 'a'", "db_tokens[5] 'z': wait_active"):
        assert piece in outcome.result["msg"]
    assert outcome.result["failure"]["code"] == "invalid_option"


def test_a_secret_without_a_place_is_refused_before_the_first_request(
    sim: Simulator, run: Callable[..., Outcome], tmp_path: Path
) -> None:
    paths = ["", f"{tmp_path}/", str(tmp_path.parent)]
    items = [{"description": f"t{n}", "secret_file": path} for n, path in enumerate(paths)]
    outcome = run(db_tokens=items, secret_dir=str(tmp_path))
    assert [(p["option"], p["index"]) for p in outcome.result["problems"]] == [("db_tokens", n) for n in range(3)]
    for empty in ("", " "):
        outcome = run(db_tokens=[{"description": "t", "return_secret": True}], secret_dir=empty)
        assert [p["option"] for p in outcome.result["problems"]][:1] == ["secret_dir"]
    assert sim.requests == []
    assert sim.state.db_tokens == []


def test_one_wrong_item_of_many_is_found(sim: Simulator, run: Callable[..., Outcome]) -> None:
    databases: list[dict[str, Any]] = [{"name": f"db{i}"} for i in range(2000)]
    databases[1234] |= {"max_columns_per_table": -1}
    outcome = run(databases=databases)
    assert [(p["index"], p["name"]) for p in outcome.result["problems"]] == [(1234, "db1234")]
    assert "databases[1234] 'db1234': max_columns_per_table" in outcome.result["msg"]
    assert sim.requests == []
    assert len(outcome.output) < 5000


def test_a_token_for_an_unknown_database_is_warned_about(
    sim: Simulator, run: Callable[..., Outcome], tmp_path: Path
) -> None:
    sim.add_database("there")
    sim.add_database("old")
    resources = ["there", "stated", "renamed", "old", "gone", "nowhere", "*"]
    outcome = run(
        databases=[
            {"name": "stated"},
            {"name": "renamed", "rename_from": "old"},
            {"name": "gone", "state": "absent"},
        ],
        db_tokens=[{"description": r, "permissions": [{"action": "read", "resource": r}]} for r in resources],
        secret_dir=str(tmp_path),
    )
    (warning,) = outcome.result["warnings"]
    said = warning if isinstance(warning, str) else warning["event"]["msg"]
    assert [name for name in resources if repr(name) in said] == ["old", "gone", "nowhere"]
    pruned = run(
        databases=[{"name": "stated"}],
        db_tokens=[{"description": "there", "permissions": [{"action": "read", "resource": "renamed"}]}],
        prune={"databases": True},
        secret_dir=str(tmp_path),
    )
    assert "'renamed'" in json.dumps(pruned.result["warnings"]), "this very run deletes it"
    only_tokens = run(db_tokens=[{"description": "there", "permissions": READ}], secret_dir=str(tmp_path))
    assert "'metrics'" in json.dumps(only_tokens.result["warnings"])


@every_operation
def test_tokens_that_nobody_states_are_named_when_their_database_goes_or_comes(
    sim: Simulator, run: Callable[..., Outcome], tmp_path: Path
) -> None:
    """Renamed, deleted, pruned and made; with one list of tokens, also where none is stated, and in check mode."""
    for name in ("old", "gone", "unstated", "kept"):
        sim.add_database(name)
    for name in ("old", "renamed", "gone", "unstated", "new", "kept", "*"):
        sim.add_db_token(f"for {name}", [{"action": "write", "resource": name}])
    sim.add_db_token("stated", [{"action": "read", "resource": "old"}])
    sim.add_db_token("revoked here", [{"action": "read", "resource": "old"}])
    sim.add_db_token("permissions left", [{"action": "read", "resource": "old"}])
    databases = [
        {"name": "renamed", "rename_from": "old"},
        {"name": "gone", "state": "absent"},
        {"name": "new"},
        {"name": "kept"},
    ]
    tokens: list[dict[str, Any]] = [
        {"description": "stated", "permissions": [{"action": "read", "resource": "renamed"}]},
        {"description": "revoked here", "state": "absent"},
        {"description": "permissions left"},
    ]
    tokens = [{**token, "on_lost_secret": "ignore"} for token in tokens]
    prune = {"databases": True}
    named = ["for gone", "for new", "for old", "for renamed", "for unstated"]
    everyone = [token.description for token in sim.state.db_tokens]
    for more, check, expected in (
        ({}, True, sorted([*named, "stated", "revoked here", "permissions left"])),
        ({"db_tokens": tokens}, True, sorted([*named, "permissions left"])),
        ({"db_tokens": tokens}, False, sorted([*named, "permissions left"])),
        ({}, False, []),
    ):
        outcome = run(databases=databases, prune=prune, check=check, **more)
        assert outcome.code == 0, outcome.output
        said = json.dumps(outcome.result.get("warnings", []))
        assert sorted(name for name in everyone if f"'{name}' (" in said) == expected
        assert len([path for method, path in sent(sim) if (method, path) == ("GET", "tokens")]) == bool(
            more or expected
        )


def test_a_database_that_failed_takes_no_name_away(sim: Simulator, run: Callable[..., Outcome]) -> None:
    sim.add_database("gone")
    sim.add_db_token("for gone", [{"action": "write", "resource": "gone"}])
    sim.faults.append(Fault("status", status=403, times=0, match=lambda request: request.method == "DELETE"))
    outcome = run(databases=[{"name": "gone", "state": "absent"}])
    assert outcomes(outcome) == ["failed"]
    assert "for gone" not in json.dumps(outcome.result.get("warnings", []))


@pytest.mark.presumes(short_retention="accepted")
def test_rules_for_creation_hold_for_what_is_created(sim: Simulator, run: Callable[..., Outcome]) -> None:
    """What is there may be stated, whatever it is; one item that can't be made doesn't stop the others."""
    template = [{"type": "time", "value": "%Y wk:%W"}]
    sim.add_database("odd", partition_template=template, retention_period=60 * 10**9)
    sim.add_database("long", retention_period=365 * 86400 * 10**9)
    odd = {"partition_template": template, "retention_period": "1m"}
    same = run(databases=[{"name": "odd", **odd}])
    assert (same.code, outcomes(same)) == (0, ["unchanged"])
    assert not same.result.get("warnings")
    items: list[dict[str, Any]] = [
        {"name": "odd", **odd},
        {"name": "new", **odd},
        {"name": "long", "retention_period": 2592000000000},
        {"name": "bare", "retention_period": "90"},
        {"name": "fine"},
    ]
    for check in (True, False):
        outcome = run(databases=items, check=check)
        assert outcomes(outcome) == ["unchanged", "failed", "failed", "failed", "created"]
        messages = [item["failure"]["message"] for item in outcome.result["databases"] if "failure" in item]
        assert "'%Y wk:%W' is no time format" in messages[0]
        assert "from 365d to 43m12s" in messages[1]
        assert "'90' has no unit" in messages[2]
    forced = run(databases=[{**items[2], "force": True}])
    assert outcomes(forced) == ["updated"]
    assert forced.result["diff"]["after"]["databases"]["long"]["retention_period"] == "43m12s"


def test_a_token_that_one_item_revokes_is_replaced_for_the_other(
    sim: Simulator, run: Callable[..., Outcome], tmp_path: Path
) -> None:
    """A token that leaked is revoked by its ID, beside the item that states its description: in one run, not in two."""
    leaked, other = sim.add_db_token("telegraf", READ), sim.add_db_token("other", READ)
    (tmp_path / "telegraf.json").write_text(json.dumps({"id": leaked.id, "token": leaked.secret}))
    (tmp_path / "telegraf.json").chmod(0o600)
    options: dict[str, Any] = {
        "db_tokens": [
            {"description": "telegraf", "permissions": READ},
            {"id": leaked.id, "state": "absent"},
            {"id": other.id, "permissions": READ},
        ],
        "secret_dir": str(tmp_path),
    }
    for check in (True, False):
        outcome = run(**options, check=check)
        assert outcomes(outcome, "db_tokens") == ["created", "deleted", "unchanged"]
    methods = [method for method, _path in sent(sim) if method != "GET"]
    assert methods == ["POST", "PATCH", "DELETE"]
    new = next(token for token in alive(sim) if token.description == "telegraf")
    assert json.loads((tmp_path / "telegraf.json").read_text())["token"] == new.secret
    assert run(**options).result["changed"] is False


@pytest.mark.parametrize("mine", [{"description": "new"}, {"permissions": []}, {"revoke_superseded": True}])
def test_two_items_about_one_token_are_refused(
    sim: Simulator, run: Callable[..., Outcome], mine: dict[str, Any]
) -> None:
    """Else each run would undo what the one before has done, or the next one would make one more token."""
    token = sim.add_db_token("old", READ)
    items: list[dict[str, Any]] = [
        {"id": token.id, **mine},
        {"description": "old", "permissions": READ, "return_secret": True, "on_lost_secret": "ignore"},
        {"description": "fine", "return_secret": True},
    ]
    for number, (check, fine) in enumerate([(True, "created"), (False, "created"), (False, "unchanged")]):
        outcome = run(db_tokens=items, check=check)
        assert outcomes(outcome, "db_tokens") == ["failed", "failed", fine], number
        assert token.id in outcome.result["db_tokens"][0]["failure"]["message"]
    assert (token.description, token.permissions) == ("old", READ)


@every_operation
@own_errors
@pytest.mark.parametrize("refused", ["planned", "sent", "after"])
def test_a_token_does_not_leave_a_database_that_is_not_renamed(
    sim: Simulator, run: Callable[..., Outcome], refused: str
) -> None:
    """It would have access to neither. A database that is renamed, and fails only after that, has left it already."""
    sim.add_database("old")
    if refused == "planned":
        sim.add_database("new")
    old, new = ([{"action": "write", "resource": name}] for name in ("old", "new"))
    token, wide = sim.add_db_token("follows", old), sim.add_db_token("wide", old)
    if refused != "planned":
        method = {"sent": "PUT", "after": "PATCH"}[refused]
        sim.faults.append(Fault("status", status=403, match=lambda r: r.method == method and "databases" in r.path))
    adopted = {"on_lost_secret": "ignore"}
    options: dict[str, Any] = {
        "databases": [{"name": "new", "rename_from": "old", "retention_period": "30d"}],
        "db_tokens": [
            {"description": "follows", "permissions": new, **adopted},
            {"description": "wide", "permissions": [*old, *new], **adopted},
            {"description": "made", "permissions": new, "return_secret": True},
        ],
    }
    check = run(**options, check=True)
    first = run(**options)
    assert outcomes(first) == ["failed"]
    word = "updated" if refused == "after" else "skipped"
    assert outcomes(first, "db_tokens") == [word, "updated", "created"]
    assert token.permissions == (new if refused == "after" else old)
    assert len(wide.permissions) == 2
    said = json.dumps(first.result.get("warnings", []))
    assert ("The token 'follows' is left as it is" in said) is (refused != "after")
    if refused == "planned":
        assert check.result["totals"] == first.result["totals"]
        assert check.result["warnings"] == first.result["warnings"]
        sim.core.state.databases[1].deleted_at = sim.clock.now()
    second = run(**options)
    assert second.code == 0, second.output
    assert token.permissions == new
    assert run(**options).result["changed"] is False


# Pruning


def test_check_mode_foretells_that_nothing_is_pruned_after_a_failure(
    sim: Simulator, run: Callable[..., Outcome]
) -> None:
    sim.add_database("unstated")
    sim.add_db_token("unstated")
    sim.add_db_token("lost")
    options: dict[str, Any] = {
        "databases": [{"name": "new", "retention_period": 90}, {"name": "made"}],
        "db_tokens": [{"description": "made", "return_secret": True}],
        "prune": {"databases": True, "db_tokens": True},
    }
    check, real = run(**options, check=True), run(**options)
    assert outcomes(real) == ["failed", "created", "skipped"]
    assert outcomes(real, "db_tokens") == ["created", "skipped", "skipped"]
    assert check.result["totals"] == real.result["totals"]
    assert check.result["diff"]["before"] == real.result["diff"]["before"] == {}


def test_prune_leaves_what_it_must_not_touch(sim: Simulator, run: Callable[..., Outcome], tmp_path: Path) -> None:
    for name in ("_internal", "iox_meta", "kept", "gone"):
        sim.add_database(name)
    now = sim.clock.now()
    left = [
        sim.add_db_token("_system"),
        sim.add_db_token(f"other [pending {'0' * 32}]"),
        sim.add_db_token("kept"),
        sim.add_db_token("kept"),
        sim.add_db_token("by id"),
    ]
    sim.add_db_token("expired", expires_at=now - timedelta(days=1))
    revoked = sim.add_db_token("revoked", revoked_at=now - timedelta(days=1)).revoked_at
    gone = sim.add_db_token("gone")
    options = {
        "databases": [{"name": "kept"}],
        "db_tokens": [{"description": "kept", "on_lost_secret": "ignore"}, {"id": left[4].id}],
        "prune": {"databases": True, "db_tokens": True},
        "secret_dir": str(tmp_path),
    }
    check = run(**options, check=True)
    assert gone.revoked_at is None
    outcome = run(**options)
    assert [item["name"] for item in outcome.result["databases"]] == ["kept", "gone"]
    assert [item["description"] for item in outcome.result["db_tokens"]] == ["kept", left[4].id, "gone"]
    assert check.result["databases"] == outcome.result["databases"]
    assert check.result["db_tokens"] == outcome.result["db_tokens"]
    assert names(sim) == ["_internal", "iox_meta", "kept"]
    assert gone.revoked_at is not None
    assert all(token.revoked_at is None for token in left)
    assert sim.state.db_tokens[6].revoked_at == revoked
    assert run(**options).result["changed"] is False


@pytest.mark.parametrize("check", [True, False])
def test_prune_stops_at_its_limit(sim: Simulator, run: Callable[..., Outcome], check: bool) -> None:
    for i in range(8):
        sim.add_database(f"db{i}")
        sim.add_db_token(f"token {i}")
    options: dict[str, Any] = {
        "databases": [{"name": "new"}, {"name": "db0"}],
        "db_tokens": [{"description": "token 0", "on_lost_secret": "ignore"}],
        "prune": {"databases": True, "db_tokens": True},
    }
    outcome = run(**options, check=check)
    assert outcome.result["failure"]["code"] == "prune_limit"
    assert outcome.result["would_prune"] == {
        "databases": [f"db{i}" for i in range(1, 8)],
        "db_tokens": [f"{token.description} ({token.id})" for token in sim.state.db_tokens[1:]],
    }
    assert "14 objects, and prune_limit is 10" in outcome.result["msg"]
    assert sim.writes == []
    assert run(**options, prune_limit=13).code == 1
    assert sim.writes == []
    assert run(**options, prune_limit=14).code == 0
    assert names(sim) == ["db0", "new"]
    assert [token.description for token in alive(sim)] == ["token 0"]


def test_prune_with_an_empty_list_needs_a_limit(sim: Simulator, run: Callable[..., Outcome]) -> None:
    sim.add_database("a")
    prune = {"databases": True}
    assert "prune.databases: databases is empty" in run(databases=[], prune=prune).result["msg"]
    assert "prune.databases: needs databases" in run(prune=prune).result["msg"]
    assert sim.requests == []
    assert run(databases=[], prune=prune, prune_limit=0).result["failure"]["code"] == "prune_limit"
    assert run(databases=[], prune=prune, prune_limit=1).result["changed"] is True
    assert names(sim) == []


# Secrets


def test_tokens_are_replaced_by_their_age_or_because_that_is_said(
    sim: Simulator, run: Callable[..., Outcome], tmp_path: Path
) -> None:
    plain = [{"description": name, "permissions": READ} for name in ("old", "young", "forced")]
    common = {"databases": [{"name": "metrics"}], "secret_dir": str(tmp_path)}
    assert run(**common, db_tokens=plain).code == 0
    next(token for token in alive(sim) if token.description == "old").created_at -= timedelta(days=90)
    wishes = [{**wish, "max_age": "89d"} for wish in plain[:2]] + [{**plain[2], "force": True}]
    for outcomes in (["created", "unchanged", "created"], ["unchanged", "unchanged", "created"]):
        for check in (True, False):
            result = run(**common, db_tokens=wishes, check=check).result
            assert [token["outcome"] for token in result["db_tokens"]] == outcomes
    assert not run(**common, db_tokens=plain).result["changed"]
    assert len(alive(sim)) == 6


def test_a_secret_needs_a_place(sim: Simulator, run: Callable[..., Outcome], tmp_path: Path) -> None:
    tokens: list[dict[str, Any]] = [
        {"description": "nowhere"},
        {"description": "file", "secret_file": str(tmp_path / "own" / "file.json")},
        {"description": "returned", "return_secret": True},
    ]
    outcome = run(db_tokens=tokens)
    assert [(p["index"], p["name"]) for p in outcome.result["problems"]] == [(0, "nowhere")]
    assert "nobody would keep the secret" in outcome.result["msg"]
    assert sim.requests == []
    outcome = run(db_tokens=tokens[1:])
    by_description = {token.description: token.secret for token in sim.state.db_tokens}
    assert json.loads((tmp_path / "own" / "file.json").read_text())["token"] == by_description["file"]
    assert [item.get("access_token") for item in outcome.result["db_tokens"]] == [None, by_description["returned"]]


def test_an_adopted_token_needs_no_place_until_it_is_to_be_made(
    sim: Simulator, run: Callable[..., Outcome], tmp_path: Path
) -> None:
    adopted = sim.add_db_token("adopted", READ, expires_at=sim.clock.now() + timedelta(days=3))
    item = {"description": "adopted", "permissions": READ, "on_lost_secret": "ignore", "expires_in": "90d"}
    assert run(db_tokens=[item]).result["changed"] is False
    assert run(db_tokens=[item], secret_dir=str(tmp_path)).result["changed"] is False
    due = {**item, "renew_before": "7d"}
    for check in (True, False):
        failed = run(db_tokens=[due], check=check)
        assert failed.result["db_tokens"][0]["failure"]["code"] == "no_secret_place"
        assert sim.writes == []
    renewed = run(db_tokens=[due], secret_dir=str(tmp_path))
    assert outcomes(renewed, "db_tokens") == ["created"]
    assert renewed.result["db_tokens"][0]["superseded"] == [adopted.id]
    assert json.loads((tmp_path / "adopted.json").read_text())["token"] == sim.state.db_tokens[1].secret


def test_secrets_of_many_files_are_concealed(sim: Simulator, run: Callable[..., Outcome], tmp_path: Path) -> None:
    """A server that repeats secrets of any shape, which only the files give away, in what it calls a description."""
    odd = "no-shape-at-all-" + "x" * 20
    sim.secrets.add(odd)
    token = sim.add_db_token("a")
    (tmp_path / "a.json").write_text(json.dumps({"id": token.id, "token": odd}))
    sim.add_db_token(f"it is {odd}")
    sim.add_db_token(f"it is {token.secret}")
    outcome = run(
        db_tokens=[{"description": "a"}], prune={"db_tokens": True}, secret_dir=str(tmp_path), databases=[], check=True
    )
    assert [item["description"] for item in outcome.result["db_tokens"][1:]] == ["it is ********"] * 2
    options: dict[str, Any] = {"db_tokens": [{"description": "a"}], "secret_dir": str(tmp_path)}
    limited = run(**options, prune={"db_tokens": True}, prune_limit=1)
    assert "it is ********" in limited.result["msg"]
    assert "it is ********" in str(limited.result["would_prune"])
    body = json.dumps({"code": 400, "message": f"what about {odd}?"})
    sim.faults.append(Fault("status", status=400, times=0, body=body, match=lambda request: request.method == "POST"))
    failed = run(**options, databases=[{"name": "b"}])
    assert "what about ********?" in failed.result["msg"]


def test_after_an_outage_one_list_is_enough_to_plan(
    sim: Simulator, run: Callable[..., Outcome], tmp_path: Path
) -> None:
    """The journals of creations that may have been carried out don't make each item ask for a list of its own."""
    fault = Fault("status", status=500, times=0, match=lambda request: request.method == "POST")
    sim.faults.append(fault)
    options: dict[str, Any] = {
        "db_tokens": [{"description": f"token {i}"} for i in range(20)],
        "secret_dir": str(tmp_path),
    }
    assert outcomes(run(**options), "db_tokens") == ["failed"] * 20
    sim.faults.clear()
    assert outcomes(run(**options, check=True), "db_tokens") == ["created"] * 20
    assert sent(sim) == [("GET", "tokens")]
    assert outcomes(run(**options), "db_tokens") == ["created"] * 20
    assert run(**options).result["changed"] is False
    assert sent(sim) == [("GET", "tokens")]


def test_items_of_a_run_that_was_cut_off_are_finished(
    sim: Simulator, run: Callable[..., Outcome], tmp_path: Path
) -> None:
    def is_patch(request: Request) -> bool:
        return request.method == "PATCH"

    sim.faults.append(Fault("status", status=500, times=0, match=is_patch))
    tokens = [{"description": f"token {i}"} for i in range(5)]
    first = run(db_tokens=tokens, secret_dir=str(tmp_path))
    assert outcomes(first, "db_tokens") == ["failed"] * 5
    sim.faults.clear()
    assert outcomes(run(db_tokens=tokens, secret_dir=str(tmp_path)), "db_tokens") == ["updated"] * 5
    assert sorted(token.description for token in alive(sim)) == [item["description"] for item in tokens]
