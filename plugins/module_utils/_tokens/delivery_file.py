# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Computes the content that a host's file of a database token shall have, its warnings, and its diff. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from .._core import errors, printing
from .._core.credentials import check_secret
from .._core.durations import format_instant, parse_instant
from .._core.token_values import LEAST_SECRET, parse_token_id
from . import secret_text
from .kept_secrets import ended

PUBLIC = tuple(key for key in secret_text.KEYS if key != "token")
# A clock that is off by less isn't warned of.
_TOLERANCE = timedelta(minutes=5)


def stated_secret(params: Mapping[str, Any]) -> secret_text.Secret:
    """Return the token as the options state it, None for each key that they don't. Raises OptionError."""
    secret: secret_text.Secret = {key: params[key] for key in secret_text.KEYS}
    check_secret("token", secret["token"])
    if secret["token"] is not None and len(secret["token"]) < LEAST_SECRET:
        raise errors.OptionError(
            f"token: it is shorter than {LEAST_SECRET} characters; a database token has 64 or more."
        )
    for name, parse in (("id", parse_token_id), ("created_at", parse_instant), ("expires_at", parse_instant)):
        try:
            if secret[name] is not None:
                parse(str(secret[name]))
        except ValueError as error:
            raise errors.OptionError(f"{name}: {error}.") from None
    return secret


def complete(path: str, stated: secret_text.Secret, kept: secret_text.Secret | None) -> secret_text.Secret:
    """Return the token that the file shall hold. Raises OptionError where none is stated and the file has none.

    Where the stated token is the one that the file keeps, the keys that aren't stated stay as the file has them.
    """
    if stated["token"] is None and kept is None:
        raise errors.OptionError(f"token: it is missing, and {path} holds none. Give token and id.")
    same = kept is not None and stated["id"] in (None, kept["id"])
    base: secret_text.Secret = kept if same and kept is not None else {}
    return {key: base.get(key) if stated[key] is None else stated[key] for key in secret_text.KEYS}


def clock_warnings(path: str, secret: secret_text.Secret, at: datetime) -> list[str]:
    """Return a warning where a token has ended by the host's clock, or would be made in the future."""
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


def public(secret: secret_text.Secret | None) -> dict[str, str | None]:
    """Return the keys of a token but its secret, empty without a token."""
    return {} if secret is None else {key: secret.get(key) for key in PUBLIC}


def diff(
    before: secret_text.Secret | None,
    after: secret_text.Secret | None,
    variables: Sequence[tuple[bytes | None, bytes | None]],
) -> dict[str, dict[str, Any]]:
    """Return the two sides of a diff without secrets: of the token, and of the file of variables where there is one.

    `variables` has the old and the new content of that file. A mask stands for a secret, and says whether it is another
    one.
    """
    sides: dict[str, dict[str, Any]] = {"before": public(before), "after": public(after)}
    if before is not None:
        sides["before"]["token"] = printing.MASK
    if after is not None:
        another = before is not None and before.get("token") != after.get("token")
        sides["after"]["token"] = f"{printing.MASK} (another one)" if another else printing.MASK
    for old, new in variables:
        if old is not None:
            sides["before"]["env_file"] = printing.MASK
        if new is not None:
            sides["after"]["env_file"] = f"{printing.MASK} (another one)" if old not in (None, new) else printing.MASK
    return sides
