# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes changed profiles into the text of an influxctl `config.toml`. Pure: text in, text out.

The edited text is read back and compared with what was intended.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from . import toml_data
from .profile_reader import Profile
from .toml_editor import Block, Editor
from .toml_writer import checked


def rewrite(
    text: str, document: toml_data.Table, changes: Iterable[tuple[int | None, Profile | None]]
) -> tuple[str, toml_data.Table]:
    """Return the text with profiles changed, and the data that it holds then.

    `document` is the text's data. Each of `changes` is a profile's number (from 0; None for a new one) and the new
    profile (None for one that is removed). Raises ProfileError, also where the edited text holds other data than
    expected, or where tomlkit is missing.
    """
    editor = Editor(text)
    profiles = list(document.get("profile", []))
    gone: list[int] = []
    new: list[Profile] = []
    for number, after in changes:
        if number is None and after is not None:
            new.append(after)
        elif number is not None and after is None:
            gone.append(number)
        elif number is not None and after is not None:
            _change(editor.block(number), toml_data.leaves(profiles[number]), toml_data.leaves(after))
            profiles[number] = after
    for number in sorted(gone, reverse=True):
        editor.remove(number)
        del profiles[number]
    editor.append(new)
    profiles += new
    expected = {key: value for key, value in document.items() if key != "profile"}
    if profiles:
        expected["profile"] = profiles
    return checked(editor.text(), expected), expected


def _change(block: Block, current: Mapping[toml_data.Path, Any], target: Mapping[toml_data.Path, Any]) -> None:
    for path in current:
        if path not in target:
            block.remove(path)
    for path, value in target.items():
        if path not in current or not toml_data.same(current[path], value):
            block.set(path, value)
