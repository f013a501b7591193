# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The zipped library: importable where it arrives, the same bytes on every host."""

from __future__ import annotations

import base64
import io
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from ansible_collections.influxops.influxdb3.plugins.action import influxctl_profile, influxctl_profile_info
from ansible_collections.influxops.influxdb3.plugins.plugin_utils._action.shipping import (
    TOMLKIT,
    ShippingAction,
    zipped,
)


def test_missing_package_is_none() -> None:
    assert zipped("no_such_package") is None


def test_only_sources_are_sent() -> None:
    assert TOMLKIT is not None
    with zipfile.ZipFile(io.BytesIO(base64.b64decode(TOMLKIT))) as archive:
        names = archive.namelist()
    assert "tomlkit/__init__.py" in names
    assert all(name.startswith("tomlkit/") and name.endswith(".py") for name in names)
    assert names == sorted(names)


def test_files_without_a_date_are_sent_as_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything on NixOS is dated 1970, and so is what was built with SOURCE_DATE_EPOCH=0."""
    package = tmp_path / "dateless"
    package.mkdir()
    source = package / "__init__.py"
    source.write_text("a = 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    dated = zipped("dateless")
    os.utime(source, (1, 1))
    assert zipped("dateless") == dated
    assert dated is not None


def test_library_works_from_the_zip_alone(tmp_path: Path) -> None:
    assert TOMLKIT is not None
    (tmp_path / "tomlkit.zip").write_bytes(base64.b64decode(TOMLKIT))
    program = "import sys; sys.path.insert(0, sys.argv[1]); import tomlkit as t; print(t.__file__, t.parse('a=1')['a'])"
    done = subprocess.run(
        [sys.executable, "-IS", "-c", program, str(tmp_path / "tomlkit.zip")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == f"{tmp_path}/tomlkit.zip/tomlkit/__init__.py 1\n"


def test_both_profile_modules_have_the_action() -> None:
    for plugin in (influxctl_profile, influxctl_profile_info):
        assert issubclass(plugin.ActionModule, ShippingAction)
        assert plugin.ActionModule._supports_async
        assert plugin.ActionModule._supports_check_mode
