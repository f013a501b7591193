# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One database: from options to a wish, from a wish and the server's list to a change, and from a change to requests.

The module `database` does this for one, `cluster` for each of many.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Callable

from .endpoints import ManagementApi
from .entities import (
    DATABASE,
    PARTITION_TEMPLATE_OPTION,
    SYSTEM_PREFIXES,
    State,
    name_warnings,
    parse_id,
    parse_name,
    parse_option,
    retention_warnings,
)
from .errors import Refused
from .module import Spec
from .plan import Change, plan

OPTIONS: Spec = {
    "state": {"type": "str", "choices": ["present", "absent", "restored"], "default": "present"},
    "name": {"type": "str"},
    "id": {"type": "int"},
    "rename_from": {"type": "str"},
    "retention_period": {"type": "str"},
    "max_tables": {"type": "int"},
    "max_columns_per_table": {"type": "int"},
    "partition_template": PARTITION_TEMPLATE_OPTION,
    "force": {"type": "bool", "default": False},
}
RULES: dict[str, Any] = {
    "required_if": [("state", "present", ["name"]), ("state", "absent", ["name"]), ("state", "restored", ["id"])]
}
# The active database of a name, None if there is none.
Find = Callable[[str], "State | None"]


@dataclass(frozen=True)
class Wish:
    """What the options state. `old_name` is where a rename starts from, `id` that of a database to restore."""

    state: str
    desired: State
    old_name: str
    id: int

    @property
    def name(self) -> str:
        return str(self.desired.get("name", ""))


def wish_of(params: Mapping[str, Any]) -> Wish:
    """Return what the options state. Raises OptionError, and Refused for the deletion of a system's database."""
    desired = DATABASE.parse({**params, "id": None})
    old_name = parse_option("rename_from", params["rename_from"], parse_name) or ""
    wish = Wish(params["state"], desired, old_name, parse_option("id", params["id"], parse_id) or 0)
    if wish.state == "absent" and wish.name.startswith(SYSTEM_PREFIXES) and not params["force"]:
        raise Refused(
            f"The database {wish.name!r} may belong to the system; set force: true to delete it all the same."
        )
    return wish


def decide(wish: Wish, find: Find) -> Change:
    """Return what has to be done. Raises Refused."""
    if wish.state == "restored":
        active = find(wish.name)
        return Change(active, active or {"name": wish.name or None, "id": wish.id}, restore=active is None)
    wanted = wish.desired if wish.state == "present" else None
    old = find(wish.old_name) if wish.old_name not in ("", wish.name) else None
    return plan(DATABASE, find(wish.name), wanted, old)


def carry_out(api: ManagementApi, wish: Wish, change: Change) -> State:
    """Do it, and return the state that the server reported. Raises ApiError."""
    reported = dict(change.before or {})
    if change.delete:
        api.delete_database(wish.name)
    if change.create:
        reported.update(api.create_database(wish.desired))
    if change.restore:
        reported.update(api.restore_database(wish.id))
    if change.rename:
        reported.update(api.rename_database(wish.old_name, wish.name))
    if change.update:
        reported.update(api.update_database(wish.name, change.update))
    return reported


def warnings_of(wish: Wish, change: Change) -> list[str]:
    """Return what the user should know about the wish."""
    warnings = retention_warnings(wish.desired) if wish.state == "present" else []
    return warnings + (name_warnings("database", wish.name) if change.create or change.rename else [])
