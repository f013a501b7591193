# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the file of a report, as a whole or not at all: a program that reads it meets the old one or the new one."""

from __future__ import annotations

import os
import stat

from ...module_utils._core.durable import Candidate, Location, find
from ...module_utils._core.regular_file import content_of


def write_whole(path: str, content: bytes, mode: int, *, dry: bool = False) -> bool:
    """Write a file unless it is so already, and return whether it was, or with `dry` would be, written.

    A path that begins with `~` or is relative counts from who started the playbook. Raises OSError, also for what is no
    regular file.
    """
    with find(os.path.abspath(os.path.expanduser(path)), follow=True) as location:
        if location.missing:
            raise FileNotFoundError(2, os.strerror(2))
        if _is_so(location, content, mode):
            return False
        if not dry:
            _replace(location, content, mode)
        return True


def _is_so(location: Location, content: bytes, mode: int) -> bool:
    try:
        with location.opened() as descriptor:
            held = stat.S_IMODE(os.fstat(descriptor).st_mode)
            return held == mode and os.fstat(descriptor).st_size == len(content) and content_of(descriptor) == content
    except FileNotFoundError:
        return False


def _replace(location: Location, content: bytes, mode: int) -> None:
    # Prometheus's node exporter reads all files of a directory that end in .prom.
    with Candidate(location, content, ending=".new") as candidate:
        os.fchmod(candidate.descriptor, mode)
        candidate.put()
