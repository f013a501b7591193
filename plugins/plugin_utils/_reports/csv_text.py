# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes rows as CSV, so that a spreadsheet runs no formula that somebody has written into a description."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ...module_utils._core import printing

# The characters that a spreadsheet may take for a formula at the beginning of a cell; the last four are the full-width
# = + - @. Where a spreadsheet parts cells by semicolons, as in much of Europe, quotation marks within a line hold
# nothing together, so that a cell begins after each semicolon.
_FORMULA = re.compile(r"(^|;)(?=[\s\"]*[=+\-@\uff1d\uff0b\uff0d\uff20])")


def csv_text(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> str:
    """Return rows as CSV (RFC 4180) with a heading. A missing value is empty.

    A text that a spreadsheet would take for a formula gets an apostrophe before it, which makes it text there, also
    where the spreadsheet parts cells by semicolons. Characters that steer a terminal are escaped, and so are line
    breaks: the people who may make tokens choose the descriptions.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(columns)
    writer.writerows([[_csv_cell(row.get(column)) for column in columns] for row in rows])
    return buffer.getvalue()


def _csv_cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    text = printing.printable(", ".join(value) if isinstance(value, list) else str(value))
    return _FORMULA.sub(r"\1'", text)
