# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds and replaces a private file in a directory that somebody else may write to, as root does in a user's home.

`find` walks a path once, directory by directory, and holds the last directory open. All further work uses that open
directory, so a directory or link that somebody swaps meanwhile has no effect. `find` follows links that belong to root
or to the user that this process runs as. No other code creates, renames or removes config files and secret files.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import re
import secrets
import stat
import sys
from collections.abc import Iterator
from types import TracebackType
from typing import Callable

from . import regular_file
from .owner import RUNNER, Owner, is_trusted

PATIENCE = 120.0
"""The seconds that a run waits for another one with the same file."""

_RANDOM = 8  # bytes in the name of a candidate
_LINKS = 40  # as Linux has it
_BESIDE = os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
_WALK = os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# The errors of flock on file systems that don't lock directories, as NFS.
_NO_LOCKS = (errno.EBADF, errno.EINVAL, errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS)


def give(descriptor: int, owner: Owner) -> None:
    """Give an open file or directory its owner and group."""
    if owner != RUNNER:
        os.fchown(descriptor, -1 if owner.uid is None else owner.uid, -1 if owner.gid is None else owner.gid)


def write_all(descriptor: int, content: bytes) -> None:
    """Write a content and make it durable."""
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]
    os.fsync(descriptor)


class ForeignLink(OSError):
    """A symbolic link on the way belongs neither to root nor to the user that this process runs as."""

    def __init__(self, path: str) -> None:
        super().__init__(errno.ELOOP, f"{path} is a symbolic link of somebody else's")


class HardLink(OSError):
    """The file has another name, so that it may be a file of somebody else's."""

    def __init__(self) -> None:
        super().__init__(errno.EMLINK, "it is a hard link: the same file has another name elsewhere")


class Location:
    """A file's directory, held open, and its name in it; a context manager that closes the directory.

    `path` has no links in it, unless somebody has put them there since. `missing` are the directories below the one
    that is open which aren't there yet; until `make` was called, there is no file then.
    """

    def __init__(self, directory: int, missing: list[str], above: list[str], name: str) -> None:
        self.directory, self.missing, self.name = directory, missing, name
        self._above = above
        self.made: list[str] = []
        self.locked = False
        self.path = "/" + "/".join([*above, *missing, name])

    def __enter__(self) -> Location:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def sibling(self, name: str) -> Location:
        """Return the location of another name in the same directory. Raises OSError."""
        return Location(os.dup(self.directory), list(self.missing), list(self._above), name)

    def close(self) -> None:
        """Close the directory, and with it give up the lock."""
        if self.directory >= 0:
            os.close(self.directory)
        self.directory = -1

    def make(self, owner: Owner = RUNNER) -> None:
        """Make the missing directories, each 0700 whatever the umask is; `made` are the paths of those that are new."""
        while self.missing:
            name = self.missing[0]
            try:
                os.mkdir(name, 0o700, dir_fd=self.directory)
            except FileExistsError:
                inner = _entered(name, self.directory)
            else:
                self.made.append("/" + "/".join([*self._above, name]))
                inner = os.open(name, os.O_RDONLY | os.O_DIRECTORY | _BESIDE, dir_fd=self.directory)
                os.fchmod(inner, 0o700)
                give(inner, owner)
            os.close(self.directory)
            self.directory = inner
            self._above.append(self.missing.pop(0))

    def unmake(self) -> None:
        """Remove the directories that `make` has made, as far as nothing is in them."""
        for directory in reversed(self.made):
            with contextlib.suppress(OSError):
                os.rmdir(directory)

    def there(self) -> int:
        """Return the descriptor of the file's own directory. Raises FileNotFoundError while that is missing."""
        if self.missing:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        return self.directory

    def status(self, name: str) -> os.stat_result:
        """Return the status of a file in the directory; that of a link is its own. Raises OSError."""
        return os.stat(name, dir_fd=self.there(), follow_symlinks=False)

    def open(self, flags: int, name: str | None = None) -> int:
        """Return a descriptor of a file in the directory; new ones are private (0600). No link is followed."""
        return os.open(name or self.name, flags | _BESIDE, 0o600, dir_fd=self.there())

    def open_regular(self) -> int:
        """Return a descriptor that reads the file, which must be a regular one. Raises OSError.

        Where others may write it must have one name only: they may give any file another.
        """
        descriptor = regular_file.open_regular(self.name, follow=False, dir_fd=self.there())
        try:
            self.refuse_hard_link(descriptor)
        except OSError:
            os.close(descriptor)
            raise
        return descriptor

    @contextlib.contextmanager
    def opened(self) -> Iterator[int]:
        """Give the descriptor of `open_regular`, and close it at the end. Raises OSError."""
        descriptor = self.open_regular()
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def refuse_hard_link(self, descriptor: int) -> None:
        """Raise HardLink for a file with several names where others may give it one: as in /tmp, or in their own."""
        if os.fstat(descriptor).st_nlink < 2:
            return
        status = os.fstat(self.directory)
        if not is_trusted(status.st_uid) or status.st_mode & stat.S_IWOTH:
            raise HardLink

    def create(self, name: str) -> int:
        """Return a descriptor of a new private file (0600 whatever the umask is)."""
        descriptor = self.open(os.O_RDWR | os.O_CREAT | os.O_EXCL, name)
        try:
            os.fchmod(descriptor, 0o600)
        except OSError:
            os.close(descriptor)
            self.unlink(name)
            raise
        return descriptor

    def rename(self, old: str, new: str | None = None) -> None:
        """Give a file in the directory another name, by default this location's."""
        os.rename(old, new or self.name, src_dir_fd=self.directory, dst_dir_fd=self.directory)

    def unlink(self, name: str) -> None:
        """Remove a name from the directory."""
        os.unlink(name, dir_fd=self.directory)

    def sweep(self) -> None:
        """Remove the candidates that killed runs have left. No living run has one while the directory is locked."""
        if not self.locked:
            return
        left = re.compile(rf"\.[0-9a-f]{{{2 * _RANDOM}}}\.{re.escape(self.name)}")
        with contextlib.suppress(OSError):
            for name in filter(left.fullmatch, os.listdir(self.directory)):
                self.unlink(name)

    def beside(self, name: str) -> str:
        """Return the path of another file in the directory, for messages and for functions that only take paths."""
        return os.path.join(os.path.dirname(self.path), name)

    def sync(self) -> None:
        """Make the names in the directory durable, where the file system can: some refuse it for directories."""
        with contextlib.suppress(OSError):
            directory = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=self.directory)
            try:
                os.fsync(directory)
            finally:
                os.close(directory)

    def lock(self, patience: float, pause: Callable[[float], None]) -> bool:
        """Lock the directory until this location is closed, and return whether that succeeded.

        The lock is on the directory itself: it leaves no file, and renaming the file doesn't lose it. Where directories
        can't be locked, there is none. Waits for at most `patience` seconds.
        """
        try:
            directory = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=self.directory)
        except OSError:
            return True  # nobody may list it, so nobody can lock it
        waited = 0.0
        while True:
            try:
                fcntl.flock(directory, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self.locked = True
                break
            except BlockingIOError:
                if waited >= patience:
                    os.close(directory)
                    return False
                pause(0.1)
                waited += 0.1
            except OSError as error:
                if error.errno in _NO_LOCKS:
                    break
                os.close(directory)
                raise
        os.close(self.directory)
        self.directory = directory
        return True


class Candidate:
    """A new file beside the old one, private and on disk, that replaces it or is removed."""

    def __init__(self, location: Location, content: bytes, ending: str = "") -> None:
        self._location, self._content = location, content
        # It ends as the file's own name does, because a program may go by that; unless it must not, for another one.
        self.name = f".{secrets.token_hex(_RANDOM)}.{location.name}{ending}"
        self.descriptor = -1

    def __enter__(self) -> Candidate:
        self.descriptor = self._location.create(self.name)
        try:
            write_all(self.descriptor, self._content)
        except BaseException:
            self._leave()
            raise
        return self

    def put(self, name: str | None = None) -> None:
        """Give it the file's name, or another one in the directory, for good."""
        os.fsync(self.descriptor)
        self._location.rename(self.name, name)
        self.name = ""
        self._location.sync()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leave()

    def _leave(self) -> None:
        if self.name:
            with contextlib.suppress(OSError):
                self._location.unlink(self.name)
        os.close(self.descriptor)


class Finder:
    """Finds many files of one thread, and walks to a directory once while they lie in the same one."""

    def __init__(self) -> None:
        self._directory = ""
        self._held: Location | None = None

    def find(self, path: str) -> Location:
        """Return the location of a normalised absolute path, at which no link is followed. Raises OSError."""
        directory, name = os.path.split(path)
        if self._held is None or directory != self._directory:
            self.close()
            self._directory, self._held = directory, find(path, follow=False)
        return self._held.sibling(name)

    def close(self) -> None:
        """Close the directory."""
        if self._held is not None:
            self._held.close()
        self._held = None


def find(path: str, *, follow: bool) -> Location:
    """Return the location of a file. `follow` says whether the file itself may be a link. Raises OSError.

    A link must belong to root or to the user that this process runs as.
    """
    todo = [part for part in reversed(path.split("/")) if part not in ("", ".")]
    above: list[str] = []
    links = 0
    directory = _entered("/", None)
    try:
        while todo:
            name = todo.pop()
            target = None if name == ".." else _target(directory, name, [*above, name])
            if target is not None:
                links += 1
                if links > _LINKS or not (todo or follow):
                    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
                todo += [part for part in reversed(target.split("/")) if part not in ("", ".")]
                if target.startswith("/"):
                    above = []
                    directory = _enter(directory, "/")
            elif not todo and name != "..":
                return Location(directory, [], above, name)
            else:
                try:
                    directory = _enter(directory, name)
                except FileNotFoundError:
                    if name == ".." or ".." in todo:
                        raise
                    return Location(directory, [name, *reversed(todo[1:])], above, todo[0])
                if name == "..":
                    del above[-1:]
                else:
                    above.append(name)
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    except BaseException:
        os.close(directory)
        raise


def _enter(directory: int, name: str) -> int:
    inner = _entered(name, directory)
    os.close(directory)
    return inner


def _entered(name: str, directory: int | None) -> int:
    """Return a descriptor of a directory, also of one that may be entered but not listed."""
    try:
        return os.open(name, os.O_RDONLY | _WALK, dir_fd=directory)
    except PermissionError:
        # Not at once: this way nothing is mounted that is mounted on demand, as homes may be.
        return os.open(name, getattr(os, "O_PATH", os.O_RDONLY) | _WALK, dir_fd=directory)


def _target(directory: int, name: str, path: list[str]) -> str | None:
    """Return the target of the link of a name in a directory, None where the name is no link. Raises ForeignLink."""
    try:
        status = os.stat(name, dir_fd=directory, follow_symlinks=False)
    except FileNotFoundError:
        return None
    if not stat.S_ISLNK(status.st_mode):
        return None
    if sys.platform != "linux":
        if not is_trusted(status.st_uid):
            raise ForeignLink("/" + "/".join(path))
        return os.readlink(name, dir_fd=directory)
    # Owner and target are read from one and the same link, even if its name means another one by then.
    link = os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=directory)
    try:
        status = os.fstat(link)
        if not stat.S_ISLNK(status.st_mode):
            return None
        if not is_trusted(status.st_uid):
            raise ForeignLink("/" + "/".join(path))
        return os.readlink("", dir_fd=link)
    finally:
        os.close(link)
