# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run of cluster reports of its items: nothing is lost, nothing is counted twice, no secret is among it."""

from __future__ import annotations

import json
import traceback
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.influxops.influxdb3.plugins.module_utils._cluster.databases import DatabaseWish
from ansible_collections.influxops.influxdb3.plugins.module_utils._cluster.item_check import Checker
from ansible_collections.influxops.influxdb3.plugins.module_utils._cluster.items import (
    DB_TOKEN_ITEM,
    DatabaseItem,
    Item,
    Problem,
    TokenItem,
)
from ansible_collections.influxops.influxdb3.plugins.module_utils._cluster.outcome import (
    CHANGES,
    OUTCOMES,
    Outcome,
    result_or_error,
    word_of,
)
from ansible_collections.influxops.influxdb3.plugins.module_utils._cluster.plan import Plan, TooManyToPrune, Unplanned
from ansible_collections.influxops.influxdb3.plugins.module_utils._cluster.report import (
    conceal,
    differences,
    refused,
    report,
    too_many,
)
from ansible_collections.influxops.influxdb3.plugins.module_utils._core.entities import DB_TOKEN
from ansible_collections.influxops.influxdb3.plugins.module_utils._core.errors import Influxdb3Error
from ansible_collections.influxops.influxdb3.plugins.module_utils._core.printing import MASK
from ansible_collections.influxops.influxdb3.plugins.module_utils._tokens.wishes import order_of

fields: st.SearchStrategy[dict[str, Any]] = st.dictionaries(
    st.sampled_from("abc"), st.one_of(st.none(), st.integers(0, 3), st.just([]))
)


def database(name: str, *, pruned: bool = False) -> DatabaseItem:
    return DatabaseItem(DatabaseWish("absent" if pruned else "present", {"name": name}), pruned)


def token(name: str, token_id: str | None = None, *, pruned: bool = False) -> TokenItem:
    wish = {"id": token_id, "state": "absent"} if pruned else {"description": name}
    options, _errors = Checker(DB_TOKEN_ITEM, {}).check(wish)
    return TokenItem(name, order_of(options, DB_TOKEN, datetime.now(UTC)), pruned=pruned)


@st.composite
def run_outcomes(draw: st.DrawFn) -> list[Outcome]:
    """Outcomes as a run leaves them; those of tokens with a secret where one is to be shown."""
    outcomes: list[Outcome] = []
    for number in range(draw(st.integers(0, 8))):
        name = f"item{number}"
        item: Item = database(name) if draw(st.booleans()) else token(name)
        secret = f"secret{number}" if isinstance(item, TokenItem) and draw(st.booleans()) else None
        outcome = Outcome(
            item,
            draw(st.sampled_from([word for word in OUTCOMES if word != "failed"])),
            draw(st.one_of(st.none(), fields)),
            draw(st.one_of(st.none(), fields)),
            secret=secret,
        )
        if draw(st.integers(0, 4)) == 0:
            outcome = outcome.failed(Influxdb3Error("no", code=draw(st.sampled_from(["forbidden", "conflict"]))))
        outcomes.append(outcome)
    return outcomes


@given(run_outcomes(), st.booleans(), st.sampled_from(["", "was stopped by SIGTERM"]))
def test_every_item_is_reported_once_with_its_outcome(outcomes: list[Outcome], check_mode: bool, stopped: str) -> None:
    result = report(outcomes, (), stopped, [], check_mode=check_mode)
    shown = result.values["databases"] + result.values["db_tokens"]
    assert {one.get("name") or one["description"]: one["outcome"] for one in shown} == {
        one.item.name: one.word for one in outcomes
    }
    assert len(shown) == len(outcomes)
    for kind in ("databases", "db_tokens"):
        words = [one["outcome"] for one in result.values[kind]]
        assert result.values["totals"][kind] == {word: words.count(word) for word in OUTCOMES}
    assert result.changed == any(one.word in CHANGES for one in outcomes)


@given(run_outcomes(), st.sampled_from(["", "was stopped by SIGTERM"]))
def test_the_task_fails_exactly_if_an_item_did_or_it_was_stopped(outcomes: list[Outcome], stopped: str) -> None:
    error = report(outcomes, (), stopped, [], check_mode=False).error
    codes = {one.error.code for one in outcomes if one.error}
    if stopped:
        assert stopped in str(error)
        codes = {"stopped"}
    assert (error.code if error else None) == (None if not codes else codes.pop() if len(codes) == 1 else "several")


@given(run_outcomes())
def test_a_secret_is_placed_at_its_own_token(outcomes: list[Outcome]) -> None:
    result = report(outcomes, (), "", [], check_mode=False)
    placed = {
        result.values[option][number]["description"]: (key, secret) for option, number, key, secret in result.secrets
    }
    assert placed == {one.item.name: ("access_token", one.secret) for one in outcomes if one.secret}
    assert "secret" not in json.dumps([result.values, result.before, result.after, result.warnings])


@given(run_outcomes())
def test_a_diff_tells_of_all_that_changes_and_of_nothing_else(outcomes: list[Outcome]) -> None:
    changing = [one for one in outcomes if one.word in CHANGES]
    named = [{name for names in side.values() for name in names} for side in differences(outcomes)]
    assert named[0] == {one.item.name for one in changing if one.before is not None}
    assert named[1] == {one.item.name for one in changing if one.after is not None}


@pytest.mark.parametrize(
    ("changed", "before", "after", "word"),
    [
        (False, {"id": "1"}, {"id": "1"}, "unchanged"),
        (True, None, {"id": "1"}, "created"),
        (True, {"id": "1"}, {"id": "1"}, "updated"),
        (True, {"id": "1"}, {"id": None}, "created"),
        (True, {"id": "1"}, None, "deleted"),
    ],
)
def test_outcomes(changed: bool, before: Any, after: Any, word: str) -> None:
    assert word_of(changed, before, after, "id") == word


def test_an_exception_that_nobody_expects_keeps_its_traceback() -> None:
    def work() -> None:
        raise KeyError("missing")

    found = result_or_error(work)
    assert isinstance(found, Influxdb3Error)
    assert (str(found), found.code) == ("KeyError: 'missing'", "unexpected")
    assert found.__cause__ is not None
    assert traceback.extract_tb(found.__cause__.__traceback__)[-1].name == "work"


def test_a_diff_holds_what_differs_and_nothing_else() -> None:
    outcomes = [
        Outcome(database("same"), "unchanged", {"a": 1}, {"a": 1}),
        Outcome(database("new"), "created", None, {"a": 1, "unknown": None}),
        Outcome(database("changed"), "updated", {"a": 1, "b": 0}, {"a": 1, "b": 2}),
        Outcome(token("old", "7", pruned=True), "deleted", {"d": "old"}),
    ]
    assert differences(outcomes) == (
        {"databases": {"changed": {"b": 0}}, "db_tokens": {"old (7)": {"d": "old"}}},
        {"databases": {"new": {"a": 1}, "changed": {"b": 2}}},
    )


LETTERS = 'ab"\\\n/ü'
words = st.one_of(st.text(LETTERS, max_size=3), st.sampled_from(["apiv1_abc", "M.V1.abcdefgh"]))
values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), words),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(words, inner, max_size=3)),
    max_leaves=8,
)


def texts(value: Any) -> list[str]:
    """All texts in a value, those of its keys among them."""
    if isinstance(value, dict):
        return [text for pair in value.items() for one in pair for text in texts(one)]
    return [text for one in value for text in texts(one)] if isinstance(value, list) else [value] * (type(value) is str)


@given(values, st.data())
def test_no_secret_of_any_shape_is_left(value: Any, data: st.DataObject) -> None:
    there = [text for text in texts(value) if len(text) > 1]
    odd = data.draw(st.lists(st.sampled_from(there), max_size=2) if there else st.just([]))
    left = [text.replace(MASK, "|") for text in texts(conceal(value, odd))]
    for secret in (*odd, "apiv1_abc", "abcdefgh"):
        assert not any(secret in text for text in left)


def test_what_is_wrong_is_all_in_the_result_and_the_first_in_the_message() -> None:
    problems = [Problem("databases", "is wrong.", index, f"db{index}") for index in range(30)]
    result = refused("host: is missing.", problems)
    assert not result.changed
    assert [one["index"] for one in result.values["problems"]] == list(range(30))
    assert str(result.error).startswith("host: is missing. databases[0] 'db0': is wrong. databases[1]")
    assert str(result.error).endswith("databases[19] 'db19': is wrong. All 30 are in problems.")


def test_what_is_too_much_to_prune_is_named_and_counted() -> None:
    doomed: list[Item] = [
        *(database(f"db{number}", pruned=True) for number in range(7)),
        token("old", "9", pruned=True),
    ]
    kept = [database(f"kept{number}") for number in range(9)]
    plan = Plan(tuple(Unplanned(item, Outcome(item, "deleted")) for item in (*kept, *doomed)))
    plan.raise_if_unsafe(8)
    with pytest.raises(TooManyToPrune) as refusal:
        plan.raise_if_unsafe(7)
    result = too_many(refusal.value, ())
    assert result.values["would_prune"]["db_tokens"] == ["old (9)"]
    assert len(result.values["would_prune"]["databases"]) == 7
    assert "would delete 8 objects, and prune_limit is 7: 'db0'," in str(result.error)
    assert getattr(result.error, "code", None) == "prune_limit"
