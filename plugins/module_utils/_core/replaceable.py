# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds out whether a file can be replaced by renaming another one over it. Changes nothing.

Some checks exist on Linux only. Elsewhere they find no obstacle.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import struct

# ioctl_iflags(2): FS_IOC_GETFLAGS, as most and as powerpc, mips and sparc number it, and the two flags.
_GET_FLAGS = tuple(
    direction | struct.calcsize("l") << 16 | ord("f") << 8 | 1 for direction in (0x8000_0000, 0x4000_0000)
)
_IMMUTABLE, _APPEND_ONLY = 0x10, 0x20


def obstacle(path: str) -> str:
    """Return the obstacle to replacing a file, as the end of a sentence; empty without one.

    `path` may not exist yet, nor its directory. Then the nearest directory above it counts.
    """
    path = os.path.abspath(path)
    directory = os.path.dirname(path)
    while not os.path.lexists(directory):
        directory = os.path.dirname(directory)
    if not os.path.isdir(directory):
        return os.strerror(errno.ENOTDIR)
    if not os.access(directory, os.W_OK | os.X_OK):
        return os.strerror(errno.EACCES)
    if os.statvfs(directory).f_flag & os.ST_RDONLY:
        return os.strerror(errno.EROFS)
    if _flags(directory) & (_IMMUTABLE | _APPEND_ONLY):
        return f"nothing in {directory} can be replaced, which has the attribute i or a (chattr -i -a takes it away)"
    try:
        status = os.lstat(path)
    except FileNotFoundError:
        return ""
    except OSError as error:
        return os.strerror(error.errno or 0)
    return _obstacle_of(path, status, os.stat(directory), directory)


def _obstacle_of(path: str, status: os.stat_result, above: os.stat_result, directory: str) -> str:
    """Return the obstacle to replacing an existing file."""
    if stat.S_ISDIR(status.st_mode):
        return os.strerror(errno.EISDIR)
    if not stat.S_ISREG(status.st_mode):
        return ""
    if _flags(path) & (_IMMUTABLE | _APPEND_ONLY):
        return "it has the attribute i or a and can't be replaced (chattr -i -a takes it away)"
    if _mount(path) != _mount(directory):
        return (
            "it is mounted by itself, so that it can't be replaced. Mount the directory that it shall be in instead of"
            " the single file"
        )
    if above.st_mode & stat.S_ISVTX and os.geteuid() not in (0, status.st_uid, above.st_uid):
        return os.strerror(errno.EPERM)
    return ""


def _flags(path: str) -> int:
    """Return the attributes that chattr sets, 0 where the file system has none or they can't be read."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return 0
    try:
        for request in _GET_FLAGS:
            try:
                answer = fcntl.ioctl(descriptor, request, struct.pack("l", 0))
            except OSError:
                continue
            return int(struct.unpack("i", answer[:4])[0])
        return 0
    finally:
        os.close(descriptor)


def _mount(path: str) -> bytes:
    """Return the number of the mount through which a file is seen (proc(5)): two mounts may show one file system."""
    try:
        descriptor = os.open(path, getattr(os, "O_PATH", os.O_RDONLY) | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        with open(f"/proc/self/fdinfo/{descriptor}", "rb") as handle:
            return next((line.split()[1] for line in handle if line.startswith(b"mnt_id:")), b"")
    except OSError:
        return b""
    finally:
        os.close(descriptor)
