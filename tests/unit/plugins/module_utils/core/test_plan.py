# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plan for a database: it reaches its goal in one step, and touches nothing unstated."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ansible_collections.influxops.influxdb3.plugins.module_utils._core.entities import DATABASE, TABLE, State
from ansible_collections.influxops.influxdb3.plugins.module_utils._core.errors import Refused
from ansible_collections.influxops.influxdb3.plugins.module_utils._core.plan import Change, find, plan

SECOND = 1_000_000_000
DAY = 86_400 * SECOND
TEMPLATE = [{"type": "time", "value": "%Y"}]

names = st.sampled_from(["one", "two"])
database_fields = {
    "retention_period": st.sampled_from([0, DAY, 30 * DAY]),
    "max_tables": st.integers(1, 3),
    "max_columns_per_table": st.integers(1, 3),
    "partition_template": st.sampled_from([TEMPLATE, [*TEMPLATE, {"type": "tag", "value": "t"}]]),
}
desired_states = st.fixed_dictionaries({"name": names}, optional=database_fields)
# What the server tells may lack anything but name and ID (facts.md#unknown-points-of-bodies).
current_states = st.fixed_dictionaries({"id": st.integers(1, 9), "name": names}, optional=database_fields)


def applied(change: Change) -> State | None:
    """The object as the API leaves it, computed from the requests that the change stands for."""
    if change.delete or not change.changed:
        return None if change.delete else change.before
    assert change.after is not None
    if change.create:
        return {**change.after, "id": 99}
    assert change.before is not None
    renamed = {"name": change.after["name"]} if change.rename else {}
    return {**change.before, **renamed, **change.update}


def planned(*arguments: Any, **more: Any) -> Change:
    """The plan; an example that is refused doesn't count."""
    try:
        return plan(*arguments, **more)
    except Refused:
        assume(False)
        raise


@given(st.none() | current_states, st.none() | desired_states)
def test_second_plan_changes_nothing(current: State | None, desired: State | None) -> None:
    # Modules look the current state up by the name.
    assume(current is None or desired is None or current["name"] == desired["name"])
    change = planned(DATABASE, current, desired)
    after = applied(change)
    again = plan(DATABASE, after, desired)
    assert not again.changed
    assert again.before == again.after == after
    if desired is None:
        assert after is None
    else:
        assert after is not None
        assert after.items() >= desired.items()


@given(current_states, desired_states)
def test_second_plan_after_a_rename_changes_nothing(old: State, desired: State) -> None:
    assume(old["name"] != desired["name"])
    change = planned(DATABASE, None, desired, old=old)
    assert change.rename
    after = applied(change)
    assert after == change.after
    assert not plan(DATABASE, after, desired).changed


@given(st.none() | current_states, desired_states)
def test_only_stated_fields_are_sent(current: State | None, desired: State) -> None:
    change = planned(DATABASE, current, desired)
    assert change.update.items() <= desired.items()
    assert "name" not in change.update
    if change.create:
        assert change.after == desired


@given(current_states, desired_states)
def test_only_differing_fields_are_sent(current: State, desired: State) -> None:
    change = planned(DATABASE, current, desired)
    assert all(current.get(name) != value for name, value in change.update.items())


@given(st.none() | current_states, st.none() | desired_states)
def test_prediction_is_what_the_requests_bring_about(current: State | None, desired: State | None) -> None:
    assume(current is None or desired is None or current["name"] == desired["name"])
    change = planned(DATABASE, current, desired)
    assert applied(change) == (change.after if not change.create else {**(desired or {}), "id": 99})


@given(current_states, desired_states)
def test_immutable_difference_is_refused_and_nothing_else_is(current: State, desired: State) -> None:
    wanted = desired.get("partition_template")
    differs = wanted is not None and wanted != current.get("partition_template")
    try:
        plan(DATABASE, current, desired)
    except Refused as error:
        refusal: Refused | None = error
    else:
        refusal = None
    assert (refusal is not None) == differs
    if refusal is not None:
        assert refusal.code == "immutable"
        assert repr(current["name"]) in str(refusal)


def test_delete_of_nothing_is_nothing() -> None:
    assert plan(DATABASE, None, None) == Change(None, None)
    assert not plan(DATABASE, None, None).changed
    assert plan(DATABASE, {"name": "a"}, None) == Change({"name": "a"}, None, delete=True)


def test_rename_is_refused_while_both_names_exist() -> None:
    with pytest.raises(Refused, match="Both the table 'old' and 'new' exist"):
        plan(TABLE, {"name": "new"}, {"name": "new"}, old={"name": "old"})


def test_rename_and_update_are_one_change() -> None:
    old = {"name": "old", "max_tables": 1, "retention_period": 0}
    change = plan(DATABASE, None, {"name": "new", "max_tables": 2, "retention_period": 0}, old=old)
    assert change.rename
    assert not change.create
    assert change.update == {"max_tables": 2}
    assert change.before == old


def test_database_of_a_table_is_no_field_to_change() -> None:
    change = plan(TABLE, {"name": "t"}, {"name": "t", "database": "d"})
    assert not change.changed


@pytest.mark.parametrize("kind", ["create", "delete", "rename", "restore"])
def test_each_kind_of_change_counts(kind: str) -> None:
    field: dict[str, Any] = {kind: True}
    assert Change(None, None)._replace(**field).changed
    assert Change(None, None, update={"max_tables": 1}).changed
    assert not Change(None, None).changed


def test_find_is_by_name() -> None:
    states: list[State] = [{"name": "a", "id": 1}, {"id": 2}, {"name": "b", "id": 3}]
    assert find(states, "b") == {"name": "b", "id": 3}
    assert find(states, "c") is None
