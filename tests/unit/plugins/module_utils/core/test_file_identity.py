# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A file's identity is the same by every name for it, and another one for every other file."""

from __future__ import annotations

import platform
from pathlib import Path

import pytest

from ansible_collections.influxops.influxdb3.plugins.module_utils._core import file_identity as file_identity_module
from ansible_collections.influxops.influxdb3.plugins.module_utils._core.file_identity import file_identity


def test_another_way_to_the_directory_is_the_same_place(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (tmp_path / "alias").symlink_to(home)
    wanted = ".config/influxctl/config.toml"
    assert file_identity(str(home / wanted)) == file_identity(str(tmp_path / "alias" / wanted))


@pytest.mark.parametrize("other", ["home/.config/influxctl/other.toml", "other/.config/influxctl/config.toml"])
def test_another_file_is_another_place(tmp_path: Path, other: str) -> None:
    for name in ("home", "other"):
        (tmp_path / name).mkdir()
    assert file_identity(str(tmp_path / "home/.config/influxctl/config.toml")) != file_identity(str(tmp_path / other))


def test_the_place_stays_when_the_file_is_replaced(tmp_path: Path) -> None:
    before = file_identity(str(tmp_path / "config.toml"))
    (tmp_path / "config.toml").write_text("")
    assert file_identity(str(tmp_path / "config.toml")) == before


def test_without_a_boot_id_the_machines_name_stands_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_identity_module, "BOOT_ID", str(tmp_path / "missing"))
    assert file_identity(str(tmp_path / "config.toml")).startswith(f"{platform.node()}:")
