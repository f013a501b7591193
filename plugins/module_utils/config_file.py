# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where influxctl's `config.toml` lies, and its bytes. The only code that reads or replaces config files."""

from __future__ import annotations

import contextlib
import os
import platform
import pwd
import tempfile
from collections.abc import Mapping

from .errors import ProfileError
from .regular_file import read_regular


def default_path(system: str, home: str, xdg_config_home: str | None = None) -> str:
    """Return influxctl's default config path on an operating system (facts.md D.1).

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
    """Return the path that is meant: the given one, or the default of the user that this process runs as.

    After `become`, the environment may still be the other user's; it counts only while its HOME belongs to us.
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
        raise ProfileError(
            f"Where the config lies isn't known: the user {os.geteuid()} has no entry in the user database. Set path.",
            code="unknown_home",
        ) from None
    return default_path(platform.system(), entry.pw_dir)


def read(path: str) -> str | None:
    """Return the file's text, None when there is none. Raises ProfileError."""
    try:
        content = read_regular(path)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ProfileError(f"{path} can't be read: {error.strerror}.", code="unreadable") from None
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise ProfileError(f"{path} is not a text file in UTF-8; it is left as it is.", code="invalid_toml") from None


def write_beside(path: str, text: str) -> str:
    """Write a temporary file (0600, on disk) in the directory of `path` and return its path.

    The caller renames it over `path`. Raises ProfileError.
    """
    temporary = None
    try:
        descriptor, temporary = tempfile.mkstemp(prefix=".influxctl-", dir=os.path.dirname(path))
        with os.fdopen(descriptor, "wb") as handle:
            handle.write(text.encode("utf-8"))
            handle.flush()
            os.fsync(handle.fileno())
    except OSError as error:
        if temporary:
            os.unlink(temporary)
        raise ProfileError(f"{path} can't be written: {error.strerror}.", code="unwritable") from None
    return temporary


def put_first(temporary: str, path: str) -> None:
    """Give a new file its name. Raises ProfileError."""
    try:
        os.rename(temporary, path)
    except OSError as error:
        raise ProfileError(f"{path} can't be created: {error.strerror}.", code="unwritable") from None


def sync_directory(path: str) -> None:
    """Make the file's name durable, where the file system can: some refuse it for directories."""
    with contextlib.suppress(OSError):
        directory = os.open(os.path.dirname(path), os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)


def make_parents(path: str) -> list[str]:
    """Create the directories above `path` with mode 0700 and return the new ones, outermost first."""
    missing: list[str] = []
    parent = os.path.dirname(path)
    while not os.path.isdir(parent):
        missing.insert(0, parent)
        parent = os.path.dirname(parent)
    try:
        for directory in missing:
            os.mkdir(directory, 0o700)
    except OSError as error:
        raise ProfileError(f"{directory} can't be created: {error.strerror}.", code="unwritable") from None
    return missing


def describe(path: str) -> dict[str, object | None]:
    """Return the file's path, existence, owner, group and mode (as text, such as `0600`)."""
    try:
        status = os.stat(path)
    except OSError:
        return {"path": path, "exists": False, "owner": None, "group": None, "mode": None}
    import grp

    try:
        owner: object = pwd.getpwuid(status.st_uid).pw_name
    except KeyError:
        owner = str(status.st_uid)
    try:
        group: object = grp.getgrgid(status.st_gid).gr_name
    except KeyError:
        group = str(status.st_gid)
    return {"path": path, "exists": True, "owner": owner, "group": group, "mode": f"{status.st_mode & 0o7777:04o}"}
