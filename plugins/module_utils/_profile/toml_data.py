# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""TOML as plain data: read from text, compared, looked into and put together. Pure; knows no key.

Documents are read by the standard library's tomllib, before Python 3.11 by tomlkit.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Mapping
from typing import Any, Callable

from .._core import errors
from .._core.libraries import unusable

try:
    import tomllib
except ImportError:  # Before Python 3.11. It is read much faster than tomlkit is loaded, and most runs only read.
    tomllib = None  # type: ignore[assignment]

Path = tuple[str, ...]
Table = dict[str, Any]
# How both libraries say where an error is.
_AT_LINE = re.compile(r"at line \d+")
# The oldest that the tests run with. Before 0.11 a document has no `unwrap`.
_OLDEST_TOMLKIT = "0.11.6"


_offered: list[Callable[[], str]] = []


def offer_tomlkit(unpack: Callable[[], str]) -> None:
    """Have tomlkit imported from the archive whose path `unpack` returns, when it is first needed."""
    _offered[:] = [unpack]


def check_tomlkit() -> None:
    """Raise ProfileError where tomlkit can't be imported. A tomlkit that is offered counts, and isn't loaded yet."""
    if not _offered:
        tomlkit_library()


def tomlkit_library() -> Any:
    """Return the module tomlkit. To load it takes a target longer than all the rest of most runs.

    Raises ProfileError where there is none, where it is too old, or where it can't be loaded.
    """
    while _offered:
        sys.path.insert(0, _offered.pop()())
    try:
        import tomlkit
        import tomlkit.exceptions
    except Exception as error:  # a broken installation raises anything
        raise errors.ProfileError(
            f"{unusable('tomlkit', error)} Install it on the controller (pip install tomlkit in the environment of"
            " ansible-core), from where it is sent along, or for that interpreter.",
            code="missing_library",
        ) from None
    found = getattr(tomlkit, "__version__", "0")
    if _numbers(found) < _numbers(_OLDEST_TOMLKIT):
        raise errors.ProfileError(
            f"The Python library tomlkit is too old: {found}, and {_OLDEST_TOMLKIT} is the oldest that will do. Install"
            " a newer one on the controller (pip install --upgrade tomlkit in the environment of ansible-core), from"
            " where it is sent along, or where this module runs.",
            code="missing_library",
        )
    return tomlkit


def _numbers(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", version)]


def _parse(text: str) -> dict[str, Any]:
    """Return the document as plain data. Raises ValueError and RecursionError."""
    if tomllib is not None:
        return tomllib.loads(text)
    tomlkit = tomlkit_library()
    try:
        data: dict[str, Any] = tomlkit.parse(text).unwrap()
    except tomlkit.exceptions.TOMLKitError as error:
        raise ValueError(str(error)) from None
    return data


def load(text: str) -> dict[str, Any]:
    """Return the document as plain data. Raises ProfileError when it isn't valid TOML."""
    if text.startswith("\ufeff"):
        raise errors.ProfileError(
            "it begins with a byte order mark (BOM), which TOML doesn't have; save it as UTF-8 without one",
            code="invalid_toml",
        )
    try:
        return _parse(text)
    except (ValueError, RecursionError) as error:
        line = _AT_LINE.search(str(error))
        raise errors.ProfileError(f"it is not valid TOML{f' {line[0]}' if line else ''}", code="invalid_toml") from None


def same(one: Any, other: Any) -> bool:
    """Return whether two values are the same in TOML: 1, 1.0 and true differ, and nan equals nan."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(value, other[key]) for key, value in one.items())
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other or (isinstance(one, float) and math.isnan(one) and math.isnan(other)))


def get(table: Mapping[str, Any], path: Path) -> Any:
    """Return the value at a path in nested tables, None when it isn't there."""
    value: Any = table
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def merged(current: Mapping[str, Any], wanted: Mapping[str, Any]) -> Table:
    """Return `wanted` over `current`, tables merged key by key."""
    result = dict(current)
    for key, value in wanted.items():
        old = result.get(key)
        result[key] = merged(old if isinstance(old, dict) else {}, value) if isinstance(value, dict) else value
    return result


def nested(path: Path, value: Any) -> Table:
    """Return tables within tables that hold one value, at a path."""
    for key in reversed(path):
        value = {key: value}
    result: Table = value
    return result


def without(table: Table, path: Path) -> Table:
    """Return the table without the value at a path, and without the tables that this leaves empty."""
    kept = dict(table)
    if len(path) == 1:
        kept.pop(path[0], None)
    elif isinstance(kept.get(path[0]), dict):
        inner = without(kept[path[0]], path[1:])
        if inner:
            kept[path[0]] = inner
        else:
            del kept[path[0]]
    return kept


def leaves(table: Mapping[str, Any], prefix: Path = ()) -> dict[Path, Any]:
    """Return the values of nested tables by their paths. An empty table counts as a value."""
    found: dict[Path, Any] = {}
    for key, value in table.items():
        if isinstance(value, dict) and value:
            found.update(leaves(value, (*prefix, key)))
        else:
            found[(*prefix, key)] = value
    return found
