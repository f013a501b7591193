# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plan of one table, against a model of a database that carries changes out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.influxops.influxdb3.plugins.module_utils._cluster.tables import (
    Seen,
    TableWish,
    plan_table,
    warnings_of,
)
from ansible_collections.influxops.influxdb3.plugins.module_utils._core.converge import foretell
from ansible_collections.influxops.influxdb3.plugins.module_utils._core.entities import State
from ansible_collections.influxops.influxdb3.plugins.module_utils._core.errors import (
    Influxdb3Error,
    OptionError,
    Refused,
)
from ansible_collections.influxops.influxdb3.plugins.module_utils._core.plan import Change

NAMES = ["a", "b", "c"]
TEMPLATES: list[Any] = [[{"type": "time", "value": value}] for value in ("%Y", "%Y-%m", "%F")]
FORMER = TEMPLATES[2]  # of which servers make none any more
names = st.sampled_from(NAMES)
# The active tables, each with its ID and template; [] for none of its own.
databases = st.dictionaries(names, st.sampled_from([[], *TEMPLATES]))
# Whether the list shows templates.
shown = st.booleans()


@st.composite
def wishes(draw: st.DrawFn) -> TableWish:
    state = draw(st.sampled_from(["present", "absent", "restored"]))
    if state == "restored":
        return TableWish(state, {"database": "d"}, id=draw(st.integers(1, 4)))
    desired: State = {"database": "d", "name": draw(names)}
    if state == "present" and draw(st.booleans()):
        desired["partition_template"] = draw(st.sampled_from(TEMPLATES))
    return TableWish(state, desired, draw(st.sampled_from(["", *NAMES])) if state == "present" else "")


def listing(there: Mapping[str, Any], with_templates: bool) -> dict[str, State]:
    """What a list shows of a database."""
    return {
        name: {"database": "d", "name": name, "id": NAMES.index(name) + 1}
        | ({"partition_template": template} if with_templates else {})
        for name, template in there.items()
    }


def carried_out(there: Mapping[str, Any], wish: TableWish, change: Change) -> dict[str, Any]:
    """The database after one change; the server refuses what can't be."""
    after = dict(there)
    if change.delete:
        del after[wish.name]
    if change.rename:
        assert wish.name not in after
        after[wish.name] = after.pop(wish.old_name)
    if change.create:
        assert wish.name not in after
        after[wish.name] = wish.desired.get("partition_template", [])
    if change.restore:
        name = NAMES[wish.id - 1] if wish.id <= len(NAMES) else "restored"
        assert name not in after
        after[name] = []
    return after


@given(wishes(), databases, shown)
def test_one_plan_of_what_is_listed_is_enough(wish: TableWish, there: dict[str, Any], shown: bool) -> None:
    listed = listing(there, shown)
    try:
        change = plan_table(wish, Seen(listed))
    except Refused:
        base = there.get(wish.old_name, there.get(wish.name))
        both = {wish.name, wish.old_name} <= set(there) and wish.old_name != wish.name
        assert both or (shown and base != wish.desired["partition_template"])
        return
    except OptionError:
        assert wish.desired["partition_template"] == FORMER
        assert not {wish.name, wish.old_name} & set(there)
        return
    after = carried_out(there, wish, change)
    assert change.changed == (after != there)
    if wish.state == "restored" and wish.id > len(NAMES):
        return  # its name is the server's affair
    again = plan_table(wish, Seen(listing(after, shown)))
    assert not again.changed
    if wish.state == "present":
        assert wish.name in after
        assert wish.old_name in ("", wish.name) or wish.old_name not in after
        template = wish.desired.get("partition_template")
        if shown and template:
            assert after[wish.name] == template
        elif template and not change.create:
            unseen = warnings_of(wish, foretell(again))
            assert ["can't be seen" in warning for warning in unseen] == [True]
    if wish.state == "absent":
        assert wish.name not in after


def deleted(table_id: int | None, name: str = "a", day: int = 1) -> State:
    """A deleted table as it is listed."""
    at = datetime(2026, 1, day, tzinfo=UTC)
    return {"database": "d", "name": name, "id": table_id, "deleted": True, "deleted_at": at}


def test_a_name_means_the_only_deleted_table() -> None:
    wish = TableWish("restored", {"database": "d", "name": "a"})
    one = deleted(7)
    change = plan_table(wish, Seen({}, deleted=[deleted(1, "b"), one]))
    assert (change.restore, change.before, change.after) == (True, None, one)
    active: State = {"database": "d", "name": "a", "id": 3}
    assert not plan_table(wish, Seen({"a": active}, deleted=[one])).changed, "whoever restored or made it"
    unlisted = plan_table(wish, Seen())
    assert (unlisted.restore, unlisted.after) == (True, {"database": "d", "name": "a"})


@pytest.mark.parametrize(
    ("found", "code"),
    [
        ([], "not_found"),
        ([deleted(1, "A")], "not_found"),
        ([deleted(1), deleted(2, day=2)], "ambiguous_table"),
        ([deleted(None)], "bad_answer"),
        (Influxdb3Error("no list", code="influxctl"), "influxctl"),
    ],
)
def test_a_name_that_means_no_table_restores_none(found: Any, code: str) -> None:
    wish = TableWish("restored", {"database": "d", "name": "a"})
    with pytest.raises(Influxdb3Error) as raised:
        plan_table(wish, Seen({"b": {"database": "d", "name": "b", "id": 9}}, deleted=found))
    assert raised.value.code == code
    if code == "ambiguous_table":
        assert "2 (deleted 2026-01-02T00:00:00Z), 1 (deleted 2026-01-01T00:00:00Z)" in str(raised.value)


@given(wishes(), databases)
def test_without_a_list_refusals_lead_to_the_same_database(wish: TableWish, there: dict[str, Any]) -> None:
    """As the server answers: a duplicate is refused, and so is what isn't there."""
    listed = listing(there, False)
    if wish.desired.get("partition_template") == FORMER:
        return  # refused before it is planned
    try:
        wanted = carried_out(there, wish, plan_table(wish, Seen(listed)))
    except (Refused, OptionError):
        return
    if wish.state == "restored":
        return  # nothing but its list tells that a table is active already
    exists: dict[str, bool] = {}
    for _attempt in range(4):
        change = plan_table(wish, Seen(None, exists))
        if not change.changed:
            assert wanted == there
            return
        source = wish.old_name if change.rename else wish.name
        if (change.delete or change.rename) and source not in there:
            exists[source] = False
        elif (change.create or change.rename) and wish.name in there:
            exists[wish.name] = True
        else:
            assert carried_out(there, wish, change) == wanted
            return
    pytest.fail("it never ends")
