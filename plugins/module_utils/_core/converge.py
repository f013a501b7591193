# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Applies the plan of one object; where the world moved since it was planned, plans anew. Knows no Ansible, no HTTP."""

from __future__ import annotations

from typing import Callable, NamedTuple

from . import entities, errors
from .plan import Change

_MOST_ATTEMPTS = 4


class Converged(NamedTuple):
    """What became of an object: the change that was made, whether it is this run's, and the state to report."""

    change: Change
    changed: bool
    state: entities.State

    @property
    def after(self) -> entities.State | None:
        """The state to report, None where the object doesn't exist any more."""
        return None if self.change.after is None else self.state


def foretell(change: Change) -> Converged:
    """Return what would become of the object, for check mode."""
    return Converged(change, change.changed, change.after or {})


def converge(planned: Change, plan_again: Callable[[], Change], send: Callable[[Change], entities.State]) -> Converged:
    """Make the planned change; where the server's refusal may mean that the world moved, plan again from what is there.

    `plan_again` reads the server. `send` sends the requests of a change, and returns the state that the server
    reported. A change whose answer was lost counts as this run's when there is nothing left to do afterwards. Raises
    what both raise, and after four attempts the last ApiError.
    """
    change, ours, attempts = planned, False, 0
    while change.changed:
        try:
            return Converged(change, True, send(change))
        except errors.ApiError as error:
            attempts += 1
            if attempts == _MOST_ATTEMPTS or not _may_have_moved(error):
                raise
            failure = error
        ours = ours or failure.repeated or isinstance(failure, errors.Ambiguous)
        failed, change = change, plan_again()
        if change == failed and not isinstance(failure, errors.Ambiguous):
            raise failure  # the world didn't move, so it isn't the reason
        if ours and not change.changed:
            change = change._replace(before=failed.before)
    return Converged(change, ours, change.after or {})


def _may_have_moved(error: errors.ApiError) -> bool:
    """Return whether the error may come from a world that isn't as it was when the change was planned.

    A 400 may mean that the object is there (facts.md#already-exists).
    """
    return isinstance(error, (errors.AlreadyExists, errors.NotFound, errors.Ambiguous)) or error.status == 400
