# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Masks secrets in foreign texts, in every notation.

Pure functions. Most texts hold nothing to mask, and a few short texts tell that. The search itself is in
`secret_search.py`. It is only imported where it is needed, because Python compiles it anew for every task.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from . import printing

# A text without any of these holds nothing that looks like a token: the beginnings of tokens, plainly and in base64
# after 0, 1 and 2 other bytes, and what begins an escape.
HINTS = ("apiv", "M.V", "YXBp", "FwaX", "hcGl", "TS5W", "0uVj", "NLlY", "%", "&", "\\")
ANSI = r"\x1b\[[0-?]*[ -/]*[@-~]"
"""The sequences that colour a terminal, as a pattern."""
_COLOURS = rf"{ANSI}|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"


def mask(text: str, secrets: Iterable[str] = ()) -> str:
    """Return `text` with the given secrets, pieces of them and all that looks like a token masked.

    Their notation doesn't matter, and neither do line breaks in them. The public prefix of a management token stays.
    """
    wanted = {secret for secret in secrets if secret}
    if not wanted and not any(hint in text for hint in HINTS):
        return text
    from .secret_search import secret_spans

    return _masked(text, secret_spans(text, wanted))


def masked(value: Any, secrets: Iterable[str] = ()) -> Any:
    """Return a value of lists and dictionaries with every text in it masked, those of keys as well."""
    return printing.each_text(value, lambda text: mask(text, secrets))


def without_colours(text: str) -> str:
    """Return `text` without the sequences that colour a terminal or make links in one."""
    return re.sub(_COLOURS, "", text) if "\x1b" in text else text


def _masked(text: str, spans: Iterable[tuple[int, int]]) -> str:
    parts: list[str] = []
    end = 0
    for start, stop in sorted(spans):
        if start > end or not parts:
            parts += [text[end:start], printing.MASK]
        end = max(end, stop)
    return "".join([*parts, text[end:]])
