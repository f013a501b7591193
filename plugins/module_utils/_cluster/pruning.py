# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds the objects that prune deletes: the databases and tokens that no item states. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from .._core import entities
from .._tokens.plan import alive, unmarked
from .._tokens.wishes import order_of
from .databases import DatabaseWish
from .item_check import Checker
from .items import DB_TOKEN_ITEM, DatabaseItem, TokenItem


def databases_to_prune(there: Collection[str], items: Iterable[DatabaseItem]) -> list[DatabaseItem]:
    """Return the databases that no item states, without the system's and without those that an item renames.

    A database whose name can't be stated is left as well, because its user had no way to state it.
    """
    stated = {item.name for item in items} | {item.wish.old_name for item in items}
    return [
        DatabaseItem(DatabaseWish("absent", {"name": name}), pruned=True)
        for name in sorted(there)
        if name not in stated and not name.startswith(entities.SYSTEM_PREFIXES) and _can_be_stated(name)
    ]


def _can_be_stated(name: str) -> bool:
    try:
        entities.parse_name(name)
    except ValueError:
        return False
    return True


def tokens_to_prune(there: Sequence[entities.State], items: Iterable[TokenItem], at: datetime) -> list[TokenItem]:
    """Return the working tokens that no item states, without those that another run may be making.

    Tokens whose descriptions begin with `_` are left, too: users protect tokens by such a description.
    """
    wishes = [item.order.wish for item in items]
    descriptions, ids = {wish.description for wish in wishes}, {wish.id for wish in wishes}
    checker = Checker(DB_TOKEN_ITEM, {})
    found = []
    for token in sorted(there, key=lambda token: (token.get("description", ""), token["id"])):
        description, nonce = unmarked(token)
        if nonce or description in descriptions or token["id"] in ids or not alive(token, at):
            continue
        if not description.startswith("_"):
            options, _faults = checker.check({"id": token["id"], "state": "absent"})
            found.append(TokenItem(description, order_of(options, entities.DB_TOKEN, at), pruned=True))
    return found
