# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Secret files on a real file system: private, atomic, and never somebody else's."""

from __future__ import annotations

import json
import os
import stat
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ansible_collections.influxops.influxdb3.plugins.module_utils.errors import SecretFileError
from ansible_collections.influxops.influxdb3.plugins.module_utils.secret_file import KEYS, Secret, Slot, read

SECRET: Secret = {
    "id": "i",
    "description": "d",
    "token": "apiv1_secret",
    "created_at": "2026-01-01",
    "expires_at": None,
}
NOBODY = 65534


@pytest.fixture(params=[0o000, 0o022, 0o077, 0o177])
def _umask(request: pytest.FixtureRequest) -> Iterator[None]:
    previous = os.umask(request.param)
    yield
    os.umask(previous)


@pytest.fixture
def become_nobody() -> Iterator[Callable[[], None]]:
    """Root may do everything: what a user may not do shows only as another user."""
    if os.geteuid() != 0:
        pytest.skip("only root can become another user")
    yield lambda: os.seteuid(NOBODY)
    os.seteuid(0)


@pytest.fixture
def public_path() -> Iterator[Path]:
    """A directory that others may enter; pytest's own ones are closed."""
    with tempfile.TemporaryDirectory() as directory:
        os.chmod(directory, 0o755)
        yield Path(directory)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def write(path: Path, secret: Secret = SECRET) -> None:
    with Slot(str(path)) as slot:
        slot.commit(secret)


@pytest.mark.usefixtures("_umask")
def test_secret_survives_and_is_private(tmp_path: Path) -> None:
    path = tmp_path / "new" / "secret.json"
    write(path)
    assert read(str(path)) == SECRET
    assert json.loads(path.read_text()) == SECRET
    assert mode(path) == 0o600
    assert mode(path.parent) & 0o077 == 0
    assert os.listdir(path.parent) == ["secret.json"]


def test_wide_file_becomes_private_and_keeps_no_old_byte(tmp_path: Path) -> None:
    path = tmp_path / "secret.json"
    path.write_text("x" * 10_000)
    path.chmod(0o644)
    before = path.stat().st_ino
    write(path)
    assert mode(path) == 0o600
    assert path.stat().st_ino != before
    assert "x" not in path.read_text().replace("expires_at", "")
    assert path.read_text().endswith("}\n")


def test_only_the_documented_keys_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "secret.json"
    write(path, {**SECRET, "other": "x"})
    assert tuple(json.loads(path.read_text())) == KEYS


def test_long_secret_is_written_whole(tmp_path: Path) -> None:
    path = tmp_path / "secret.json"
    write(path, {**SECRET, "token": "y" * 20_000})
    assert (read(str(path)) or {})["token"] == "y" * 20_000


def test_home_is_expanded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    write(Path("~/secret.json"))
    assert (tmp_path / "secret.json").is_file()


def test_old_file_stays_until_the_commit(tmp_path: Path) -> None:
    path = tmp_path / "secret.json"
    write(path)
    with Slot(str(path)):
        assert read(str(path)) == SECRET
        others = {name.name: mode(name) for name in tmp_path.iterdir() if name != path}
        assert others == {".secret.json.pending": 0o600, ".secret.json.new": 0o600}
    assert os.listdir(tmp_path) == ["secret.json"]


class Interrupted(BaseException):
    """What no `except Exception` catches."""


def test_failure_before_the_commit_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(Interrupted), Slot(str(tmp_path / "secret.json")):
        raise Interrupted
    assert os.listdir(tmp_path) == []


def test_missing_file_is_none(tmp_path: Path) -> None:
    assert read(str(tmp_path / "none")) is None
    assert read(str(tmp_path / "none" / "deeper")) is None


def test_symbolic_link_is_refused_and_its_target_left(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    write(target)
    link.symlink_to(target)
    with pytest.raises(SecretFileError, match="it is a symbolic link"):
        read(str(link))
    with pytest.raises(SecretFileError, match="it is a symbolic link"), Slot(str(link)):
        pytest.fail("the slot was entered")
    assert read(str(target)) == SECRET
    assert link.is_symlink()


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo])
def test_what_is_no_file_is_refused(tmp_path: Path, make: object) -> None:
    path = tmp_path / "odd"
    make(path)  # type: ignore[operator]
    with pytest.raises(SecretFileError, match="not a regular file"):
        read(str(path))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"token",
        b"\xff\xfe",
        b'{"id": "i"}',
        b'{"id": 1, "token": "t"}',
        b'{"id": "i", "token": "' + b"x" * 70_000 + b'"}',
        b"[" * 60_000,
    ],
)
def test_damaged_file_is_refused_and_left(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "secret.json"
    path.write_bytes(content)
    with pytest.raises(SecretFileError, match="damaged or was not written by this collection") as caught:
        read(str(path))
    assert path.read_bytes() == content
    assert caught.value.code == "secret_file"


def test_file_where_a_directory_should_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SecretFileError, match="Not a directory"):
        read(str(tmp_path / "file" / "secret.json"))
    with pytest.raises(SecretFileError, match="can't be used"), Slot(str(tmp_path / "file" / "secret.json")):
        pytest.fail("the slot was entered")


def test_directory_at_the_target_fails_and_leaves_no_temporary_file(tmp_path: Path) -> None:
    path = tmp_path / "taken"
    path.mkdir()
    with pytest.raises(SecretFileError, match="Is a directory"):
        write(path)
    assert os.listdir(tmp_path) == ["taken"]


def test_file_of_somebody_else_is_refused(public_path: Path, become_nobody: Callable[[], None]) -> None:
    path = public_path / "secret.json"
    write(path)
    path.chmod(0o644)
    os.chown(path, NOBODY - 1, -1)
    become_nobody()
    with pytest.raises(SecretFileError, match="belongs to somebody else"):
        read(str(path))


def test_file_of_root_may_be_read(public_path: Path, become_nobody: Callable[[], None]) -> None:
    path = public_path / "secret.json"
    write(path)
    path.chmod(0o644)
    become_nobody()
    assert read(str(path)) == SECRET


def test_unreadable_file_and_unwritable_directory_say_so(public_path: Path, become_nobody: Callable[[], None]) -> None:
    path = public_path / "secret.json"
    write(path)
    become_nobody()
    with pytest.raises(SecretFileError, match="Permission denied"):
        read(str(path))
    with pytest.raises(SecretFileError, match="Permission denied"), Slot(str(path)):
        pytest.fail("the slot was entered")
