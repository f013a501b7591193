# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Many database tokens in one task: one list, creations in parallel, one revocation pass."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.modules import Modules, Outcome
from harness.plays import connection
from simulator import Fault, Request, Simulator

READ = [{"action": "read", "resource": "metrics"}]
NAMES = [f"telegraf web{number}" for number in range(12)]


@pytest.fixture
def run(modules: Modules, sim: Simulator) -> Any:
    sim.add_database("metrics")

    def ask(**options: Any) -> Outcome:
        sim.requests.clear()
        return modules.run("db_token", {**connection(sim), **options})

    return ask


def asked(sim: Simulator) -> list[str]:
    return [request.method for request in sim.requests]


def entries(held: dict[str, str] | None = None, **more: Any) -> list[dict[str, Any]]:
    known = held or {}
    return [{"description": name, "permissions": READ, "held_id": known.get(name, ""), **more} for name in NAMES]


def test_tokens_are_made_with_one_list_and_revoked_with_one(run: Any, sim: Simulator) -> None:
    made = run(tokens=entries(), on_lost_secret="reissue")
    assert made.code == 0, made.output
    tokens = made.result["db_tokens"]
    assert [token["description"] for token in tokens] == NAMES
    assert {token["access_token"] for token in tokens} == {token.secret for token in sim.state.db_tokens}
    assert all(token["created"] and token["changed"] and token["failure"] is None for token in tokens)
    assert sorted(asked(sim)) == ["GET"] + ["PATCH"] * 12 + ["POST"] * 12
    held = {token["description"]: token["id"] for token in tokens}
    again = run(tokens=entries(held), on_lost_secret="reissue")
    assert (again.result["changed"], asked(sim)) == (False, ["GET"])
    assert not any(token["created"] or "access_token" in token for token in again.result["db_tokens"])
    forced = run(tokens=entries(held, force=True), on_lost_secret="reissue")
    assert [token["superseded"][0]["id"] for token in forced.result["db_tokens"]] == list(held.values())
    assert all(token.revoked_at is None for token in sim.state.db_tokens)
    revoked = run(ids=[*held.values(), "no-such-token"], state="absent")
    assert revoked.code == 0, revoked.output
    assert {token["id"] for token in revoked.result["db_tokens"]} == set(held.values())
    assert asked(sim) == ["GET"] + ["DELETE"] * 12
    assert sum(token.revoked_at is None for token in sim.state.db_tokens) == 12


def test_null_in_an_entry_is_not_stated(run: Any, sim: Simulator) -> None:
    """As for the options beside the list: a template makes it of a variable that isn't set."""
    made = run(tokens=[{"description": "a", "permissions": READ, "expires_in": "7d", "expires_at": None}])
    assert (made.code, len(sim.state.db_tokens)) == (0, 1), made.output
    unnamed = run(tokens=[{"description": None, "permissions": READ}])
    assert "description" in unnamed.result["msg"]
    assert (unnamed.code, asked(sim)) == (1, [])


@pytest.mark.parametrize("form", ["id", "ids", "cluster"])
def test_an_id_in_capitals_is_the_same(modules: Modules, sim: Simulator, form: str) -> None:
    """Else a token that leaked would stay, and the task that is to revoke it would end well."""
    leaked, other = sim.add_db_token("leaked"), sim.add_db_token("other")
    shown = leaked.id.upper()
    forms: dict[str, dict[str, Any]] = {
        "id": {"id": shown, "state": "absent"},
        "ids": {"ids": [shown], "state": "absent"},
        "cluster": {"db_tokens": [{"id": shown, "state": "absent"}]},
    }
    module = "cluster" if form == "cluster" else "db_token"
    outcome = modules.run(module, {**connection(sim), **forms[form]})
    assert (outcome.code, outcome.result["changed"]) == (0, True), outcome.output
    assert (leaked.revoked_at is not None, other.revoked_at) == (True, None)
    twice = modules.run("cluster", {**connection(sim), "db_tokens": [{"id": other.id}, {"id": other.id.upper()}]})
    assert [problem["index"] for problem in twice.result["problems"]] == [1]


def test_a_token_that_a_cut_off_run_has_begun_is_superseded_where_another_is_held(run: Any, sim: Simulator) -> None:
    kept = sim.add_db_token(NAMES[0], READ)
    begun = sim.add_db_token(f"{NAMES[0]} [pending {'0' * 32}]", READ)
    (entry, *_others) = entries({NAMES[0]: kept.id})
    result = run(tokens=[entry], on_lost_secret="reissue").result
    assert result["db_tokens"][0]["id"] == kept.id
    assert [token["id"] for token in result["db_tokens"][0]["superseded"]] == [begun.id]
    assert "warnings" not in result


def test_an_entry_that_fails_stops_no_other(run: Any, sim: Simulator) -> None:
    """One whose creation is refused, and one whose mark can't be taken away: its token is revoked again."""

    def refused(request: Request) -> bool:
        return request.method == "POST" and str(request.body.get("description")).startswith(NAMES[3])

    def stuck(request: Request) -> bool:
        return request.method == "PATCH" and request.body.get("description") == NAMES[5]

    sim.faults += [Fault("status", times=0, status=403, match=one) for one in (refused, stuck)]
    outcome = run(tokens=entries(), on_lost_secret="reissue", retries=0)
    assert outcome.code == 1
    failed = [token["description"] for token in outcome.result["db_tokens"] if token["failure"]]
    assert failed == [NAMES[3], NAMES[5]]
    assert sum(token.revoked_at is None for token in sim.state.db_tokens) == 10
    kept = {token["access_token"] for token in outcome.result["db_tokens"] if not token["failure"]}
    assert kept == {token.secret for token in sim.state.db_tokens if token.revoked_at is None}


def test_a_revocation_that_fails_stops_no_other(run: Any, sim: Simulator) -> None:
    tokens = [sim.add_db_token(name, READ) for name in NAMES]
    sim.faults.append(Fault("status", times=0, status=403, match=lambda request: request.path.endswith(tokens[2].id)))
    outcome = run(ids=[token.id for token in tokens], state="absent", retries=0)
    assert outcome.code == 1
    assert [token.revoked_at is None for token in tokens] == [number == 2 for number in range(12)]


@pytest.mark.parametrize("concurrency", [1, 3])
def test_check_mode_foretells_what_is_made(concurrency: int, run: Any, sim: Simulator, tmp_path: Path) -> None:
    stated = [{**entry, "held_id": None, "secret_file": f"{tmp_path}/{n}.json"} for n, entry in enumerate(entries())]
    check = run(tokens=stated, concurrency=concurrency, _ansible_check_mode=True)
    assert (check.result["changed"], asked(sim)) == (True, ["GET"])
    assert [token["id"] for token in check.result["db_tokens"]] == [None] * 12
    done = run(tokens=stated, concurrency=concurrency)
    assert done.code == 0, done.output
    assert len(list(tmp_path.glob("*.json"))) == 12
    assert not any("access_token" in token for token in done.result["db_tokens"])
    assert run(tokens=stated, concurrency=concurrency).result["changed"] is False
