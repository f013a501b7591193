# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole cluster's tables: seen, planned, brought to their stated form. Imported only where tables are stated."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor

from .._core.converge import converge, foretell
from .._core.entities import State, listed
from .._core.errors import Influxdb3Error
from .items import TableItem, Wanted
from .outcome import FAILED, Outcome, result_or_error, table_outcome
from .plan import PlannedTable, Unplanned
from .tables import Seen, TableRequests, plan_table, warnings_of
from .world import Server


def see_tables(
    server: Server, wanted: Wanted, databases: Mapping[str, State], concurrency: int
) -> dict[str, Seen | Influxdb3Error]:
    """Return what is seen of the tables of each database for which an item states one: an error where it isn't listed.

    Lists the tables of each of these `databases`, the server's, once. Of one that is yet to be renamed, those under its
    old name count; nothing is known of the tables of one that is yet to be restored.
    """
    seen: dict[str, Seen | Influxdb3Error] = {}
    due: dict[str, str] = {}
    wishes = {item.name: item.wish for item in wanted.databases}
    for name in {item.wish.database for item in wanted.tables}:
        wish = wishes.get(name)
        present = next((one for one in (name, wish.old_name if wish else "") if one in databases), "")
        if not present:
            seen[name] = Seen() if wish and wish.state == "restored" else Seen({})
        elif server.list_tables is None:
            seen[name] = Seen()
        else:
            due[name] = present
    list_tables = server.list_tables
    if list_tables is None or not due:
        return seen

    def see(name: str, present: str) -> Seen:
        found = server.tables(present, list_tables).content()
        return Seen({table: {**state, "database": name} for table, state in found.items()})

    with ThreadPoolExecutor(min(concurrency, len(due))) as pool:
        seen.update(pool.map(lambda one: (one[0], result_or_error(lambda: see(*one))), due.items()))
    return seen


def plan_tables(
    items: Iterable[TableItem], seen: Mapping[str, Seen | Influxdb3Error]
) -> list[PlannedTable | Unplanned]:
    """Return a step for each table. Pure."""
    return [_plan(item, seen[item.wish.database]) for item in items]


def _plan(item: TableItem, seen: Seen | Influxdb3Error) -> PlannedTable | Unplanned:
    change = seen if isinstance(seen, Influxdb3Error) else result_or_error(lambda: plan_table(item.wish, seen))
    if isinstance(change, Influxdb3Error):
        return Unplanned(item, Outcome(item, FAILED, error=change))
    done = foretell(change)
    return PlannedTable(item, table_outcome(item, done, warnings_of(item.wish, done)), change)


def warn_of_missing_databases(wanted: Wanted, databases: Collection[str]) -> list[str]:
    """Return a warning about tables that shall be in databases which neither exist nor are stated."""
    names = {*databases, *(item.name for item in wanted.databases)}
    missing = [repr(item.name) for item in wanted.tables if item.stays and item.wish.database not in names]
    return [f"Tables are in databases that neither exist nor are stated: {listed(missing)}."] if missing else []


def settle_table(server: Server, step: PlannedTable) -> Outcome:
    """Carry out the step, and return its outcome. Raises Influxdb3Error."""
    wish, list_tables = step.item.wish, server.list_tables
    requests = TableRequests(
        server.api,
        wish,
        lambda: server.databases.now().keys(),
        None if list_tables is None else lambda database: server.tables(database, list_tables).now(),
    )
    done = converge(step.change, requests.plan, requests.send)
    return table_outcome(step.item, done, requests.warnings + warnings_of(wish, done))
