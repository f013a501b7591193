# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a file's attributes are described, on a real file system."""

from __future__ import annotations

import os
import pwd
import stat
import struct
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.influxops.influxdb3.plugins.module_utils._module.file_attributes import (
    apply_file_options,
    copy_attributes,
    describe,
)

ACL = "system.posix_acl_access"
NOBODY = 0xFFFFFFFF
# The owner, a user, the owner's group, the mask, all others.
OPEN = struct.pack("<I", 2) + b"".join(
    struct.pack("<HHI", *entry)
    for entry in ((0x01, 6, NOBODY), (0x02, 6, 54321), (0x04, 4, NOBODY), (0x10, 6, NOBODY), (0x20, 4, NOBODY))
)


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


def module_of(mode: str, owner: int | None = None) -> Any:
    """A module whose options state a mode and perhaps an owner."""

    def differ(arguments: dict[str, Any], changed: bool, diff: dict[str, dict[str, Any]]) -> bool:
        found = os.stat(arguments["path"])
        if f"{stat.S_IMODE(found.st_mode):04o}" != mode:
            diff["after"]["mode"] = mode
        if owner not in (None, found.st_uid):
            diff["after"]["owner"] = owner
        return changed

    return SimpleNamespace(
        params={},
        check_mode=False,
        load_file_common_arguments=lambda params, path: {"path": path, "secontext": []},
        set_fs_attributes_if_different=differ,
        set_context_if_different=lambda path, context, changed: changed,
        selinux_enabled=lambda: False,
    )


def dressed(module: Any, old: Path, new: Path, monkeypatch: pytest.MonkeyPatch) -> list[os.stat_result]:
    """What the new file is like after each step of being given its attributes."""
    seen = []

    def watched(act: Any) -> Any:
        def step(descriptor: int, *values: Any) -> None:
            act(descriptor, *values)
            seen.append(os.fstat(descriptor))

        return step

    descriptors = os.open(new, os.O_RDWR | os.O_CREAT, 0o600), os.open(old, os.O_RDONLY)
    with monkeypatch.context() as patched:
        for name in ("fchmod", "fchown", "setxattr"):
            patched.setattr(os, name, watched(getattr(os, name)))
        copy_attributes(module, descriptors[0], str(new), descriptors[1], str(old))
        apply_file_options(module, descriptors[0], str(new))
    for descriptor in descriptors:
        os.close(descriptor)
    return seen


def test_a_new_file_is_never_more_open_than_it_is_to_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It holds a new secret, and the old file, which everybody may read, doesn't say who may read that."""
    old, new = tmp_path / "old", tmp_path / "new"
    old.touch()
    old.chmod(0o644)
    seen = dressed(module_of("0600"), old, new, monkeypatch)
    assert seen
    assert {stat.S_IMODE(one.st_mode) for one in seen} == {0o600}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_new_file_is_never_somebody_elses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.touch()
    os.chown(old, 54321, 54321)
    assert {one.st_uid for one in dressed(module_of("0600", 0), old, new, monkeypatch)} == {0}


def test_an_acl_is_kept_and_opens_no_private_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.touch()
    try:
        os.setxattr(old, ACL, OPEN)
    except OSError:
        pytest.skip("this file system has no ACL")
    assert {stat.S_IMODE(one.st_mode) for one in dressed(module_of("0600"), old, new, monkeypatch)} == {0o600}
    # The entry of the user is still there, for whoever opens the file again.
    new.chmod(0o664)
    assert os.getxattr(new, ACL) == OPEN
