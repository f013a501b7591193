# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads, plans and applies until the world stands still. Knows no Ansible and no HTTP."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Callable, Protocol, TypeVar

from .errors import AlreadyExists, Ambiguous, ApiError, Influxdb3Error, NotFound
from .plan import Change

World = TypeVar("World")


class HasCheckMode(Protocol):
    """What `converge` asks of a module."""

    check_mode: bool


def converge(
    module: HasCheckMode,
    read: Callable[[], World],
    decide: Callable[[World], Change],
    apply: Callable[[Change], dict[str, Any]],
) -> tuple[Change, bool, dict[str, Any]]:
    """Read, plan and apply; where the world moved in between, once more from reading.

    `apply` returns the state that the server reported. Returns the last change, whether anything was changed, and the
    state to report. A create whose answer got lost counts as ours when the object is there afterwards.
    """
    changed = False
    failure: ApiError | None = None
    previous: Change | None = None
    for _attempt in range(4):
        change = decide(read())
        if not change.changed or module.check_mode:
            if changed and previous is not None:  # ours, though its answer got lost
                change = replace(change, before=previous.before)
            return change, changed or change.changed, change.after or {}
        if change == previous and not isinstance(failure, Ambiguous):
            break  # the world didn't move, so it isn't the reason
        previous = change
        try:
            return change, True, apply(change)
        except ApiError as error:
            # A 400 may mean that the object is there (facts.md#already-exists): what is read again tells.
            if not isinstance(error, (AlreadyExists, NotFound, Ambiguous)) and error.status != 400:
                raise
            failure = error
            changed = changed or error.repeated or isinstance(error, Ambiguous)
    raise failure or Influxdb3Error("Nothing was tried.")
