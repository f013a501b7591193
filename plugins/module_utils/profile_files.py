# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the two profile modules share: the shipped tomlkit, and reading the config file."""

from __future__ import annotations

import base64
import os
import sys
from typing import Any, Callable, TypeVar

from ansible.module_utils.basic import AnsibleModule

from . import config_file, profiles
from .errors import ProfileError
from .module import Spec

Made = TypeVar("Made")

SHIPPED_OPTIONS: Spec = {"path": {"type": "path"}, "_tomlkit": {"type": "str", "no_log": True}}


def unpack_tomlkit(module: AnsibleModule) -> None:
    """Make the tomlkit that the action plugin sent importable, behind one that the target has itself."""
    shipped: str | None = module.params["_tomlkit"]
    if shipped:
        archive = os.path.join(module.tmpdir, "tomlkit.zip")
        with open(archive, "wb") as handle:
            handle.write(base64.b64decode(shipped))
        sys.path.append(archive)


def read_config(module: AnsibleModule) -> tuple[str, str | None, list[profiles.Profile]]:
    """Return the config's real path, its text (None without a file) and its profiles. Raises ProfileError."""
    unpack_tomlkit(module)
    path = os.path.realpath(config_file.locate(module.params["path"], os.environ))
    text = config_file.read(path)
    return path, text, naming(path, lambda: profiles.read_profiles(text or ""))


def naming(path: str, work: Callable[[], Made]) -> Made:
    """Do some work on a config's text, and name the file in its errors."""
    try:
        return work()
    except ProfileError as error:
        if error.code == "missing_library":
            raise
        raise ProfileError(f"{path} is left as it is: {error}.", code=error.code) from None


def write_config(module: AnsibleModule, path: str, text: str, *, existed: bool) -> dict[str, Any]:
    """Replace the file atomically, its attributes set before it holds a new secret; return what to report."""
    values: dict[str, Any] = {}
    attributes = module.load_file_common_arguments(module.params, path)
    if existed:
        if module.params["backup"]:
            values["backup_file"] = module.backup_local(path)
            os.chmod(values["backup_file"], 0o600)
    else:
        for directory in config_file.make_parents(path):
            module.set_fs_attributes_if_different({**attributes, "path": directory, "mode": "0700"}, False)
        # atomic_move gives a file that wasn't there the umask's rights, for a moment too wide for a secret.
        config_file.create_empty(path)
    module.set_fs_attributes_if_different(attributes, False)
    module.atomic_move(config_file.write_beside(path, text), path)
    return values


def fix_attributes(module: AnsibleModule, path: str, changed: bool, diff: dict[str, dict[str, Any]]) -> bool:
    """Give an existing file the stated owner, mode and so on; return whether anything was changed, also before."""
    if not os.path.exists(path):
        return changed
    attributes = module.load_file_common_arguments(module.params, path)
    return bool(module.set_fs_attributes_if_different(attributes, changed, diff=diff))
