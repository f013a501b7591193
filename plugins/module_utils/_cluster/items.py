# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parses the lists of the module `cluster` into items, and finds all problems in them. Sends no request.

It opens no file; it only looks whether a path is a directory, and looks up the IDs of owners. Every item is checked by
the same specs and functions as the options of the modules `database`, `table` and `db_token`. All problems are found at
once, so that the user of a long list doesn't mend one per run.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Callable, NamedTuple, TypeVar, Union

from .._core import entities, errors, interface
from .._core.connection import Connection
from .._core.throttle import Throttle
from .._tokens import db_tokens
from .._tokens.backend import Proof
from .._tokens.proof import check_proof, proof_of
from .._tokens.wishes import Order, order_of
from . import databases
from .databases import DatabaseWish
from .item_check import Checker, may_be_read, sentence

if TYPE_CHECKING:
    from .tables import TableWish

DATABASES, TABLES, DB_TOKENS = "databases", "tables", "db_tokens"
DATABASE_ITEM: interface.Spec = {**databases.OPTIONS, "name": {"type": "str", "required": True}}
DB_TOKEN_ITEM: interface.Spec = db_tokens.OPTIONS


class Problem(NamedTuple):
    """A problem of an option, or of one item of a list: `number` is the item's, from 0, and `name` its name."""

    option: str
    message: str
    number: int | None = None
    name: str | None = None

    def __str__(self) -> str:
        where = self.option if self.number is None else f"{self.option}[{self.number}]"
        return f"{where}{f' {self.name!r}' if self.name else ''}: {self.message.rstrip('.')}"

    def to_result(self) -> dict[str, Any]:
        """Return the problem as the result shows it."""
        return {"option": self.option, "message": self.message, "index": self.number, "name": self.name}


class DatabaseItem(NamedTuple):
    """A database that an item states, or that is to be pruned because none does."""

    wish: DatabaseWish
    pruned: bool = False

    @property
    def kind(self) -> str:
        """The option that states the item."""
        return DATABASES

    @property
    def name(self) -> str:
        return self.wish.name

    @property
    def identity(self) -> dict[str, Any]:
        """The keys that identify the item in the result."""
        return {"name": self.name}

    @property
    def stays(self) -> bool:
        """Whether the item asks for a database, and not for its absence."""
        return self.wish.state != "absent"

    @property
    def label(self) -> str:
        """The item's name in the diff and in messages."""
        return self.wish.name


class TableItem(NamedTuple):
    """A table that an item states. Tables are never pruned."""

    wish: TableWish
    pruned: bool = False

    @property
    def kind(self) -> str:
        """The option that states the item."""
        return TABLES

    @property
    def name(self) -> str:
        return f"{self.wish.database}/{self.wish.name or self.wish.id}"

    @property
    def identity(self) -> dict[str, Any]:
        """The keys that identify the item in the result."""
        return {"database": self.wish.database, "name": self.wish.name or None, "id": self.wish.id or None}

    @property
    def stays(self) -> bool:
        """Whether the item asks for a table, and not for its absence."""
        return self.wish.state != "absent"

    @property
    def label(self) -> str:
        """The item's name in the diff and in messages."""
        return self.name


class TokenItem(NamedTuple):
    """A database token that an item states, or that is to be pruned because none does.

    `name` is its description, or its ID where the item states only that. `proof` is how a new one is proved to work.
    """

    name: str
    order: Order
    proof: Proof | None = None
    pruned: bool = False

    @property
    def kind(self) -> str:
        """The option that states the item."""
        return DB_TOKENS

    @property
    def identity(self) -> dict[str, Any]:
        """The keys that identify the item in the result."""
        return {"description": self.name}

    @property
    def stays(self) -> bool:
        """Whether the item asks for a token, and not for its absence."""
        return self.order.present

    @property
    def label(self) -> str:
        """The item's name in the diff and in messages. A pruned one has its ID, since descriptions aren't unique."""
        return f"{self.name} ({self.order.wish.id})" if self.pruned else self.name


Item = Union[DatabaseItem, TableItem, TokenItem]


class Wanted(NamedTuple):
    """The items that the options state, and the problems of the options."""

    databases: tuple[DatabaseItem, ...]
    tokens: tuple[TokenItem, ...]
    problems: tuple[Problem, ...]
    tables: tuple[TableItem, ...] = ()


Parsed = TypeVar("Parsed", DatabaseItem, TableItem, TokenItem)


def parse(
    params: Mapping[str, Any], at: datetime, connection: Connection | None, throttle: Throttle | None = None
) -> Wanted:
    """Return the items that the options state, and all problems. `connection` is None where it has problems itself.

    `at` is the time of the plan. `throttle` is the run's, for the proofs that wait until a token works. Raises nothing
    for wrong options.
    """
    problems: list[Problem] = []
    if not 1 <= params["concurrency"] <= 256:
        problems.append(Problem("concurrency", "must be between 1 and 256"))
    if (params["prune_limit"] or 0) < 0:
        problems.append(Problem("prune_limit", "must be 0 or more"))
    problems += [*_check_prune(params), *_check_secret_dir(params["secret_dir"])]

    def token(options: dict[str, Any]) -> TokenItem:
        return _token(options, at, params["secret_dir"], connection, throttle)

    checker = Checker(DATABASE_ITEM, {})
    database_items = parse_list(params, DATABASES, checker, _database, problems)
    table_items: list[TableItem] = []
    if params[TABLES]:
        from .table_items import clashes_of_tables, parse_tables

        table_items = parse_tables(params, problems)
        problems += clashes_of_tables(params)
    checker = Checker(DB_TOKEN_ITEM, db_tokens.RULES)
    token_items = _set_apart(parse_list(params, DB_TOKENS, checker, token, problems))
    problems += _clashes(params)
    return Wanted(tuple(database_items), tuple(token_items), tuple(problems), tuple(table_items))


def _check_prune(params: Mapping[str, Any]) -> list[Problem]:
    """Return the problems of `prune`. An empty list that prunes everything is more likely a variable that isn't set."""
    found = []
    for option in (DATABASES, DB_TOKENS):
        if not params["prune"][option] or params[option]:
            continue
        if params[option] is None:
            found.append(Problem(f"prune.{option}", f"needs {option}; an empty list is written as []"))
        elif params["prune_limit"] is None:
            found.append(
                Problem(
                    f"prune.{option}",
                    f"{option} is empty, so that all of them would be deleted. If that is meant, set prune_limit to at"
                    " least as many as there are",
                )
            )
    return found


def _check_secret_dir(path: str | None) -> list[Problem]:
    if path is None or (path.strip() and "\0" not in path):
        return []
    return [Problem("secret_dir", "must not be empty: name a directory, or leave secret_dir out")]


def parse_list(
    params: Mapping[str, Any],
    option: str,
    checker: Checker,
    parse_item: Callable[[dict[str, Any]], Parsed],
    problems: list[Problem],
) -> list[Parsed]:
    """Return the valid items; add the problems of the others to `problems`.

    `parse_item` makes an item from its checked options, and raises Influxdb3Error.
    """
    parsed = []
    for index, item in enumerate(params[option] or ()):
        options, faults = checker.check(item)
        messages = [sentence(fault) for fault in faults]
        if may_be_read(faults):
            try:
                parsed.append(parse_item(options))
            except errors.Influxdb3Error as error:
                messages.append(str(error))
        problems += [Problem(option, message, index, name_in(item) or None) for message in messages]
    return parsed


def name_in(item: Mapping[str, Any]) -> str:
    """Return the name, description or ID of an item, which may be invalid; empty without one."""
    return str(item.get("name") or item.get("description") or item.get("id") or "")[:80]


def text_in(item: Mapping[str, Any], option: str) -> str:
    """Return an option of an item, which may be invalid, as a text: YAML makes a number of the name 2024."""
    value = item.get(option)
    return "" if value is None else str(value)


def _database(options: dict[str, Any]) -> DatabaseItem:
    return DatabaseItem(databases.wish_of(options))


def _token(
    options: dict[str, Any],
    at: datetime,
    secret_dir: str | None,
    connection: Connection | None,
    throttle: Throttle | None,
) -> TokenItem:
    options["secret_file"] = secret_path(options, secret_dir)
    kept = options["secret_file"] is not None or options["return_secret"]
    order = order_of(options, entities.DB_TOKEN, at, kept=kept)
    # A token by its id is never replaced, and `ignore` says that the secret of the one that is there isn't needed.
    if order.present and not kept and options["id"] is None and options["on_lost_secret"] != "ignore":
        raise errors.Influxdb3Error(
            "nobody would keep the secret of a new token. Set secret_dir, or the item's secret_file or return_secret."
        )
    if connection is None:
        check_proof(options)
    proof = proof_of(connection, options, throttle) if connection else None
    return TokenItem(name_in(options), order, proof)


def _set_apart(items: list[TokenItem]) -> list[TokenItem]:
    """Return the items, so that a token which one of them revokes by its ID isn't current for another's description.

    Otherwise that description would be without a token until the next run.
    """
    revoked = frozenset(item.order.wish.id for item in items if not item.stays and item.order.wish.id)
    if not revoked:
        return items
    return [item if item.order.wish.id else item._replace(order=item.order._replace(apart=revoked)) for item in items]


def secret_path(options: Mapping[str, Any], secret_dir: str | None) -> str | None:
    """Return the secret file of an item: its own, or one in the directory that is named after the description."""
    if options.get("secret_file") is not None or secret_dir is None or not options.get("description"):
        return options.get("secret_file")
    return os.path.join(secret_dir, re.sub(r"[^A-Za-z0-9._-]", "_", str(options["description"])) + ".json")


def _clashes(params: Mapping[str, Any]) -> list[Problem]:
    """Return a problem for each item that contradicts another one.

    Two items may have one name or one secret file, or one of them may rename the object of the other.
    """
    found: list[Problem] = []
    items = params[DATABASES] or ()
    names = found_twice(DATABASES, items, lambda item: item.get("name"), "name", found)
    found_twice(DATABASES, items, lambda item: item.get("rename_from"), "rename_from", found)
    restored = [item if item.get("state") == "restored" else {} for item in items]
    found_twice(DATABASES, restored, lambda item: item.get("id"), "id", found)
    for index, item in enumerate(items):
        old = text_in(item, "rename_from")
        if old in names and old != text_in(item, "name"):
            found.append(
                Problem(DATABASES, f"rename_from {old!r} is the name of databases[{names[old]}]", index, name_in(item))
            )
    tokens = params[DB_TOKENS] or ()
    found_twice(DB_TOKENS, tokens, lambda item: item.get("description"), "description", found)
    # A UUID may be written in capitals; what is no UUID isn't likely to differ in them alone.
    found_twice(DB_TOKENS, tokens, lambda item: text_in(item, "id").lower(), "id", found)

    def path(item: Mapping[str, Any]) -> str | None:
        own = secret_path(item, params["secret_dir"])
        return os.path.abspath(os.path.expanduser(str(own))) if own else None

    found_twice(DB_TOKENS, tokens, path, "secret file", found)
    return found


def found_twice(
    option: str,
    items: Iterable[Mapping[str, Any]],
    key_of: Callable[[Mapping[str, Any]], Any],
    what: str,
    found: list[Problem],
) -> dict[str, int]:
    """Add a problem to `found` for each value that two items share; return each value's first item by its number.

    `what` names the value in messages.
    """
    first: dict[str, int] = {}
    for index, item in enumerate(items):
        key = key_of(item)
        if key is None or key == "":
            continue
        if first.setdefault(str(key), index) != index:
            text = f"the {what} {str(key)!r} is also that of {option}[{first[str(key)]}]"
            found.append(Problem(option, text, index, name_in(item)))
    return first
