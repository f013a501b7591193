# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""influxctl_profile where another user may write too, where the file can't be replaced, where many write at once."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import subprocess
import tempfile
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from harness.modules import KILL, Modules, Outcome

NOBODY = 65534
CANARY = "M.V1.canaryThatMustNeverShowUp"
OLD = '# by hand\n[[profile]]\nname = "default"\nproduct = "clustered"\nhost = "old"\nmgmt_token = "M.V1.oldold"\n'
WISH = {"name": "default", "product": "clustered", "host": "new", "mgmt_token": CANARY}
only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be attacked by another user")


@pytest.fixture
def home() -> Iterator[Path]:
    """The home of a user, below directories that everybody may enter."""
    with tempfile.TemporaryDirectory() as directory:
        os.chmod(directory, 0o755)
        path = Path(directory) / "home"
        path.mkdir()
        if os.geteuid() == 0:
            os.chown(path, NOBODY, NOBODY)
        yield path


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A file of root's that would be a config, in a directory of root's."""
    path = tmp_path / "root" / "secret.toml"
    path.parent.mkdir(mode=0o700)
    path.write_text(OLD)
    path.chmod(0o600)
    return path


def write(modules: Modules, path: Path, **options: Any) -> Outcome:
    how = {key: options.pop(key) for key in ("strike", "started", "user") if key in options}
    outcome = modules.run("influxctl_profile", {**WISH, "path": str(path), **options}, **how)
    assert CANARY not in outcome.output
    assert "Traceback" not in outcome.output
    return outcome


def assert_refused(outcome: Outcome, code: str, *words: str) -> None:
    failure = outcome.result["failure"]
    assert (failure["code"], outcome.code) == (code, 1)
    assert all(word in outcome.result["msg"] for word in words), outcome.result["msg"]


def plant(link: Path, target: Path | str) -> None:
    link.symlink_to(target)
    os.chown(link, NOBODY, NOBODY, follow_symlinks=False)


@only_root
@pytest.mark.parametrize("module", ["influxctl_profile", "influxctl_profile_info"])
def test_a_users_link_is_not_followed_for_root(modules: Modules, home: Path, secret: Path, module: str) -> None:
    before = secret.stat()
    plant(home / "to-file", secret)
    plant(home / "dangling", secret.parent / "new.toml")
    plant(home / "to-directory", secret.parent)
    options = {**WISH, "owner": "nobody"} if module == "influxctl_profile" else {}
    for name in ("to-file", "dangling", "to-directory/secret.toml", "to-directory/new.toml", "to-directory/x/new.toml"):
        outcome = modules.run(module, {**options, "path": str(home / name)})
        assert_refused(outcome, "unreadable", "link of somebody else's", str(home / name))
    after = secret.stat()
    assert secret.read_text() == OLD
    assert (after.st_ino, after.st_uid, after.st_mode) == (before.st_ino, before.st_uid, before.st_mode)
    assert list(secret.parent.iterdir()) == [secret]


@only_root
def test_a_hard_link_gives_nobody_a_file_of_roots(modules: Modules, home: Path, secret: Path) -> None:
    same_file_system = home.parent / "secret.toml"
    same_file_system.write_text(OLD)
    os.link(same_file_system, home / "config.toml")
    for options in (WISH, {"host": "old", "mgmt_token": "M.V1.oldold"}):
        outcome = write(modules, home / "config.toml", owner="nobody", mode="0666", **options)
        assert_refused(outcome, "unreadable", "hard link")
    assert (same_file_system.read_text(), same_file_system.stat().st_uid) == (OLD, 0)
    assert stat.S_IMODE(same_file_system.stat().st_mode) & 0o022 == 0


@pytest.mark.parametrize("module", ["influxctl_profile", "influxctl_profile_info"])
@pytest.mark.parametrize("path", ["/dev/null", "/dev/zero", "fifo"])
def test_what_is_no_file_is_refused_at_once_and_stays(modules: Modules, tmp_path: Path, module: str, path: str) -> None:
    os.mkfifo(tmp_path / "fifo")
    device = Path(path) if path.startswith("/") else tmp_path / path
    before = device.lstat()
    options = {**WISH, "backup": True} if module == "influxctl_profile" else {}
    outcome = modules.run(module, {**options, "path": str(device)})
    assert_refused(outcome, "unreadable", "not a regular file")
    assert (device.lstat().st_ino, device.lstat().st_mode) == (before.st_ino, before.st_mode)
    assert [entry.name for entry in tmp_path.iterdir()] == ["fifo"]


def test_a_file_without_end_is_refused(modules: Modules, tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b"")
    os.truncate(path, 2**40)
    assert_refused(write(modules, path), "unreadable", "larger than")


@only_root
def test_the_users_own_file_is_written_for_root_and_for_the_user(modules: Modules, home: Path) -> None:
    path = home / ".config" / "influxctl" / "config.toml"
    assert write(modules, path, owner="nobody", group="nogroup").result["changed"]
    assert {entry.stat().st_uid for entry in (path, path.parent, path.parent.parent)} == {NOBODY}
    outcome = write(modules, path, user=NOBODY, host="newer", backup=True)
    assert outcome.result["changed"]
    assert tomllib.loads(path.read_text())["profile"][0]["host"] == "newer"
    assert not write(modules, path, host="newer", owner="nobody", group="nogroup").result["changed"]


@only_root
def test_a_run_without_rights_leaves_nothing_of_the_secret(modules: Modules, home: Path) -> None:
    config = home / "config.toml"
    # A file of root's that may be read, in the user's directory, where it may be replaced.
    config.write_text(OLD)
    config.chmod(0o644)
    outcome = write(modules, config, user=NOBODY, backup=True)
    assert outcome.result["changed"], outcome.output
    assert (config.stat().st_uid, stat.S_IMODE(config.stat().st_mode)) == (NOBODY, 0o600)
    assert set(home.iterdir()) == {config, Path(outcome.result["backup_file"])}
    # In a directory of root's it may not be, nor may its mode be changed; root may say so as often as it likes.
    root = home.parent / "etc"
    root.mkdir()
    (root / "config.toml").write_text(OLD)
    (root / "config.toml").chmod(0o644)
    for _run in range(3):
        for options in ({}, {"backup": True}, {"host": "old", "mgmt_token": "M.V1.oldold"}):
            outcome = write(modules, root / "config.toml", user=NOBODY, **options)
            assert_refused(outcome, "unwritable", str(root / "config.toml"))
        assert_refused(write(modules, root / "new" / "config.toml", user=NOBODY), "unwritable")
    assert [entry.name for entry in root.iterdir()] == ["config.toml"]
    assert (root / "config.toml").read_text() == OLD
    # What may not be given away is not left behind either.
    assert_refused(write(modules, home / "a" / "new.toml", user=NOBODY, owner="root"), "unwritable")
    assert_refused(write(modules, home / "new.toml", user=NOBODY, owner="root"), "unwritable")
    assert sorted(home.iterdir()) == sorted({config, *home.glob("config.toml.*")})


@pytest.mark.parametrize("existing", [True, False])
@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC, KILL])
def test_whatever_fails_the_file_is_old_or_new_and_nothing_is_left(
    modules: Modules, tmp_path: Path, existing: bool, number: int
) -> None:
    def world() -> Path:
        path = Path(tempfile.mkdtemp(dir=tmp_path)) / "deep" / "config.toml"
        if existing:
            path.parent.mkdir()
            path.write_text(OLD)
            path.chmod(0o640)
        return path

    calls = write(modules, world(), backup=True).calls
    assert {"open", "rename", "fsync"} <= set(calls)
    for point, call in enumerate(calls, 1):
        path = world()
        outcome = write(modules, path, backup=True, strike=(point, number))
        text = path.read_text() if path.exists() else None
        assert text in (OLD if existing else None,) or (text and CANARY in text), call
        left = {entry.name for entry in path.parent.parent.rglob("*")} - {"deep", "config.toml"}
        if number != KILL:
            assert outcome.result.get("changed", False) == (outcome.code == 0), (call, outcome.output)
            assert (outcome.code == 0) == (text is not None and CANARY in text), (call, outcome.output)
            # A copy of what was there stays, as one that was asked for.
            assert all(existing and name.endswith("~") for name in left), (call, left)
            if outcome.code and not existing:
                assert list(path.parent.parent.iterdir()) == [], call
        again = write(modules, path, host="other")
        assert again.code == 0, again.output
        assert CANARY in path.read_text()
        # What a killed run has left is gone, with the secret in it.
        assert all(entry.name.endswith("~") for entry in path.parent.iterdir() if entry != path), call


def test_a_file_that_is_mounted_by_itself_says_what_to_do(modules: Modules, tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(OLD + "# " + "x" * 1000 + "\n")
    path.chmod(0o644)
    if subprocess.run(["mount", "--bind", path, path], capture_output=True, check=False).returncode:
        pytest.skip("nothing can be mounted here")
    try:
        outcome = write(modules, path)
        assert_refused(outcome, "unwritable", "unsafe_writes", "mount the directory")
        assert list(tmp_path.iterdir()) == [path]
        assert path.read_text().startswith(OLD)
        inode = path.stat().st_ino
        assert write(modules, path, unsafe_writes=True).result["changed"]
        assert (path.stat().st_ino, stat.S_IMODE(path.stat().st_mode)) == (inode, 0o600)
        assert (
            path.read_text()
            == OLD.replace('old"', 'new"', 1).replace("M.V1.oldnew", CANARY).replace("M.V1.oldold", CANARY)
            + "# "
            + "x" * 1000
            + "\n"
        )
        assert not write(modules, path, unsafe_writes=True).result["changed"]
        assert list(tmp_path.iterdir()) == [path]
    finally:
        subprocess.run(["umount", path], check=True)


def test_backups_of_one_second_have_names_that_nobody_can_foretell(modules: Modules, tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(OLD)
    path.chmod(0o644)
    names = set()
    for number in range(5):
        pids: list[int] = []
        outcome = write(modules, path, host=f"h{number}", backup=True, started=pids.append)
        name = Path(outcome.result["backup_file"])
        assert not {str(pids[0]), f"{pids[0]:08x}"} & set(name.name.split("."))
        assert (name.name.startswith("config.toml."), name.name.endswith("~")) == (True, True)
        assert stat.S_IMODE(name.stat().st_mode) == 0o600
        names.add(name.name.split(".")[2])
    assert len(names) == 5
    assert all(len(name) == 8 for name in names)


def test_many_writers_of_one_file_lose_nothing_of_each_other(collection_root: Path, tmp_path: Path) -> None:
    path = tmp_path / "new" / "config.toml"
    writers, each = 4, 5

    def work(number: int, modules: Modules) -> list[Outcome]:
        return [write(modules, path, name=f"p{number}-{n}") for n in range(each)]

    with ExitStack() as stack, ThreadPoolExecutor(writers) as pool:
        running = [stack.enter_context(Modules(collection_root)) for _number in range(writers)]
        for outcomes in pool.map(work, range(writers), running):
            assert all(outcome.result["changed"] for outcome in outcomes)
    names = {profile["name"] for profile in tomllib.loads(path.read_text())["profile"]}
    assert names == {f"p{number}-{n}" for number in range(writers) for n in range(each)}
    assert list(path.parent.iterdir()) == [path]


def test_a_file_that_another_run_is_at_is_waited_for_and_not_for_ever(modules: Modules, tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(OLD)
    directory = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(directory, fcntl.LOCK_EX)
    # Check mode only reads, which needs no lock.
    assert write(modules, path, _ansible_check_mode=True).result["changed"]
    assert_refused(write(modules, path), "busy", str(path))
    os.close(directory)
    assert path.read_text() == OLD
    assert write(modules, path).result["changed"]
