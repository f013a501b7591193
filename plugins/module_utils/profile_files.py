# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the two profile modules share: the shipped tomlkit, and reading the config file."""

from __future__ import annotations

import base64
import contextlib
import os
import sys
import time
from typing import Any, Callable, TypeVar

from ansible.module_utils.basic import AnsibleModule

from . import config_file
from .errors import ProfileError
from .results import Spec

Made = TypeVar("Made")
Diff = dict[str, dict[str, Any]]

SHIPPED_OPTIONS: Spec = {"path": {"type": "path"}, "_tomlkit": {"type": "str", "no_log": True}}


def unpack_tomlkit(module: AnsibleModule) -> None:
    """Make the tomlkit that the action plugin sent the one that is imported: the target's own may be too old.

    Raises ProfileError.
    """
    shipped: str | None = module.params["_tomlkit"]
    if not shipped:
        return
    archive = os.path.join(module.tmpdir, "tomlkit.zip")
    try:
        with open(archive, "wb") as handle:
            handle.write(base64.b64decode(shipped))
    except OSError as error:
        raise ProfileError(f"{archive} can't be written: {error.strerror}.", code="unwritable") from None
    sys.path.insert(0, archive)


def config_path(module: AnsibleModule) -> str:
    """Return the config's real path; tomlkit can be imported from here on. Raises ProfileError."""
    unpack_tomlkit(module)
    return os.path.realpath(config_file.locate(module.params["path"], os.environ))


def read_config(module: AnsibleModule) -> tuple[str, str | None]:
    """Return the config's real path and its text (None without a file). Raises ProfileError."""
    path = config_path(module)
    return path, config_file.read(path)


def naming(path: str, work: Callable[[], Made]) -> Made:
    """Do some work on a config's text, and name the file in its errors."""
    try:
        return work()
    except ProfileError as error:
        if error.code == "missing_library":
            raise
        raise ProfileError(f"{path} is left as it is: {error}.", code=error.code) from None


def write_config(module: AnsibleModule, path: str, text: str, diff: Diff, *, existed: bool) -> dict[str, Any]:
    """Replace the file atomically, its attributes set before it holds a new secret; return what to report.

    Whatever fails, the old file stays as it is, and no part of a new one is left.
    """
    values: dict[str, Any] = {}
    attributes = module.load_file_common_arguments(module.params, path)
    if not existed:
        for directory in config_file.make_parents(path):
            module.set_fs_attributes_if_different({**attributes, "path": directory, "mode": "0700"}, False)
    temporary = config_file.write_beside(path, text)
    module.add_cleanup_file(temporary)
    if existed:
        if module.params["backup"]:
            values["backup_file"] = _explained(path, "copied", lambda: _backup(module, path))
        module.set_fs_attributes_if_different(attributes, False, diff=diff)
        _explained(path, "replaced", lambda: module.atomic_move(temporary, path, module.params["unsafe_writes"]))
    else:
        # Not by atomic_move: it gives a file that wasn't there the umask's rights, for a moment too wide for a secret.
        module.set_fs_attributes_if_different({**attributes, "path": temporary}, False)
        config_file.put_first(temporary, path)
    config_file.sync_directory(path)
    return values


def _backup(module: AnsibleModule, path: str) -> str:
    """Copy the file beside itself, named as Ansible's own modules do, and return the copy's path.

    Its mode is 0600, whatever the file's is. No part of a copy stays where it can't be made, as on a full disk.
    """
    backup = f"{path}.{os.getpid()}.{time.strftime('%Y-%m-%d@%H:%M:%S~')}"
    previous = os.umask(0o077)
    try:
        module.preserved_copy(path, backup)
        os.chmod(backup, 0o600)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(backup)
        raise
    finally:
        os.umask(previous)
    return backup


def _explained(path: str, done: str, work: Callable[[], Made]) -> Made:
    """Do some work by Ansible's own functions, whose errors are of no particular type. Raises ProfileError."""
    try:
        return work()
    except Exception as error:
        reason = error.__cause__ or error
        text = getattr(reason, "strerror", None) or str(reason)
        raise ProfileError(f"{path} can't be {done}: {text}.", code="unwritable") from None


def fix_attributes(module: AnsibleModule, path: str, changed: bool, diff: Diff) -> bool:
    """Give an existing file the stated owner, mode and so on; return whether anything was changed, also before."""
    if not os.path.exists(path):
        return changed
    attributes = module.load_file_common_arguments(module.params, path)
    return bool(module.set_fs_attributes_if_different(attributes, changed, diff=diff))
