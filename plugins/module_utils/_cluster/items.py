# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lists of the module `cluster`: what they may hold, and what is wrong with them. Pure: no file, no request.

Every item is checked by the same specs and functions as the options of the modules `database` and `db_token`. All that
is wrong is found at once, because a list of 10,000 items is no fun to mend one error at a time.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Callable, TypeVar

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.errors import UnsupportedError

from .._core.connection import Connection
from .._core.entities import DB_TOKEN, SYSTEM_PREFIXES, State, listed, parse_name
from .._core.errors import Influxdb3Error
from .._core.interface import Spec
from .._core.plan import Change
from .._core.throttle import Throttle
from .._tokens import db_tokens
from .._tokens.plan import alive, unmarked
from .._tokens.tokens import Order, Proof, order_of
from . import databases

DATABASES, DB_TOKENS = "databases", "db_tokens"
DATABASE_ITEM: Spec = {**databases.OPTIONS, "name": {"type": "str", "required": True}}
DATABASE_RULES: dict[str, Any] = {"required_if": [("state", "restored", ["id"])]}
DB_TOKEN_ITEM: Spec = db_tokens.OPTIONS
PRUNE_LIMIT = 10

CREATED, UPDATED, DELETED = "created", "updated", "deleted"
UNCHANGED, FAILED, SKIPPED = "unchanged", "failed", "skipped"
OUTCOMES = (CREATED, UPDATED, DELETED, UNCHANGED, FAILED, SKIPPED)
CHANGES = (CREATED, UPDATED, DELETED)


@dataclass
class Problem:
    """What is wrong with an option, or with one item of a list: its number from 0, and its name."""

    option: str
    message: str
    index: int | None = None
    name: str | None = None

    def __str__(self) -> str:
        where = self.option if self.index is None else f"{self.option}[{self.index}]"
        return f"{where}{f' {self.name!r}' if self.name else ''}: {self.message.rstrip('.')}"


@dataclass
class Item:
    """One wanted object, or one to prune, and what became of it.

    `before` and `after` are what is shown of it, None where there is none. `more` is what the result holds beside its
    name and outcome, `secret` what it holds only on demand.
    """

    name: str
    wanted: bool
    pruned: bool = False
    outcome: str = SKIPPED
    error: Influxdb3Error | None = None
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None
    more: dict[str, Any] = field(default_factory=dict)
    secret: str | None = None
    warnings: list[str] = field(default_factory=list)

    def fail(self, error: Influxdb3Error) -> None:
        """Note that it failed, which leaves it as it is or in a state of which nothing is known."""
        self.outcome, self.error, self.before, self.after = FAILED, error, None, None


@dataclass
class DatabaseItem(Item):
    """A database; `wish` is None only before it is known, `change` before it is planned."""

    wish: databases.Wish | None = None
    change: Change | None = None


@dataclass
class TokenItem(Item):
    """A database token. `proof`, if given, is how a new one is proved to work."""

    order: Order | None = None
    proof: Proof | None = None


@dataclass
class Wanted:
    """What the options ask for, and what is wrong with it."""

    databases: list[DatabaseItem] = field(default_factory=list)
    tokens: list[TokenItem] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


Parsed = TypeVar("Parsed", bound=Item)


def parse(
    params: Mapping[str, Any], at: datetime, connection: Connection | None, throttle: Throttle | None = None
) -> Wanted:
    """Return all that the options ask for, with all that is wrong. `connection` is None where it is wrong itself.

    `throttle` is the run's, for what waits until a token works.
    """
    wanted = Wanted()
    problems = wanted.problems
    if not 1 <= params["concurrency"] <= 256:
        problems.append(Problem("concurrency", "must be between 1 and 256"))
    if (params["prune_limit"] or 0) < 0:
        problems.append(Problem("prune_limit", "must be 0 or more"))
    problems += [*_check_prune(params), *_check_secret_dir(params["secret_dir"])]

    checker = Checker(DATABASE_ITEM, DATABASE_RULES)
    wanted.databases = _parse_list(params, DATABASES, checker, _database, problems)
    checker = Checker(DB_TOKEN_ITEM, db_tokens.RULES)
    secret_dir = params["secret_dir"]

    def token(options: dict[str, Any]) -> TokenItem:
        return _token(options, at, secret_dir, connection, throttle)

    wanted.tokens = _parse_list(params, DB_TOKENS, checker, token, problems)
    problems += _clashes(params)
    return wanted


class Checker:
    """Ansible's own check of items, asked once for all items of one form: it would take most of the time otherwise.

    The form of an item is the types of its values, and the values themselves where there are choices. It says all that
    the check depends on, as long as it returns the values as they are.
    """

    def __init__(self, spec: Spec, rules: Mapping[str, Any]) -> None:
        self._spec = spec
        self._validator = ArgumentSpecValidator(spec, **rules)
        self._defaults: dict[Any, dict[str, Any]] = {}

    def check(self, given: Mapping[str, Any]) -> tuple[dict[str, Any], list[Any]]:
        """Return the options with their defaults, and what is wrong with them."""
        form = _form(given, self._spec)
        if form in self._defaults:
            return {**given, **self._defaults[form]}, []
        checked = self._validator.validate(given)
        options, errors = checked.validated_parameters, list(checked.errors)
        as_given = all(type(options.get(key)) is type(value) and options[key] == value for key, value in given.items())
        if form is not None and as_given and not errors:
            self._defaults[form] = {key: value for key, value in options.items() if key not in given}
        return options, errors


def _form(given: Mapping[str, Any], spec: Spec) -> Any:
    """Return what the check of an item depends on, None where that is more than types and choices."""
    form: list[tuple[Any, ...]] = []
    for key, value in given.items():
        option = spec.get(key, {})
        kind = option.get("type")
        if kind in ("str", "int", "bool"):
            form.append((key, type(value), value if "choices" in option and isinstance(value, str) else None))
        elif kind == "list" and isinstance(value, list) and all(isinstance(one, dict) for one in value):
            inner = [_form(one, option["options"]) for one in value]
            if None in inner:
                return None
            form.append((key, list, tuple(inner)))
        else:
            return None
    return tuple(form)


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


def _parse_list(
    params: Mapping[str, Any],
    option: str,
    checker: Checker,
    parse_item: Callable[[dict[str, Any]], Parsed],
    problems: list[Problem],
) -> list[Parsed]:
    """Return the items that are right; tell of the others."""
    parsed = []
    for index, given in enumerate(params[option] or ()):
        options, errors = checker.check(given)
        messages = [_said(error) for error in errors]
        if all(isinstance(error, UnsupportedError) for error in errors):
            try:
                parsed.append(parse_item(options))
            except Influxdb3Error as error:
                messages.append(str(error))
        problems += [Problem(option, message, index, _name(given) or None) for message in messages]
    return parsed


def _said(error: Any) -> str:
    return f"unsupported option {error.msg}" if isinstance(error, UnsupportedError) else str(error.msg)


def _name(given: Mapping[str, Any]) -> str:
    """Return what identifies an item, be it right or wrong."""
    return str(given.get("name") or given.get("description") or given.get("id") or "")[:80]


def _database(options: dict[str, Any]) -> DatabaseItem:
    wish = databases.wish_of(options)
    return DatabaseItem(wish.name, wish.state != "absent", wish=wish)


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
    db_tokens.check_proof(options)
    proof = db_tokens.proof_of(connection, options, throttle) if connection else None
    return TokenItem(_name(options), order.present, order=order, proof=proof)


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
                Problem(DATABASES, f"rename_from {old!r} is the name of databases[{names[old]}]", index, _name(item))
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
            found.append(Problem(option, text, index, _name(item)))
    return first


class TokenIndex:
    """The server's tokens by what a wish may name them by, so that 1,000 wishes don't look at 1,000 tokens each."""

    def __init__(self, tokens: Sequence[State]) -> None:
        self.tokens = tokens
        self._by_id = {token["id"]: token for token in tokens}
        self._by_description: dict[str, list[State]] = {}
        for token in tokens:
            self._by_description.setdefault(unmarked(token)[0], []).append(token)

    def about(self, order: Order, held_id: str | None) -> list[State]:
        """Return the tokens that matter for a wish: by description, id, and whose secret is at hand."""
        found = {token["id"]: token for token in self._by_description.get(order.wish.description or "", ())}
        for token_id in (order.wish.id, held_id):
            if token_id in self._by_id:
                found[token_id] = self._by_id[token_id]
        return list(found.values())


def databases_to_prune(there: Collection[str], items: Iterable[DatabaseItem]) -> list[DatabaseItem]:
    """Return the databases that nobody has stated; never the system's, nor one that is to be renamed.

    Nor one whose name can't be stated: that nobody states it says nothing.
    """
    stated = {item.name for item in items} | {item.wish.old_name for item in items if item.wish}
    return [
        DatabaseItem(name, False, pruned=True, wish=databases.Wish("absent", {"name": name}))
        for name in sorted(there)
        if name not in stated and not name.startswith(SYSTEM_PREFIXES) and _can_be_stated(name)
    ]


def _can_be_stated(name: str) -> bool:
    try:
        parse_name(name)
    except ValueError:
        return False
    return True


def tokens_to_prune(there: Sequence[State], items: Iterable[TokenItem], at: datetime) -> list[TokenItem]:
    """Return the working tokens that nobody has stated, but those that another run may be making."""
    wishes = [item.order.wish for item in items if item.order]
    descriptions, ids = {wish.description for wish in wishes}, {wish.id for wish in wishes}
    validator = ArgumentSpecValidator(DB_TOKEN_ITEM)
    found = []
    for token in sorted(there, key=lambda token: (token.get("description", ""), token["id"])):
        description, nonce = unmarked(token)
        if nonce or description in descriptions or token["id"] in ids or not alive(token, at):
            continue
        if not description.startswith("_"):
            options = validator.validate({"id": token["id"], "state": "absent"}).validated_parameters
            order = order_of(options, DB_TOKEN, at)
            found.append(TokenItem(description, False, pruned=True, order=order))
    return found


def left_as_they_are(there: Iterable[State], items: Iterable[TokenItem]) -> list[State]:
    """Return the tokens whose permissions no item has settled: not those it states, nor those it has revoked."""
    settled: set[Any] = set()
    for item in items:
        if item.error or not item.order:
            continue
        if not item.wanted or item.order.wish.permissions is not None:
            settled.add(item.more.get("id"))
        if not item.wanted or item.order.revoke_superseded:
            settled.update(item.more.get("superseded", ()))
    return [token for token in there if token["id"] not in settled]


def unknown_databases(items: Iterable[TokenItem], known: Collection[str]) -> list[str]:
    """Return a warning about permissions for databases that neither exist nor are stated."""
    missing = [
        f"{permission['resource']!r} (db_tokens {item.name!r})"
        for item in items
        if item.wanted and item.order
        for permission in item.order.wish.permissions or ()
        if permission["resource"] != "*" and permission["resource"] not in known
    ]
    return [f"Tokens are for databases that neither exist nor are stated: {listed(missing)}."] if missing else []
