# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where influxctl's `config.toml` lies, and its bytes. The only code that reads config files."""

from __future__ import annotations

import os
import platform
import pwd
from collections.abc import Mapping
from typing import Callable

from .._core import durable, errors, regular_file


def default_path(system: str, home: str, xdg_config_home: str | None = None) -> str:
    """Return influxctl's default config path on an operating system (facts.md#where-it-lies).

    `system` is what `platform.system()` says. On Linux, XDG_CONFIG_HOME counts when it is absolute.
    """
    if system == "Darwin":
        base = os.path.join(home, "Library", "Application Support")
    elif xdg_config_home and os.path.isabs(xdg_config_home):
        base = xdg_config_home
    else:
        base = os.path.join(home, ".config")
    return os.path.join(base, "influxctl", "config.toml")


def locate(path: str | None, environ: Mapping[str, str]) -> str:
    """Return the absolute path of the config: `path`, or the default one of the user that this process runs as.

    After `become`, the environment may still be the other user's; it counts only while its HOME belongs to this user.
    Raises ProfileError for a user without an entry in the user database, as in some containers.
    """
    if path:
        return os.path.abspath(os.path.expanduser(path))
    home = environ.get("HOME", "")
    try:
        ours = os.stat(home).st_uid == os.geteuid()
    except OSError:
        ours = False
    if ours:
        return default_path(platform.system(), home, environ.get("XDG_CONFIG_HOME"))
    try:
        entry = pwd.getpwuid(os.geteuid())
    except KeyError:
        raise errors.ProfileError(
            f"Where the config lies isn't known: the user {os.geteuid()} has no entry in the user database. Set path.",
            code="unknown_home",
        ) from None
    return default_path(platform.system(), entry.pw_dir)


def find_location(path: str) -> durable.Location:
    """Return where a config lies. Links of root's and of this user's own are followed. Raises ProfileError."""
    try:
        return durable.find(path, follow=True)
    except OSError as error:
        raise unreadable(path, error) from None


def read(path: str) -> str | None:
    """Return the text of the file of a path, None where there is none. Raises ProfileError.

    It follows every link, so it is for the files of the user that this process runs as; `read_at` is for the others.
    """
    return _text(path, lambda: regular_file.read_regular(path))


def read_at(where: durable.Location) -> str | None:
    """Return the text of a location's file, None where there is none. Raises ProfileError."""

    def content() -> bytes:
        with where.opened() as descriptor:
            return regular_file.content_of(descriptor)

    return _text(where.path, content)


def _text(path: str, content: Callable[[], bytes]) -> str | None:
    try:
        return content().decode("utf-8")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError:
        raise errors.ProfileError(
            f"{path} is not a text file in UTF-8; it is left as it is.", code="invalid_toml"
        ) from None
    except OSError as error:
        raise unreadable(path, error) from None


def unreadable(path: str, error: OSError) -> errors.ProfileError:
    """Return the error for a file that can't be read."""
    return errors.ProfileError(f"{path} can't be read: {error.strerror}.", code="unreadable")
