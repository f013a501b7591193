# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists, plans and manages a whole cluster's tables. Imported only where tables are stated."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from .._core import entities, errors
from .._core.converge import converge, foretell
from .._core.threads import for_each
from .items import TableItem, Wanted
from .outcome import FAILED, Outcome, result_or_error, table_outcome
from .plan import PlannedTable, Unplanned
from .tables import Seen, TableLists, TableRequests, plan_table, warnings_of
from .world import Server


def see_tables(
    server: Server, wanted: Wanted, databases: Mapping[str, entities.State], concurrency: int
) -> tuple[Seen | errors.Influxdb3Error, ...]:
    """Return for each item what is seen of the tables of its database, or the error of listing them.

    `databases` are the server's, by name. The tables of each are listed once, and the deleted ones once where an item
    needs them. For a database that is yet to be renamed, the tables under its old name count. For one that is yet to be
    restored, nothing is seen.
    """
    seen: dict[tuple[str, bool], Seen | errors.Influxdb3Error] = {}
    due: dict[str, str] = {}
    wishes = {item.name: item.wish for item in wanted.databases}
    views = [(item.wish.database, server.lists_for(item.wish)) for item in wanted.tables]
    for name, is_listed in set(views):
        wish = wishes.get(name)
        present = next((one for one in (name, wish.old_name if wish else "") if one in databases), "")
        if not present:
            seen[name, is_listed] = Seen() if wish and wish.state == "restored" else Seen({})
        elif is_listed:
            due[name] = present
        else:
            seen[name, is_listed] = Seen()

    def see(name: str) -> Seen:
        present = due[name]
        found = server.tables(present).content()
        listed = Seen({table: {**state, "database": name} for table, state in found.items()})
        if not any(item.wish.database == name and listed.lacks(item.wish) for item in wanted.tables):
            return listed
        return listed._replace(deleted=result_or_error(server.deleted_tables(present).content))

    def note(name: str) -> None:
        seen[name, True] = result_or_error(lambda: see(name))

    for_each(concurrency, note, list(due))
    return tuple(seen[view] for view in views)


def plan_tables(
    items: Iterable[TableItem], seen: Iterable[Seen | errors.Influxdb3Error]
) -> list[PlannedTable | Unplanned]:
    """Return a step for each table. `seen` has for each item, in their order, what is seen of its database. Pure."""
    return [_plan(*one) for one in zip(items, seen)]


def _plan(item: TableItem, seen: Seen | errors.Influxdb3Error) -> PlannedTable | Unplanned:
    change = seen if isinstance(seen, errors.Influxdb3Error) else result_or_error(lambda: plan_table(item.wish, seen))
    if isinstance(change, errors.Influxdb3Error):
        return Unplanned(item, Outcome(item, FAILED, error=change))
    done = foretell(change)
    return PlannedTable(item, table_outcome(item, done, warnings_of(item.wish, done)), change)


def warn_of_missing_databases(wanted: Wanted, databases: Collection[str]) -> list[str]:
    """Return a warning about tables that shall be in databases which neither exist nor are stated."""
    names = {*databases, *(item.name for item in wanted.databases)}
    missing = [repr(item.name) for item in wanted.tables if item.stays and item.wish.database not in names]
    return (
        [f"Tables are in databases that neither exist nor are stated: {entities.listed(missing)}."] if missing else []
    )


def settle_table(server: Server, step: PlannedTable) -> Outcome:
    """Carry out the step, and return its outcome. Raises Influxdb3Error."""
    wish, change = step.item.wish, step.change
    lists = TableLists(
        lambda database: server.tables(database).now(), lambda database: server.deleted_tables(database).now()
    )
    requests = TableRequests(
        server.api, wish, lambda: server.databases.now().keys(), lists if server.lists_for(wish) else None
    )
    if change.restore and "id" not in (change.after or {}):
        change = requests.plan()  # The database was not restored yet when the plan was made, so it had no list.
    done = converge(change, requests.plan, requests.send)
    return table_outcome(step.item, done, requests.warnings + warnings_of(wish, done))
