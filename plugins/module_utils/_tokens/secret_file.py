# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads a token's secret in a private JSON file, and the journal beside it. Changes nothing; `secret_slot.py` does.

While a token is being made, and after such a run was cut off, there are two files beside `NAME`. `.NAME.pending` is the
journal: it holds one nonce per line, and the run that is at work holds a lock on it. `.NAME.new` is the next `NAME`.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import stat
from collections.abc import Iterator

from .._core import durable, errors, regular_file
from .._core.owner import RUNNER, Owner, is_trusted
from . import secret_text

LONGEST = 65_536
"""The most bytes of a secret file."""
_NONCE = re.compile(rb"^([0-9a-f]{32})$", re.MULTILINE)


def look(path: str, owner: Owner = RUNNER, finder: durable.Finder | None = None) -> secret_text.Kept:
    """Return the token that the file holds, the nonces in the journal beside it, and whether `adjust` would change it.

    `finder` spares the way to the directory where many files are looked at. Raises SecretFileError when the file isn't
    one of ours, belongs to somebody else or can't be read.
    """
    with explaining(path), locate(path, finder) as location:
        nonces = _nonces_of(location)
        try:
            with opened(location, location.name, owner) as descriptor:
                content, differs = os.read(descriptor, LONGEST), any(differences(descriptor, owner))
        except FileNotFoundError:
            return secret_text.Kept(None, nonces)
    secret = secret_text.decoded(content)
    if secret is None:
        raise errors.SecretFileError(
            f"secret_file {path} is damaged or was not written by this collection; it is left as it is. Move it away"
            " or choose another path."
        )
    return secret_text.Kept(secret, nonces, differs)


def _nonces_of(location: durable.Location) -> tuple[str, ...]:
    try:
        with opened(location, hidden(location, "pending"), None) as descriptor:
            return tuple(nonces_in(descriptor))
    except FileNotFoundError:
        return ()


def differences(descriptor: int, owner: Owner) -> tuple[bool, bool]:
    """Return whether an open file's mode differs from 0600 and can be set, and whether its owner or group differs."""
    status = os.fstat(descriptor)
    return (
        stat.S_IMODE(status.st_mode) != 0o600 and os.geteuid() in (0, status.st_uid),
        owner.uid not in (None, status.st_uid) or owner.gid not in (None, status.st_gid),
    )


def locate(path: str, finder: durable.Finder | None = None) -> durable.Location:
    """Return the location of a secret file, which is no link. Raises OSError."""
    absolute = os.path.abspath(os.path.expanduser(path))
    return finder.find(absolute) if finder else durable.find(absolute, follow=False)


def hidden(location: durable.Location, what: str) -> str:
    return f".{location.name}.{what}"


@contextlib.contextmanager
def opened(location: durable.Location, name: str, owner: Owner | None) -> Iterator[int]:
    """Give a descriptor that reads a file of a trusted user, or with `owner` None of any user, and close it at the end.

    Raises OSError and SecretFileError.
    """
    try:
        descriptor = regular_file.open_regular(name, follow=False, dir_fd=location.there())
    except (regular_file.NotRegular, IsADirectoryError):
        raise _not_regular(location.beside(name)) from None
    try:
        if owner is not None:
            refuse_foreign(location.path, descriptor, owner)
            location.refuse_hard_link(descriptor)
        yield descriptor
    finally:
        os.close(descriptor)


def nonces_in(descriptor: int) -> list[str]:
    return [nonce.decode() for nonce in _NONCE.findall(os.pread(descriptor, 65536, 0))]


def refuse_foreign(path: str, descriptor: int, owner: Owner) -> None:
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        raise _not_regular(path)
    if not is_trusted(status.st_uid, owner):
        raise errors.SecretFileError(
            f"secret_file {path} belongs to somebody else; choose another path, or say with owner who shall own it."
        )


def _not_regular(path: str) -> errors.SecretFileError:
    return errors.SecretFileError(f"secret_file {path} is not a regular file; move it away or choose another path.")


@contextlib.contextmanager
def explaining(path: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise explained(path, error) from None


def explained(path: str, error: OSError) -> errors.SecretFileError:
    if isinstance(error, (durable.ForeignLink, durable.HardLink)):
        return errors.SecretFileError(f"secret_file {path} can't be used: {error.strerror}. Choose another path.")
    return unusable(path, "it is a symbolic link" if error.errno == errno.ELOOP else os.strerror(error.errno or 0))


def unusable(path: str, cause: str) -> errors.SecretFileError:
    return errors.SecretFileError(
        f"secret_file {path} can't be used: {cause}. Choose a path in a directory that the user who runs this module"
        " may write to."
    )
