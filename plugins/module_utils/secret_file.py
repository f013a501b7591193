# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A token's secret in a private JSON file: read, and written atomically. The only code that touches secret files.

The content is `{"id", "description", "token", "created_at", "expires_at"}`, so that a playbook can read it with
`lookup('file', path) | from_json`. While a token is being made, and after such a run was cut off, there are beside
`NAME` also `.NAME.pending` (the journal: one nonce per line, locked by the run that lives) and `.NAME.new` (the next
`NAME`).
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import grp
import json
import os
import pwd
import re
import stat
import time
from collections.abc import Iterable
from types import TracebackType
from typing import Callable, NamedTuple, Optional

from .errors import OptionError, SecretFileError
from .replaceable import obstacle

KEYS = ("id", "description", "token", "created_at", "expires_at")
Secret = dict[str, Optional[str]]

# How long a run waits for another one with the same file, in seconds; and how long the journal of a dead run is looked
# at for a token that the server made after the run had ended.
PATIENCE = 120.0
_MEMORY = 86_400.0
# Bytes of a secret file at most, and the room that is reserved for a new one.
_LONGEST, _ROOM = 65_536, 4_096
_NONCE = re.compile(rb"^([0-9a-f]{32})$", re.MULTILINE)


class Owner(NamedTuple):
    """Who shall own the file; None leaves it to the user who runs the module."""

    uid: int | None = None
    gid: int | None = None


RUNNER = Owner()


def parse_owner(owner: str | None, group: str | None) -> Owner:
    """Return the IDs of names or numbers. Raises OptionError."""
    ids: list[int | None] = []
    for option, name in (("owner", owner), ("group", group)):
        try:
            if name is None or name.isdecimal():
                ids.append(None if name is None else int(name))
            else:
                ids.append(pwd.getpwnam(name).pw_uid if option == "owner" else grp.getgrnam(name).gr_gid)
        except KeyError:
            raise OptionError(f"{option}: there is no {option} {name!r} where the module runs.") from None
    return Owner(*ids)


def parse_path(option: str, path: str | None) -> str | None:
    """Return the path of a secret file, None where none is given: the only way from an option to one.

    Raises OptionError for what can't be a file, because a secret that has no place is lost.
    """
    if path is None:
        return None
    if not path.strip() or "\0" in path:
        raise OptionError(
            f"{option}: is empty or holds a NUL character, so that the secret would be lost. Name a file, or leave"
            f" {option} out."
        )
    if path.endswith("/") or os.path.basename(path) in (".", "..") or os.path.isdir(path):
        raise OptionError(f"{option}: {path} is a directory. Name a file in it.")
    return path


def read(path: str, owner: Owner = RUNNER) -> Secret | None:
    """Return what the file holds, None when there is no file.

    Raises SecretFileError when the file isn't one of ours, belongs to somebody else or can't be read.
    """
    _refuse_links(path)
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _explained(path, error) from None
    try:
        _refuse_foreign(path, descriptor, owner)
        content = os.read(descriptor, _LONGEST)
    except OSError as error:
        raise _explained(path, error) from None
    finally:
        os.close(descriptor)
    try:
        parsed = json.loads(content)
    except (ValueError, RecursionError):
        parsed = None
    if not isinstance(parsed, dict) or not all(isinstance(parsed.get(key), str) for key in ("id", "token")):
        raise SecretFileError(
            f"secret_file {path} is damaged or was not written by this collection; it is left as it is. Move it away"
            " or choose another path."
        )
    return {key: parsed.get(key) for key in KEYS}


def adjust(path: str, owner: Owner, *, dry: bool) -> bool:
    """Give an existing file its owner, group and mode 0600; return whether anything differed. `dry` only looks.

    Otherwise, what a run that was killed has left beside the file is swept away.
    """
    if not dry:
        _sweep(path)
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise _explained(path, error) from None
    try:
        status = os.fstat(descriptor)
        wide = stat.S_IMODE(status.st_mode) != 0o600 and os.geteuid() in (0, status.st_uid)
        moved = owner.uid not in (None, status.st_uid) or owner.gid not in (None, status.st_gid)
        if not dry and wide:
            os.fchmod(descriptor, 0o600)
        if not dry and moved:
            _give(descriptor, owner)
        return wide or moved
    except OSError as error:
        raise _explained(path, error) from None
    finally:
        os.close(descriptor)


def _sweep(path: str) -> None:
    """Remove a journal without a nonce that no run has locked, and the reserved file: nothing was asked for yet."""
    journal = _beside(path, "pending")
    try:
        descriptor = os.open(journal, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        ours, there = os.fstat(descriptor), os.stat(journal, follow_symlinks=False)
        if stat.S_ISREG(ours.st_mode) and ours.st_ino == there.st_ino and not _nonces_in(descriptor):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(_beside(path, "new"))
            os.unlink(journal)
    except OSError:
        pass  # a run is at work, or it isn't ours to remove: either is no reason to fail
    finally:
        os.close(descriptor)


def nonces(path: str) -> list[str]:
    """Return the nonces in the journal beside the file: of a run that is at work, or of one that was cut off."""
    try:
        descriptor = os.open(_beside(path, "pending"), os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise _explained(path, error) from None
    try:
        return _nonces_in(descriptor)
    finally:
        os.close(descriptor)


def check_writable(path: str) -> None:
    """Raise SecretFileError where `Slot` would, as far as that can be told without changing anything."""
    path = os.path.abspath(os.path.expanduser(path))
    _refuse_links(path)
    try:
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            os.lstat(_beside(path, "pending"))  # it may be too long a name
        reason = obstacle(path)
    except OSError as error:
        raise _explained(path, error) from None
    if reason:
        raise _unusable(path, reason)


class Slot:
    """The right to replace a secret file, and a place for the secret that is known to be writable before it exists.

    Use as a context manager around the making of a token. Entering makes the parent directory (0700), takes the lock
    on the journal, and reserves the new file (0600); another live run with the same file is waited for. A file that is
    there is replaced by one with the same content: what keeps it from being replaced, keeps it before there is a token
    to lose. `begin` makes a nonce durable before a token is asked for that bears it; `commit` makes the secret durable;
    `settle` says that what became of a nonce's token is known. The journal outlives the slot while a nonce isn't
    settled. Raises SecretFileError.
    """

    def __init__(self, path: str, owner: Owner = RUNNER, *, pause: Callable[[float], None] = time.sleep) -> None:
        self._path = os.path.abspath(os.path.expanduser(path))
        self._journal_path = _beside(self._path, "pending")
        self._new_path = _beside(self._path, "new")
        self._owner, self._pause = owner, pause
        self._journal = self._new = -1
        self._unsettled: set[str] = set()
        self.nonces: list[str] = []
        """What the journal held when the slot was entered: the nonces of runs that were cut off."""

    def __enter__(self) -> Slot:
        check_writable(self._path)
        try:
            _make_directory(os.path.dirname(self._path), self._owner)
            self._lock()
            self.nonces = _nonces_in(self._journal)
            if time.time() - os.fstat(self._journal).st_mtime < _MEMORY:
                self._unsettled.update(self.nonces)
            self._reserve()
            self._try_out()
        except BaseException as error:
            self._leave()
            if isinstance(error, OSError):
                raise _explained(self._path, error) from None
            raise
        return self

    def _reserve(self) -> None:
        """Make the new file, and room for its content, so that a full disk shows before there is anything to lose."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._new_path)
        self._new = os.open(self._new_path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        # Without this a umask such as 0777 would leave a file that nobody can read.
        os.fchmod(self._new, 0o600)
        _give(self._new, self._owner)
        _write(self._new, b" " * _ROOM)

    def _try_out(self) -> None:
        """Replace the file that is there by itself."""
        try:
            descriptor = os.open(self._path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
        except FileNotFoundError:
            return
        try:
            _refuse_foreign(self._path, descriptor, self._owner)
            content = os.read(descriptor, _LONGEST + 1)
        finally:
            os.close(descriptor)
        if len(content) > _LONGEST:
            return
        self._replace(content)
        os.close(self._new)
        self._new = -1
        self._reserve()

    def _replace(self, content: bytes) -> None:
        """Give the target a content. Durable once the directory is."""
        os.lseek(self._new, 0, os.SEEK_SET)
        # Cut first, so that what follows is one write and one fsync of the whole content.
        os.ftruncate(self._new, len(content))
        _write(self._new, content)
        os.rename(self._new_path, self._path)

    def begin(self, nonce: str) -> None:
        """Make a nonce durable: from now on a later run can tell that a token bearing it is this file's."""
        try:
            os.lseek(self._journal, 0, os.SEEK_END)
            # A line that an earlier run didn't finish must not swallow this one.
            _write(self._journal, f"\n{nonce}\n".encode())
            _sync_directory(self._path)
        except OSError as error:
            raise _explained(self._path, error) from None
        self._unsettled.add(nonce)

    def settle(self, known: Iterable[str]) -> None:
        """Forget nonces whose token was seen, or was certainly never made."""
        self._unsettled.difference_update(known)

    def commit(self, secret: Secret) -> None:
        """Make the secret durable under the target's name."""
        try:
            self._replace(json.dumps({key: secret.get(key) for key in KEYS}, indent=2).encode() + b"\n")
        except OSError as error:
            raise _explained(self._path, error) from None
        _sync_directory(self._path)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._leave()

    def _lock(self) -> None:
        """Open the journal and lock it. A run that was killed holds no lock; one that ended has removed the file."""
        waited = 0.0
        while True:
            self._journal = os.open(
                self._journal_path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK, 0o600
            )
            _refuse_foreign(self._journal_path, self._journal, RUNNER)
            try:
                fcntl.flock(self._journal, fcntl.LOCK_EX | fcntl.LOCK_NB)
                status = os.stat(self._journal_path, follow_symlinks=False)
                if status.st_ino == os.fstat(self._journal).st_ino:
                    os.fchmod(self._journal, 0o600)
                    return
            except FileNotFoundError:
                pass
            except BlockingIOError:
                if waited >= PATIENCE:
                    raise SecretFileError(
                        f"secret_file {self._path} is in use by another run since {PATIENCE:g} seconds. Run again when"
                        " it has ended.",
                        code="busy",
                    ) from None
                self._pause(0.1)
                waited += 0.1
            os.close(self._journal)
            self._journal = -1

    def _leave(self) -> None:
        # What can't be removed is removed by the next run; it is no reason to fail after the secret is safe.
        if self._new >= 0:
            with contextlib.suppress(OSError):
                os.unlink(self._new_path)
            os.close(self._new)
        if self._journal >= 0:
            if not self._unsettled:
                with contextlib.suppress(OSError):
                    os.unlink(self._journal_path)
            os.close(self._journal)
        self._new = self._journal = -1


def _beside(path: str, what: str) -> str:
    directory, name = os.path.split(os.path.abspath(path))
    return os.path.join(directory, f".{name}.{what}")


def _nonces_in(descriptor: int) -> list[str]:
    return [nonce.decode() for nonce in _NONCE.findall(os.pread(descriptor, 65536, 0))]


def _write(descriptor: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]
    os.fsync(descriptor)


def _give(descriptor: int, owner: Owner) -> None:
    if owner != RUNNER:
        os.fchown(descriptor, -1 if owner.uid is None else owner.uid, -1 if owner.gid is None else owner.gid)


def _make_directory(path: str, owner: Owner) -> None:
    """Make a directory and the missing ones above it, each 0700 whatever the umask is."""
    if os.path.isdir(path):
        return
    _make_directory(os.path.dirname(path), owner)
    with contextlib.suppress(FileExistsError):
        os.mkdir(path, 0o700)
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            os.fchmod(descriptor, 0o700)
            _give(descriptor, owner)
        finally:
            os.close(descriptor)


def _sync_directory(path: str) -> None:
    """Make the names in the file's directory durable, where the file system can: some refuse it for directories."""
    with contextlib.suppress(OSError):
        directory = os.open(os.path.dirname(path), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)


def _refuse_links(path: str) -> None:
    """Raise SecretFileError for a file that is a symbolic link, and for a directory that is one of somebody else's."""
    path = os.path.abspath(path)
    above, name = os.path.split(path)
    while name:
        above, name = os.path.split(above)
        with contextlib.suppress(OSError):
            status = os.lstat(os.path.join(above, name))
            if stat.S_ISLNK(status.st_mode) and status.st_uid not in (0, os.geteuid()):
                raise SecretFileError(
                    f"secret_file {path} can't be used: {os.path.join(above, name)} is a symbolic link of somebody"
                    " else's. Choose another path."
                )
    if os.path.islink(path):
        raise _explained(path, OSError(errno.ELOOP, ""))


def _refuse_foreign(path: str, descriptor: int, owner: Owner) -> None:
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        raise SecretFileError(f"secret_file {path} is not a regular file; move it away or choose another path.")
    if status.st_uid not in (os.geteuid(), 0, owner.uid):
        raise SecretFileError(
            f"secret_file {path} belongs to somebody else; choose another path, or say with owner who shall own it."
        )


def _explained(path: str, error: OSError) -> SecretFileError:
    return _unusable(path, "it is a symbolic link" if error.errno == errno.ELOOP else os.strerror(error.errno or 0))


def _unusable(path: str, cause: str) -> SecretFileError:
    return SecretFileError(
        f"secret_file {path} can't be used: {cause}. Choose a path in a directory that the user who runs this module"
        " may write to."
    )
