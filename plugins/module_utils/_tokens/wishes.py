# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options that all kinds of tokens share, and the way from them to an order. Sends no request.

The options of modules for many tokens at once are in many_wishes.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from .._core import entities, errors, interface
from .._core.durations import parse_span
from .._core.owner import RUNNER, Owner, parse_owner
from .._core.token_values import parse_token_id
from . import secret_text
from .plan import TokenWish, check_wish

# The options of one token, as those of a module or of an entry of a list.
WISH_OPTIONS: interface.Spec = {
    "description": {"type": "str"},
    "expires_at": {"type": "str"},
    "expires_in": {"type": "str"},
    "renew_before": {"type": "str"},
    "max_age": {"type": "str"},
    "force": {"type": "bool", "default": False},
}
TOKEN_OPTIONS: interface.Spec = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "id": {"type": "str"},
    **WISH_OPTIONS,
    "revoke_superseded": {"type": "bool", "default": False},
    "all_matching": {"type": "bool", "default": False},
}
SECRET_FILE_OPTIONS: interface.Spec = {
    "secret_file": {"type": "path", "no_log": False},
    "return_secret": {"type": "bool", "default": False, "no_log": False},
    "on_lost_secret": {"type": "str", "choices": ["fail", "reissue", "ignore"], "default": "fail", "no_log": False},
    "owner": {"type": "str"},
    "group": {"type": "str"},
}


class Order(NamedTuple):
    """The stated form of one token, checked as far as that is possible without a request.

    `apart` are the IDs of tokens that don't count for this one, because another order of the task revokes them. `at` is
    the time of the plan. `path` is the secret file's. `held_prefix` and `held_id` name the token whose secret
    is at hand elsewhere; they are empty where that is none, and None where nobody states it. `kept` says that the file
    or the result takes a new secret. `leaves_own` says that the token which the module authenticates with is left,
    where its revocation would be refused otherwise.
    """

    wish: TokenWish
    at: datetime
    present: bool = True
    path: str | None = None
    owner: Owner = RUNNER
    held_prefix: str | None = None
    held_id: str | None = None
    on_lost_secret: str = "fail"
    revoke_superseded: bool = False
    all_matching: bool = False
    return_secret: bool = False
    kept: bool = True
    leaves_own: bool = False
    apart: frozenset[str] = frozenset()

    @property
    def needs_secret(self) -> bool:
        """Whether a token is of no use when its secret isn't at hand."""
        return any(one is not None for one in (self.path, self.held_prefix, self.held_id))

    @property
    def reveals(self) -> bool:
        """Whether the result holds the secret, if it is known."""
        return self.return_secret or self.path is None


def wish_of(params: Mapping[str, Any], entity: entities.Entity) -> TokenWish:
    """Return the wish that the options state. Raises OptionError."""
    if params["expires_at"] is not None and params["expires_in"] is not None:
        raise errors.OptionError("expires_at and expires_in: only one of them can be given.")
    stated = entity.parse({name: params.get(name) for name in ("description", "permissions", "expires_at")})
    spans = {
        name: entities.parse_option(name, params[name], parse_span)
        for name in ("expires_in", "renew_before", "max_age")
    }
    return TokenWish(
        description=stated.get("description"),
        id=entities.parse_option("id", params["id"], parse_token_id),
        permissions=stated.get("permissions"),
        expires_at=stated.get("expires_at"),
        force=params["force"],
        **spans,
    )


def order_of(
    params: Mapping[str, Any], entity: entities.Entity, at: datetime, *, owner: Owner | None = None, kept: bool = True
) -> Order:
    """Return the order that the options state. Raises OptionError.

    `owner` is the secret file's where the caller has parsed it already. `kept` is the order's.
    """
    wish, present = wish_of(params, entity), params["state"] == "present"
    if present:
        check_wish(wish, at)
    return Order(
        wish,
        at,
        present,
        secret_text.parse_path("secret_file", params["secret_file"]),
        owner or parse_owner(params["owner"], params["group"]),
        params.get("held_prefix"),
        params.get("held_id") and entities.parse_option("held_id", params["held_id"], parse_token_id),
        **{name: params[name] for name in ("on_lost_secret", "revoke_superseded", "all_matching", "return_secret")},
        kept=kept,
    )
