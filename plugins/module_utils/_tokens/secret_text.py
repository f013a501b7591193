# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A token's secret as a file keeps it: its keys, the file's content, and the option that names the file.

The content is `{"id", "description", "token", "created_at", "expires_at"}`, so that a playbook can read it with
`lookup('file', path) | from_json`. Opens no file, so that a run without one loads none of the code that does.
"""

from __future__ import annotations

import json
import os
from typing import NamedTuple, Optional

from .._core import errors

KEYS = ("id", "description", "token", "created_at", "expires_at")
Secret = dict[str, Optional[str]]


class Kept(NamedTuple):
    """A token's secret file, its journal's nonces, and whether the owner, the group or the mode is another one."""

    held: Secret | None = None
    nonces: tuple[str, ...] = ()
    differs: bool = False


NOTHING_KEPT = Kept()


def parse_path(option: str, path: str | None) -> str | None:
    """Return the path of a secret file, None where the option isn't stated. The only way from an option to one.

    Raises OptionError for a path that can't be a file's, because then the secret would be lost.
    """
    if path is None:
        return None
    if not path.strip() or "\0" in path:
        raise errors.OptionError(
            f"{option}: is empty or holds a NUL character, so that the secret would be lost. Name a file, or leave"
            f" {option} out."
        )
    if path.endswith("/") or os.path.basename(path) in (".", "..") or os.path.isdir(path):
        raise errors.OptionError(f"{option}: {path} is a directory. Name a file in it.")
    return path


def decoded(content: bytes) -> Secret | None:
    """Return the secret in a file's content, None where it is damaged, or another program's."""
    try:
        parsed = json.loads(content)
    except (ValueError, RecursionError):
        return None
    if not isinstance(parsed, dict) or not all(isinstance(parsed.get(key), str) for key in ("id", "token")):
        return None
    return {key: parsed.get(key) for key in KEYS}


def encoded(secret: Secret) -> bytes:
    """Return a secret as the content of a file."""
    return json.dumps({key: secret.get(key) for key in KEYS}, indent=2).encode() + b"\n"
