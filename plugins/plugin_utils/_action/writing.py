# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the file of a report, as a whole or not at all: a program that reads it meets the old one or the new one."""

from __future__ import annotations

import os
import stat

from ...module_utils._core import durable, regular_file


def write_whole(path: str, content: bytes, mode: int, *, dry: bool = False) -> bool:
    """Write a file unless it has this content and mode already; return whether it was written, with `dry` would be.

    A relative path begins in the working directory of Ansible, and `~` is the home of the user who has started it.
    Raises OSError, also for a missing directory, and for a path that is no regular file's.
    """
    with durable.find(os.path.abspath(os.path.expanduser(path)), follow=True) as location:
        location.there()  # no directory is made for a report
        if _has_both(location, content, mode):
            return False
        if not dry:
            _replace(location, content, mode)
        return True


def _has_both(location: durable.Location, content: bytes, mode: int) -> bool:
    try:
        with location.opened() as descriptor:
            held = stat.S_IMODE(os.fstat(descriptor).st_mode)
            return (
                held == mode
                and os.fstat(descriptor).st_size == len(content)
                and regular_file.content_of(descriptor) == content
            )
    except FileNotFoundError:
        return False


def _replace(location: durable.Location, content: bytes, mode: int) -> None:
    # Another ending, because Prometheus's node exporter reads all files of a directory that end in .prom.
    with durable.Candidate(location, content, ending=".new") as candidate:
        os.fchmod(candidate.descriptor, mode)
        candidate.put()
