# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes an audit in the form that the ending of a file's name says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Callable, NamedTuple

from .audit import CSV_COLUMNS, table_rows
from .audit_page import audit_page
from .csv_text import csv_text
from .metrics import metrics_text

# The keys of a report that repeat its data: as lines for a terminal, as CSV, and as variables of another job.
_NO_DATA = ("table", "csv", "stats")
PRIVATE, PUBLIC = "0600", "0644"


class Format(NamedTuple):
    """How a report is written: the function that makes the text, and the file's mode."""

    text: Callable[[Mapping[str, Any]], str]
    mode: str = PRIVATE


def _json(report: Mapping[str, Any]) -> str:
    data = {key: value for key, value in report.items() if key not in _NO_DATA}
    return json.dumps(data, indent=4, sort_keys=True) + "\n"


FORMATS = {
    ".json": Format(_json),
    ".csv": Format(lambda report: csv_text(table_rows(report), CSV_COLUMNS)),
    ".html": Format(lambda report: audit_page(table_rows(report), report)),
    # Public, because Prometheus's node exporter reads it as another user.
    ".prom": Format(lambda report: metrics_text(report["rows"] + report["orphans"] + report["others"]), PUBLIC),
}


def stated_paths(value: Any) -> list[str]:
    """Return the paths that a variable states: a text with one or several parted by commas, or a list."""
    parts = value.split(",") if isinstance(value, str) else value or []
    return [part for part in (str(part).strip() for part in parts) if part]


def file_complaints(name: str, value: Any) -> list[str]:
    """Return a sentence for each path of a variable whose ending doesn't say what to write."""
    endings = ", ".join(FORMATS)
    return [
        f"{name}: {path} ends in none of {endings}, so that nobody knows what to write. Give it one of these endings."
        f"{' A path with a comma in it has to be in a list.' if isinstance(value, str) and ',' in value else ''}"
        for path in stated_paths(value)
        if _format(path) is None
    ]


def report_file(path: str, report: Mapping[str, Any]) -> dict[str, str]:
    """Return `path`, `content` and `mode` of a file with the report. Raises ValueError for another ending."""
    form = _format(path)
    if form is None:
        raise ValueError(f"{path} ends in none of {', '.join(FORMATS)}")
    return {"path": path, "content": form.text(report), "mode": form.mode}


def _format(path: str) -> Format | None:
    return next((form for ending, form in FORMATS.items() if path.lower().endswith(ending)), None)
