# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes an audit as a textfile of Prometheus: the end of each token, as one metric."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from ...module_utils._core import printing
from ...module_utils._core.durations import parse_instant

METRIC = "influxdb3_token_expiry_timestamp_seconds"
LABELS = ("kind", "host", "description", "state")
_HELP = "When an InfluxDB 3 token ends, in seconds since 1970; +Inf for never, NaN where no token is known."
# As https://prometheus.io/docs/instrumenting/exposition_formats/ has it for the values of labels.
_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


def metrics_text(rows: Iterable[Mapping[str, Any]]) -> str:
    """Return the rows in Prometheus's text format 0.0.4: a series for each set of labels, with the soonest end.

    The value is in seconds since 1970. Invisible characters are escaped as in Python before, so that a terminal can
    show the file.
    """
    ends: dict[tuple[str, ...], list[float]] = defaultdict(list)
    for row in rows:
        labels = tuple("" if row.get(label) is None else printing.printable(str(row[label])) for label in LABELS)
        ends[labels].append(_end_of(row))
    lines = [f"# HELP {METRIC} {_HELP}", f"# TYPE {METRIC} gauge"]
    for labels, found in sorted(ends.items()):
        # An end that is known comes before one that isn't.
        lines.append(_line(labels, min(found, key=lambda end: (math.isnan(end), end))))
    return "\n".join(lines) + "\n"


def _end_of(row: Mapping[str, Any]) -> float:
    if row.get("expires_at"):
        return parse_instant(row["expires_at"]).timestamp()
    return math.inf if row.get("token_id") else math.nan


def _line(labels: Iterable[str], end: float) -> str:
    pairs = ",".join(f'{name}="{value.translate(_ESCAPES)}"' for name, value in zip(LABELS, labels))
    # Whole numbers where possible, because people read them more easily; Prometheus reads both.
    number = str(int(end)) if end.is_integer() else repr(end).replace("inf", "+Inf").replace("nan", "NaN")
    return f"{METRIC}{{{pairs}}} {number}"
