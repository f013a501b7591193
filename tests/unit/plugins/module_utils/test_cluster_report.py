# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run of cluster reports of its items: nothing is lost, nothing is counted twice, no secret is among it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.influxops.influxdb3.plugins.module_utils._cluster.items import (
    CHANGES,
    OUTCOMES,
    DatabaseItem,
    Item,
    Problem,
    TokenItem,
)
from ansible_collections.influxops.influxdb3.plugins.module_utils._cluster.report import (
    conceal,
    differences,
    outcome,
    refused,
    report,
    too_many,
)
from ansible_collections.influxops.influxdb3.plugins.module_utils._core.errors import MASK, Influxdb3Error

fields: st.SearchStrategy[dict[str, Any]] = st.dictionaries(
    st.sampled_from("abc"), st.one_of(st.none(), st.integers(0, 3), st.just([]))
)


@st.composite
def run_items(draw: st.DrawFn) -> list[Item]:
    """Items as a run leaves them; those of tokens with a secret where one is to be shown."""
    items: list[Item] = []
    for number in range(draw(st.integers(0, 8))):
        item: Item = (DatabaseItem if draw(st.booleans()) else TokenItem)(f"item{number}", True)
        item.before, item.after = draw(st.one_of(st.none(), fields)), draw(st.one_of(st.none(), fields))
        item.outcome = draw(st.sampled_from([word for word in OUTCOMES if word != "failed"]))
        if draw(st.integers(0, 4)) == 0:
            item.fail(Influxdb3Error("no", code=draw(st.sampled_from(["forbidden", "conflict"]))))
        if isinstance(item, TokenItem) and draw(st.booleans()):
            item.secret = f"secret{number}"
        items.append(item)
    return items


@given(run_items(), st.booleans(), st.sampled_from(["", "was stopped by SIGTERM"]))
def test_every_item_is_reported_once_with_its_outcome(items: list[Item], check_mode: bool, stopped: str) -> None:
    result = report(items, (), stopped, [], check_mode=check_mode)
    shown = result.values["databases"] + result.values["db_tokens"]
    assert {one.get("name") or one["description"]: one["outcome"] for one in shown} == {
        item.name: item.outcome for item in items
    }
    assert len(shown) == len(items)
    for kind in ("databases", "db_tokens"):
        words = [one["outcome"] for one in result.values[kind]]
        assert result.values["totals"][kind] == {word: words.count(word) for word in OUTCOMES}
    assert result.changed == any(item.outcome in CHANGES for item in items)


@given(run_items(), st.sampled_from(["", "was stopped by SIGTERM"]))
def test_the_task_fails_exactly_if_an_item_did_or_it_was_stopped(items: list[Item], stopped: str) -> None:
    error = report(items, (), stopped, [], check_mode=False).error
    codes = {item.error.code for item in items if item.error}
    if stopped:
        assert stopped in str(error)
        codes = {"stopped"}
    assert (error.code if error else None) == (None if not codes else codes.pop() if len(codes) == 1 else "several")


@given(run_items())
def test_a_secret_is_placed_at_its_own_token(items: list[Item]) -> None:
    result = report(items, (), "", [], check_mode=False)
    placed = {
        result.values[option][number]["description"]: (key, secret) for option, number, key, secret in result.secrets
    }
    assert placed == {item.name: ("access_token", item.secret) for item in items if item.secret}
    assert "secret" not in json.dumps([result.values, result.before, result.after, result.warnings])


@given(run_items())
def test_a_diff_tells_of_all_that_changes_and_of_nothing_else(items: list[Item]) -> None:
    changing = [item for item in items if item.outcome in CHANGES]
    told = [{name for names in side.values() for name in names} for side in differences(items)]
    assert told[0] == {item.name for item in changing if item.before is not None}
    assert told[1] == {item.name for item in changing if item.after is not None}


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
    assert outcome(changed, before, after, "id") == word


def test_a_diff_holds_what_differs_and_nothing_else() -> None:
    items = [
        DatabaseItem("same", True, outcome="unchanged", before={"a": 1}, after={"a": 1}),
        DatabaseItem("new", True, outcome="created", after={"a": 1, "unknown": None}),
        DatabaseItem("changed", True, outcome="updated", before={"a": 1, "b": 0}, after={"a": 1, "b": 2}),
        TokenItem("old", False, pruned=True, outcome="deleted", before={"d": "old"}, more={"id": "7"}),
    ]
    assert differences(items) == (
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
    doomed: list[Item] = [DatabaseItem(f"db{number}", False, pruned=True) for number in range(7)]
    doomed.append(TokenItem("old", False, pruned=True, more={"id": "9"}))
    result = too_many(doomed, 7, ())
    assert result.values["would_prune"]["db_tokens"] == ["old (9)"]
    assert len(result.values["would_prune"]["databases"]) == 7
    assert "would delete 8 objects, and prune_limit is 7: 'db0'," in str(result.error)
    assert getattr(result.error, "code", None) == "prune_limit"
