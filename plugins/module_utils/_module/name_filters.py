# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options by which the modules that list choose what they return."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from .._core import entities, interface

NAME_FILTERS: interface.Spec = {"name": {"type": "str"}, "patterns": {"type": "list", "elements": "str"}}
NAME_RULES: dict[str, Any] = {"mutually_exclusive": [("name", "patterns")]}
STATUS_FILTER: interface.Spec = {
    "status": {"type": "str", "choices": list(entities.STATUSES), "default": entities.ACTIVE}
}


def chosen(params: Mapping[str, Any], states: Iterable[entities.State]) -> list[entities.State]:
    """Return the objects that the options ask for, sorted by name; of one name the active one first, then by ID."""
    name, patterns = params["name"], params["patterns"]

    def fits(state: entities.State) -> bool:
        own = state.get("name") or ""
        return name in (None, own) and (patterns is None or any(fnmatchcase(own, pattern) for pattern in patterns))

    def order(state: entities.State) -> tuple[str, bool, int, str]:
        number = state.get("id")  # of a user, a text
        whole = number if isinstance(number, int) else 0
        return state.get("name") or "", bool(state.get("deleted")), whole, str(number)

    return sorted(filter(fits, states), key=order)
