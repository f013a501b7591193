# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds the database tokens that gain or lose access where a database's name goes or comes. Pure.

Tokens are bound to names (facts.md#names-bind-tokens).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Callable

from .._core import entities, errors
from .._core.plan import Change
from .._tokens.plan import alive


def names_that_move(changes: Iterable[Change]) -> tuple[set[str], set[str]]:
    """Return the names that these changes take from a database, and those that they give to one.

    A restored database isn't counted.
    """
    gone: set[str] = set()
    come: set[str] = set()
    for change in changes:
        old, new = ((state or {}).get("name") for state in (change.before, change.after))
        if old != new and not change.restore:
            gone.update(filter(None, [old]))
            come.update(filter(None, [new]))
    return gone, come


def warn_of_tokens(
    changes: Iterable[Change], tokens: Callable[[], Iterable[entities.State]], at: datetime
) -> list[str]:
    """Return a warning for each name that goes or comes and that permissions of active tokens state.

    Tokens for all databases (`*`) aren't named, as they mean every database. `tokens` is only called where a name goes
    or comes. If it raises Influxdb3Error, the warning says so.
    """
    gone, come = names_that_move(changes)
    if not gone | come:
        return []
    try:
        found = list(tokens())
    except errors.Influxdb3Error as error:
        names = entities.listed(sorted(map(repr, gone | come)))
        return [f"Which database tokens are for {names} could not be looked up: {error}"]
    holders: dict[str, list[str]] = {}
    for token in found:
        if alive(token, at):
            for name in {permission["resource"] for permission in token.get("permissions") or ()} & (gone | come):
                holders.setdefault(name, []).append(f"{token.get('description')!r} ({token['id']})")
    return [
        f"Active database tokens are for the name {name!r}, which the task "
        + ("takes away: they lose access, until a database has this name again" if name in gone else
           "gives to a database that had another name, or wasn't there: they have access to it")
        + f". If that is not meant, change or revoke them: {entities.listed(sorted(holders[name]))}."
        for name in sorted(holders)
    ]  # fmt: skip
