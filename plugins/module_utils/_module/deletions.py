# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks influxctl for the deleted or active objects that a module needs which deletes or restores one object."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Callable, NamedTuple

from ansible.module_utils.basic import AnsibleModule

from .._core import entities, errors, interface
from .._core.connection import Connection
from .._core.plan import Change, find
from .._influxctl.program import find_influxctl

if TYPE_CHECKING:
    from .._influxctl.lists import Lists

# Seconds. Nobody waits longer for an ID that the deletion doesn't need.
_LONGEST = 10.0


def deleted_databases(module: AnsibleModule, connection: Connection) -> Callable[[], list[entities.State]]:
    """Return a function that has influxctl list the deleted databases. It lists them once.

    The function raises InfluxctlError, ProfileError, and OptionError for a connection that influxctl can't be given.
    """

    @cache
    def listed() -> list[entities.State]:
        # Imported only where it is needed, because Python compiles a module's files anew for every task.
        from .influxctl_access import influxctl_lists

        with influxctl_lists(module, connection) as lists:
            return lists.databases(entities.DELETED)

    return listed


class Restorable(NamedTuple):
    """How an object that is to be deleted can be restored: by its ID, where influxctl shows that, and until when.

    `until` is a text in RFC 3339. All fields are empty for a change that deletes nothing.
    """

    id: int | None = None
    until: str | None = None
    warnings: Sequence[str] = ()

    def identified(self, state: entities.State | None) -> entities.State | None:
        """Return the object's state with the ID."""
        return state if state is None or self.id is None else {**state, "id": self.id}


def restorable(
    module: AnsibleModule, connection: Connection, ask: Callable[[Lists], list[entities.State]], change: Change
) -> Restorable:
    """Return how the object that a change deletes can be restored. influxctl is asked for the ID where it is installed.

    It is asked before the deletion, because afterwards another object of the name may be among the deleted ones. An
    error becomes a warning, so that it doesn't stop the deletion.
    """
    if not change.delete or change.before is None:
        return Restorable()
    from .._cluster.restoring import restorable_until

    until = restorable_until(connection.product, interface.now())
    if change.before.get("id"):  # the plan has looked it up
        return Restorable(change.before["id"], until)
    if find_influxctl(module.params["influxctl_path"], os.environ) is None:
        return Restorable(until=until)
    from .influxctl_access import influxctl_lists

    name = str(change.before.get("name"))
    try:
        with influxctl_lists(module, connection, longest=_LONGEST) as lists:
            return Restorable((find(ask(lists), name) or {}).get("id"), until)
    except errors.Influxdb3Error as error:
        return Restorable(None, until, [f"The ID that restores {name!r} could not be looked up. {error}"])
