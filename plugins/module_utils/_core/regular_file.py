# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads a file of a foreign path: never waits, and never reads without end.

The collection reads every file that a user names, or that lies on a host, by this. A program that opens a FIFO waits,
and a device such as `/dev/zero` has no end. Errors are OSErrors, so that callers put `error.strerror` into a sentence.
"""

from __future__ import annotations

import errno
import os
import stat

from . import errors

MOST = 4 * 1024 * 1024
"""The most bytes that a file may have. A config, a key or a bundle of all public CAs has far fewer."""


class NotRegular(OSError):
    """The path names a FIFO, a socket, a device or the like."""

    def __init__(self) -> None:
        super().__init__(errno.EINVAL, "it is not a regular file")


class TooLarge(OSError):
    """The file has more bytes than the caller reads."""

    def __init__(self, most: int) -> None:
        super().__init__(errno.EFBIG, f"it is larger than {most} bytes")


def open_regular(path: str, *, follow: bool = True, dir_fd: int | None = None) -> int:
    """Return a descriptor that reads a regular file; the caller closes it.

    `follow` says whether the last part of the path may be a symbolic link; `dir_fd` is the directory that a relative
    path begins in. Raises FileNotFoundError, IsADirectoryError, NotRegular and other OSErrors.
    """
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC | (0 if follow else os.O_NOFOLLOW)
    try:
        descriptor = os.open(path, flags, dir_fd=dir_fd)
    except OSError as error:
        if error.errno == errno.ENXIO:  # a socket
            raise NotRegular from None
        raise
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        return descriptor
    os.close(descriptor)
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    raise NotRegular


def content_of(descriptor: int, most: int = MOST) -> bytes:
    """Return the content of an open regular file from its beginning. Raises TooLarge, having read no more than that."""
    if os.fstat(descriptor).st_size > most:
        raise TooLarge(most)
    pieces: list[bytes] = []
    length = 0
    # Not by the size alone: files of /proc have none.
    while piece := os.pread(descriptor, 1024 * 1024, length):
        pieces.append(piece)
        length += len(piece)
        if length > most:
            raise TooLarge(most)
    return b"".join(pieces)


def read_regular(path: str, *, most: int = MOST) -> bytes:
    """Return the content of a regular file. Raises as `open_regular` and `content_of` do."""
    descriptor = open_regular(path)
    try:
        return content_of(descriptor, most)
    finally:
        os.close(descriptor)


def check_readable(name: str, path: str) -> None:
    """Raise Influxdb3Error where a file of certificates or a key can't be read; `name` says who names it."""
    problem = problem_of(path)
    if problem:
        raise errors.Influxdb3Error(f"{name} names {path!r}, which can't be read: {problem}.", code="tls")


def problem_of(path: str) -> str | None:
    """Return why a file can't be read, the end of a sentence, None where it can."""
    try:
        read_regular(path)
    except (OSError, ValueError) as error:
        return why_unreadable(error)
    return None


def why_unreadable(error: Exception) -> str:
    """Return the reason of an OSError, or of the ValueError of a path that can be none, the end of a sentence."""
    return str(error.strerror) if isinstance(error, OSError) else "the path holds a null character"
