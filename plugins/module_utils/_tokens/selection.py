# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Chooses the tokens that an info module returns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Callable

from .._core import entities, interface
from .._core.durations import after, parse_span

TOKEN_INFO_OPTIONS: interface.Spec = {
    "description": {"type": "str"},
    "include_revoked": {"type": "bool", "default": False},
    "expiring_within": {"type": "str"},
}


def selection(module: interface.ModuleView) -> Callable[[Sequence[entities.State]], list[entities.State]]:
    """Return a function that picks the tokens that the options of an info module ask for.

    The function sorts them by description, then by creation. Raises OptionError, so modules call this before their
    first request.
    """
    params, at = module.params, interface.now()
    within = entities.parse_option("expiring_within", params["expiring_within"], parse_span)

    def is_wanted(token: entities.State) -> bool:
        if params["description"] not in (None, token.get("description")):
            return False
        if token.get("revoked_at") is not None and not params["include_revoked"]:
            return False
        ends = token.get("expires_at")
        return within is None or (ends is not None and ends <= after(at, within))

    return lambda tokens: sorted(
        filter(is_wanted, tokens), key=lambda t: (t.get("description", ""), t["created_at"], t["id"])
    )
