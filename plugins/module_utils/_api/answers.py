# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The limits of an answer: its length, its size when unpacked, and strict JSON. Pure; knows no HTTP library."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable
from typing import Any, NoReturn

# Bytes of an answer, unpacked. A list of 50,000 tokens has some 20 MB.
LARGEST = 32 * 2**20
# Bytes of an error's answer that are read: it is a message, or the page of an ingress.
LARGEST_ERROR = 64 * 2**10
# Values in an answer: a list of nothing but empty lists takes 30 times as much memory as its text.
_MOST_VALUES = 3_000_000
# Digits of a number: int64 has 19, and some versions of Python take minutes for millions.
_MOST_DIGITS = 40


class TooMuch(ValueError):
    """An answer is longer than any that the API has."""


def read_whole(chunks: Iterable[bytes], coding: str, largest: int) -> tuple[bytes, bool]:
    """Return the bytes of an answer, unpacked, at most `largest`, and whether these are all bytes.

    `coding` is its Content-Encoding. The request forbids packing, but some proxies pack all the same. Raises ValueError
    for any coding but gzip and deflate, and for bytes that aren't packed as the coding says.
    """
    unpack = None
    if coding.strip().lower() in ("gzip", "x-gzip", "deflate"):
        unpack = zlib.decompressobj(zlib.MAX_WBITS | 32)
    elif coding.strip().lower() not in ("", "identity"):
        raise ValueError("the answer is packed in a way that was not asked for")
    whole = bytearray()
    for chunk in chunks:
        try:
            whole += unpack.decompress(chunk, largest + 1 - len(whole)) if unpack else chunk
        except zlib.error:
            raise ValueError("the answer is not packed as it says") from None
        if len(whole) > largest:
            return bytes(whole[:largest]), False
    return bytes(whole), True


def parse_json(raw: bytes) -> Any:
    """Return the value of strict JSON in UTF-8.

    Raises ValueError for all else: NaN and Infinity, a key that stands twice in an object, numbers of endless digits,
    deeper nesting than Python can follow, and TooMuch for more values than any answer has.
    """
    text = raw.decode("utf-8")
    if len(text) > _MOST_VALUES and text.count(",") + text.count("[") + text.count("{") > _MOST_VALUES:
        raise TooMuch("the answer holds too many values")
    try:
        return json.loads(text, object_pairs_hook=_object, parse_constant=_constant, parse_int=_number)
    except RecursionError:
        raise ValueError("the answer is nested too deep") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in an object")
    return found


def _constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _number(digits: str) -> int:
    if len(digits) > _MOST_DIGITS:
        raise ValueError("a number has too many digits")
    return int(digits)
