# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes rows as lines for a terminal: never wider than `WIDTH` columns, and with nothing that steers a terminal.

Pure functions. `cell` escapes foreign text, such as a token's description.
"""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import timezone
from typing import Any, NamedTuple

from ...module_utils._core import printing
from ...module_utils._core.durations import parse_instant

WIDTH = 120
ABSENT = "-"
_GAP = "  "
_CUT = "…"
_DIGITS = re.compile(r"(\d+)", re.ASCII)


class Column(NamedTuple):
    """A column of a table: its key in the rows, its heading, and its least and most width in columns of a terminal.

    Cells wider than `most` are cut in any case. Where the line is too wide, cells are cut down to `least`.
    """

    key: str
    heading: str
    least: int
    most: int = WIDTH


def natural(text: str) -> list[tuple[int, int, str]]:
    """Return a key that sorts numbers within texts by their value: host2 before host10."""
    parts = _DIGITS.split(text)
    return [(0, int(part), part) if number % 2 else (1, 0, part) for number, part in enumerate(parts) if part]


def cell(value: Any) -> str:
    """Return a value on one line, with nothing that steers a terminal; a dash for None."""
    return ABSENT if value is None else printing.printable(" ".join(str(value).split()))


def short_time(instant: str | None, *, is_date: bool = False) -> str | None:
    """Return an instant of RFC 3339 in UTC to the minute, or the day alone; any other text comes back unchanged."""
    if not instant:
        return None
    try:
        moment = parse_instant(instant).astimezone(timezone.utc)
    except (ValueError, OverflowError):
        return instant
    return moment.strftime("%Y-%m-%d" if is_date else "%Y-%m-%d %H:%M")


def width_of(text: str) -> int:
    """Return how many columns of a terminal a printable text takes: a character takes none, one or two."""
    if text.isascii():
        return len(text)
    return sum(_width_of_character(character) for character in text)


def _width_of_character(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1


def cut(text: str, width: int) -> str:
    """Return a text that takes at most `width` columns, with an ellipsis in place of what is left out."""
    if width_of(text) <= width:
        return text
    kept = ""
    for character in text:
        if width_of(kept) + _width_of_character(character) > width - 1:
            break
        kept += character
    return kept + _CUT


def table(rows: Sequence[Mapping[str, Any]], columns: Sequence[Column], cut_first: Sequence[str] = ()) -> list[str]:
    """Return rows as aligned lines below a heading, each at most `WIDTH` columns wide.

    Where they would be wider, the columns of the keys `cut_first` are narrowed in that order. Together, the least
    widths of the columns must be below `WIDTH`.
    """
    lines = [[column.heading for column in columns]]
    lines += [[cut(cell(row.get(column.key)), column.most) for column in columns] for row in rows]
    widths = {column.key: max(width_of(line[number]) for line in lines) for number, column in enumerate(columns)}
    least = {column.key: column.least for column in columns}
    for key in cut_first:
        excess = sum(widths.values()) + len(_GAP) * (len(columns) - 1) - WIDTH
        widths[key] = min(widths[key], max(least[key], widths[key] - max(0, excess)))
    return [_aligned(line, list(widths.values())) for line in lines]


def _aligned(cells: Sequence[str], widths: Sequence[int]) -> str:
    shown = [cut(text, width) for text, width in zip(cells, widths)]
    return _GAP.join(text + " " * (width - width_of(text)) for text, width in zip(shown, widths)).rstrip()


def wrapped(text: str) -> list[str]:
    """Return a sentence as lines of at most `WIDTH` columns. All lines but the first are indented."""
    # textwrap counts characters; none takes more than two columns.
    width = WIDTH if text.isascii() else WIDTH // 2
    return textwrap.wrap(text, width, subsequent_indent="    ", break_on_hyphens=False) or [""]


def totals(words: Iterable[str], what: str, several: str | None = None) -> str:
    """Return how many of each word there are, the most frequent first: `3 hosts: 2 renewed, 1 not finished.`

    `several` is the plural of `what`, by default with an s.
    """
    counts: dict[str, int] = {}
    for word in words:
        counts[word] = counts.get(word, 0) + 1
    number = sum(counts.values())
    listed = ", ".join(f"{count} {word}" for word, count in sorted(counts.items(), key=lambda one: (-one[1], one[0])))
    counted = what if number == 1 else several or f"{what}s"
    return f"{number} {counted}{f': {listed}' if listed else ''}."
