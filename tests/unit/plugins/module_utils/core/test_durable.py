# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A private file is found and replaced where others may write too: their links and swaps lead nowhere."""

from __future__ import annotations

import errno
import os
import resource
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.influxops.influxdb3.plugins.module_utils._core.durable import (
    Candidate,
    ForeignLink,
    HardLink,
    find,
)
from ansible_collections.influxops.influxdb3.plugins.module_utils._core.owner import Owner
from ansible_collections.influxops.influxdb3.plugins.module_utils._core.regular_file import NotRegular

NOBODY = 65534
only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")


@pytest.fixture(params=[0o000, 0o077, 0o777])
def _umask(request: pytest.FixtureRequest) -> Iterator[None]:
    previous = os.umask(request.param)
    yield
    os.umask(previous)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def replace(path: Path, content: bytes, *, follow: bool = True) -> None:
    with find(str(path), follow=follow) as place:
        place.make()
        with Candidate(place, content) as candidate:
            candidate.put()


def error_of(path: Path | str, *, follow: bool = True) -> int | None:
    try:
        find(str(path), follow=follow).close()
    except OSError as error:
        return error.errno
    return None


@pytest.mark.usefixtures("_umask")
def test_a_new_file_and_its_directories_are_private(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "file"
    with find(str(path), follow=True) as place:
        assert (place.path, place.missing) == (str(path), ["a", "b"])
        place.make()
        place.make()
        assert place.made == [str(tmp_path / "a"), str(tmp_path / "a" / "b")]
        with Candidate(place, b"new") as candidate:
            assert os.listdir(path.parent) == [candidate.name]
            candidate.put()
    assert path.read_bytes() == b"new"
    assert {mode(path), mode(path.parent), mode(path.parent.parent)} == {0o600, 0o700}
    assert os.listdir(path.parent) == ["file"]


def test_links_of_our_own_are_followed_and_named_by_where_they_lead(tmp_path: Path) -> None:
    (tmp_path / "real" / "deep").mkdir(parents=True)
    (tmp_path / "absolute").symlink_to(tmp_path / "real")
    (tmp_path / "real" / "deep" / "up").symlink_to("../..")
    (tmp_path / "link").symlink_to("absolute/deep/up/real/file")
    (tmp_path / "dangling").symlink_to("new/file")
    for given, real in (("link", "real/file"), ("dangling", "new/file"), ("real/./deep//file", "real/deep/file")):
        with find(f"{tmp_path}/{given}", follow=True) as place:
            assert place.path == str(tmp_path / real)
    replace(tmp_path / "link", b"x")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real" / "file").read_bytes() == b"x"
    assert error_of(tmp_path / "link", follow=False) == errno.ELOOP
    assert error_of(tmp_path / "absolute" / "file", follow=False) is None
    (tmp_path / "loop").symlink_to("loop")
    assert error_of(tmp_path / "loop") == errno.ELOOP
    (tmp_path / "nowhere").symlink_to("missing/../file")
    assert error_of(tmp_path / "nowhere") == errno.ENOENT
    assert error_of("/") == errno.EISDIR
    replace(tmp_path / "file", b"")
    assert error_of(tmp_path / "file" / "file") == errno.ENOTDIR


@only_root
@pytest.mark.parametrize("link", ["file", "directory", "directory/file"])
def test_a_link_of_somebody_elses_is_not_followed(tmp_path: Path, link: str) -> None:
    (tmp_path / "real").mkdir()
    path = tmp_path / link
    if "/" in link:  # behind one that may be followed
        (tmp_path / "directory").symlink_to("real")
    path.symlink_to("real" if link == "directory" else str(tmp_path / "real" / "victim"))
    os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
    target = path / "file" if link == "directory" else path
    with pytest.raises(ForeignLink, match="link of somebody else's"):
        replace(target, b"")
    assert os.listdir(tmp_path / "real") == (["file"] if "/" in link else [])


def test_what_is_swapped_after_the_walk_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / "victim").mkdir()
    path = tmp_path / "own" / "file"
    path.parent.mkdir()
    with find(str(path), follow=True) as place:
        (tmp_path / "own").rename(tmp_path / "moved")
        (tmp_path / "own").symlink_to("victim")
        with Candidate(place, b"secret") as candidate:
            candidate.put()
        assert place.open_regular() >= 0
    assert os.listdir(tmp_path / "victim") == []
    assert (tmp_path / "moved" / "file").read_bytes() == b"secret"


def test_a_link_put_in_place_of_the_file_is_replaced_and_not_followed(tmp_path: Path) -> None:
    victim, path = tmp_path / "victim", tmp_path / "file"
    victim.write_bytes(b"old")
    with find(str(path), follow=True) as place:
        path.symlink_to("victim")
        with pytest.raises(OSError, check=lambda error: error.errno == errno.ELOOP):
            place.open_regular()
        with Candidate(place, b"secret") as candidate:
            candidate.put()
    assert (victim.read_bytes(), path.read_bytes(), path.is_symlink()) == (b"old", b"secret", False)


def test_a_link_in_place_of_a_missing_directory_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "victim").mkdir()
    with find(str(tmp_path / "new" / "deep" / "file"), follow=True) as place:
        (tmp_path / "new").symlink_to("victim")
        with pytest.raises(NotADirectoryError):
            place.make()
    assert os.listdir(tmp_path / "victim") == []


def test_a_name_that_is_there_is_never_written_to(tmp_path: Path) -> None:
    (tmp_path / "victim").write_bytes(b"old")
    (tmp_path / "planted").symlink_to("victim")
    with find(str(tmp_path / "file"), follow=True) as place, pytest.raises(FileExistsError):
        place.create("planted")
    assert (tmp_path / "victim").read_bytes() == b"old"


@only_root
def test_a_hard_link_in_a_directory_of_somebody_elses_is_refused(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    victim, path = tmp_path / "victim", tmp_path / "home" / "file"
    victim.write_bytes(b"x")
    os.link(victim, path)
    with find(str(path), follow=True) as place:
        os.close(place.open_regular())
        os.chown(tmp_path / "home", NOBODY, NOBODY)
        with pytest.raises(HardLink):
            place.open_regular()
        path.unlink()
        os.mkfifo(path)
        with pytest.raises(NotRegular):
            place.open_regular()


def test_a_hard_link_where_everybody_may_write_is_refused(tmp_path: Path) -> None:
    """As in /tmp, which belongs to root."""
    (tmp_path / "everybody").mkdir()
    victim, path = tmp_path / "victim", tmp_path / "everybody" / "file"
    victim.write_bytes(b"x")
    os.link(victim, path)
    with find(str(path), follow=True) as place:
        os.close(place.open_regular())
        (tmp_path / "everybody").chmod(0o1777)
        with pytest.raises(HardLink):
            place.open_regular()


@only_root
def test_a_directory_that_may_be_entered_but_not_listed_is_walked_through(tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory() as base:
        path = Path(base) / "closed" / "own" / "file"
        path.parent.mkdir(parents=True)
        os.chown(path.parent, NOBODY, NOBODY)
        os.chmod(base, 0o711)
        (Path(base) / "closed").chmod(0o711)
        os.seteuid(NOBODY)
        try:
            replace(path, b"x")
        finally:
            os.seteuid(0)
        assert path.read_bytes() == b"x"


@only_root
def test_new_directories_are_given_away_and_old_ones_are_not(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    with find(str(tmp_path / "old" / "new" / "file"), follow=True) as place:
        place.make(Owner(NOBODY, 0))
    assert ((tmp_path / "old").stat().st_uid, (tmp_path / "old" / "new").stat().st_uid) == (0, NOBODY)


def test_a_content_that_finds_no_room_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"old")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, hard))
    try:
        with pytest.raises(OSError, check=lambda error: error.errno == errno.EFBIG):
            replace(tmp_path / "file", b"x" * 100)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"old"]


def test_no_descriptor_is_left_open(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    before = sorted(os.listdir("/proc/self/fd"))
    for path in ("loop", "missing/file", "file", "file/file", "file"):
        try:
            replace(tmp_path / path, b"")
        except OSError:
            continue
    assert sorted(os.listdir("/proc/self/fd")) == before


def test_a_directory_is_locked_until_its_place_is_closed(tmp_path: Path) -> None:
    pauses: list[float] = []
    one, other = (find(str(tmp_path / name), follow=True) for name in ("a", "b"))
    assert one.lock(1.0, pauses.append)
    assert pauses == []

    def give_up(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            one.close()

    assert not other.lock(0.2, pauses.append)
    pauses.clear()
    assert other.lock(10.0, give_up)
    assert len(pauses) == 3
    other.close()
    assert os.listdir(tmp_path) == []
