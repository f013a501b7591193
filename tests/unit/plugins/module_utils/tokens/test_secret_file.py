# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Secret files on a real file system: private, atomic, and never somebody else's."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import stat
import struct
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

import pytest

from ansible_collections.influxops.influxdb3.plugins.module_utils._core.durable import PATIENCE, Finder
from ansible_collections.influxops.influxdb3.plugins.module_utils._core.errors import OptionError, SecretFileError
from ansible_collections.influxops.influxdb3.plugins.module_utils._core.owner import Owner, parse_owner
from ansible_collections.influxops.influxdb3.plugins.module_utils._tokens.secret_file import look
from ansible_collections.influxops.influxdb3.plugins.module_utils._tokens.secret_slot import (
    Slot,
    adjust,
    check_writable,
)
from ansible_collections.influxops.influxdb3.plugins.module_utils._tokens.secret_text import KEYS, Secret, parse_path

SECRET: Secret = {
    "id": "i",
    "description": "d",
    "token": "apiv1_secret",
    "created_at": "2026-01-01",
    "expires_at": None,
}
NOBODY = 65534


@pytest.fixture(params=[0o000, 0o022, 0o077, 0o177, 0o777])
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


def write(path: Path, secret: Secret | None = None) -> None:
    with Slot(str(path)) as slot:
        slot.commit(secret or SECRET)


@pytest.mark.usefixtures("_umask")
def test_secret_survives_and_is_private(tmp_path: Path) -> None:
    path = tmp_path / "new" / "deep" / "secret.json"
    write(path)
    assert (mode(path.parent), mode(path.parent.parent)) == (0o700, 0o700)
    assert look(str(path)).held == SECRET
    assert json.loads(path.read_text()) == SECRET
    assert mode(path) == 0o600
    assert mode(path.parent) & 0o077 == 0
    assert os.listdir(path.parent) == ["secret.json"]


def test_wide_file_becomes_private_and_keeps_no_old_byte(tmp_path: Path) -> None:
    path = tmp_path / "secret.json"
    path.write_text("x" * 10_000)
    path.chmod(0o644)
    # Open, so that its number isn't given to another file.
    with path.open() as before:
        write(path)
        assert path.stat().st_ino != os.fstat(before.fileno()).st_ino
    assert mode(path) == 0o600
    assert "x" not in path.read_text().replace("expires_at", "")
    assert path.read_text().endswith("}\n")


def test_only_the_documented_keys_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "secret.json"
    write(path, {**SECRET, "other": "x"})
    assert tuple(json.loads(path.read_text())) == KEYS


def test_long_secret_is_written_whole(tmp_path: Path) -> None:
    path = tmp_path / "secret.json"
    write(path, {**SECRET, "token": "y" * 20_000})
    assert (look(str(path)).held or {})["token"] == "y" * 20_000


def test_home_is_expanded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    write(Path("~/secret.json"))
    assert (tmp_path / "secret.json").is_file()


def test_old_file_stays_until_the_commit(tmp_path: Path) -> None:
    path = tmp_path / "secret.json"
    write(path)
    with Slot(str(path)):
        assert look(str(path)).held == SECRET
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
    assert look(str(tmp_path / "none")).held is None
    assert look(str(tmp_path / "none" / "deeper")).held is None


def test_symbolic_link_is_refused_and_its_target_left(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    write(target)
    link.symlink_to(target)
    with pytest.raises(SecretFileError, match="it is a symbolic link"):
        look(str(link))
    with pytest.raises(SecretFileError, match="it is a symbolic link"), Slot(str(link)):
        pytest.fail("the slot was entered")
    assert look(str(target)).held == SECRET
    assert link.is_symlink()


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo])
def test_what_is_no_file_is_refused(tmp_path: Path, make: Callable[[Path], object]) -> None:
    path = tmp_path / "odd"
    make(path)
    with pytest.raises(SecretFileError, match="not a regular file"):
        look(str(path))


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
        look(str(path))
    assert path.read_bytes() == content
    assert caught.value.code == "secret_file"


def test_file_where_a_directory_should_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SecretFileError, match=os.strerror(errno.ENOTDIR)):
        look(str(tmp_path / "file" / "secret.json"))
    with pytest.raises(SecretFileError, match="can't be used"), Slot(str(tmp_path / "file" / "secret.json")):
        pytest.fail("the slot was entered")


def test_directory_at_the_target_fails_and_leaves_no_temporary_file(tmp_path: Path) -> None:
    path = tmp_path / "taken"
    path.mkdir()
    with pytest.raises(SecretFileError, match=os.strerror(errno.EISDIR)):
        write(path)
    assert os.listdir(tmp_path) == ["taken"]


@contextmanager
def attribute(path: Path, flag: int) -> Iterator[None]:
    """chattr for the time of a test, where that is possible; 0x10 is immutable, 0x20 append-only."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        number = struct.unpack("i", fcntl.ioctl(descriptor, 0x80086601, b"\0" * 8)[:4])[0]
        fcntl.ioctl(descriptor, 0x40086602, struct.pack("l", number | flag))
    except OSError:
        os.close(descriptor)
        pytest.skip("no attributes can be set here")
    try:
        yield
    finally:
        fcntl.ioctl(descriptor, 0x40086602, struct.pack("l", number))
        os.close(descriptor)


@contextmanager
def mounted(path: Path) -> Iterator[None]:
    """A file that is mounted by itself, as container engines do it, where that is possible."""
    if subprocess.run(["mount", "--bind", path, path], capture_output=True, check=False).returncode:
        pytest.skip("nothing can be mounted here")
    try:
        yield
    finally:
        subprocess.run(["umount", path], check=True)


OBSTACLES: dict[str, Callable[[Path], AbstractContextManager[None]]] = {
    "mounted by itself": mounted,
    "it has the attribute": lambda path: attribute(path, 0x10),
    "can't be replaced (": lambda path: attribute(path, 0x20),
    "nothing in": lambda path: attribute(path.parent, 0x20),
}


@pytest.mark.parametrize("says", OBSTACLES)
def test_what_can_not_be_replaced_is_told_before_and_without_a_trace(tmp_path: Path, says: str) -> None:
    path = tmp_path / "secret.json"
    write(path)
    with OBSTACLES[says](path):
        for refuses in (check_writable, lambda path: Slot(path).__enter__()):
            with pytest.raises(SecretFileError) as caught:
                refuses(str(path))
            assert says in str(caught.value)
        assert os.listdir(tmp_path) == ["secret.json"]
    assert look(str(path)).held == SECRET
    check_writable(str(path))


def test_a_name_without_room_for_its_journal_is_told_before(tmp_path: Path) -> None:
    with pytest.raises(SecretFileError, match="can't be used"):
        check_writable(str(tmp_path / ("x" * 250)))


def test_file_of_root_in_everybody_s_directory_can_not_be_replaced(
    public_path: Path, become_nobody: Callable[[], None]
) -> None:
    path = public_path / "secret.json"
    write(path)
    path.chmod(0o644)
    public_path.chmod(0o1777)
    become_nobody()
    assert look(str(path)).held == SECRET
    with pytest.raises(SecretFileError):
        check_writable(str(path))


@pytest.mark.parametrize("path", ["", " ", "\t", "a\0b", "a/", "/", ".", "a/..", "/tmp"])
def test_what_can_not_be_a_file_is_no_path(path: str) -> None:
    with pytest.raises(OptionError, match=r"^the_option: "):
        parse_path("the_option", path)


def test_what_can_be_a_file_is_a_path(tmp_path: Path) -> None:
    assert parse_path("secret_file", None) is None
    for path in (str(tmp_path / "new" / "a.json"), "a", " a", ".a"):
        assert parse_path("secret_file", path) == path


def test_file_of_somebody_else_is_refused(public_path: Path, become_nobody: Callable[[], None]) -> None:
    path = public_path / "secret.json"
    write(path)
    path.chmod(0o644)
    os.chown(path, NOBODY - 1, -1)
    become_nobody()
    with pytest.raises(SecretFileError, match="belongs to somebody else"):
        look(str(path))


def test_file_of_root_may_be_read(public_path: Path, become_nobody: Callable[[], None]) -> None:
    path = public_path / "secret.json"
    write(path)
    path.chmod(0o644)
    become_nobody()
    assert look(str(path)).held == SECRET


def test_unreadable_file_and_unwritable_directory_say_so(public_path: Path, become_nobody: Callable[[], None]) -> None:
    path = public_path / "secret.json"
    write(path)
    become_nobody()
    with pytest.raises(SecretFileError, match=os.strerror(errno.EACCES)):
        look(str(path))
    with pytest.raises(SecretFileError, match=os.strerror(errno.EACCES)), Slot(str(path)):
        pytest.fail("the slot was entered")


def test_file_of_somebody_else_is_refused_for_root_too_unless_configured(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give files away")
    path = tmp_path / "secret.json"
    write(path)
    os.chown(path, NOBODY, -1)
    with pytest.raises(SecretFileError, match="with owner"):
        look(str(path))
    assert look(str(path), Owner(uid=NOBODY)).held == SECRET


def test_directory_that_is_a_link_of_somebody_else_s_is_refused(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give links away")
    (tmp_path / "real").mkdir()
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "real")
    path = str(link / "deep" / "secret.json")
    check_writable(path)
    write(link / "own.json")
    assert (tmp_path / "real" / "own.json").is_file()
    os.chown(link, NOBODY, -1, follow_symlinks=False)
    for refuses in (look, check_writable, lambda path: Slot(path).__enter__()):
        with pytest.raises(SecretFileError, match="link of somebody else's"):
            refuses(path)
    assert os.listdir(tmp_path / "real") == ["own.json"]


@pytest.mark.parametrize("name", [".secret.json.pending", ".secret.json.new"])
def test_link_in_place_of_a_hidden_file_is_not_followed(tmp_path: Path, name: str) -> None:
    (tmp_path / "victim").write_text("x")
    (tmp_path / name).symlink_to(tmp_path / "victim")
    if name.endswith("pending"):
        with pytest.raises(SecretFileError, match="symbolic link"):
            write(tmp_path / "secret.json")
    else:
        write(tmp_path / "secret.json")
    assert (tmp_path / "victim").read_text() == "x"
    assert mode(tmp_path / "victim") != 0o600


def test_a_directory_that_is_swapped_meanwhile_gets_nobody_the_secret(tmp_path: Path) -> None:
    (tmp_path / "victim").mkdir()
    (tmp_path / "own").mkdir()
    with Slot(str(tmp_path / "own" / "secret.json")) as slot:
        (tmp_path / "own").rename(tmp_path / "moved")
        (tmp_path / "own").symlink_to("victim")
        slot.begin(NONCES[0])
        slot.commit(SECRET)
        slot.settle(NONCES)
    assert os.listdir(tmp_path / "victim") == []
    assert os.listdir(tmp_path / "moved") == ["secret.json"]
    assert look(str(tmp_path / "moved" / "secret.json")).held == SECRET


def test_a_journal_that_is_a_hard_link_is_refused_and_its_file_left(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("x")
    victim.chmod(0o644)
    os.link(victim, tmp_path / ".secret.json.pending")
    with pytest.raises(SecretFileError, match="hard link"):
        write(tmp_path / "secret.json")
    assert (victim.read_text(), mode(victim)) == ("x", 0o644)
    assert not (tmp_path / "secret.json").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory away")
def test_a_secret_file_that_is_a_hard_link_in_somebody_elses_directory_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "victim.json")
    (tmp_path / "home").mkdir()
    path = tmp_path / "home" / "secret.json"
    os.link(tmp_path / "victim.json", path)
    assert look(str(path)).held == SECRET
    os.chown(tmp_path / "home", NOBODY, -1)
    for refuses in (look, lambda path: Slot(path).__enter__(), lambda path: adjust(path, Owner(NOBODY))):
        with pytest.raises(SecretFileError, match="hard link"):
            refuses(str(path))
    assert ((tmp_path / "victim.json").stat().st_uid, os.listdir(path.parent)) == (0, ["secret.json"])


NONCES = ["a1" * 16, "b2" * 16]


def test_journal_holds_the_nonce_until_it_is_settled(tmp_path: Path) -> None:
    path = tmp_path / "secret.json"
    with Slot(str(path)) as slot:
        slot.begin(NONCES[0])
        assert look(str(path)).nonces == (NONCES[0],)
    assert look(str(path)).nonces == (NONCES[0],)
    with Slot(str(path)) as slot:
        assert slot.nonces == [NONCES[0]]
        slot.begin(NONCES[1])
        slot.settle(NONCES)
        assert look(str(path)).nonces == tuple(NONCES)
    assert look(str(path)).nonces == ()
    assert os.listdir(tmp_path) == []


def test_journal_of_a_day_ago_is_forgotten(tmp_path: Path) -> None:
    path, journal = tmp_path / "secret.json", tmp_path / ".secret.json.pending"
    for age, left in ((86_000, [journal.name]), (87_000, [])):
        journal.write_text(f"{NONCES[0]}\n")
        then = journal.stat().st_mtime - age
        os.utime(journal, (then, then))
        with Slot(str(path)) as slot:
            assert slot.nonces == [NONCES[0]]
        assert os.listdir(tmp_path) == left


def test_line_that_a_dead_run_left_unfinished_swallows_nothing(tmp_path: Path) -> None:
    path = tmp_path / "secret.json"
    (tmp_path / ".secret.json.pending").write_text(f"{NONCES[0]}\nab")
    with Slot(str(path)) as slot:
        slot.begin(NONCES[1])
    assert look(str(path)).nonces == tuple(NONCES)


def test_file_that_a_dead_run_left_is_replaced(tmp_path: Path) -> None:
    (tmp_path / ".secret.json.new").write_text("half a sec")
    write(tmp_path / "secret.json")
    assert look(str(tmp_path / "secret.json")).held == SECRET
    assert os.listdir(tmp_path) == ["secret.json"]


def test_second_run_waits_for_the_first(tmp_path: Path) -> None:
    path = str(tmp_path / "secret.json")
    first = Slot(path).__enter__()
    pauses = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            first.commit(SECRET)
            first.__exit__(None, None, None)

    with Slot(path, pause=pause) as second:
        assert len(pauses) == 3
        assert second.nonces == []
        assert os.path.exists(tmp_path / ".secret.json.pending")
    assert os.listdir(tmp_path) == ["secret.json"]


def test_waiting_ends(tmp_path: Path) -> None:
    path = str(tmp_path / "secret.json")
    pauses: list[float] = []
    with Slot(path) as first:
        with pytest.raises(SecretFileError, match="in use by another run") as caught, Slot(path, pause=pauses.append):
            pytest.fail("the slot was entered twice")
        first.commit(SECRET)
    assert caught.value.code == "busy"
    assert sum(pauses) == pytest.approx(PATIENCE, rel=0.01)
    assert look(path).held == SECRET


def test_owner_by_name_and_number() -> None:
    assert parse_owner(None, None) == Owner()
    assert parse_owner("root", "65534") == Owner(0, 65534)
    with pytest.raises(OptionError, match="owner: there is no owner 'nobody-at-all'"):
        parse_owner("nobody-at-all", None)
    with pytest.raises(OptionError, match="group: there is no group 'nobody-at-all'"):
        parse_owner(None, "nobody-at-all")


def test_only_an_empty_journal_that_nobody_has_is_swept_away(tmp_path: Path) -> None:
    path, journal = tmp_path / "secret.json", tmp_path / ".secret.json.pending"
    write(path)
    journal.write_text("")
    (tmp_path / ".secret.json.new").write_text("half")
    look(str(path))
    assert len(os.listdir(tmp_path)) == 3
    adjust(str(path), Owner())
    assert os.listdir(tmp_path) == ["secret.json"]
    journal.write_text(f"{NONCES[0]}\n")
    adjust(str(path), Owner())
    assert journal.exists()
    with Slot(str(path)):
        adjust(str(path), Owner())
        assert journal.exists()


def test_mode_is_put_right_and_only_then_changes(tmp_path: Path) -> None:
    path = tmp_path / "secret.json"
    assert not adjust(str(path), Owner())
    write(path)
    assert not adjust(str(path), Owner())
    path.chmod(0o644)
    assert look(str(path)).differs
    assert mode(path) == 0o644
    assert adjust(str(path), Owner())
    assert mode(path) == 0o600
    assert not adjust(str(path), Owner())
    assert not look(str(path)).differs


def test_owner_that_may_not_be_set_fails_before_there_is_a_secret(
    public_path: Path, become_nobody: Callable[[], None]
) -> None:
    public_path.chmod(0o777)
    become_nobody()
    with pytest.raises(SecretFileError, match=os.strerror(errno.EPERM)), Slot(str(public_path / "a"), Owner(uid=0)):
        pytest.fail("the slot was entered")
    assert os.listdir(public_path) == []


def test_writable_is_told_without_a_trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check_writable(str(tmp_path / "new" / "deep" / "secret.json"))
    assert os.listdir(tmp_path) == []
    asked: list[object] = []
    # Root may write anywhere, so the answer is given for it.
    monkeypatch.setattr(os, "access", lambda path, *mode: asked.append(path))
    with pytest.raises(SecretFileError, match=os.strerror(errno.EACCES)):
        check_writable(str(tmp_path / "new" / "secret.json"))
    assert asked == [str(tmp_path)]
    with pytest.raises(SecretFileError, match=os.strerror(errno.ENOTDIR)):
        check_writable("/dev/null/secret.json")


def test_a_finder_walks_to_a_directory_once(tmp_path: Path) -> None:
    there, elsewhere = tmp_path / "there", tmp_path / "elsewhere"
    for directory, which in ((there, "first"), (elsewhere, "second")):
        for name in ("a.json", "b.json"):
            write(directory / name, {**SECRET, "description": which})
    (there / "link.json").symlink_to(there / "a.json")
    before = sorted(os.listdir("/proc/self/fd"))

    def description(path: Path) -> str | None:
        return (look(str(path), finder=finder).held or {}).get("description")

    with closing(Finder()) as finder:
        assert description(there / "a.json") == "first"
        there.rename(tmp_path / "moved")
        elsewhere.rename(there)
        assert [description(there / name) for name in ("b.json", "none.json")] == ["first", None]
        with pytest.raises(SecretFileError, match="it is a symbolic link"):
            look(str(there / "link.json"), finder=finder)
        assert [description(tmp_path / "none" / name) for name in ("a.json", "b.json")] == [None, None]
        assert description(there / "a.json") == "second"
    assert sorted(os.listdir("/proc/self/fd")) == before
