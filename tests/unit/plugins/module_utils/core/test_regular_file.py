# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What reads files refuses all that isn't one, at once, and holds no more of any than it may."""

from __future__ import annotations

import errno
import os
import socket
from pathlib import Path

import pytest

from ansible_collections.influxops.influxdb3.plugins.module_utils._core.regular_file import (
    MOST,
    NotRegular,
    TooLarge,
    content_of,
    open_regular,
    read_regular,
)


def test_a_file_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "file"
    content = os.urandom(3 * 1024 * 1024 + 5)
    path.write_bytes(content)
    assert read_regular(str(path)) == content
    assert read_regular("/proc/self/stat")
    directory = os.open(tmp_path, os.O_RDONLY)
    descriptor = open_regular("file", dir_fd=directory)
    assert content_of(descriptor) == content
    os.close(descriptor)
    os.close(directory)


def test_a_link_is_followed_only_where_that_is_allowed(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    (tmp_path / "link").symlink_to("file")
    assert read_regular(str(tmp_path / "link")) == b"x"
    with pytest.raises(OSError, check=lambda error: error.errno == errno.ELOOP):
        open_regular(str(tmp_path / "link"), follow=False)


def test_what_is_no_file_is_refused_without_waiting(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket"))
        for path in (fifo, tmp_path / "socket", Path("/dev/zero"), Path("/dev/null")):
            with pytest.raises(NotRegular, match="not a regular file"):
                read_regular(str(path))
    with pytest.raises(IsADirectoryError):
        read_regular(str(tmp_path))
    with pytest.raises(FileNotFoundError):
        read_regular(str(tmp_path / "missing"))


def test_a_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"")
    os.truncate(path, MOST)
    assert len(read_regular(str(path))) == MOST
    os.truncate(path, 2**40)
    with pytest.raises(TooLarge, match=str(MOST)):
        read_regular(str(path))
    # Files of /proc have no size before they are read.
    with pytest.raises(TooLarge):
        read_regular("/proc/self/stat", most=5)


def test_no_descriptor_is_left_open(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    before = os.listdir("/proc/self/fd")
    for path in (fifo, tmp_path, Path("/dev/null"), Path("/proc/self/stat")):
        with pytest.raises((NotRegular, TooLarge, IsADirectoryError)):
            read_regular(str(path), most=1)
    assert os.listdir("/proc/self/fd") == before
