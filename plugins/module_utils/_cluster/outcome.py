# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The outcome of an item, carried out or foretold by its plan: a value, which is never altered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Callable, NamedTuple, TypeVar

from .._core import entities, errors
from .._core.converge import Converged
from .._core.plan import Change
from .._tokens.planned import Brief
from .databases import warnings_of
from .items import DatabaseItem, Item, TableItem, TokenItem

CREATED, UPDATED, DELETED = "created", "updated", "deleted"
UNCHANGED, FAILED, SKIPPED = "unchanged", "failed", "skipped"
OUTCOMES = (CREATED, UPDATED, DELETED, UNCHANGED, FAILED, SKIPPED)
CHANGES = (CREATED, UPDATED, DELETED)

Value = TypeVar("Value")


class Outcome(NamedTuple):
    """The outcome of one item, as a `word` of OUTCOMES.

    `before` and `after` are the object's two sides of the diff, None where it doesn't exist or isn't changed. `more`
    has further keys for the result. `secret` is a token's, None where the result shall not hold it. `change` is set for
    databases only.
    """

    item: Item
    word: str
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None
    more: Mapping[str, Any] = entities.NOTHING
    secret: str | None = None
    warnings: tuple[str, ...] = ()
    error: errors.Influxdb3Error | None = None
    change: Change | None = None

    @property
    def changed(self) -> bool:
        return self.word in CHANGES

    def skipped(self) -> Outcome:
        """Return the outcome of the same item if it was not begun; this outcome is the foretold one."""
        return self._replace(word=SKIPPED, before=None, after=None)

    def failed(self, error: errors.Influxdb3Error) -> Outcome:
        """Return the outcome of the same item if it has failed; this outcome is the foretold one."""
        return self._replace(word=FAILED, before=None, after=None, error=error)


def word_of(changed: bool, before: dict[str, Any] | None, after: dict[str, Any] | None, identity: str) -> str:
    """Return the word for the outcome of an object.

    `identity` is the key by which an object stays the same: `name`, or `id` for a token. A token that replaces another
    one has another ID, so it is `created`.
    """
    if not changed:
        return UNCHANGED
    if after is None:
        return DELETED
    if before is None:
        return CREATED
    return UPDATED if identity == "name" or before.get("id") == after.get("id") else CREATED


def _sides(entity: entities.Entity, done: Converged) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """Return both sides of the diff of a database or table."""
    return (entity.to_result(done.change.before), entity.to_result(done.after)) if done.changed else (None, None)


def database_outcome(item: DatabaseItem, done: Converged) -> Outcome:
    """Return the outcome of a database, carried out or foretold."""
    before, after = _sides(entities.DATABASE, done)
    word = word_of(done.changed, before, after, "name")
    return Outcome(item, word, before, after, warnings=tuple(warnings_of(item.wish, done.change)), change=done.change)


def table_outcome(item: TableItem, done: Converged, warnings: Sequence[str]) -> Outcome:
    """Return the outcome of a table, carried out or foretold."""
    before, after = _sides(entities.TABLE, done)
    word = word_of(done.changed, before, after, "name")
    state = done.state or done.change.before or {}
    more = {key: state[key] for key in ("name", "id") if state.get(key)}
    return Outcome(item, word, before, after, more, warnings=tuple(warnings))


def token_outcome(item: TokenItem, brief: Brief) -> Outcome:
    """Return the outcome of a token, carried out or foretold."""
    before, after = dict(brief.before) or None, dict(brief.after) or None
    more: dict[str, Any] = {"id": brief.id}
    if brief.superseded:
        more["superseded"] = list(brief.superseded)
    word = word_of(brief.changed, before, after, "id")
    return Outcome(item, word, before, after, more, brief.secret, brief.warnings)


def result_or_error(work: Callable[[], Value]) -> Value | errors.Influxdb3Error:
    """Return the value or the Influxdb3Error of the work for one item, so that the other items' outcomes aren't lost.

    Any other exception becomes the cause of an Influxdb3Error (code `unexpected`), with its traceback.
    """
    try:
        return work()
    except errors.Influxdb3Error as error:
        return error
    except Exception as error:
        unexpected = errors.Influxdb3Error(f"{type(error).__name__}: {error}", code="unexpected")
        unexpected.__cause__ = error
        return unexpected
