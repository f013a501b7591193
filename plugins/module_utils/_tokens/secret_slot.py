# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Replaces a token's secret file atomically, and sets its owner and mode. The only code that writes `secret_file`.

`secret_file.py` reads the files, and says what their names mean.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterable
from types import TracebackType
from typing import Callable

from .._core import durable, errors
from .._core.owner import RUNNER, Owner
from .._core.replaceable import obstacle
from . import secret_file, secret_text

# Seconds for which the journal of a dead run is kept: the server may make the token after the run has ended.
_MEMORY = 86_400.0
_ROOM = 4_096  # bytes that are reserved for a new file


def adjust(path: str, owner: Owner) -> bool:
    """Give an existing file its owner, group and mode 0600; return whether anything differed.

    Also removes the files that a killed run has left beside this one. Raises SecretFileError.
    """
    with secret_file.explaining(path), secret_file.locate(path) as location:
        _sweep(location)
        try:
            with secret_file.opened(location, location.name, None) as descriptor:
                wide, moved = secret_file.differences(descriptor, owner)
                if wide or moved:
                    location.refuse_hard_link(descriptor)
                if wide:
                    os.fchmod(descriptor, 0o600)
                if moved:
                    durable.give(descriptor, owner)
                return wide or moved
        except FileNotFoundError:
            return False


def check_writable(path: str) -> None:
    """Raise SecretFileError where `Slot` would, as far as that shows without a change."""
    with secret_file.explaining(path), secret_file.locate(path) as location:
        with contextlib.suppress(FileNotFoundError):
            location.status(secret_file.hidden(location, "pending"))  # it may be too long a name
        reason = obstacle(location.path)
    if reason:
        raise secret_file.unusable(path, reason)


class Slot:
    """The right to replace a secret file, and a place for the secret that is known to be writable before it exists.

    Use as a context manager around the making of a token. Entering makes the parent directory (0700), takes the lock
    on the journal, and reserves the new file (0600). It waits for another run that is at work with the file. It
    replaces an existing file by one with the same content, so that an obstacle shows before there is a token to lose.
    `begin` makes a nonce durable before a token is asked for that bears it. `commit` makes the secret durable. `settle`
    notes that nobody has to look for the token of a nonce any more. The journal outlives the slot while a nonce isn't
    settled. Entering, `begin` and `commit` raise SecretFileError.
    """

    def __init__(self, path: str, owner: Owner = RUNNER, *, pause: Callable[[float], None] = time.sleep) -> None:
        self._path = os.path.abspath(os.path.expanduser(path))
        self._owner, self._pause = owner, pause
        self._location: durable.Location | None = None
        self._journal = self._new = -1
        self._unsettled: set[str] = set()
        self.nonces: list[str] = []
        """The nonces that were in the journal when the slot was entered: those of runs that were cut off."""

    def __enter__(self) -> Slot:
        check_writable(self._path)
        try:
            self._location = secret_file.locate(self._path)
            self._location.make(self._owner)
            self._lock(self._location)
            self.nonces = secret_file.nonces_in(self._journal)
            if time.time() - os.fstat(self._journal).st_mtime < _MEMORY:
                self._unsettled.update(self.nonces)
            self._reserve(self._location)
            self._try_out(self._location)
        except BaseException as error:
            self._leave()
            if isinstance(error, OSError):
                raise secret_file.explained(self._path, error) from None
            raise
        return self

    @property
    def _held(self) -> durable.Location:
        if self._location is None:
            raise RuntimeError("the slot was not entered")
        return self._location

    def _reserve(self, location: durable.Location) -> None:
        """Make the new file, and room for its content, so that a full disk shows before there is anything to lose."""
        name = secret_file.hidden(location, "new")
        with contextlib.suppress(FileNotFoundError):
            location.unlink(name)
        self._new = location.create(name)
        durable.give(self._new, self._owner)
        durable.write_all(self._new, b" " * _ROOM)

    def _try_out(self, location: durable.Location) -> None:
        """Replace an existing file by a copy of it."""
        try:
            with secret_file.opened(location, location.name, self._owner) as descriptor:
                content = os.read(descriptor, secret_file.LONGEST + 1)
        except FileNotFoundError:
            return
        if len(content) > secret_file.LONGEST:
            return
        self._replace(content)
        os.close(self._new)
        self._new = -1
        self._reserve(location)

    def _replace(self, content: bytes) -> None:
        """Give the secret file a content, which is durable once the directory is synced."""
        os.lseek(self._new, 0, os.SEEK_SET)
        # Cut first, so that what follows is one write and one fsync of the whole content.
        os.ftruncate(self._new, len(content))
        durable.write_all(self._new, content)
        self._held.rename(secret_file.hidden(self._held, "new"))

    def begin(self, nonce: str) -> None:
        """Make a nonce durable, so that a later run can tell that a token with this nonce is this file's.

        Raises SecretFileError.
        """
        try:
            os.lseek(self._journal, 0, os.SEEK_END)
            # A line that an earlier run didn't finish must not swallow this one.
            durable.write_all(self._journal, f"\n{nonce}\n".encode())
            self._held.sync()
        except OSError as error:
            raise secret_file.explained(self._path, error) from None
        self._unsettled.add(nonce)

    def settle(self, nonces: Iterable[str]) -> None:
        """Forget nonces whose token was seen, or was certainly never made."""
        self._unsettled.difference_update(nonces)

    def commit(self, secret: secret_text.Secret) -> None:
        """Make the secret durable in the secret file. Raises SecretFileError."""
        try:
            self._replace(secret_text.encoded(secret))
        except OSError as error:
            raise secret_file.explained(self._path, error) from None
        self._held.sync()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._leave()

    def _lock(self, location: durable.Location) -> None:
        """Open the journal and lock it. A run that was killed holds no lock; one that ended has removed the file."""
        name = secret_file.hidden(location, "pending")
        waited = 0.0
        while True:
            self._journal = location.open(os.O_RDWR | os.O_CREAT, name)
            secret_file.refuse_foreign(self._path, self._journal, RUNNER)
            _refuse_several_names(self._path, self._journal)
            try:
                fcntl.flock(self._journal, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if location.status(name).st_ino == os.fstat(self._journal).st_ino:
                    os.fchmod(self._journal, 0o600)
                    return
            except FileNotFoundError:
                pass
            except BlockingIOError:
                if waited >= durable.PATIENCE:
                    raise errors.SecretFileError(
                        f"secret_file {self._path} is in use by another run since {durable.PATIENCE:g} seconds. Run"
                        " again when it has ended.",
                        code="busy",
                    ) from None
                self._pause(0.1)
                waited += 0.1
            os.close(self._journal)
            self._journal = -1

    def _leave(self) -> None:
        # The next run removes the files that can't be removed here; they are no reason to fail once the secret is safe.
        if self._new >= 0:
            with contextlib.suppress(OSError):
                self._held.unlink(secret_file.hidden(self._held, "new"))
            os.close(self._new)
        if self._journal >= 0:
            if not self._unsettled:
                with contextlib.suppress(OSError):
                    self._held.unlink(secret_file.hidden(self._held, "pending"))
            os.close(self._journal)
        if self._location is not None:
            self._location.close()
        self._new = self._journal = -1


def _sweep(location: durable.Location) -> None:
    """Remove a journal without a nonce that no run has locked, and the reserved file.

    Its run was cut off before it asked for a token.
    """
    name = secret_file.hidden(location, "pending")
    # A run is at work, or it isn't ours to remove: either is no reason to fail.
    with contextlib.suppress(OSError, errors.SecretFileError), secret_file.opened(location, name, RUNNER) as journal:
        fcntl.flock(journal, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if location.status(name).st_ino == os.fstat(journal).st_ino and not secret_file.nonces_in(journal):
            with contextlib.suppress(FileNotFoundError):
                location.unlink(secret_file.hidden(location, "new"))
            location.unlink(name)


def _refuse_several_names(path: str, descriptor: int) -> None:
    # Who may write to the directory could have given this name to any file, which would be written to.
    if os.fstat(descriptor).st_nlink > 1:
        raise secret_file.unusable(path, "its journal is a hard link to a file with another name; remove it")
