# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Turns a reply of the server, or an output of influxctl, into an answer. Pure: sends nothing, knows no object's name.

The evidence of an answer is made of the sentences of this collection, statuses, numbers and words of closed lists, and
never of a text that a server or a program has written. So a report can be published.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from .._api.endpoints import NO_ROUTE
from .._core import printing
from .._core.token_values import can_be_secret

# The statuses that answer no question: none at all, or those of a server that is busy (facts.md#error-form).
_UNSETTLED = (None, 429, 502, 503, 504)
_REFUSED = (400, 422)
FORBIDDEN = (401, 403)
_FRACTION = re.compile(r"T\d\d:\d\d:\d\d(?:\.(\d+))?")
_JSON_BEGINS = re.compile(r"^[^\S\n]*(?=[\[{\"])", re.MULTILINE)
_MOST_BEGINNINGS = 100
Permissions = Sequence[Mapping[str, Any]]


class Reply(NamedTuple):
    """An answer of the Management API.

    `status` is None where no whole answer came. `body` is the JSON of a success. `own` says that an error has the
    documented form (facts.md#error-form); `message` is its text, which is only compared and never shown.
    """

    status: int | None
    body: Any = None
    own: bool = False
    message: str = ""

    @property
    def is_success(self) -> bool:
        """Whether the status is one of success."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def outcome(self) -> str:
        """The answer as the end of a sentence: `was answered 404`."""
        return "got no whole answer" if self.status is None else f"was answered {self.status}"


class Answer(NamedTuple):
    """The answer to a question (None for an open one), and a sentence: its evidence, or why the question is open."""

    value: Any
    evidence: str


def unanswered(why: str) -> Answer:
    """Return the answer of a question that stays open, with the sentence that says why."""
    return Answer(None, why)


def accepted_or_refused(what: str, reply: Reply) -> Answer:
    """Return whether the server takes a request: `accepted` or `refused`. `what` names the request in a sentence."""
    if reply.is_success or reply.status in _REFUSED:
        return Answer("accepted" if reply.is_success else "refused", f"{what} {reply.outcome}.")
    return unanswered(f"{what} {reply.outcome}, which tells neither.")


def works(what: str, reply: Reply) -> Answer:
    """Return whether the server has an operation. The request was about an object that was there."""
    if reply.is_success or reply.status in NO_ROUTE:
        return Answer(reply.is_success, f"{what} {reply.outcome}.")
    return unanswered(f"{what} {reply.outcome}, which doesn't tell whether the server can do it.")


def is_unknown_path(reply: Reply, unknown: Reply, own_errors: Any) -> bool:
    """Return whether a reply is that for a path that the server doesn't have; `unknown` is a reply for such a path.

    `own_errors` says whether the API's errors have the documented form. Where neither they nor this reply have it, the
    answer is no, because an ingress in front of the API may have given the reply.
    """
    if reply.status not in NO_ROUTE or not (reply.own or own_errors):
        return False
    return (reply.status, reply.own, reply.message) == (unknown.status, unknown.own, unknown.message)


def status_of(what: str, reply: Reply) -> Answer:
    """Return the status of the reply."""
    if reply.status in _UNSETTLED:
        return unanswered(f"{what} {reply.outcome}, which tells nothing.")
    return Answer(reply.status, f"{what} {reply.outcome}.")


def duplicate_status(what: str, reply: Reply) -> Answer:
    """Return the status with which a server refuses to make what exists (facts.md#already-exists)."""
    if reply.status in (400, 409):
        return Answer(reply.status, f"{what} {reply.outcome}.")
    return unanswered(f"{what} {reply.outcome}, which is neither 400 nor 409.")


def number_in(what: str, reply: Reply, key: str) -> Answer:
    """Return the number that the body of a success has under a key."""
    value = reply.body.get(key) if isinstance(reply.body, dict) else None
    if not reply.is_success or not isinstance(value, int) or isinstance(value, bool):
        return unanswered(f"{what} {reply.outcome}, without a number {key}.")
    return Answer(value, f"{what} without {key} shows {key} {value}.")


def echo(sent: Permissions, reply: Reply) -> Answer:
    """Return how permissions come back: `plain`, `sorted`, `reversed` or `deduplicated` (facts.md#permissions).

    `sent` must have a duplicate, and an order that is neither sorted nor the reverse of that.
    """
    what = "A token that was made with its permissions out of order and one of them twice"
    found = reply.body.get("permissions") if isinstance(reply.body, dict) else None
    if not reply.is_success or not isinstance(found, list):
        return unanswered(f"{what} {reply.outcome}, without a list of permissions.")
    pairs, seen = _pairs(sent), _pairs(found)
    once = list(dict.fromkeys(pairs))
    for word, forms in (
        ("plain", [pairs]),
        ("reversed", [pairs[::-1], once[::-1]]),
        ("deduplicated", [once]),
        ("sorted", [order for some in (pairs, once) for order in (sorted(some), sorted(some, key=_by_resource))]),
    ):
        if seen in forms:
            kept = "with the duplicate" if len(seen) == len(pairs) else "without the duplicate"
            return Answer(word, f"{what} shows them {'as sent' if word == 'plain' else word}, {kept}.")
    return unanswered(f"{what} shows them in no order that is looked for.")


def _pairs(permissions: Permissions) -> list[tuple[str, str]]:
    return [
        (str(one.get("action")), str(one.get("resource"))) if isinstance(one, dict) else ("", "") for one in permissions
    ]


def _by_resource(pair: tuple[str, str]) -> tuple[str, str]:
    return pair[1], pair[0]


def fraction_digits(texts: Sequence[Any]) -> Answer:
    """Return the most digits that the fraction of a timestamp has, because zeros at the end may be left out.

    The fact: facts.md#unknown-points-of-bodies.
    """
    found = [_FRACTION.search(text) for text in texts if isinstance(text, str)]
    digits = [len(one[1] or "") for one in found if one]
    if not digits:
        return unanswered("No timestamp was seen: without writes, a database token must be there.")
    return Answer(
        max(digits), f"The longest fraction of a second in {len(digits)} timestamps has {max(digits)} digits."
    )


def encoded_slash(decoded: Reply, missing: Reply, slash: Reply) -> Answer:
    """Return whether a name with %2F reaches the API (facts.md#encoded-slash).

    `decoded` answers a path that is a right one only if somebody decodes its %2F. `missing` is about a name that
    isn't there, `slash` about such a name with %2F in it.
    """
    if decoded.is_success:
        return Answer("fails", "A path that is right only with its %2F decoded was found, so %2F is a slash there.")
    settled = [reply for reply in (missing, slash) if reply.status not in (*_UNSETTLED, *FORBIDDEN, 500)]
    if len(settled) < 2:
        return unanswered(f"A name with %2F that isn't there {slash.outcome}, one without {missing.outcome}.")
    same = (slash.status, slash.own) == (missing.status, missing.own)
    how = "like" if same else "unlike"
    return Answer(
        "works" if same else "fails",
        f"A name with %2F that isn't there was answered {slash.status}, {how} one without it ({missing.status}).",
    )


def skew(server_time: datetime | None, at: datetime) -> Answer:
    """Return by how many seconds the server's clock is ahead of this machine's; negative where it is behind."""
    if server_time is None:
        return unanswered("The answer has no header Date.")
    # The header has whole seconds, cut off: on average half a second is missing.
    seconds = round((server_time - at).total_seconds() + 0.5)
    return Answer(seconds, f"The header Date is {abs(seconds)} s {'behind' if seconds < 0 else 'ahead of'} this clock.")


def days_left(ends: datetime | None, at: datetime, why_not: str) -> Answer:
    """Return the whole days until the end of the server's certificate."""
    if ends is None:
        return unanswered(why_not)
    days = int((ends - at).total_seconds() // 86_400)
    return Answer(days, f"The server's certificate ends in {days} days.")


def holds_secret(stdout: str, prefix: str) -> str | None:
    """Return how a program's output holds a secret with this prefix in JSON: `an object`, `a list`, `a text`, or None.

    Noise in lines before the JSON is skipped.
    """
    for value in _json_values(stdout):
        if any(text.startswith(prefix) and text != prefix and can_be_secret(text) for text in printing.texts_in(value)):
            return "an object" if isinstance(value, dict) else "a list" if isinstance(value, list) else "a text"
    return None


def _json_values(text: str) -> Iterator[Any]:
    decoder = json.JSONDecoder()
    for number, start in enumerate(_JSON_BEGINS.finditer(text)):
        if number == _MOST_BEGINNINGS:
            return
        try:
            yield decoder.raw_decode(text, start.end())[0]
        except (ValueError, RecursionError):
            continue
