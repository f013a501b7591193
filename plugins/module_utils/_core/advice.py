# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Warnings about new values that InfluxDB takes and its documentation discourages. Pure."""

from __future__ import annotations

from . import entities
from .durations import format_duration

# The formats that the documentation recommends, and the most buckets that it speaks of (facts.md#partition-templates).
TIME_FORMATS = ("%Y-%m-%d", "%Y-%m", "%Y")
MANY_BUCKETS = 1_000


def retention_warnings(desired: entities.State) -> list[str]:
    """Return a warning for a new retention that the documentation discourages (facts.md#retention)."""
    period = desired.get("retention_period") or entities.HOUR
    if period >= entities.HOUR:
        return []
    return [
        f"The retention period {format_duration(period)} of {desired.get('name')!r} is shorter than the documented"
        " minimum of one hour; a plain number counts nanoseconds."
    ]


def name_warnings(noun: str, name: str) -> list[str]:
    """Return a warning for a new name that the documentation calls invalid, or reserved (facts.md#names).

    Names of letters outside ASCII are documented as valid. A slash is documented for databases. It works for
    tables, where the documentation doesn't mention it.
    """
    if name.startswith(entities.SYSTEM_PREFIXES):
        return [f"The name {name!r} of the {noun} begins with what InfluxDB reserves for itself (_ or iox_)."]
    allowed = "_-/"
    undocumented = sorted({letter for letter in name if not letter.isalnum() and letter not in allowed})
    if undocumented:
        return [
            f"The name {name!r} of the {noun} holds {', '.join(map(repr, undocumented))}: InfluxDB documents only"
            f" letters, digits and {' '.join(allowed)} as valid, and other names may not work everywhere."
        ]
    if not name[:1].isalnum():
        return [f"The name {name!r} of the {noun} should begin with a letter or a digit, as InfluxDB documents."]
    return []


def template_warnings(noun: str, state: entities.State) -> list[str]:
    """Return warnings for a new template that is not as the documentation recommends, and can't be changed later.

    InfluxDB compacts partitions by time. Without exactly one part that orders them by time, it never compacts them,
    and queries get slower for ever (facts.md#partition-templates).
    """
    parts = state.get("partition_template")
    if not parts:
        return []
    formats = [part["value"] for part in parts if part["type"] == "time"]
    problems = []
    if len(formats) != 1:
        problems.append(
            f"it has {len(formats) or 'no'} time part{'s' if len(formats) else ''}, and InfluxDB compacts partitions"
            " only by exactly one"
        )
    problems += [
        f"the time format {text!r} is none of {', '.join(TIME_FORMATS)}, which InfluxDB recommends, so that its"
        " partitions may never be compacted"
        for text in formats
        if text not in TIME_FORMATS
    ]
    problems += [
        f"the tag {part['tag_name']!r} has {part['number_of_buckets']} buckets, and {MANY_BUCKETS} is the most that"
        " InfluxDB documents"
        for part in parts
        if part["type"] == "bucket" and part["number_of_buckets"] > MANY_BUCKETS
    ]
    whose = f"The partition template of the {noun} {state.get('name')!r} can't be changed once it is created:"
    return [f"{whose} {'; '.join(problems)}."] if problems else []
