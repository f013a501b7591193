# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of the modules that make or revoke many tokens at once, and the way from these options to orders."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from .._core import entities, errors, interface
from .._core.owner import parse_owner
from .._core.token_values import PERMISSIONS_OPTION, parse_token_id
from .plan import TokenWish
from .wishes import WISH_OPTIONS, Order, order_of

# An entry of the option `tokens`; the options beside it hold for all entries.
_ENTRY: interface.Spec = {
    **WISH_OPTIONS,
    "description": {"type": "str", "required": True},
    "secret_file": {"type": "path", "no_log": False},
}
MGMT_ENTRY: interface.Spec = {**_ENTRY, "held_prefix": {"type": "str"}}
DB_ENTRY: interface.Spec = {**_ENTRY, "held_id": {"type": "str"}, "permissions": PERMISSIONS_OPTION}
_OF_ONE = ("id", *WISH_OPTIONS, "secret_file")


def many_options(entry: interface.Spec, concurrency: int) -> interface.Spec:
    """Return the options of a module for many tokens; `entry` are those of one entry, `concurrency` is a default."""
    return {
        "concurrency": {"type": "int", "default": concurrency},
        "ids": {"type": "list", "elements": "str"},
        "tokens": {
            "type": "list",
            "elements": "dict",
            "no_log": False,
            "options": entry,
            "mutually_exclusive": [("expires_at", "expires_in")],
        },
    }


def many_rules(*of_one: str) -> dict[str, Any]:
    """Return the rules of AnsibleModule for such a module; `of_one` are its own options that are about one token."""
    one = (*_OF_ONE, *of_one)
    return {
        "required_one_of": [("description", "id", "tokens", "ids")],
        "mutually_exclusive": [
            *(("tokens", name) for name in (*one, "state", "all_matching", "ids")),
            *(("ids", name) for name in (*one, "all_matching")),
        ],
    }


def orders_of(params: Mapping[str, Any], entity: entities.Entity, at: datetime) -> list[Order]:
    """Return an order for each entry of the option `tokens`. Raises OptionError, which names the entry."""
    owner = parse_owner(params["owner"], params["group"])
    orders = []
    for number, entry in enumerate(params["tokens"], 1):
        try:
            orders.append(order_of({**params, **entry}, entity, at, owner=owner))
        except errors.OptionError as error:
            raise errors.OptionError(f"tokens: entry {number}: {error}") from None
    _refuse_twins("description", [order.wish.description for order in orders])
    _refuse_twins("secret_file", [os.path.abspath(order.path) for order in orders if order.path])
    return orders


def orders_to_revoke(ids: Sequence[str], at: datetime) -> list[Order]:
    """Return the orders to revoke the tokens of these IDs, each once. Raises OptionError."""
    wanted = dict.fromkeys(entities.parse_option("ids", token_id, parse_token_id) for token_id in ids)
    return [Order(TokenWish(None, id=token_id), at, present=False, leaves_own=True) for token_id in wanted]


def _refuse_twins(name: str, values: Sequence[str | None]) -> None:
    twice = [value for value, count in Counter(values).items() if count > 1]
    if twice:
        raise errors.OptionError(f"tokens: more than one entry has the {name} {twice[0]!r}.")
