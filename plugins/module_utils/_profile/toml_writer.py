# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes TOML text: values, keys and new `[[profile]]` tables. Pure; knows none of a profile's keys but `parameters`.

tomlkit renders what can't be written as it is. All errors are ProfileErrors.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .._core import errors
from . import toml_data

# Keys and texts that can be written as they are, without tomlkit: nearly all that profiles hold. To load tomlkit takes
# a target longer than all the rest.
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_PLAIN_TEXT = re.compile(r"[ !#-\[\]-~]*")


def new_config(profile: toml_data.Table) -> str:
    """Return the text of a config with one profile. Raises ProfileError where tomlkit is missing."""
    return checked(appended("", profile, "\n"), {"profile": [profile]})


def appended(end: str, table: toml_data.Table, newline: str) -> str:
    """Return a new profile's text, to be added to a document that ends with the text `end`. Raises ProfileError."""
    lines = ["[[profile]]", *_table_lines(table, ("profile",))]
    lead = "" if not end or end.endswith(newline * 2) else newline if end.endswith("\n") else newline * 2
    return lead + newline.join(lines) + newline


def _table_lines(table: Mapping[str, Any], path: toml_data.Path) -> list[str]:
    """Return a table's lines: plain keys first, then the tables in it, each with its header."""
    lines = [f"{render_key(key)} = {render(value)}" for key, value in table.items() if not _is_table(key, value)]
    for key, value in table.items():
        if _is_table(key, value):
            inner = (*path, key)
            body = _table_lines(value, inner)
            has_own = any(not _is_table(k, v) for k, v in value.items())
            lines += ["", f"[{'.'.join(map(render_key, inner))}]"] if has_own else []
            lines += body
    return lines


def _is_table(key: str, value: Any) -> bool:
    """Return whether a value gets a header of its own; influxctl's samples have `parameters` inline."""
    return isinstance(value, dict) and bool(value) and key != "parameters"


def checked(text: str, expected: toml_data.Table) -> str:
    """Return the text if it holds exactly the expected data. Raises ProfileError (code `not_editable`) otherwise."""
    try:
        if toml_data.same(toml_data.load(text), expected):
            return text
    except errors.ProfileError:
        pass
    raise not_editable("it is written in a way that can't be edited safely; edit it by hand")


def not_editable(text: str) -> errors.ProfileError:
    """Return the error for a document that only a person can edit."""
    return errors.ProfileError(text, code="not_editable")


def item_of(value: Any) -> Any:
    """Return the value as a tomlkit item of one line: a table as an inline one, wherever it stands."""
    if isinstance(value, list) and value:
        array = toml_data.tomlkit_library().array()
        for inner in value:
            array.append(item_of(inner))
        return array
    if not isinstance(value, dict):
        return toml_data.tomlkit_library().item(value)
    table = toml_data.tomlkit_library().inline_table()
    for key, inner in value.items():
        table[key] = item_of(inner)
    return table


def render(value: Any) -> str:
    """Return a value as TOML in one line. Raises ProfileError where tomlkit is missing."""
    # First, so that a target without tomlkit fails at every edit, and not only at some values.
    toml_data.check_tomlkit()
    if isinstance(value, str) and _PLAIN_TEXT.fullmatch(value):
        return f'"{value}"'
    if isinstance(value, bool):
        return "true" if value else "false"
    text: str = item_of(value).as_string()
    return text


def render_key(key: str) -> str:
    """Return one key as TOML, quoted where it must be. Raises ProfileError where tomlkit is missing."""
    toml_data.check_tomlkit()
    if _BARE_KEY.fullmatch(key):
        return key
    text: str = toml_data.tomlkit_library().key(key).as_string()
    return text
