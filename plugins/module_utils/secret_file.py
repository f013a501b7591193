# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A token's secret in a private JSON file: read, and written atomically. The only code that touches secret files.

The content is `{"id", "description", "token", "created_at", "expires_at"}`, so that a playbook can read it with
`lookup('file', path) | from_json`.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import stat
import tempfile
from types import TracebackType
from typing import Optional

from .errors import SecretFileError

KEYS = ("id", "description", "token", "created_at", "expires_at")
Secret = dict[str, Optional[str]]


def read(path: str) -> Secret | None:
    """Return what the file holds, None when there is no file.

    Raises SecretFileError when the file isn't one of ours, belongs to somebody else or can't be read.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _explained(path, error) from None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise SecretFileError(f"secret_file {path} is not a regular file; move it away or choose another path.")
        if status.st_uid not in (os.geteuid(), 0) and os.geteuid() != 0:
            raise SecretFileError(f"secret_file {path} belongs to somebody else; choose another path.")
        content = os.read(descriptor, 65536)
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


class Slot:
    """A place for a secret that is known to be writable before the secret exists.

    Use as a context manager around the creation of the token: entering makes the parent directory (0700) and a
    temporary file (0600) beside the target, `commit` fills it and renames it over the target, leaving without commit
    removes it. Raises SecretFileError.
    """

    def __init__(self, path: str) -> None:
        self._path = os.path.abspath(os.path.expanduser(path))
        self._temporary: str | None = None
        self._descriptor = -1

    def __enter__(self) -> Slot:
        parent = os.path.dirname(self._path)
        try:
            os.makedirs(os.path.dirname(parent), exist_ok=True)
            with contextlib.suppress(FileExistsError):
                os.mkdir(parent, 0o700)
            if os.path.islink(self._path):
                raise OSError(errno.ELOOP, "it is a symbolic link")
            # mkstemp creates with 0600 whatever the umask is.
            self._descriptor, self._temporary = tempfile.mkstemp(prefix=".influxdb3-", dir=parent)
            # Reserves the room, so that a full disk shows before there is anything to lose.
            os.write(self._descriptor, b" " * 4096)
            os.fsync(self._descriptor)
        except OSError as error:
            self._remove()
            raise _explained(self._path, error) from None
        return self

    def commit(self, secret: Secret) -> None:
        """Make the secret durable under the target's name."""
        try:
            content = json.dumps({key: secret.get(key) for key in KEYS}, indent=2).encode() + b"\n"
            os.lseek(self._descriptor, 0, os.SEEK_SET)
            view = memoryview(content)
            while view:
                view = view[os.write(self._descriptor, view) :]
            os.ftruncate(self._descriptor, len(content))
            os.fsync(self._descriptor)
            os.rename(self._temporary or "", self._path)
            self._temporary = None
            directory = os.open(os.path.dirname(self._path), os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(directory)
            finally:
                os.close(directory)
        except OSError as error:
            raise _explained(self._path, error) from None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._remove()

    def _remove(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
        if self._temporary is not None:
            os.unlink(self._temporary)
            self._temporary = None


def _explained(path: str, error: OSError) -> SecretFileError:
    cause = "it is a symbolic link" if error.errno == errno.ELOOP else os.strerror(error.errno or 0)
    return SecretFileError(
        f"secret_file {path} can't be used: {cause}. Choose a path in a directory that the user who runs this module"
        " may write to."
    )
