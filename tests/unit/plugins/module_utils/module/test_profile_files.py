# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The shipped library's place among others."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace

import pytest

from ansible_collections.influxops.influxdb3.plugins.module_utils._module import profile_files
from ansible_collections.influxops.influxdb3.plugins.module_utils._profile import toml_data, toml_writer
from ansible_collections.influxops.influxdb3.plugins.plugin_utils._action.shipping import TOMLKIT


def offer(shipped: str | None, directory: Path) -> None:
    profile_files.offer_tomlkit(SimpleNamespace(params={"_tomlkit": shipped}, tmpdir=str(directory)))


def test_the_shipped_library_comes_before_the_targets_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = list(sys.path)
    monkeypatch.setattr(sys, "path", list(before))
    offer(None, tmp_path)
    toml_data.tomlkit_library()
    assert sys.path == before
    offer(TOMLKIT, tmp_path)
    toml_data.tomlkit_library()
    toml_data.tomlkit_library()
    assert sys.path == [str(tmp_path / "tomlkit.zip"), *before]


def test_the_shipped_library_is_not_unpacked_for_plain_texts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))
    offer(TOMLKIT, tmp_path)
    profile = {"name": "default", "product": "clustered", "host": "a", "tls": {"insecure": True}}
    text = toml_writer.new_config(profile)
    assert tomllib.loads(text) == {"profile": [profile]}
    assert list(tmp_path.iterdir()) == []
    assert "\\" in toml_writer.new_config({**profile, "host": "a\\"})
    assert [path.name for path in tmp_path.iterdir()] == ["tomlkit.zip"]
