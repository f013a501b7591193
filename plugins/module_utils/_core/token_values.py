# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules for a token's ID, secret and permissions, which come from an option, the API or influxctl. Pure.

An ID stands in the path of URLs and on influxctl's command line, so every ID is checked where it comes in.
"""

from __future__ import annotations

import re
from typing import Any

from . import printing
from .credentials import secret_problem

# Real ones are UUIDs (facts.md#operations). No option of influxctl, no path of dots and no text with blanks matches.
_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z._~:+=@-]{0,199}", re.ASCII)
_UUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}", re.ASCII)
_DB_TOKEN = re.compile(printing.DB_TOKEN)
LEAST_SECRET = 12
"""The characters of the shortest secret; real ones have many more (facts.md#token-shapes)."""
ACTIONS = ("read", "write")
# The argument spec of a database token's permissions.
PERMISSIONS_OPTION: dict[str, Any] = {
    "type": "list",
    "elements": "dict",
    "options": {
        "action": {"type": "str", "required": True, "choices": list(ACTIONS)},
        "resource": {"type": "str", "required": True},
    },
}


def parse_token_id(text: Any) -> str:
    """Return the ID of a token, a UUID in lower case. Raises ValueError where it can be none.

    A UUID is the same in capitals, as some programs show it. Otherwise a token that is to be revoked by its ID would
    count as one that isn't there.
    """
    if not isinstance(text, str) or not _ID.fullmatch(text):
        raise ValueError(f"{str(text)[:60]!r} is no token's ID, which begins with a letter or digit and has no blanks")
    return text.lower() if _UUID.fullmatch(text) else text


def read_text(value: Any) -> str:
    """Return a text that a server or influxctl sent. Raises ValueError for anything else."""
    if not isinstance(value, str):
        raise ValueError("no text")
    if not value.isascii():
        value.encode()  # half of a surrogate pair can't be sent back
    return value


def can_be_secret(value: Any) -> bool:
    """Return whether a value can be a token's secret. Only such a value is kept, and masked in all texts."""
    return isinstance(value, str) and len(value) >= LEAST_SECRET and secret_problem(value) is None


def looks_like_db_token(secret: str) -> bool:
    """Return whether a secret is masked in every text by its shape alone."""
    return _DB_TOKEN.fullmatch(secret) is not None


def read_secret(value: Any) -> str:
    """Return a token's secret that the server sent. Raises ValueError, which doesn't repeat it."""
    if not can_be_secret(value):
        raise ValueError("no secret")
    return str(value)
