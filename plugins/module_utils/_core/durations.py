# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Durations in influxctl's notation and instants in RFC 3339. Pure functions; they know no option and no API."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from functools import lru_cache

INFINITE = "infinite"
# int64 nanoseconds are what the API takes: about 292.5 years (facts.md#durations).
MAX_NANOSECONDS = 2**63 - 1

# A month is 30 days, a year 365 (facts.md#durations). influxctl has neither s nor ns. With them, every period that a
# cluster holds can be shown as a time, and every time that is shown can be stated.
_UNITS = {
    "ns": 1,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
    "d": 86_400_000_000_000,
    "w": 604_800_000_000_000,
    "mo": 2_592_000_000_000_000,
    "y": 31_536_000_000_000_000,
}
# Far more digits than any duration needs, and fewer than Python refuses to convert.
_DIGITS = 40
_NUMBER = rf"\d{{1,{_DIGITS}}}(?:\.\d{{1,{_DIGITS}}})?"
_WHOLE = re.compile(rf"\d{{1,{_DIGITS}}}", re.ASCII)
_TERM = re.compile(rf"({_NUMBER})(mo|ns|[smhdwy])", re.ASCII)
_DURATION = re.compile(rf"(?:{_NUMBER}(?:mo|ns|[smhdwy]))+", re.ASCII)
_INSTANT = re.compile(
    r"(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d{2}):(\d{2}))", re.ASCII
)
HOW_TO_WRITE = "write for instance 30d, 1y, 2.5d, 12h30m or infinite (units s, m, h, d, w, mo, y), or whole nanoseconds"
HOW_TO_WRITE_A_SPAN = "write for instance 14d, 12h or 1y (units s, m, h, d, w, mo, y)"


@lru_cache(maxsize=256, typed=True)  # Thousands of items have a few durations among them.
def parse_duration(value: str | int) -> int:
    """Return the nanoseconds of a duration; 0 is infinite.

    `value` is a whole number of nanoseconds (also as text), `infinite`, or influxctl's notation (facts.md#durations):
    numbers with units, joined without blanks, such as `30d`, `2.5d`, `1y6mo`; and seconds (`s`) and nanoseconds
    (`ns`), which influxctl doesn't have. A duration of nothing, such as `0s`, is infinite.

    Raises ValueError with a sentence that says what is allowed.
    """
    text = str(value)
    if text == INFINITE:
        return 0
    if _WHOLE.fullmatch(text):
        return _within_bounds(int(text), text, HOW_TO_WRITE)
    return _sum_of_terms(text, HOW_TO_WRITE)


@lru_cache(maxsize=256, typed=True)
def parse_span(value: str | int) -> int:
    """Return the nanoseconds of a span of time, such as a token's life or the rest of it; 0 is no time at all.

    As `parse_duration`, but a number needs a unit: people think of a token's life in days, and a number would count
    nanoseconds. Only 0 needs none. `infinite` is no span.

    Raises ValueError with a sentence that says what is allowed; the caller puts the option's name before it.
    """
    text = str(value)
    if text == INFINITE:
        raise ValueError(f"an infinite duration is written by leaving the option out; otherwise {HOW_TO_WRITE_A_SPAN}")
    if not _WHOLE.fullmatch(text):
        return _sum_of_terms(text, HOW_TO_WRITE_A_SPAN)
    if int(text):
        meant = f", {text}d if days are meant" if len(text) < 5 else ""
        raise ValueError(f"{text!r} has no unit{meant}: {HOW_TO_WRITE_A_SPAN}")
    return 0


def _sum_of_terms(text: str, how: str) -> int:
    if not _DURATION.fullmatch(text):
        raise ValueError(f"{text!r} is not a duration: {how}")
    scaled = sum(_scaled(number) * _UNITS[unit] for number, unit in _TERM.findall(text))
    nanoseconds, rest = divmod(scaled, 10**_DIGITS)
    if rest:
        raise ValueError(f"{text!r} is not a whole number of nanoseconds: {how}")
    return _within_bounds(nanoseconds, text, how)


def _scaled(number: str) -> int:
    """Return a decimal number times 10 to the 40th, which is whole."""
    whole, _point, decimals = number.partition(".")
    return int(whole + decimals.ljust(_DIGITS, "0"))


def _within_bounds(nanoseconds: int, text: str, how: str) -> int:
    if nanoseconds > MAX_NANOSECONDS:
        raise ValueError(f"{text!r} is longer than the API can hold (about 292 years): {how}")
    return nanoseconds


def format_duration(nanoseconds: int) -> str:
    """Return the duration as text that `parse_duration` reads back to the same number.

    Up to days, as influxctl prints (facts.md#durations): `infinite`, `30d`, `1d12h`, `90m` as `1h30m`, and down
    to nanoseconds, so that 2592000000000 shows as the `43m12s` that it is.
    """
    if nanoseconds == 0:
        return INFINITE
    parts, rest = [], nanoseconds
    for unit in ("d", "h", "m", "s", "ns"):
        count, rest = divmod(rest, _UNITS[unit])
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts)


def parse_instant(text: str) -> datetime:
    """Return the UTC datetime of an RFC 3339 instant such as `2027-01-31T12:00:00Z`.

    Any offset and up to nine digits of a second are read; beyond microseconds they are cut off. Raises ValueError.
    """
    found = _INSTANT.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r} is not an RFC 3339 time; write for instance 2027-01-31T12:00:00Z")
    day, time, fraction, sign, hours, minutes = found.groups()
    try:
        # Python 3.9 takes neither Z nor any number of digits, 3.14 takes 24:00, and some take 60 minutes of an offset.
        if time >= "24" or (sign and (hours >= "24" or minutes >= "60")):
            raise ValueError("hours")
        instant = datetime.fromisoformat(f"{day}T{time}.{(fraction or '')[:6].ljust(6, '0')}+00:00")
        if sign:
            offset = timedelta(hours=int(hours), minutes=int(minutes))
            return instant + offset if sign == "-" else instant - offset
        return instant
    except (ValueError, OverflowError):
        raise ValueError(f"{text!r} is not a time of the calendar; write for instance 2027-01-31T12:00:00Z") from None


def format_instant(instant: datetime) -> str:
    """Return the instant as RFC 3339 in UTC, without a fraction when it is a whole second."""
    text = instant.astimezone(timezone.utc).replace(tzinfo=None).isoformat()
    return f"{text}Z"


def same_instant(one: datetime | None, other: datetime | None) -> bool:
    """Return whether two instants are the same to the second (servers may drop fractions); None is 'never'."""
    if one is None or other is None:
        return one is other
    return abs(one - other) < timedelta(seconds=1)


def after(instant: datetime, nanoseconds: int) -> datetime:
    """Return the instant that lies a duration later, in whole seconds.

    Raises ValueError where the calendar ends.
    """
    try:
        return instant.replace(microsecond=0) + timedelta(seconds=nanoseconds // 1_000_000_000)
    except OverflowError:
        raise ValueError("the time lies after the year 9999") from None
