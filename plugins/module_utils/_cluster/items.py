# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lists of the module `cluster`: what is wanted, and what is wrong with it. Pure: no file, no request.

Every item is checked by the same specs and functions as the options of the modules `database`, `table` and `db_token`.
All errors are found at once, because a list of 10,000 items is no fun to mend one error at a time.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Callable, NamedTuple, TypeVar, Union

from .._core.connection import Connection
from .._core.entities import DB_TOKEN
from .._core.errors import Influxdb3Error
from .._core.interface import Spec
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
DATABASE_ITEM: Spec = {**databases.OPTIONS, "name": {"type": "str", "required": True}}
DB_TOKEN_ITEM: Spec = db_tokens.OPTIONS


class Problem(NamedTuple):
    """What is wrong with an option, or with one item of a list: its number from 0, and its name."""

    option: str
    message: str
    number: int | None = None
    name: str | None = None

    def __str__(self) -> str:
        where = self.option if self.number is None else f"{self.option}[{self.number}]"
        return f"{where}{f' {self.name!r}' if self.name else ''}: {self.message.rstrip('.')}"

    def to_result(self) -> dict[str, Any]:
        """Return it as the result shows it."""
        return {"option": self.option, "message": self.message, "index": self.number, "name": self.name}


class DatabaseItem(NamedTuple):
    """A database that an item states, or that is to be pruned because none does."""

    wish: DatabaseWish
    pruned: bool = False

    @property
    def kind(self) -> str:
        """The option that states it."""
        return DATABASES

    @property
    def name(self) -> str:
        return self.wish.name

    @property
    def identity(self) -> dict[str, Any]:
        """What tells it in the result."""
        return {"name": self.name}

    @property
    def stays(self) -> bool:
        """Whether there shall be such a database."""
        return self.wish.state != "absent"

    @property
    def label(self) -> str:
        """What names it among many."""
        return self.wish.name


class TableItem(NamedTuple):
    """A table that an item states. Tables are never pruned."""

    wish: TableWish
    pruned: bool = False

    @property
    def kind(self) -> str:
        """The option that states it."""
        return TABLES

    @property
    def name(self) -> str:
        return f"{self.wish.database}/{self.wish.name or self.wish.id}"

    @property
    def identity(self) -> dict[str, Any]:
        """What tells it in the result."""
        return {"database": self.wish.database, "name": self.wish.name or None, "id": self.wish.id or None}

    @property
    def stays(self) -> bool:
        """Whether there shall be such a table."""
        return self.wish.state != "absent"

    @property
    def label(self) -> str:
        """What names it among many."""
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
        """The option that states it."""
        return DB_TOKENS

    @property
    def identity(self) -> dict[str, Any]:
        """What tells it in the result."""
        return {"description": self.name}

    @property
    def stays(self) -> bool:
        """Whether there shall be such a token."""
        return self.order.present

    @property
    def label(self) -> str:
        """What names it among many: with its ID where nobody states it, since descriptions aren't unique."""
        return f"{self.name} ({self.order.wish.id})" if self.pruned else self.name


Item = Union[DatabaseItem, TableItem, TokenItem]


class Wanted(NamedTuple):
    """What the options ask for, and what is wrong with them."""

    databases: tuple[DatabaseItem, ...]
    tokens: tuple[TokenItem, ...]
    problems: tuple[Problem, ...]
    tables: tuple[TableItem, ...] = ()


Parsed = TypeVar("Parsed", DatabaseItem, TableItem, TokenItem)


def parse(
    params: Mapping[str, Any], at: datetime, connection: Connection | None, throttle: Throttle | None = None
) -> Wanted:
    """Return all that the options ask for, with all that is wrong. `connection` is None where it is wrong itself.

    `throttle` is the run's, for what waits until a token works.
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
    token_items = parse_list(params, DB_TOKENS, checker, token, problems)
    problems += _clashes(params)
    return Wanted(tuple(database_items), tuple(token_items), tuple(problems), tuple(table_items))


def _check_prune(params: Mapping[str, Any]) -> list[Problem]:
    """An empty list that is to prune everything is more likely a variable that was not set."""
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
    """Return the items that are right; add to the problems what is wrong with the others."""
    parsed = []
    for index, item in enumerate(params[option] or ()):
        options, errors = checker.check(item)
        messages = [sentence(error) for error in errors]
        if may_be_read(errors):
            try:
                parsed.append(parse_item(options))
            except Influxdb3Error as error:
                messages.append(str(error))
        problems += [Problem(option, message, index, name_in(item) or None) for message in messages]
    return parsed


def name_in(item: Mapping[str, Any]) -> str:
    """Return what identifies an item, be it right or wrong."""
    return str(item.get("name") or item.get("description") or item.get("id") or "")[:80]


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
    order = order_of(options, DB_TOKEN, at, kept=kept)
    # A token by its id is never replaced, and `ignore` says that the secret of the one that is there isn't needed.
    if order.present and not kept and options["id"] is None and options["on_lost_secret"] != "ignore":
        raise Influxdb3Error(
            "nobody would keep the secret of a new token. Set secret_dir, or the item's secret_file or return_secret."
        )
    if connection is None:
        check_proof(options)
    proof = proof_of(connection, options, throttle) if connection else None
    return TokenItem(name_in(options), order, proof)


def secret_path(options: Mapping[str, Any], secret_dir: str | None) -> str | None:
    """Return the secret file of an item: its own, or one in the directory that is named after the description."""
    if options.get("secret_file") is not None or secret_dir is None or not options.get("description"):
        return options.get("secret_file")
    return os.path.join(secret_dir, re.sub(r"[^A-Za-z0-9._-]", "_", str(options["description"])) + ".json")


def _clashes(params: Mapping[str, Any]) -> list[Problem]:
    """Items that can't both be had: one name, one secret file, or a rename that takes another item's object away."""
    found: list[Problem] = []
    items = params[DATABASES] or ()
    names = found_twice(DATABASES, items, lambda item: item.get("name"), "name", found)
    found_twice(DATABASES, items, lambda item: item.get("rename_from"), "rename_from", found)
    for index, item in enumerate(items):
        old = item.get("rename_from")
        if old in names and old != item.get("name"):
            found.append(
                Problem(DATABASES, f"rename_from {old!r} is the name of databases[{names[old]}]", index, name_in(item))
            )
    tokens = params[DB_TOKENS] or ()
    found_twice(DB_TOKENS, tokens, lambda item: item.get("description"), "description", found)
    found_twice(DB_TOKENS, tokens, lambda item: item.get("id"), "id", found)

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
    """Note which items share a value, and return where each value is first."""
    first: dict[str, int] = {}
    for index, item in enumerate(items):
        key = key_of(item)
        if key is None or key == "":
            continue
        if first.setdefault(str(key), index) != index:
            text = f"the {what} {str(key)!r} is also that of {option}[{first[str(key)]}]"
            found.append(Problem(option, text, index, name_in(item)))
    return first
