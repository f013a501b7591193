# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds the deleted database or table that a name means, and until when it can be restored. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from .._core import entities, errors
from .._core.durations import format_instant
from .._core.stated import DEDICATED

# The documented defaults (facts.md#deleting-and-restoring).
_DAYS = 14
_DAYS_ON_DEDICATED = 7
# How many objects of one name a message names.
_MOST_NAMED = 20


def restorable_until(product: str, deleted_at: datetime) -> str:
    """Return until when an object can be restored by the documented default (facts.md#deleting-and-restoring).

    The result is a text in RFC 3339.
    """
    days = _DAYS_ON_DEDICATED if product == DEDICATED else _DAYS
    return format_instant(deleted_at.replace(microsecond=0) + timedelta(days=days))


def the_deleted(noun: str, name: str, deleted: Sequence[entities.State]) -> entities.State:
    """Return the one of the deleted objects that a name means, with its `id`.

    Raises Influxdb3Error where none has the name (code `not_found`), or shows no ID, and Refused where several have it
    (code `ambiguous_NOUN`).
    """
    deleted = [state for state in deleted if state.get("name") == name]
    if not deleted:
        raise errors.Influxdb3Error(
            f"There is no {noun} {name!r}, neither an active one nor a deleted one that could be restored.",
            code="not_found",
        )
    if len(deleted) > 1:
        named = [_named(state) for state in sorted(deleted, key=_newest_first)]
        more = f" and {len(named) - _MOST_NAMED} more" if len(named) > _MOST_NAMED else ""
        raise errors.Refused(
            f"{len(deleted)} deleted {noun}s have the name {name!r}: {', '.join(named[:_MOST_NAMED])}{more}. State the"
            " id of the one to restore.",
            code=f"ambiguous_{noun}",
        )
    if not deleted[0].get("id"):
        raise errors.Influxdb3Error(
            f"influxctl shows no ID of the deleted {noun} {name!r}, and the API restores by the ID. State the id.",
            code="bad_answer",
        )
    return deleted[0]


def _newest_first(state: entities.State) -> tuple[float, int]:
    at: datetime | None = state.get("deleted_at")
    return -at.timestamp() if at else 0.0, -int(state.get("id") or 0)


def _named(state: entities.State) -> str:
    at = state.get("deleted_at")
    when = f"deleted {format_instant(at)}" if at else "influxctl doesn't show when it was deleted"
    return f"{state.get('id') or 'one without an ID'} ({when})"
