# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the config file, and gives it its attributes.

It is apart from profile_files.py, because most runs write nothing, and the target compiles a module's code at each run.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
import time
from collections.abc import Iterator
from typing import Any, Callable

from ansible.module_utils.basic import AnsibleModule

from .._core import durable, errors, regular_file
from .._core.owner import parse_owner
from .._profile import config_file
from .file_attributes import apply_file_options, copy_attributes, make_directories, set_attributes
from .profile_files import explained, lock

# Errors of the replacement of a file. To write over the file may work in spite of them.
_NOT_REPLACED = (errno.EBUSY, errno.EPERM, errno.EACCES, errno.EXDEV, errno.ETXTBSY)


@contextlib.contextmanager
def parents(module: AnsibleModule, where: durable.Location) -> Iterator[None]:
    """Make the directories that a config lacks, owned by the stated owner, and lock the one that the file is in.

    They are removed again where the work in between fails. Raises ProfileError and OptionError.
    """
    try:
        with explained(where.path, "created"):
            make_directories(module, where, parse_owner(module.params["owner"], module.params["group"]))
        lock(where)
        yield
    except BaseException:
        where.unmake()
        raise


def write_config(
    module: AnsibleModule,
    where: durable.Location,
    old: str | None,
    text: str,
    prove: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """Replace the file atomically, its attributes set before it has its name; return what to report.

    `old` is the text that the change was made from, None for a new file. `prove` gets the path of the new file, which
    lies beside the old one and is private, before anything else is done with it. If `prove` raises, its error comes
    out of here, and the old file is as it was. No new file is left beside the old one, whatever fails. The result has
    `backup_file` where a backup was made. Raises ProfileError.

    Where the file can't be replaced and the option unsafe_writes is true, it is written over, which isn't atomic.
    """
    values: dict[str, Any] = {}
    is_proved = prove is None
    with explained(where.path, "written"), contextlib.ExitStack() as stack:
        try:
            before = where.open_regular()
            stack.callback(os.close, before)
        except FileNotFoundError:
            before = -1
        where.sweep()
        try:
            with durable.Candidate(where, text.encode("utf-8")) as candidate:
                path = where.beside(candidate.name)
                if prove is not None:
                    with _undisturbed(where.path, path, candidate.descriptor, text):
                        prove(path)
                    if config_file.read_at(where) != old:
                        raise _disturbed(where.path)
                    is_proved = True
                if module.params["backup"] and before >= 0:
                    values["backup_file"] = _backup(module, where, before)
                if before >= 0:
                    copy_attributes(module, candidate.descriptor, path, before, where.path)
                apply_file_options(module, candidate.descriptor, path)
                candidate.put()
                set_attributes(module, where)
        except OSError as error:
            # A config that isn't proved never takes the file's place, also where the user allows to write over it.
            may_write_over = before >= 0 and module.params["unsafe_writes"] and is_proved
            if not may_write_over or error.errno not in _NOT_REPLACED:
                raise
            _write_in_place(where, text)
            fix_attributes(module, where)
    if prove is not None and config_file.read_at(where) != text:
        raise errors.ProfileError(
            f"{where.path} was written, and somebody else has changed it at the same moment. Run again.",
            code="changed_meanwhile",
        )
    return values


def prove_config(where: durable.Location, text: str, prove: Callable[[str], None]) -> None:
    """Prove the file as it is; `text` is its content. Raises ProfileError and what `prove` raises."""
    path = where.path
    with explained(path, "read"), where.opened() as descriptor, _undisturbed(path, path, descriptor, text):
        prove(path)


@contextlib.contextmanager
def _undisturbed(target: str, path: str, descriptor: int, text: str) -> Iterator[None]:
    """See that a path means the open file, with its text, before and after a program reads it by the path.

    Raises ProfileError.
    """

    def check() -> None:
        try:
            found = os.stat(path, follow_symlinks=False)
        except FileNotFoundError:
            raise _disturbed(target) from None
        if not os.path.samestat(found, os.fstat(descriptor)) or regular_file.content_of(descriptor) != text.encode(
            "utf-8"
        ):
            raise _disturbed(target)

    check()
    yield
    check()


def _disturbed(path: str) -> errors.ProfileError:
    return errors.ProfileError(
        f"{path} is left as it is: somebody else changed it, or the new file beside it, while influxctl proved the new"
        " one. Run again.",
        code="changed_meanwhile",
    )


def _write_in_place(where: durable.Location, text: str) -> None:
    """Write over the file's content. A run that is cut off leaves half a file, so only where the user allows it."""
    descriptor = where.open(os.O_WRONLY)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise regular_file.NotRegular
        where.refuse_hard_link(descriptor)
        content = text.encode("utf-8")
        durable.write_all(descriptor, content)
        os.ftruncate(descriptor, len(content))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _backup(module: AnsibleModule, where: durable.Location, old: int) -> str:
    """Copy the file beside itself and return the copy's path. Its mode is 0600, whatever the file's is."""
    status = os.fstat(old)
    name = f"{where.name}.{secrets.token_hex(4)}.{time.strftime('%Y-%m-%d@%H:%M:%S~')}"
    with durable.Candidate(where, regular_file.content_of(old)) as copy:
        with contextlib.suppress(PermissionError):
            os.fchown(copy.descriptor, status.st_uid, status.st_gid)
        os.utime(copy.descriptor, ns=(status.st_atime_ns, status.st_mtime_ns))
        if module.selinux_enabled():
            module.set_context_if_different(where.beside(copy.name), module.selinux_context(where.path), False)
        copy.put(name)
    return where.beside(name)


def fix_attributes(module: AnsibleModule, where: durable.Location) -> None:
    """Give an existing file the attributes that the options state. Raises ProfileError."""
    with explained(where.path, "changed"):
        try:
            descriptor = where.open_regular()
        except FileNotFoundError:
            return
        try:
            apply_file_options(module, descriptor, where.path)
        finally:
            os.close(descriptor)
        set_attributes(module, where)
