# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes an audit as one page of HTML, which loads nothing from anywhere, and runs nothing but its own script."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from ...module_utils._core import printing
from ...module_utils._core.durations import parse_instant
from .holdings import Row, remarks_of
from .tables import natural, short_time, totals

HEADINGS = (
    "Ends (UTC)",
    "Days left",
    "State",
    "Kind",
    "Host",
    "Profile",
    "Held in",
    "Description",
    "Token ID",
    "Created",
    "Remarks",
)
LEGEND = (
    ("ended", "ended or revoked"),
    ("week", "less than 7 days"),
    ("month", "less than 30 days"),
    ("later", "30 days or more"),
    ("never", "never ends, or no token is known"),
)
# A key that sorts behind every time.
_NEVER = "9" * 15


class Cell(NamedTuple):
    """A cell: its column, the shown text, and the key by which the column is sorted; an empty key comes last."""

    heading: str
    text: str
    key: str


class PageRow(NamedTuple):
    """A row of the page: the class of its colour, and its cells."""

    tone: str
    cells: list[Cell]


def audit_page(rows: Iterable[Row], report: Mapping[str, Any]) -> str:
    """Return the page of an audit: `rows` as one table, sorted by when they end.

    Every text is escaped for HTML. Invisible characters, such as those that change the direction of writing, are
    escaped as in Python before. `report` is the result of `audit`.
    """
    at = parse_instant(report["audited_at"])
    ordered = sorted(rows, key=lambda row: (_end_key(row) or "~", natural(row.get("host") or "~")))
    style, script = _embedded("audit_page.css"), _embedded("audit_page.js")
    page: str = _template().render(
        audited_at=report["audited_at"],
        summary=totals((row["state"] for row in ordered if row.get("state")), "entry", "entries"),
        remarks=[printing.printable(remark) for remark in _doubts(report)],
        legend=LEGEND,
        headings=HEADINGS,
        rows=[_page_row(row, at) for row in ordered],
        style=Markup(style),
        style_hash=_hash(style),
        script=Markup(script),
        script_hash=_hash(script),
    )
    return page


def _page_row(row: Row, at: datetime) -> PageRow:
    end = parse_instant(row["expires_at"]) if row.get("expires_at") else None
    days = None if end is None else (end - at) // timedelta(days=1)
    ends = short_time(row.get("expires_at")) or ("never" if row.get("token_id") else "")
    key = _end_key(row)
    texts = [
        (ends, key),
        ("" if days is None else str(days), key),
        *((row.get(name) or "", None) for name in ("state", "kind", "host", "profile", "held_in", "description")),
        (row.get("token_id") or "", None),
        (short_time(row.get("created_at"), is_date=True) or "", row.get("created_at") or ""),
        ("; ".join(remarks_of(row)), None),
    ]
    cells = []
    for heading, (text, sort_key) in zip(HEADINGS, texts):
        shown = printing.printable(str(text))
        cells.append(Cell(heading, shown, shown if sort_key is None else sort_key))
    return PageRow(_tone(row, days), cells)


def _tone(row: Row, days: int | None) -> str:
    if row.get("state") in ("expired", "revoked") or (days is not None and days < 0):
        return "ended"
    if days is None:
        return "never"
    return "week" if days < 7 else "month" if days < 30 else "later"


def _end_key(row: Row) -> str:
    if row.get("expires_at"):
        return f"{parse_instant(row['expires_at']).timestamp():015.0f}"
    return _NEVER if row.get("token_id") else ""


def _doubts(report: Mapping[str, Any]) -> list[str]:
    """Return the sentences about the hosts that limit the list of tokens that nobody holds."""
    found = []
    if report["not_asked"]:
        found.append(f"Not asked: {', '.join(report['not_asked'])}.")
    if report["silent"]:
        found.append(f"Asked without an answer: {', '.join(report['silent'])}.")
    return found


@cache
def _template() -> Any:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(_source("audit_page.html.j2"))


@cache
def _source(name: str) -> str:
    return (Path(__file__).parent / name).read_text(encoding="utf-8")


def _embedded(name: str) -> str:
    """Return the text of a file without its licence, which ends at a blank line."""
    return _source(name).partition("\n\n")[2]


def _hash(text: str) -> str:
    """Return the hash by which a content security policy names an element of this text."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
