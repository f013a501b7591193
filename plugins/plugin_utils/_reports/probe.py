# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes a probe's report as lines for a terminal: surprises first, and at the end what to do with the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...module_utils._probe.questions import BY_ID
from .tables import Column, cell, table, wrapped

FORM = "https://github.com/influxops/influxops.influxdb3/issues/new?template=probe.yml"
_COLUMNS = (
    Column("id", "question", 26),
    Column("answer", "answer", 8),
    Column("expected", "documented or assumed", 20),
)
# A question, an answer that is a surprise (_ANY for each), and what the user should set or do then.
_ANY = object()
_ADVICE: tuple[tuple[str, Any, str], ...] = (
    ("default_max_columns", _ANY, "State max_columns_per_table where the number matters, here and on other clusters."),
    ("default_max_tables", _ANY, "State max_tables where the number matters, here and on other clusters."),
    ("short_retention", "refused", "Keep retention_period at one hour or more."),
    ("buckets_over_1000", "refused", "Keep number_of_buckets at 1000 or less."),
    ("encoded_slash", "fails", "Use no slash in names of databases, or have the ingress hand %2F on undecoded."),
    ("rename_database", False, "rename_from of the module database doesn't work: the server is too old for it."),
    ("undelete_database", False, "state: restored of the module database doesn't work: the server is too old for it."),
    ("rename_table", False, "rename_from of the module table doesn't work: the server is too old for it."),
    ("delete_table", False, "state: absent of the module table doesn't work: the server is too old for it."),
    ("undelete_table", False, "state: restored of the module table doesn't work: the server is too old for it."),
    ("activation_seconds", _ANY, "Set wait_active, and retries and delay of proofs, to more than that."),
    ("clock_skew_seconds", _ANY, "Have both clocks set by NTP: tokens end by the server's."),
    (
        *("influxctl_manages_tokens", False),
        "Set mgmt_token_issuer_config_path to an influxctl config whose profile logs in by itself, because a management"
        " token may not make others.",
    ),
    ("influxctl_list_json", False, "Management tokens can't be managed with this influxctl: install a tested version."),
    ("influxctl_version", _ANY, "Install a tested version of influxctl, 2.10 to 2.12."),
)


def probe_lines(report: Mapping[str, Any]) -> list[str]:
    """Return the lines of a report (`probe` of the module's result). Foreign text in them is escaped."""
    answers, evidence = report["answers"], report["evidence"]
    surprises = [name for name in report["surprises"] if name in answers]
    as_expected = [name for name, value in answers.items() if value is not None and name not in surprises]
    lines = [f"{len(surprises)} of {len(answers)} answers are not as documented or assumed."]
    lines += _rows(surprises, answers)
    for name in surprises:
        lines += wrapped(f"{cell(name)}: {cell(evidence.get(name))}")
    if as_expected:
        lines += ["", "As documented or assumed:", *_rows(as_expected, answers)]
    lines += _open(answers, evidence)
    for one in report["leftovers"]:
        lines += wrapped(f"Not removed, as far as could be seen: {cell(one['kind'])} {cell(one['name'])}")
    return [*lines, "", *_ending(report, surprises)]


def _rows(names: Sequence[str], answers: Mapping[str, Any]) -> list[str]:
    rows = [
        {"id": name, "answer": _shown(answers[name]), "expected": BY_ID[name].expected if name in BY_ID else None}
        for name in names
    ]
    return table(rows, _COLUMNS, ("expected", "answer")) if rows else []


def _shown(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _open(answers: Mapping[str, Any], evidence: Mapping[str, str]) -> list[str]:
    """Return why questions have no answer, those with the same reason together."""
    reasons: dict[str, list[str]] = {}
    for name, value in answers.items():
        if value is None:
            reasons.setdefault(cell(evidence.get(name)), []).append(cell(name))
    lines = [line for reason, names in reasons.items() for line in wrapped(f"{', '.join(names)}: {reason}")]
    return ["", "Without an answer:", *lines] if lines else []


def _ending(report: Mapping[str, Any], surprises: Sequence[str]) -> list[str]:
    """Return what to do with the report."""
    answers = report["answers"]
    advice = [text for name, value, text in _ADVICE if name in surprises and (value is _ANY or answers[name] == value)]
    if report["leftovers"]:
        advice.append("Run the probe again with probe_writes=true: it removes what is left.")
    lines = [line for text in advice for line in wrapped(f"- {text}")]
    ending = ["To do:", *lines] if lines else ["There is no option that has to be set because of it."]
    sending = (
        "The report holds nothing secret and nothing of yours. Please send it, so that the collection is tested on a"
        f" cluster like yours: {FORM}"
    )
    return [*ending, *wrapped(sending)]
