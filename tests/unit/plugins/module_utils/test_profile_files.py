# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The shipped library's place among others, and a backup on a full disk."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from ansible_collections.influxops.influxdb3.plugins.module_utils import profile_files
from ansible_collections.influxops.influxdb3.plugins.plugin_utils.shipping import TOMLKIT


def test_the_shipped_library_comes_before_the_targets_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = list(sys.path)
    monkeypatch.setattr(sys, "path", list(before))
    profile_files.unpack_tomlkit(SimpleNamespace(params={"_tomlkit": None}, tmpdir=str(tmp_path)))
    assert sys.path == before
    profile_files.unpack_tomlkit(SimpleNamespace(params={"_tomlkit": TOMLKIT}, tmpdir=str(tmp_path)))
    assert sys.path == [str(tmp_path / "tomlkit.zip"), *before]


def test_a_backup_is_private_and_named_as_ansibles_are(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("a = 1")
    path.chmod(0o644)
    backup = Path(profile_files._backup(SimpleNamespace(preserved_copy=shutil.copy2), str(path)))
    assert (backup.read_text(), stat.S_IMODE(backup.stat().st_mode)) == ("a = 1", 0o600)
    assert backup.name.startswith("config.toml.")
    assert backup.name.endswith("~")


def test_a_full_disk_leaves_no_part_of_a_backup(tmp_path: Path) -> None:
    def fill(source: str, copy: str) -> None:
        Path(copy).write_text("a")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    path = tmp_path / "config.toml"
    path.write_text("a = 1")
    with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
        profile_files._backup(SimpleNamespace(preserved_copy=fill), str(path))
    assert list(tmp_path.iterdir()) == [path]
