# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible's common file options, for a file that is held open; and what a file has of them, in words."""

from __future__ import annotations

import contextlib
import grp
import os
import pwd
import stat
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from .._core.durable import Location, give
from .._core.owner import Owner

Diff = dict[str, dict[str, Any]]


def resemble(module: AnsibleModule, descriptor: int, path: str, old: int, old_path: str) -> None:
    """Give a new file what the old one had, as far as this user may: owner, mode, access control list, context."""
    status = os.fstat(old)
    with contextlib.suppress(PermissionError):
        os.fchown(descriptor, status.st_uid, status.st_gid)
    os.fchmod(descriptor, stat.S_IMODE(status.st_mode))
    for name in os.listxattr(old) if hasattr(os, "listxattr") else ():
        with contextlib.suppress(OSError):
            os.setxattr(descriptor, name, os.getxattr(old, name))
    if module.selinux_enabled():
        module.set_context_if_different(path, module.selinux_context(old_path), False)


def dress(module: AnsibleModule, descriptor: int, path: str) -> None:
    """Give an open file what the options state. The path is only looked at, but for the context of SELinux."""
    wanted = differences(module, path)
    uid, gid, mode = wanted.get("owner"), wanted.get("group"), wanted.get("mode")
    give(descriptor, Owner(uid, gid))
    if mode is not None:
        os.fchmod(descriptor, int(mode, 8))
    arguments = module.load_file_common_arguments(module.params, path)
    module.set_context_if_different(path, arguments["secontext"], False)


def differences(module: AnsibleModule, path: str, diff: Diff | None = None) -> dict[str, Any]:
    """Return what Ansible would change of a file's attributes: `owner` and `group` (numbers), `mode` (text), and more.

    Ansible's own functions take a path and follow it; here they only say it, and it is done by descriptor.
    """
    found: Diff = {"before": {}, "after": {}}
    arguments = module.load_file_common_arguments(module.params, path)
    checking, module.check_mode = module.check_mode, True
    try:
        module.set_fs_attributes_if_different(arguments, False, diff=found)
    finally:
        module.check_mode = checking
    for side, values in (diff or {}).items():
        values.update(found[side])
    return found["after"]


def set_attributes(module: AnsibleModule, where: Location) -> None:
    """Give the file the stated attributes of its file system (chattr), which only Ansible's own function sets."""
    if module.params["attributes"]:
        module.set_attributes_if_different(where.path, module.params["attributes"], False)


def describe(path: str) -> dict[str, object | None]:
    """Return the file's path, existence, owner, group and mode (as text, such as `0600`)."""
    try:
        status = os.stat(path)
    except OSError:
        return {"path": path, "exists": False, "owner": None, "group": None, "mode": None}
    try:
        owner: object = pwd.getpwuid(status.st_uid).pw_name
    except KeyError:
        owner = str(status.st_uid)
    try:
        group: object = grp.getgrgid(status.st_gid).gr_name
    except KeyError:
        group = str(status.st_gid)
    return {"path": path, "exists": True, "owner": owner, "group": group, "mode": f"{status.st_mode & 0o7777:04o}"}
