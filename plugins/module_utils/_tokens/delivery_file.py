# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host's file of a database token shall hold, and what may be said of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from .._core.credentials import check_secret
from .._core.durations import format_instant, parse_instant
from .._core.errors import MASK, OptionError
from .._core.token_values import LEAST_SECRET, parse_token_id
from .kept_secrets import ended
from .secret_text import KEYS, Secret

PUBLIC = tuple(key for key in KEYS if key != "token")
# A clock that is off by less is nobody's concern.
_TOLERANCE = timedelta(minutes=5)


def stated_secret(params: Mapping[str, Any]) -> Secret:
    """Return what the options say of the token, None for what they don't. Raises OptionError for what can't be so."""
    secret: Secret = {key: params[key] for key in KEYS}
    check_secret("token", secret["token"])
    if secret["token"] is not None and len(secret["token"]) < LEAST_SECRET:
        raise OptionError(f"token: it is shorter than {LEAST_SECRET} characters; a database token has 64 or more.")
    try:
        if secret["id"] is not None:
            parse_token_id(secret["id"])
    except ValueError as error:
        raise OptionError(f"id: {error}.") from None
    for name in ("created_at", "expires_at"):
        try:
            if secret[name] is not None:
                parse_instant(str(secret[name]))
        except ValueError as error:
            raise OptionError(f"{name}: {error}.") from None
    return secret


def complete(path: str, stated: Secret, kept: Secret | None) -> Secret:
    """Return what the file shall hold: what is stated, and for the same token what it holds. Raises OptionError."""
    if stated["token"] is None and kept is None:
        raise OptionError(f"token: it is missing, and {path} holds none. Give token and id.")
    same = kept is not None and stated["id"] in (None, kept["id"])
    base: Secret = kept if same and kept is not None else {}
    return {key: base.get(key) if stated[key] is None else stated[key] for key in KEYS}


def clock_warnings(path: str, secret: Secret, at: datetime) -> list[str]:
    """Return what a host's clock makes of a token's life, as sentences: it has ended, or isn't made yet."""
    now = format_instant(at.replace(microsecond=0))
    try:
        since = ended(secret, at)
        made = parse_instant(secret.get("created_at") or "") if secret.get("created_at") else at
    except ValueError:
        return []
    if since:
        return [f"The token for {path} has ended at {since}, and here it is {now}: renew it, or set this clock right."]
    if made - at > _TOLERANCE:
        return [f"The token for {path} was made at {format_instant(made)}, and here it is {now}: set this clock right."]
    return []


def public(secret: Secret | None) -> dict[str, str | None]:
    """Return what of a token is no secret."""
    return {} if secret is None else {key: secret.get(key) for key in PUBLIC}


def diff(
    before: Secret | None, after: Secret | None, variables: Sequence[tuple[bytes | None, bytes | None]]
) -> dict[str, dict[str, Any]]:
    """Return the two sides of a diff without secrets: of the token, and of the file of variables where there is one.

    Where a secret or the variable isn't what it was, that is all that is said.
    """
    sides: dict[str, dict[str, Any]] = {"before": public(before), "after": public(after)}
    if before is not None:
        sides["before"]["token"] = MASK
    if after is not None:
        another = before is not None and before.get("token") != after.get("token")
        sides["after"]["token"] = f"{MASK} (another one)" if another else MASK
    for old, new in variables:
        if old is not None:
            sides["before"]["env_file"] = MASK
        if new is not None:
            sides["after"]["env_file"] = f"{MASK} (another one)" if old not in (None, new) else MASK
    return sides
