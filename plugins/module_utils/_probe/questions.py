# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The questions of a probe: for each its ID, what answers it may have, which one is expected, and how it is asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Union

from .._core.stated import DEDICATED
from . import asks

WRITES, INFLUXCTL = "writes", "influxctl"
SCHEMA = 1
# Beyond this, tokens end at another time than planned; data_proof.py warns from the same on.
_MOST_SKEW = 300
# "Seconds to minutes" (facts.md#activation).
_LONGEST_ACTIVATION = 300


@dataclass(frozen=True)
class Kind:
    """The answers that a question may have: in words, and whether a value is one of them."""

    text: str
    allows: Callable[[Any], bool]


def _words(*words: str) -> Kind:
    return Kind(" or ".join(words), lambda value: value in words)


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


BOOL = Kind("true or false", lambda value: isinstance(value, bool))
INT = Kind("a whole number", _is_int)
NUMBER = Kind("a number", lambda value: _is_int(value) or isinstance(value, float))
STATUS = Kind("an HTTP status", lambda value: _is_int(value) and 100 <= value <= 599)
TEXT = Kind("a text", lambda value: isinstance(value, str))
ACCEPTED = _words("accepted", "refused")

Test = Callable[[Any, str], bool]


@dataclass(frozen=True)
class Question:
    """A question about a cluster.

    Attributes:
        id: its name in reports.
        kind: the answers that it may have.
        expected: the answer that is documented, or assumed where the documents are silent, in words.
        is_expected: whether an answer is that one, for a product.
        needs: WRITES, INFLUXCTL, both or nothing.
        ask: how it is answered.
    """

    id: str
    kind: Kind
    expected: str
    is_expected: Test
    needs: frozenset[str]
    ask: asks.Ask


Expected = Union[str, int, bool, None]


def _question(id: str, kind: Kind, expected: Expected, ask: asks.Ask, *needs: str) -> Question:
    """Return a question with one expected answer; None expects none."""
    text = "any" if expected is None else str(expected).lower() if isinstance(expected, bool) else str(expected)
    return Question(id, kind, text, lambda value, _: expected is None or value == expected, frozenset(needs), ask)


def _within(id: str, kind: Kind, text: str, test: Callable[[Any], bool], ask: asks.Ask, *needs: str) -> Question:
    """Return a question whose expected answers lie within bounds."""
    return Question(id, kind, text, lambda value, _: test(value), frozenset(needs), ask)


def _is_tested(version: Any) -> bool:
    """Return whether a version of influxctl is one that the tests imitate (facts.md#versions-of-influxctl)."""
    numbers = tuple(int(part) for part in str(version).split(".") if part.isdigit())
    return (2, 6) <= numbers[:2] <= (2, 12)


QUESTIONS: tuple[Question, ...] = (
    Question(
        "url_form",
        _words("short", "long", "both"),
        "both (long on Cloud Dedicated)",
        lambda value, product: value == ("long" if product == DEDICATED else "both"),
        frozenset(),
        asks.url_form,
    ),
    _question("duplicate_status", Kind("400 or 409", lambda value: value in (400, 409)), 409, asks.duplicate, WRITES),
    _question("default_max_tables", INT, 500, asks.default_max_tables, WRITES),
    _question("default_max_columns", INT, 250, asks.default_max_columns, WRITES),
    _question("revoked_listed", BOOL, True, asks.revoked_listed),
    _question("revoked_get", STATUS, 200, asks.revoked_get),
    _question("revoked_patch", STATUS, 409, asks.revoked_patch, WRITES),
    _question("revoked_delete", STATUS, 204, asks.revoked_delete, WRITES),
    _question("undelete_with_namesake", STATUS, 400, asks.undelete_with_namesake, WRITES),
    _question("short_retention", ACCEPTED, "accepted", asks.short_retention, WRITES),
    _question("buckets_over_1000", ACCEPTED, "accepted", asks.buckets_over_1000, WRITES),
    _question("unknown_fields", ACCEPTED, "refused", asks.unknown_fields, WRITES),
    _question("empty_template", ACCEPTED, "refused", asks.empty_template, WRITES),
    _question("empty_patch", ACCEPTED, "refused", asks.empty_patch, WRITES),
    _question("past_expiry", ACCEPTED, "refused", asks.past_expiry, WRITES),
    _question("encoded_slash", _words("works", "fails"), "works", asks.slash, WRITES),
    _question("rename_database", BOOL, True, asks.rename_database, WRITES),
    _question("undelete_database", BOOL, True, asks.undelete_database, WRITES),
    _question("create_table", BOOL, True, asks.create_table, WRITES),
    _question("delete_table", BOOL, True, asks.delete_table, WRITES),
    _question("rename_table", BOOL, True, asks.rename_table, WRITES),
    _question("undelete_table", BOOL, True, asks.undelete_table, WRITES),
    _question("patch_echoes_template", BOOL, False, asks.patch_echoes_template, WRITES),
    _question(
        *("permissions_echo", _words("plain", "sorted", "reversed", "deduplicated"), "plain", asks.permissions_echo),
        WRITES,
    ),
    _question("timestamp_digits", INT, 3, asks.timestamp_digits),
    _question("error_body", _words("json", "other"), "json", asks.error_body),
    _within(
        *("activation_seconds", NUMBER, f"at most {_LONGEST_ACTIVATION}"),
        *(lambda value: value <= _LONGEST_ACTIVATION, asks.activation_seconds, WRITES),
    ),
    _within(
        *("clock_skew_seconds", NUMBER, f"at most {_MOST_SKEW} either way"),
        *(lambda value: abs(value) <= _MOST_SKEW, asks.clock_skew_seconds),
    ),
    _question("tls_days_left", INT, None, asks.tls_days_left),
    _within("influxctl_version", TEXT, "2.6 to 2.12", _is_tested, asks.influxctl_version, INFLUXCTL),
    _question("influxctl_manages_tokens", BOOL, True, asks.influxctl_manages_tokens, INFLUXCTL),
    _question("influxctl_create_json", BOOL, True, asks.influxctl_create_json, WRITES, INFLUXCTL),
    _question("influxctl_list_json", BOOL, True, asks.influxctl_list_json, INFLUXCTL),
)
BY_ID = {question.id: question for question in QUESTIONS}
