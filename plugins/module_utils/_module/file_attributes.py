# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Applies Ansible's common file options to a file that is held open, and describes what a file has of them."""

from __future__ import annotations

import contextlib
import grp
import os
import pwd
import stat
import struct
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from .._core import durable
from .._core.owner import Owner

Diff = dict[str, dict[str, Any]]
_ACL = "system.posix_acl_access"
# The mask of an ACL, which stands for a mode's bits of the group, and the entry of all others.
_OPENED_BY_MODE = (0x10, 0x20)


def make_directories(module: AnsibleModule, where: durable.Location, owner: Owner) -> None:
    """Make the directories that a file lacks, with the owner and with the context of SELinux. Raises OSError."""
    where.make(owner)
    for directory in where.made:
        context = module.load_file_common_arguments(module.params, directory).get("secontext")
        module.set_context_if_different(directory, context, False)


def copy_attributes(module: AnsibleModule, descriptor: int, path: str, old: int, old_path: str) -> None:
    """Give a new file the attributes of the old one: mode, and as far as this user may, owner, ACL and context.

    What the options state counts at once: the old file may be one that everybody may read, or somebody else's, and
    whoever opens the new one before `apply_file_options` has made it private would keep it open, with its secret.
    `descriptor` and `old` are the open files, of which only the context of SELinux is set by the path. Raises OSError.
    """
    status, wanted = os.fstat(old), differences(module, old_path)
    mode = wanted.get("mode")
    with contextlib.suppress(PermissionError):
        os.fchown(descriptor, wanted.get("owner", status.st_uid), wanted.get("group", status.st_gid))
    for name in os.listxattr(old) if hasattr(os, "listxattr") else ():
        with contextlib.suppress(OSError):
            value = os.getxattr(old, name)
            os.setxattr(descriptor, name, _closed(value) if name == _ACL else value)
    os.fchmod(descriptor, stat.S_IMODE(status.st_mode) if mode is None else int(mode, 8))
    if module.selinux_enabled():
        module.set_context_if_different(path, module.selinux_context(old_path), False)


def _closed(acl: bytes) -> bytes:
    """Return an ACL that lets nobody but the owner in, until a mode of the file opens it again (acl(5), chmod)."""
    entries = struct.iter_unpack("<HHI", acl[4:])
    return acl[:4] + b"".join(
        struct.pack("<HHI", tag, 0 if tag in _OPENED_BY_MODE else rights, who) for tag, rights, who in entries
    )


def apply_file_options(module: AnsibleModule, descriptor: int, path: str) -> None:
    """Give an open file the owner, group, mode and context of SELinux that the options state. Raises OSError.

    Only the context is set by the path; for all else the path is only looked at.
    """
    wanted = differences(module, path)
    uid, gid, mode = wanted.get("owner"), wanted.get("group"), wanted.get("mode")
    durable.give(descriptor, Owner(uid, gid))
    if mode is not None:
        os.fchmod(descriptor, int(mode, 8))
    arguments = module.load_file_common_arguments(module.params, path)
    module.set_context_if_different(path, arguments["secontext"], False)


def differences(module: AnsibleModule, path: str, diff: Diff | None = None) -> dict[str, Any]:
    """Return the attributes that Ansible would change of a file: `owner` and `group` (IDs), `mode` (text), and others.

    `diff` gets both sides of the changes. Ansible's own functions take a path and follow it. So they run in check mode
    here, and `apply_file_options` makes the changes by descriptor.
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


def set_attributes(module: AnsibleModule, where: durable.Location) -> None:
    """Give the file the stated attributes of its file system (chattr). Only Ansible's own function can set them."""
    if module.params["attributes"]:
        module.set_attributes_if_different(where.path, module.params["attributes"], False)


def describe(path: str) -> dict[str, object | None]:
    """Return the file's `path`, `exists`, `owner`, `group` and `mode` (a text, such as `0600`); None where unknown."""
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
