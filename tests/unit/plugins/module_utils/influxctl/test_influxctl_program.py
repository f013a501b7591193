# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where influxctl is looked for, whatever the PATH is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.influxops.influxdb3.plugins.module_utils._influxctl import program as influxctl_program
from ansible_collections.influxops.influxdb3.plugins.module_utils._influxctl.program import (
    DIRECTORIES,
    find_influxctl,
    search_path,
)


@given(st.none() | st.lists(st.sampled_from(["", ".", "bin", "/opt/bin", "/usr/bin", "/usr/local/bin", "/x y"])))
def test_the_path_comes_first_the_usual_directories_are_always_there_and_none_is_relative(
    path: list[str] | None,
) -> None:
    found = search_path(None if path is None else os.pathsep.join(path)).split(os.pathsep)
    assert set(DIRECTORIES) <= set(found)
    assert all(map(os.path.isabs, found))
    assert len(found) == len(set(found))
    given_ones = [one for one in dict.fromkeys(path or []) if os.path.isabs(one)]
    assert [one for one in found if one in given_ones] == given_ones


def program(directory: Path, mode: int = 0o755) -> str:
    directory.mkdir(exist_ok=True)
    path = directory / "influxctl"
    path.write_text("#!/bin/sh\n")
    path.chmod(mode)
    return str(path)


def test_sudos_path_hides_no_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usual = program(tmp_path / "usual")
    monkeypatch.setattr(influxctl_program, "DIRECTORIES", (str(tmp_path / "usual"),))
    assert find_influxctl(None, {"PATH": "/sbin:/bin"}) == usual
    assert find_influxctl("influxctl", {}) == usual
    assert find_influxctl("", {"PATH": ""}) == usual
    own = program(tmp_path / "own")
    assert find_influxctl(None, {"PATH": str(tmp_path / "own")}) == own
    assert find_influxctl(usual, {"PATH": str(tmp_path / "own")}) == usual
    assert find_influxctl("other", {"PATH": str(tmp_path / "own")}) is None


def test_what_lies_in_the_working_directory_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    planted = program(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(influxctl_program, "DIRECTORIES", ())
    for path in (".", "", ":/nowhere", "./"):
        assert find_influxctl(None, {"PATH": path}) is None
    assert find_influxctl(planted, {"PATH": "."}) == planted


def test_what_can_not_be_run_is_not_found(tmp_path: Path) -> None:
    assert find_influxctl(program(tmp_path, 0o644), {}) is None
