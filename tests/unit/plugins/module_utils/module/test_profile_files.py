# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The shipped library's place among others."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from ansible_collections.influxops.influxdb3.plugins.module_utils._module import profile_files
from ansible_collections.influxops.influxdb3.plugins.plugin_utils.shipping import TOMLKIT


def test_the_shipped_library_comes_before_the_targets_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = list(sys.path)
    monkeypatch.setattr(sys, "path", list(before))
    profile_files.unpack_tomlkit(SimpleNamespace(params={"_tomlkit": None}, tmpdir=str(tmp_path)))
    assert sys.path == before
    profile_files.unpack_tomlkit(SimpleNamespace(params={"_tomlkit": TOMLKIT}, tmpdir=str(tmp_path)))
    assert sys.path == [str(tmp_path / "tomlkit.zip"), *before]
