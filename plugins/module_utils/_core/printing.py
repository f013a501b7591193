# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes foreign texts fit to be shown: escapes what steers a terminal. Masking is in masking.py.

The two are apart because a module that succeeds masks nothing, and the target compiles a module's code at each run.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Callable

MASK = "********"
# A management token's first nine characters are public: `influxctl management list` prints them for everybody as the
# token's prefix (facts.md#token-shapes).
PREFIX_LENGTH = 9
# The characters of tokens in a pattern's brackets, and a database token as a pattern (facts.md#token-shapes).
TOKEN_BODY = "A-Za-z0-9+/=_-"
DB_TOKEN = rf"apiv\d+_[{TOKEN_BODY}]+"


def texts_in(value: Any) -> Iterator[str]:
    """Give each text of nested data, but not the keys."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, (Mapping, list, tuple)):
        for inner in value.values() if isinstance(value, Mapping) else value:
            yield from texts_in(inner)


def printable(text: str) -> str:
    r"""Return `text` with everything that is no visible character or blank escaped as in Python, such as `\x1b`.

    Such characters steer a terminal, end a line in a log, or change the order in which a line is read.
    """
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode() for character in text
    )


def printables(value: Any) -> Any:
    """Return a value of lists and dictionaries with every text in it made printable, those of keys as well."""
    # One text, because looking at each of thousands takes longer. JSON escapes control characters by a backslash.
    text = json.dumps(value, ensure_ascii=False, default=str)
    return value if text.isprintable() and "\\" not in text else each_text(value, printable)


def each_text(value: Any, change: Callable[[str], str]) -> Any:
    """Return a value of lists and dictionaries with every text in it changed, those of keys as well."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {each_text(key, change): each_text(one, change) for key, one in value.items()}
    return [each_text(one, change) for one in value] if isinstance(value, (list, tuple)) else value
