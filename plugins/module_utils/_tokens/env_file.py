# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A token as `NAME=secret` in a file of its own, as systemd's EnvironmentFile takes it. Pure."""

from __future__ import annotations

import re

from .._core import errors

# The names of variables in systemd's files and in POSIX's shells.
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
# Values that need no quotes in systemd's files and in a shell's.
_VALUE = re.compile(r"[A-Za-z0-9_.~+/=:@%,-]+", re.ASCII)
_LINE = re.compile(rb"(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)[ \t]*=[^\r\n]*\r?\n?")


def check_name(name: str) -> None:
    """Raise OptionError for a name that systemd refuses, and with it the whole line."""
    if not _NAME.fullmatch(name):
        raise errors.OptionError(
            f"env_name: {name!r} is no name of a variable, so that systemd would pass the line over. Use letters,"
            " digits and underscores, with no digit at the beginning."
        )


def line_of(name: str, secret: str) -> bytes:
    """Return the content of the file, one line. Raises OptionError for a secret that would have to be quoted."""
    if not _VALUE.fullmatch(secret):
        raise errors.OptionError(
            "env_path: the token holds characters that systemd or a shell reads otherwise, so it can't stand in a file"
            " of variables. InfluxDB makes no such token: check that it is complete."
        )
    return f"{name}={secret}\n".encode("ascii")


def variable_in(content: bytes) -> tuple[str, str] | None:
    """Return name and value in a file that `line_of` has made, None for any other."""
    name, equals, value = content.decode("ascii", "replace").partition("=")
    if not equals or not value.endswith("\n") or not _NAME.fullmatch(name) or not _VALUE.fullmatch(value[:-1]):
        return None
    return name, value[:-1]


def is_ours(content: bytes) -> bool:
    """Return whether a file may be replaced: it is empty, or holds nothing but one variable."""
    return not content.strip(b" \t\r\n\0") or _LINE.fullmatch(content) is not None


def name_in(content: bytes) -> str | None:
    """Return the name of the only variable that a file holds, None for any other file."""
    found = _LINE.fullmatch(content)
    return None if found is None else found[1].decode("ascii")
