# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds processes by a private path that they carry, and sees them end. Linux: reads /proc, waits on pidfds."""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


def _read(pid: int, name: str) -> bytes:
    # Processes end while /proc is read, and those of other users don't show their environment.
    with suppress(OSError):
        return Path(f"/proc/{pid}/{name}").read_bytes()
    return b""


def _others() -> list[int]:
    return [int(entry) for entry in os.listdir("/proc") if entry.isdigit() and int(entry) != os.getpid()]


@contextmanager
def _handle(pid: int) -> Iterator[int | None]:
    """A pidfd, or None when the process has ended."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        yield None
        return
    try:
        yield handle
    finally:
        os.close(handle)


def _carries(pid: int, mark: bytes) -> bool:
    return mark in _read(pid, "cmdline") or mark in _read(pid, "environ")


def carriers(directory: Path) -> list[int]:
    """Ids of the processes, this one apart, with the directory in their command line or initial environment."""
    return [pid for pid in _others() if _carries(pid, os.fsencode(directory))]


def kill_carriers(directory: Path) -> None:
    """Kill all `carriers` of a directory and wait until they have ended, also those started meanwhile."""
    while pids := carriers(directory):
        for pid in pids:
            with _handle(pid) as handle:
                # The id may have passed to another process between the look at it and the handle on it.
                if handle is not None and _carries(pid, os.fsencode(directory)):
                    signal.pidfd_send_signal(handle, signal.SIGKILL)
                    select.select([handle], [], [])


def wait_for_masters(control_socket: Path) -> None:
    """Wait until the OpenSSH master process of a shared connection, which has lost its server, has ended."""
    title = b"ssh: " + os.fsencode(control_socket) + b" [mux]"
    for pid in _others():
        with _handle(pid) as handle:
            if handle is not None and _read(pid, "cmdline").startswith(title):
                select.select([handle], [], [])
