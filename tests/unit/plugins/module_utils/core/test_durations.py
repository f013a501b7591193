# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Durations and instants: what is read, what is written, and that both agree."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.influxops.influxdb3.plugins.module_utils._core.durations import (
    HOW_TO_WRITE,
    HOW_TO_WRITE_A_SPAN,
    MAX_NANOSECONDS,
    after,
    format_duration,
    format_instant,
    parse_duration,
    parse_instant,
    parse_span,
    same_instant,
)

SECOND = 1_000_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
# The notation's units (facts.md#durations) and ours, written out once more so that a slip in the code shows.
UNITS = {"ns": 1, "s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY, "w": 7 * DAY, "mo": 30 * DAY, "y": 365 * DAY}

whole_minutes = st.integers(0, MAX_NANOSECONDS // MINUTE).map(lambda minutes: minutes * MINUTE)
nanoseconds = st.integers(0, MAX_NANOSECONDS) | whole_minutes
offsets = st.integers(-23 * 60 - 59, 23 * 60 + 59).map(lambda minutes: timezone(timedelta(minutes=minutes)))
# Two days from either end of the calendar, where no offset leads out of it.
instants = st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29), timezones=st.just(UTC))


@given(nanoseconds)
def test_duration_survives_the_round_trip(number: int) -> None:
    assert parse_duration(format_duration(number)) == number


@given(nanoseconds)
def test_whole_number_is_nanoseconds(number: int) -> None:
    assert parse_duration(number) == parse_duration(str(number)) == number


@given(st.lists(st.tuples(st.integers(0, 40), st.sampled_from(sorted(UNITS))), min_size=1, max_size=4))
def test_terms_add_up(terms: list[tuple[int, str]]) -> None:
    text = "".join(f"{count}{unit}" for count, unit in terms)
    assert parse_duration(text) == sum(count * UNITS[unit] for count, unit in terms)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0d", 0),
        ("0s", 0),
        ("43m12s", 2_592_000_000_000),
        ("1h0s", HOUR),
        ("1.5s1ns", 1_500_000_001),
        ("infinite", 0),
        ("3d", 3 * DAY),
        ("6w", 42 * DAY),
        ("1mo", 30 * DAY),
        ("1m", MINUTE),
        ("1mo1m", 30 * DAY + MINUTE),
        ("1y", 365 * DAY),
        ("30d30d", 60 * DAY),
        ("2.5d", 60 * HOUR),
        ("0.1d", DAY // 10),
        ("9223372036854775807", MAX_NANOSECONDS),
    ],
)
def test_documented_durations(text: str, expected: int) -> None:
    assert parse_duration(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "-1d",
        "1 d",
        "1d ",
        "d",
        "0.s",
        "30ms",
        "1n",
        "0.5ns",
        ".5d",
        "5.d",
        "1D",
        "Infinite",
        "1e3d",
        "\u0663d",
        "\u0663",
        "1.5",
        "1d\n",
        "0.0000000000000001d",
        "293y",
        str(MAX_NANOSECONDS + 1),
        "9" * 5000,
        "9" * 5000 + "d",
    ],
)
def test_wrong_durations_say_what_is_allowed(text: str) -> None:
    with pytest.raises(ValueError, match=re.escape(HOW_TO_WRITE)):
        parse_duration(text)


@given(st.text(alphabet="0123456789.mohdwys infinte-+", max_size=12))
def test_any_text_is_a_duration_within_bounds_or_refused(text: str) -> None:
    problem = ""
    number: int | None
    try:
        number = parse_duration(text)
    except ValueError as error:
        number, problem = None, str(error)
    if number is None:
        assert HOW_TO_WRITE in problem
    else:
        assert 0 <= number <= MAX_NANOSECONDS


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("14", "'14' has no unit, 14d if days are meant"),
        (90, "'90' has no unit, 90d if days are meant"),
        ("7776000000000000", "'7776000000000000' has no unit: "),
        ("9" * 41, "is not a duration"),
        ("infinite", "leaving the option out"),
        ("14 d", "is not a duration"),
        ("-1", "is not a duration"),
        ("", "is not a duration"),
        ("293y", "292 years"),
    ],
)
def test_a_span_needs_a_unit(value: str | int, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)) as raised:
        parse_span(value)
    assert HOW_TO_WRITE_A_SPAN in str(raised.value)


@given(st.integers(1, MAX_NANOSECONDS))
def test_a_span_is_a_duration_but_never_a_bare_number(number: int) -> None:
    assert parse_span(format_duration(number)) == number
    with pytest.raises(ValueError, match="has no unit"):
        parse_span(number)


@pytest.mark.parametrize("nothing", [0, "0", "000", "0d", "0s"])
def test_no_time_at_all_needs_no_unit(nothing: str | int) -> None:
    assert parse_span(nothing) == 0


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "infinite"),
        (30 * DAY, "30d"),
        (36 * HOUR, "1d12h"),
        (90 * MINUTE, "1h30m"),
        (365 * DAY, "365d"),
        (MINUTE, "1m"),
        (DAY + MINUTE, "1d1m"),
        (2_592_000_000_000, "43m12s"),
        (1, "1ns"),
        (90, "90ns"),
        (MINUTE + 1, "1m1ns"),
        (SECOND + 1, "1s1ns"),
    ],
)
def test_durations_are_shown_up_to_days(number: int, text: str) -> None:
    assert format_duration(number) == text


@given(instants)
def test_instant_survives_the_round_trip(instant: datetime) -> None:
    assert parse_instant(format_instant(instant)) == instant


@given(instants, offsets)
def test_offset_does_not_change_the_instant(instant: datetime, offset: timezone) -> None:
    text = instant.astimezone(offset).isoformat()
    parsed = parse_instant(text)
    assert parsed == instant
    assert parsed.utcoffset() == timedelta(0)
    assert format_instant(instant.astimezone(offset)) == format_instant(instant)


@given(instants, instants, offsets, offsets)
def test_instants_compare_across_offsets(one: datetime, other: datetime, east: timezone, west: timezone) -> None:
    left, right = (parse_instant(t.astimezone(o).isoformat()) for t, o in ((one, east), (other, west)))
    assert (left < right) == (one < other)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2027-01-31T12:00:00Z", "2027-01-31T12:00:00Z"),
        ("2027-01-31t12:00:00z", "2027-01-31T12:00:00Z"),
        ("2027-01-31 12:00:00.000Z", "2027-01-31T12:00:00Z"),
        ("2027-01-31T12:00:00.5Z", "2027-01-31T12:00:00.500000Z"),
        ("2027-01-31T12:00:00.123456789Z", "2027-01-31T12:00:00.123456Z"),
        ("2027-01-31T12:00:00+02:30", "2027-01-31T09:30:00Z"),
        ("2027-01-31T12:00:00-02:30", "2027-01-31T14:30:00Z"),
        ("2027-12-31T23:00:00-01:00", "2028-01-01T00:00:00Z"),
    ],
)
def test_instants_are_read_and_shown_in_utc(text: str, expected: str) -> None:
    assert format_instant(parse_instant(text)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2027-01-31",
        "2027-01-31T12:00:00",
        "2027-01-31T12:00Z",
        "2027-01-31T12:00:00Z ",
        "27-01-31T12:00:00Z",
        "2027-02-30T12:00:00Z",
        "2027-01-31T24:00:00Z",
        "2027-01-31T12:60:00Z",
        "2027-01-31T12:00:60Z",
        "2027-01-31T12:00:00+24:00",
        "2027-01-31T12:00:00+01:60",
        "2027-01-31T12:00:00.1234567890Z",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
        "0000-01-01T00:00:00Z",
    ],
)
def test_wrong_instants_show_a_right_one(text: str) -> None:
    with pytest.raises(ValueError, match=re.escape("write for instance 2027-01-31T12:00:00Z")):
        parse_instant(text)


@given(instants, st.integers(-3_000_000, 3_000_000))
def test_same_instant_means_less_than_a_second_apart(instant: datetime, microseconds: int) -> None:
    other = instant + timedelta(microseconds=microseconds)
    assert same_instant(instant, other) == (abs(microseconds) < 1_000_000)


@pytest.mark.parametrize(("microseconds", "same"), [(999_999, True), (1_000_000, False), (-1_000_000, False)])
def test_one_second_is_no_longer_the_same_instant(microseconds: int, same: bool) -> None:
    instant = datetime(2027, 1, 31, tzinfo=UTC)
    assert same_instant(instant, instant + timedelta(microseconds=microseconds)) == same


def test_never_is_the_same_as_never_only() -> None:
    instant = datetime(2027, 1, 31, tzinfo=UTC)
    assert same_instant(None, None)
    assert not same_instant(instant, None)
    assert not same_instant(None, instant)


def test_after_counts_whole_seconds() -> None:
    instant = datetime(2027, 1, 31, 12, 0, 0, 999_999, tzinfo=UTC)
    assert after(instant, 90 * MINUTE + 1) == datetime(2027, 1, 31, 13, 30, tzinfo=UTC)
    assert after(instant, -DAY) == datetime(2027, 1, 30, 12, tzinfo=UTC)


def test_after_ends_with_the_calendar() -> None:
    with pytest.raises(ValueError, match="9999"):
        after(datetime(9999, 12, 31, tzinfo=UTC), DAY)
