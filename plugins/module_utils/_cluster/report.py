# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What has become of a cluster's items, as the module's result: outcomes, totals, diff and the one error. Pure."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any, Callable

from .._core.entities import SHOWN, listed
from .._core.errors import Influxdb3Error, OptionError, Refused, mask
from .._core.interface import Result
from .items import (
    CHANGES,
    CREATED,
    DATABASES,
    DB_TOKENS,
    DELETED,
    OUTCOMES,
    UNCHANGED,
    UPDATED,
    DatabaseItem,
    Item,
    Problem,
    TokenItem,
)

_MOST_WARNINGS = 20
_MOST_PROBLEMS = 20


def outcome(changed: bool, before: dict[str, Any] | None, after: dict[str, Any] | None, identity: str) -> str:
    """Return the word for what has become of an object. A token that replaces another one has another `id`."""
    if not changed:
        return UNCHANGED
    if after is None:
        return DELETED
    if before is None:
        return CREATED
    return UPDATED if identity == "name" or before.get("id") == after.get("id") else CREATED


def differences(items: Sequence[Item]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return both sides of the diff: of what changes, the fields that differ; nothing of the rest."""
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    for item in items:
        if item.outcome not in CHANGES:
            continue
        kind = DATABASES if isinstance(item, DatabaseItem) else DB_TOKENS
        old, new = item.before or {}, item.after or {}
        for side, mine, other in ((before, item.before, new), (after, item.after, old)):
            if mine is not None:
                side.setdefault(kind, {})[label(item)] = {
                    key: value
                    for key, value in mine.items()
                    if value != other.get(key) and (other or value not in (None, []))
                }
    return before, after


def label(item: Item) -> str:
    """Return an object's name; for a token that is pruned with its ID, since descriptions aren't unique."""
    return f"{item.name} ({item.more.get('id')})" if item.pruned and isinstance(item, TokenItem) else item.name


def by_kind(items: Sequence[Item], show: Callable[[Item], Any]) -> dict[str, list[Any]]:
    """Return what is shown of each item, apart for databases and for tokens, in their order."""
    return {
        DATABASES: [show(item) for item in items if isinstance(item, DatabaseItem)],
        DB_TOKENS: [show(item) for item in items if isinstance(item, TokenItem)],
    }


def _shown(item: Item) -> dict[str, Any]:
    """Return an item's outcome, as short as it can be: there may be thousands."""
    shown: dict[str, Any] = {"name" if isinstance(item, DatabaseItem) else "description": item.name}
    shown.update(item.more)
    shown["outcome"] = item.outcome
    if item.pruned:
        shown["pruned"] = True
    if item.error:
        shown["failure"] = item.error.failure()
    return shown


def refused(connection: str, problems: Sequence[Problem]) -> Result:
    """Return the failure for wrong options: all that is wrong in the result, the first of it in the message.

    `connection` says what is wrong with the options of the connection, if anything is.
    """
    told = ([connection] if connection else []) + [f"{problem}." for problem in problems[:_MOST_PROBLEMS]]
    if len(problems) > _MOST_PROBLEMS:
        told.append(f"All {len(problems)} are in problems.")
    return Result(False, {"problems": [vars(problem) for problem in problems]}, error=OptionError(" ".join(told)))


def too_many(doomed: Sequence[Item], limit: int, odd: Collection[str]) -> Result:
    """Return the failure for more objects to prune than the limit allows."""
    names = [repr(label(item)) for item in doomed]
    error = Refused(
        f"prune would delete {len(doomed)} objects, and prune_limit is {limit}: {listed(names)}. Nothing was done."
        " State what shall stay, or raise prune_limit.",
        code="prune_limit",
    )
    return Result(False, {"would_prune": conceal(by_kind(doomed, label), odd)}, error=error)


def report(
    items: Sequence[Item], odd: Collection[str], stopped: str, warnings: list[str], *, check_mode: bool
) -> Result:
    """Return every item's outcome, and the error of the task if there are any.

    `odd` are the secrets that don't look like one, `stopped` says why the run was stopped, if it was. The items of the
    option `db_tokens` stand before the tokens that are pruned, so that a secret's number is that of its item.
    """
    values: dict[str, Any] = by_kind(items, _shown)
    values["totals"] = _totals(items)
    token_items = [item for item in items if isinstance(item, TokenItem)]
    warnings = warnings + [warning for item in items for warning in item.warnings]
    if len(warnings) > _MOST_WARNINGS:
        warnings = [*warnings[:_MOST_WARNINGS], f"There are {len(warnings) - _MOST_WARNINGS} more warnings."]
    before, after = differences(items)
    return Result(
        changed=any(item.outcome in CHANGES for item in items),
        values=conceal(values, odd),
        before=conceal(before, odd),
        after=conceal(after, odd),
        secrets=[(DB_TOKENS, i, "access_token", item.secret) for i, item in enumerate(token_items) if item.secret],
        warnings=conceal(warnings, odd),
        error=_summary(items, stopped, check_mode),
    )


def _totals(items: Sequence[Item]) -> dict[str, dict[str, int]]:
    counts = {kind: Counter(words) for kind, words in by_kind(items, lambda item: item.outcome).items()}
    return {kind: {word: count[word] for word in OUTCOMES} for kind, count in counts.items()}


def sums(items: Sequence[Item]) -> str:
    """Return what was done, in words."""
    told = []
    for noun, totals in zip(("databases", "database tokens"), _totals(items).values()):
        words = [f"{count} {word}" for word, count in totals.items() if count]
        if words:
            told.append(f"{noun}: {', '.join(words)}")
    return "; ".join(told)


def _summary(items: Sequence[Item], stopped: str, check_mode: bool) -> Influxdb3Error | None:
    """Return one error for a run that was stopped, and for all items that failed."""
    failed = [item for item in items if item.error]
    told = [f"{item.name!r}: {item.error}" for item in failed[:SHOWN]]
    if len(failed) > SHOWN:
        told.append(f"and {len(failed) - SHOWN} more")
    done = f"{'It would be' if check_mode else 'Done'}: {sums(items)}."
    if stopped:
        problems = f" Failed: {'; '.join(told)}" if told else ""
        return Influxdb3Error(f"The run {stopped}. {done} Run again for the rest.{problems}", code="stopped")
    if not failed:
        return None
    codes = {item.error.code for item in failed if item.error}
    return Influxdb3Error(
        f"{len(failed)} of {len(items)} items failed. {done} Failed: {'; '.join(told)}",
        code=codes.pop() if len(codes) == 1 else "several",
    )


def conceal(value: Any, odd: Collection[str]) -> Any:
    """Return a value without what looks like a token, and without the secrets of another shape, also in its keys."""
    # One text, because looking into each of thousands takes longer; a secret stands in it as JSON writes it.
    text = json.dumps(value)
    found = [secret for secret in odd if json.dumps(secret)[1:-1] in text]
    return _concealed(value, found) if found or mask(text) != text else value


def _concealed(value: Any, secrets: Collection[str]) -> Any:
    if isinstance(value, str):
        return mask(value, secrets)
    if isinstance(value, dict):
        return {mask(key, secrets): _concealed(one, secrets) for key, one in value.items()}
    return [_concealed(one, secrets) for one in value] if isinstance(value, list) else value
