# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parses the option `tables` of the module `cluster`. Pure; imported only where tables are stated."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .._core import entities
from . import tables
from .item_check import Checker
from .items import DATABASES, TABLES, Problem, TableItem, name_in, parse_list, text_in

TABLE_ITEM = tables.OPTIONS


def parse_tables(params: Mapping[str, Any], problems: list[Problem]) -> list[TableItem]:
    """Return the valid items of the option `tables`; add the problems of the others to `problems`."""
    looked_up = params["lookup"] == tables.INFLUXCTL

    def parsed(options: dict[str, Any]) -> TableItem:
        return TableItem(tables.wish_of(options, looked_up=looked_up))

    return parse_list(params, TABLES, Checker(TABLE_ITEM, tables.RULES), parsed, problems)


def clashes_of_tables(params: Mapping[str, Any]) -> list[Problem]:
    """Return a problem for each table that contradicts another item, or the stated form of its database."""
    items: Sequence[Mapping[str, Any]] = params[TABLES] or ()
    found: list[Problem] = []
    names = _found_twice(items, "name", found)
    for option in ("rename_from", "id"):
        _found_twice(items, option, found)
    databases = params[DATABASES] or ()
    stated = {str(database.get("name")): index for index, database in enumerate(databases)}
    renamed = {
        str(database["rename_from"]): index
        for index, database in enumerate(databases)
        if text_in(database, "rename_from") not in ("", text_in(database, "name"))
    }
    for index, item in enumerate(items):
        for message in (
            *_clash_of_names(item, names),
            *_clash_with_database(item, databases, stated, renamed, params["prune"][DATABASES]),
        ):
            found.append(Problem(TABLES, message, index, name_in(item) or None))
    return found


def _found_twice(items: Sequence[Mapping[str, Any]], option: str, found: list[Problem]) -> dict[tuple[str, str], int]:
    """Add a problem to `found` for each value that two tables of one database share.

    Returns each value's first item by its number; a value's key is the database and the value.
    """
    first: dict[tuple[str, str], int] = {}
    for index, item in enumerate(items):
        if item.get(option) in (None, ""):
            continue
        database, value = str(item.get("database")), str(item[option])
        if first.setdefault((database, value), index) != index:
            text = f"the {option} {value!r} in the database {database!r} is also that of"
            found.append(Problem(TABLES, f"{text} {TABLES}[{first[database, value]}]", index, name_in(item) or None))
    return first


def _clash_of_names(item: Mapping[str, Any], names: Mapping[tuple[str, str], int]) -> Iterator[str]:
    old = text_in(item, "rename_from")
    index = names.get((text_in(item, "database"), old))
    if old and old != text_in(item, "name") and index is not None:
        yield f"rename_from {old!r} is the name of {TABLES}[{index}]"


def _clash_with_database(
    item: Mapping[str, Any],
    databases: Sequence[Mapping[str, Any]],
    stated: Mapping[str, int],
    renamed: Mapping[str, int],
    pruned: bool,
) -> Iterator[str]:
    name, index = str(item.get("database")), stated.get(str(item.get("database")))
    if index is None and name in renamed:
        new_name = databases[renamed[name]].get("name")
        yield f"the database {name!r} is renamed by {DATABASES}[{renamed[name]}]: state its new name {new_name!r}"
    if item.get("state") == "absent":
        return
    if index is not None and databases[index].get("state") == "absent":
        yield f"the database {name!r} is deleted by {DATABASES}[{index}]"
    if index is None and name not in renamed and pruned and not name.startswith(entities.SYSTEM_PREFIXES):
        yield f"the database {name!r} is not among {DATABASES}, so that prune.{DATABASES} would delete it"
