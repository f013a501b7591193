# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The questions of a probe: for each its ID, what answers it may have, which one is expected, and what it needs.

How each is asked is in asks.py. Pure, so that the controller can show a report.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Union

from .._core.stated import DEDICATED

WRITES, INFLUXCTL = "writes", "influxctl"
SCHEMA = 1
# Seconds. Where clocks differ more, tokens end at another time than planned; data_proof.py warns from the same on.
_MOST_SKEW = 300
# Seconds. The documents say "seconds to minutes" (facts.md#activation).
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
        expected: the answer that is documented, or assumed where the documents are silent, in words (for Clustered).
        is_expected: whether an answer is that one, for a product.
        needs: WRITES, INFLUXCTL, both or nothing.
    """

    id: str
    kind: Kind
    expected: str
    is_expected: Test
    needs: frozenset[str]


Expected = Union[str, int, bool, None]


def _question(id: str, kind: Kind, expected: Expected, *needs: str) -> Question:
    """Return a question with one expected answer; None expects none."""
    text = "any" if expected is None else str(expected).lower() if isinstance(expected, bool) else str(expected)
    return Question(id, kind, text, lambda value, _product: expected is None or value == expected, frozenset(needs))


def _within(id: str, kind: Kind, text: str, test: Callable[[Any], bool], *needs: str) -> Question:
    """Return a question whose expected answers lie within bounds."""
    return Question(id, kind, text, lambda value, _product: test(value), frozenset(needs))


def _is_tested(version: Any) -> bool:
    """Return whether a version of influxctl is one that the tests imitate (facts.md#versions-of-influxctl)."""
    numbers = tuple(int(part) for part in str(version).split(".") if part.isdigit())
    return (2, 6) <= numbers[:2] <= (2, 12)


QUESTIONS: tuple[Question, ...] = (
    Question(
        "url_form",
        _words("short", "long", "both"),
        "both",
        lambda value, product: value == ("long" if product == DEDICATED else "both"),
        frozenset(),
    ),
    _question("duplicate_status", Kind("400 or 409", lambda value: value in (400, 409)), 409, WRITES),
    _question("default_max_tables", INT, 500, WRITES),
    _question("default_max_columns", INT, 250, WRITES),
    _question("revoked_listed", BOOL, True),
    _question("revoked_get", STATUS, 200),
    _question("revoked_patch", STATUS, 409, WRITES),
    _question("revoked_delete", STATUS, 204, WRITES),
    _question("undelete_with_namesake", STATUS, 400, WRITES),
    _question("short_retention", ACCEPTED, "accepted", WRITES),
    _question("buckets_over_1000", ACCEPTED, "accepted", WRITES),
    _question("unknown_fields", ACCEPTED, "refused", WRITES),
    _question("empty_template", ACCEPTED, "refused", WRITES),
    _question("empty_patch", ACCEPTED, "refused", WRITES),
    _question("past_expiry", ACCEPTED, "refused", WRITES),
    _question("encoded_slash", _words("works", "fails"), "works", WRITES),
    _question("rename_database", BOOL, True, WRITES),
    _question("undelete_database", BOOL, True, WRITES),
    _question("create_table", BOOL, True, WRITES),
    _question("delete_table", BOOL, True, WRITES),
    _question("rename_table", BOOL, True, WRITES),
    _question("undelete_table", BOOL, True, WRITES),
    _question("patch_echoes_template", BOOL, False, WRITES),
    _question("permissions_echo", _words("plain", "sorted", "reversed", "deduplicated"), "plain", WRITES),
    _question("timestamp_digits", INT, 3),
    _question("error_body", _words("json", "other"), "json"),
    _within("activation_seconds", NUMBER, "at most 300", lambda value: value <= _LONGEST_ACTIVATION, WRITES),
    _within("clock_skew_seconds", NUMBER, "at most 300", lambda value: abs(value) <= _MOST_SKEW),
    _question("tls_days_left", INT, None),
    _within("influxctl_version", TEXT, "2.6 to 2.12", _is_tested, INFLUXCTL),
    _question("influxctl_manages_tokens", BOOL, True, INFLUXCTL),
    _question("influxctl_create_json", BOOL, True, WRITES, INFLUXCTL),
    _question("influxctl_list_json", BOOL, True, INFLUXCTL),
)
BY_ID = {question.id: question for question in QUESTIONS}
