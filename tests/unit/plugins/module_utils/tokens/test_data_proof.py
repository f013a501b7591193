# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is tried with a token, what an answer means, and what a clock that is off changes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ansible_collections.influxops.influxdb3.plugins.module_utils._api.data_plane import Answer
from ansible_collections.influxops.influxdb3.plugins.module_utils._core.errors import OptionError
from ansible_collections.influxops.influxdb3.plugins.module_utils._tokens.data_proof import (
    Probe,
    activation_left,
    doubt,
    probe_of,
    skew,
)

NOW = datetime(2027, 1, 31, 12, tzinfo=UTC)
NAMES = st.sampled_from(["a", "b", "c/d", "*"])
PERMISSIONS = st.lists(st.fixed_dictionaries({"action": st.sampled_from(["read", "write"]), "resource": NAMES}))


@given(PERMISSIONS, st.none() | st.sampled_from(["a", "c/d", "e"]))
@example([{"action": "write", "resource": "a"}, {"action": "read", "resource": "*"}], "a")
@example([{"action": "read", "resource": "*"}], None)
def test_what_is_tried_is_allowed_by_the_permissions(permissions: list[dict[str, str]], database: str | None) -> None:
    allowed = {(one["action"], one["resource"]) for one in permissions}
    named = {resource for _action, resource in allowed if resource != "*"}
    try:
        probe = probe_of(database, permissions)
    except OptionError:
        wanted = {(action, name) for action in ("read", "write") for name in ("*", database)}
        assert not (allowed & wanted if database else named)
        return
    assert probe.database != "*"
    assert database in (None, probe.database)
    assert {(probe.action, probe.database), (probe.action, "*")} & allowed
    if probe.action == "write":
        # A query says more, so it is only left out where there is none.
        readable = {resource for action, resource in allowed if action == "read"}
        assert not (readable & {"*", database} if database else readable - {"*"})


@given(st.integers(100, 599), st.binary(max_size=80) | st.just(b'{"results": []}') | st.just(b'{"message": "x"}'))
@example(204, b"")
@example(200, b'{"results": [{"error": "no"}]}')
@example(400, b"")
def test_only_the_documented_answers_prove_a_token(status: int, body: bytes) -> None:
    answer = Answer(status, {"Location": "http://elsewhere"}, body)
    query, write = doubt(Probe("read", "d"), answer), doubt(Probe("write", "d"), answer)
    assert (query is None) == (status == 200 and body == b'{"results": []}')
    assert (write is None) == (status in (200, 201, 204, 400))
    for problem in filter(None, (query, write)):
        assert problem.failure()["status"] == status
        assert str(problem).endswith((".", "?"))


@given(st.integers(-10_000_000, 10_000_000), st.floats(0, 600))
@example(0, 300.0)
@example(86_400, 300.0)
@example(-86_400, 300.0)
def test_nobody_waits_longer_because_a_clock_is_off(age: int, patience: float) -> None:
    made = (NOW - timedelta(seconds=age)).isoformat().replace("+00:00", "Z")
    left = activation_left({"created_at": made}, NOW, patience)
    assert left == min(patience, max(0.0, patience - age))
    assert 0 <= left <= patience


@pytest.mark.parametrize("created_at", [None, "", "soon"])
def test_an_age_that_is_not_known_is_none(created_at: str | None) -> None:
    assert activation_left({"created_at": created_at}, NOW, 300) == 300


@pytest.mark.parametrize(
    ("off", "words"),
    [
        (timedelta(0), ""),
        (timedelta(minutes=4, seconds=59), ""),
        (timedelta(days=1), "1 day, 0:00:00 ahead of"),
        (-timedelta(hours=2), "2:00:00 behind"),
    ],
)
def test_a_clock_is_compared_with_the_answers(off: timedelta, words: str) -> None:
    assert words in skew(format_datetime(NOW - off, usegmt=True), NOW)
    assert bool(skew(format_datetime(NOW - off, usegmt=True), NOW)) == bool(words)


@pytest.mark.parametrize("date", [None, "", "yesterday", "Sun, 31 Jan 2027 12:00:00 -0000", "Sun, 99 Jan 2027", "9"])
def test_a_date_that_is_none_says_nothing(date: Any) -> None:
    assert skew(date, NOW) == ""
