# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a file's attributes are described, on a real file system."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from ansible_collections.influxops.influxdb3.plugins.module_utils._module.file_attributes import describe


def test_file_is_described(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    nothing = {"path": str(path), "exists": False, "owner": None, "group": None, "mode": None}
    assert describe(str(path)) == nothing
    path.write_text("")
    path.chmod(0o640)
    described = describe(str(path))
    assert described["owner"] == pwd.getpwuid(os.geteuid()).pw_name
    assert (described["exists"], described["mode"]) == (True, "0640")


def test_owner_without_an_entry_is_a_number(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a file away")
    os.chown(tmp_path, 54321, 54322)
    described = describe(str(tmp_path))
    assert (described["owner"], described["group"]) == ("54321", "54322")
