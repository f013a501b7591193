# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Manages one database: from options to a wish, from the wish and the server's list to a plan, from that to requests.

The module `database` does this for one database, `cluster` for each of many.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Callable, NamedTuple

from .._api.endpoints import ManagementApi
from .._core import entities, errors, interface
from .._core.durations import format_duration
from .._core.plan import Change, plan

OPTIONS: interface.Spec = {
    "state": {"type": "str", "choices": ["present", "absent", "restored"], "default": "present"},
    "name": {"type": "str"},
    "id": {"type": "int"},
    "rename_from": {"type": "str"},
    "retention_period": {"type": "str"},
    "max_tables": {"type": "int"},
    "max_columns_per_table": {"type": "int"},
    "partition_template": entities.PARTITION_TEMPLATE_OPTION,
    "force": {"type": "bool", "default": False},
}
RULES: dict[str, Any] = {
    "required_if": [
        ("state", "present", ["name"]),
        ("state", "absent", ["name"]),
        ("state", "restored", ["id", "name"], True),
    ]
}
# The active database of a name, None if there is none.
Find = Callable[[str], "entities.State | None"]
# All deleted databases.
ListDeleted = Callable[[], Sequence[entities.State]]


class DatabaseWish(NamedTuple):
    """The stated form of a database.

    `old_name` is the name that a rename starts from, empty without one. `id` is that of a database to restore, 0 where
    only its name is stated. `unitless` is the retention period as the user wrote it, where it is a number without a
    unit: the user may have meant days.
    """

    state: str
    desired: entities.State
    old_name: str = ""
    id: int = 0
    force: bool = False
    unitless: str = ""

    @property
    def name(self) -> str:
        return str(self.desired.get("name", ""))

    @property
    def needs_name(self) -> bool:
        """Whether only the name says which deleted database is to be restored."""
        return self.state == "restored" and not self.id


def wish_of(params: Mapping[str, Any]) -> DatabaseWish:
    """Return the wish that the options state. Raises OptionError, and Refused to take a system's database away."""
    retention = str(params["retention_period"] or "")
    wish = DatabaseWish(
        state=params["state"],
        desired=entities.DATABASE.parse({**params, "id": None}),
        old_name=entities.parse_option("rename_from", params["rename_from"], entities.parse_name) or "",
        id=entities.parse_option("id", params["id"], entities.parse_id) or 0,
        force=bool(params["force"]),
        unitless=retention if retention.isdecimal() else "",
    )
    leaving, doing = (wish.name, "delete") if wish.state == "absent" else (wish.old_name, "rename")
    if leaving.startswith(entities.SYSTEM_PREFIXES) and not wish.force:
        raise errors.Refused(
            f"The database {leaving!r} may belong to the system; set force: true to {doing} it all the same."
        )
    return wish


def plan_database(wish: DatabaseWish, find: Find, list_deleted: ListDeleted = tuple) -> Change:
    """Return the change that fulfils the wish. Raises Refused, OptionError, and what `list_deleted` raises.

    `list_deleted` is only called for a database that is to be restored by its name and isn't active; Influxdb3Error is
    raised where it finds none.
    """
    if wish.state == "restored":
        active = find(wish.name)
        if active is not None:
            return Change(active, active)
        return Change(None, _to_restore(wish, list_deleted), restore=True)
    desired = wish.desired if wish.state == "present" else None
    old = find(wish.old_name) if wish.old_name not in ("", wish.name) else None
    change = plan(entities.DATABASE, find(wish.name), desired, old)
    if not wish.force:
        _refuse_short_retention(wish, change)
    return change


def _to_restore(wish: DatabaseWish, list_deleted: ListDeleted) -> entities.State:
    """Return the database to restore. Raises Refused where the name has several, Influxdb3Error where it has none."""
    if wish.id:
        return {"name": wish.name or None, "id": wish.id}
    from .restoring import the_deleted

    return the_deleted("database", wish.name, list_deleted())


def _refuse_short_retention(wish: DatabaseWish, change: Change) -> None:
    """Raise Refused for a retention below an hour that is likely a wrong unit, and would cost all data.

    InfluxData's own documentation writes 43 minutes in nanoseconds for "30 days" (facts.md#retention).
    """
    period = (wish.desired if change.create else change.update).get("retention_period") or entities.HOUR
    if period >= entities.HOUR:
        return
    if change.create and wish.unitless:
        raise errors.Refused(
            f"retention_period: {wish.unitless!r} has no unit, so that it is {format_duration(period)} for the new"
            f" database {wish.name!r}, which would keep next to nothing. Write for instance 90d; or set force: true if"
            " it is meant.",
            code="short_retention",
        )
    before = (change.before or {}).get("retention_period") or 0
    if not change.create and (before == 0 or period < before):
        raise errors.Refused(
            f"retention_period: it would be cut from {format_duration(before)} to {format_duration(period)} for the"
            f" database {wish.name!r}, and all data that is older would be lost. Write for instance 90d; or set"
            " force: true if it is meant.",
            code="short_retention",
        )


def send(api: ManagementApi, wish: DatabaseWish, change: Change) -> entities.State:
    """Send the requests of a change, and return the state as the server's answers show it. Raises ApiError."""
    reported = dict(change.before or {})
    if change.delete:
        api.delete_database(wish.name)
    if change.create:
        reported.update(api.create_database(wish.desired))
    if change.restore:
        reported.update(api.restore_database((change.after or {})["id"]))
    if change.rename:
        reported.update(api.rename_database(wish.old_name, wish.name))
    if change.update:
        reported.update(api.update_database(wish.name, change.update))
    return reported


def warnings_of(wish: DatabaseWish, change: Change) -> list[str]:
    """Return warnings about the values that the change sets. Values that the database has already get none."""
    if not change.changed:
        return []
    from .._core.advice import name_warnings, retention_warnings, template_warnings

    warnings: list[str] = []
    if change.create or "retention_period" in change.update:
        warnings += retention_warnings(wish.desired)
    if change.create:
        warnings += template_warnings("database", wish.desired)
    if change.create or change.rename:
        warnings += name_warnings("database", wish.name)
    return warnings
