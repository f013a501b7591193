# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Manages one table: from options to a wish, from the wish to a plan, and from the plan to requests.

The API lists no tables (facts.md#operations). Where influxctl has listed them, a plan is certain. Otherwise the plan is
to try a request, and a refusal of the server shows what exists. The module `table` does this for one table, `cluster`
for each of many.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Callable, NamedTuple

from .._api.endpoints import ManagementApi
from .._core import entities, errors, interface
from .._core.advice import name_warnings, template_warnings
from .._core.converge import Converged
from .._core.plan import Change, plan

OPTIONS: interface.Spec = {
    "state": {"type": "str", "choices": ["present", "absent", "restored"], "default": "present"},
    "database": {"type": "str", "required": True},
    "name": {"type": "str"},
    "id": {"type": "int"},
    "rename_from": {"type": "str"},
    "partition_template": entities.PARTITION_TEMPLATE_OPTION,
}
RULES: dict[str, Any] = {
    "required_if": [
        ("state", "present", ["name"]),
        ("state", "absent", ["name"]),
        ("state", "restored", ["id", "name"], True),
    ]
}


# Whether tables are looked up: an option of the modules, not of each table.
INFLUXCTL = "influxctl"
LOOKUP_OPTION: interface.Spec = {"lookup": {"type": "str", "choices": ["none", INFLUXCTL], "default": "none"}}
# The active tables of a database, by name.
Tables = Mapping[str, entities.State]


class TableLists(NamedTuple):
    """Functions that list a named database's tables as they are now: the `active` ones by name, the `deleted` ones.

    Both raise Influxdb3Error, and several threads may call them.
    """

    active: Callable[[str], Tables]
    deleted: Callable[[str], Sequence[entities.State]]


class TableWish(NamedTuple):
    """The stated form of a table.

    `old_name` is the name that a rename starts from, empty without one. `id` is that of a table to restore, 0 where
    only its name is stated.
    """

    state: str
    desired: entities.State
    old_name: str = ""
    id: int = 0

    @property
    def database(self) -> str:
        return str(self.desired["database"])

    @property
    def name(self) -> str:
        return str(self.desired.get("name", ""))

    @property
    def needs_name(self) -> bool:
        """Whether only the name says which deleted table is to be restored."""
        return self.state == "restored" and not self.id


class Seen(NamedTuple):
    """The tables of one database, as far as lists and refusals show them.

    `listed` are the active ones, None where they weren't listed. A listed table has a `partition_template` (None for
    none) only where the list shows templates. `exists` says for names whether there are such tables, by the refusals of
    the server. `deleted` are the deleted ones where they matter, an error where they can't be listed.
    """

    listed: Tables | None = None
    exists: Mapping[str, bool] = entities.NOTHING
    deleted: Sequence[entities.State] | errors.Influxdb3Error = ()

    def current(self, table: entities.State, *, assumed: bool) -> entities.State | None:
        """Return this table as it is, None where there is none.

        `assumed` says whether it is taken for existing where neither a list nor a refusal shows it.
        """
        name = table["name"]
        if self.listed is not None and name in self.listed:
            return self.listed[name]
        return table if self.exists.get(name, assumed and self.listed is None) else None

    def lacks(self, wish: TableWish) -> bool:
        """Return whether the list of the active tables leaves it open which table the wish restores by its name."""
        return wish.needs_name and self.listed is not None and wish.name not in self.listed

    def active(self, table_id: int) -> entities.State | None:
        """Return the listed table of an ID, None where there is none."""
        return next((table for table in (self.listed or {}).values() if table.get("id") == table_id), None)


def wish_of(params: Mapping[str, Any], *, looked_up: bool = False) -> TableWish:
    """Return the wish that the options state. `looked_up` says that the tables will be listed. Raises OptionError."""
    wish = TableWish(
        state=params["state"],
        desired=entities.TABLE.parse({**params, "id": None}),
        old_name=entities.parse_option("rename_from", params["rename_from"], entities.parse_table_name) or "",
        id=entities.parse_option("id", params["id"], entities.parse_id) or 0,
    )
    if wish.state == "present" and not looked_up:
        entities.TABLE.check_new(wish.desired)  # What is there can't be read, so it can't be compared either.
    return wish


def plan_table(wish: TableWish, seen: Seen) -> Change:
    """Return the change that fulfils the wish.

    Where neither a list nor a refusal shows a table, the plan assumes the case in which there is something to do. A
    change that restores has the `id`, unless only the name is stated and nothing is listed. Raises Refused where a
    template that is shown differs, where both names of a rename are listed, or where several deleted tables have the
    name to restore. Raises OptionError, and Influxdb3Error where no deleted table has the name or they can't be listed.
    """
    table: entities.State = {"database": wish.database, "name": wish.name}
    if wish.state == "restored":
        active = seen.current(table, assumed=False) if wish.needs_name else seen.active(wish.id)
        if active is not None:
            return Change(active, active)
        return Change(None, _to_restore(wish, seen), restore=True)
    if wish.state == "absent":
        current = seen.current(table, assumed=True)
        return Change(current, None, delete=current is not None)
    current, old = seen.current(table, assumed=False), None
    if wish.old_name not in ("", wish.name):
        # Where nothing is listed, nobody can tell whether the old one is left beside the new one.
        old = seen.current({**table, "name": wish.old_name}, assumed=current is None)
    base = current if old is None else old
    shown = base is None or "partition_template" in base
    return plan(entities.TABLE, current, wish.desired if shown else table, old)


def _to_restore(wish: TableWish, seen: Seen) -> entities.State:
    """Return the table to restore. Raises Refused where the name has several, Influxdb3Error where it has none."""
    if not wish.needs_name:
        return {"database": wish.database, "id": wish.id}
    if not seen.lacks(wish):
        return {"database": wish.database, "name": wish.name}
    if isinstance(seen.deleted, errors.Influxdb3Error):
        raise seen.deleted
    from .restoring import the_deleted

    return the_deleted("table", wish.name, seen.deleted)


class TableRequests:
    """Sends the requests of one table's changes.

    `databases` returns the names in the server's list of databases. `lists` list the tables of one of them; they are
    None where no tables are listed. `exists` says for names whether there are such tables, by the refusals so far;
    `warnings` are for the user.
    """

    def __init__(
        self,
        api: ManagementApi,
        wish: TableWish,
        databases: Callable[[], Collection[str]],
        lists: TableLists | None,
    ) -> None:
        self._api, self._wish, self._databases, self._lists = api, wish, databases, lists
        self.exists: dict[str, bool] = {}
        self.warnings: list[str] = []

    def plan(self) -> Change:
        """Return the change by the lists as they are now, and by the refusals so far. Raises Influxdb3Error."""
        seen, name = self._see(), self._wish.name
        if seen.listed is not None and self.exists.get(name) and name not in seen.listed:
            self.warnings.append(
                f"The server answered that the table {name!r} exists, and it isn't listed. It may be the former name of"
                " a renamed table: servers go on routing that to it."
            )
        return plan_table(self._wish, seen)

    def _see(self) -> Seen:
        if self._lists is None:
            return Seen(None, self.exists)
        database = self._wish.database
        if not self.database_exists():
            self._warn_of_database()
            return Seen({}, self.exists)
        seen = Seen(self._lists.active(database), self.exists)
        return seen._replace(deleted=self._lists.deleted(database)) if seen.lacks(self._wish) else seen

    def send(self, change: Change) -> entities.State:
        """Send the one request of a change, and note what a refusal shows. Raises ApiError."""
        try:
            return self._send(change)
        except errors.AlreadyExists:
            self.exists[self._wish.name] = True
            if change.rename and self._lists is None:
                self.warnings.append(
                    f"The table {self._wish.name!r} exists already, so {self._wish.old_name!r} was not renamed now."
                    f" Whether {self._wish.old_name!r} is left beside it can't be seen over HTTP; drop rename_from when"
                    " done."
                )
            raise
        except errors.NotFound as error:
            self._keep(change, error)
            raise

    def _send(self, change: Change) -> entities.State:
        wish = self._wish
        if change.delete:
            self._api.delete_table(wish.database, wish.name)
            return {}
        if change.restore:
            return self._api.restore_table(wish.database, (change.after or {})["id"])
        if change.rename:
            return {**(change.before or {}), **self._api.rename_table(wish.database, wish.old_name, wish.name)}
        created = self._api.create_table(wish.desired)
        if wish.old_name not in ("", wish.name) and self._lists is None:
            self.warnings.append(
                f"The server answered that there is no table {wish.old_name!r} to rename, so {wish.name!r} was"
                " created, empty. A server that can't rename tables may answer so as well."
            )
        return created

    def _keep(self, change: Change, error: errors.NotFound) -> None:
        """Note what a 404 shows: that the table isn't there, where the API itself has answered.

        A deletion that got any 404 counts as done; where the API may not have answered, a warning says so.
        """
        if change.delete and not error.own and self.database_exists():
            self.warnings.append(
                f"The table {self._wish.name!r} is taken to be gone, but the answer isn't clear. {error}"
            )
        if change.delete or error.own:
            self.exists[self._wish.old_name if change.rename else self._wish.name] = False

    def database_exists(self) -> bool:
        """Return whether the table's database is in the server's list."""
        return self._wish.database in self._databases()

    def foresee(self) -> None:
        """Look for the database, for check mode without lists: without it, there is no table. Raises ApiError."""
        if self._lists is None and not self.database_exists():
            self.exists[self._wish.name] = False
            self._warn_of_database()

    def _warn_of_database(self) -> None:
        if self._wish.state != "absent":
            self.warnings.append(
                f"There is no database {self._wish.database!r}. Unless another task creates it, this one fails."
            )


def warnings_of(wish: TableWish, done: Converged) -> list[str]:
    """Return warnings about the values that the change sets, and about a stated template that isn't the table's."""
    template = wish.desired.get("partition_template")
    if wish.state == "present" and done.change.before is None:
        return name_warnings("table", wish.name) + template_warnings("table", wish.desired)
    if done.change.rename:
        return name_warnings("table", wish.name)
    if wish.state == "present" and template not in (None, done.state.get("partition_template")):
        return [
            f"The table {wish.name!r} was there before this task, so its partition template is not the one that is"
            " stated here, or can't be seen: the API fixes it at creation, and shows it only then."
        ]
    return []
