# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the private files in which tokens' secrets are kept. Changes nothing.

The files are those of `secret_file.py`. `secret_at` and `secret_of` refuse a file that somebody else could have written
or read. The other functions show the owner and the mode, and leave it to their callers to refuse it.
"""

from __future__ import annotations

import errno
import os
import stat
from datetime import datetime
from typing import NamedTuple

from .._core import durable, errors, regular_file
from .._core.durations import format_instant, parse_instant
from .._core.owner import RUNNER, Owner, is_trusted
from .._core.token_values import can_be_secret
from . import secret_text


class KeptSecret(NamedTuple):
    """The token that a file holds, and the file's status, of which owner, group and mode are used."""

    secret: secret_text.Secret
    status: os.stat_result


def location_of(path: str) -> durable.Location:
    """Return the location of a file that is no symbolic link. Raises SecretFileError."""
    absolute = os.path.abspath(os.path.expanduser(path))
    try:
        return durable.find(absolute, follow=False)
    except OSError as error:
        raise unreadable(absolute, error) from None


def kept_at(location: durable.Location) -> KeptSecret | None:
    """Return the token in the file at a location, None where there is no file.

    Raises SecretFileError for a file that can't be read (code `unreadable`) or holds no token (`no_token_file`).
    """
    try:
        with location.opened() as descriptor:
            status, content = os.fstat(descriptor), regular_file.content_of(descriptor)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise unreadable(location.path, error) from None
    secret = secret_text.decoded(content)
    if secret is None or not can_be_secret(secret["token"]) or not all(_is_text(value) for value in secret.values()):
        raise errors.SecretFileError(
            f"{location.path} holds no token: it is damaged, or this collection has not written it. It is left as it"
            " is; move it away or choose another path.",
            code="no_token_file",
        )
    return KeptSecret(secret, status)


def unreadable(path: str, error: OSError) -> errors.SecretFileError:
    """Return the error for a file that can't be read."""
    reason = error.strerror or type(error).__name__
    if error.errno == errno.ELOOP and reason == os.strerror(errno.ELOOP):
        reason = "it is a symbolic link, which may lead anywhere"
    return errors.SecretFileError(f"{path} can't be read: {reason}.", code="unreadable")


def refuse_foreign(path: str, status: os.stat_result, owner: Owner = RUNNER) -> None:
    """Raise SecretFileError for a file that belongs neither to root, to who runs this, nor to the stated owner."""
    if not is_trusted(status.st_uid, owner):
        raise errors.SecretFileError(
            f"{path} belongs to the user {status.st_uid}, who may have written anything into it; choose another path,"
            " or let root or the user who runs this own it.",
            code="foreign",
        )


def ended(secret: secret_text.Secret, at: datetime) -> str:
    """Return when a token has ended, in RFC 3339, empty where it has not. Raises ValueError for no time."""
    text = secret.get("expires_at")
    if not text:
        return ""
    instant = parse_instant(text)
    return format_instant(instant) if instant <= at else ""


def secret_at(path: str, at: datetime) -> str:
    """Return the secret that a private file holds. Raises SecretFileError, also where the token has ended by `at`."""
    with location_of(path) as location:
        kept = kept_at(location)
        if kept is None:
            raise errors.SecretFileError(
                f"There is no secret at {location.path}: name the file that secret_file of db_token or mgmt_token has"
                " written, on the machine where this is read.",
                code="no_file",
            )
        return _usable(location.path, kept, at)


def secret_of(description: str, directory: str, at: datetime) -> str:
    """Return the secret of the one file in a directory that has this description, for use at the instant `at`.

    Files of other descriptions are passed over, and so are those that hold no token. Raises SecretFileError.
    """
    above, files = tokens_in(directory)
    found = [(name, kept) for name, kept in files if isinstance(kept, KeptSecret)]
    found = [(name, kept) for name, kept in found if kept.secret["description"] == description]
    unread = [name for name, error in files if isinstance(error, errors.SecretFileError)]
    if len(found) == 1:
        return _usable(os.path.join(above, found[0][0]), found[0][1], at)
    if found:
        names = ", ".join(name for name, _kept in found)
        raise errors.SecretFileError(
            f"{len(found)} files in {above} have the description {description!r}: {names}. Name one of them, or remove"
            " those that aren't used.",
            code="several",
        )
    also = f" What can't be read there: {', '.join(unread[:5])}." if unread else ""
    raise errors.SecretFileError(f"No file in {above} has the description {description!r}.{also}", code="no_file")


def tokens_in(directory: str) -> tuple[str, list[tuple[str, KeptSecret | errors.SecretFileError]]]:
    """Return a directory's path without links, and its files that hold a token or can't be read, sorted by name.

    Files that hold no token, and names that begin with a dot, are passed over. Raises SecretFileError for a directory
    that can't be read.
    """
    files: list[tuple[str, KeptSecret | errors.SecretFileError]] = []
    with location_of(os.path.join(directory, "any")) as location:
        above = os.path.dirname(location.path)
        for name in _names(location, above):
            try:
                with location.sibling(name) as beside:
                    kept = kept_at(beside)
            except errors.SecretFileError as error:
                files += [(name, error)] if error.code == "unreadable" else []
            else:
                files += [(name, kept)] if kept is not None else []
    return above, files


def _names(location: durable.Location, path: str) -> list[str]:
    try:
        entries = [(name, location.status(name)) for name in sorted(os.listdir(location.there()))]
    except OSError as error:
        raise unreadable(path, error) from None
    # A run that is at work, or an editor, has files whose names begin with a dot.
    return [name for name, status in entries if stat.S_ISREG(status.st_mode) and not name.startswith(".")]


def _usable(path: str, kept: KeptSecret, at: datetime) -> str:
    refuse_foreign(path, kept.status)
    if stat.S_IMODE(kept.status.st_mode) & 0o077:
        raise errors.SecretFileError(
            f"{path} is not private: its mode is {stat.S_IMODE(kept.status.st_mode):04o}, so that others may have read"
            f" the secret. Renew the token, or run `chmod 600` on the file if nobody has.",
            code="not_private",
        )
    try:
        since = ended(kept.secret, at)
    except ValueError as error:
        raise errors.SecretFileError(f"{path}: expires_at {error}.", code="no_token_file") from None
    if since:
        raise errors.SecretFileError(
            f"The token in {path} has ended at {since}. Renew it (renew_before of db_token or mgmt_token does so in"
            " time), or set this machine's clock right if that lies in the future.",
            code="expired",
        )
    return str(kept.secret["token"])


def _is_text(value: str | None) -> bool:
    return value is None or isinstance(value, str)
