# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Identifies a file across machines, so that two inventory names for one machine are noticed. Changes nothing."""

from __future__ import annotations

import os
import platform

BOOT_ID = "/proc/sys/kernel/random/boot_id"


def file_identity(path: str) -> str:
    """Return a text that identifies a file, also a missing one: equal for two inventory names of the same file.

    It is made of the running system, the nearest directory that exists, and the rest of the path, so it changes when
    the machine is started anew and when missing directories are made. Clones of a machine differ, whatever their names
    and IDs, because each boots by itself.
    """
    directory, rest = os.path.split(path)
    while not os.path.isdir(directory):
        directory, last = os.path.split(directory)
        rest = os.path.join(last, rest)
    status = os.stat(directory)
    return f"{_system()}:{status.st_dev}:{status.st_ino}:{rest}"


def _system() -> str:
    """Return a text that no other running machine has: Linux's boot ID, elsewhere the machine's name."""
    try:
        with open(BOOT_ID, encoding="ascii") as handle:
            return handle.read().strip()
    except OSError:
        return platform.node()
