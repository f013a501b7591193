# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the two profile modules share: the shipped tomlkit, and the config file with its attributes."""

from __future__ import annotations

import base64
import contextlib
import errno
import os
import secrets
import stat
import sys
import time
from collections.abc import Iterator
from typing import Any, Callable, TypeVar

from ansible.module_utils.basic import AnsibleModule

from .._core.durable import PATIENCE, Candidate, Location, write_all
from .._core.errors import ProfileError
from .._core.interface import Spec
from .._core.owner import parse_owner
from .._core.regular_file import NotRegular, content_of
from .._profile import config_file
from .file_attributes import dress, resemble, set_attributes

Made = TypeVar("Made")

SHIPPED_OPTIONS: Spec = {"path": {"type": "path"}, "_tomlkit": {"type": "str", "no_log": True}}
# Errors of replacing a file that writing over it may not have.
_NOT_REPLACED = (errno.EBUSY, errno.EPERM, errno.EACCES, errno.EXDEV, errno.ETXTBSY)


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


def config_place(module: AnsibleModule) -> Location:
    """Return the config's place; tomlkit can be imported from here on. Raises ProfileError."""
    unpack_tomlkit(module)
    return config_file.find_place(config_file.locate(module.params["path"], os.environ))


@contextlib.contextmanager
def held_config(module: AnsibleModule) -> Iterator[Location]:
    """Give the config's place, with no other run at work on it until the end. Raises ProfileError."""
    with config_place(module) as where:
        if not module.check_mode:
            _lock(where)
        yield where


def _lock(where: Location) -> None:
    # A directory that isn't there yet has nobody in it, and is locked when it was made.
    with _explained(where.path, "locked"):
        locked = bool(where.missing) or where.lock(PATIENCE, time.sleep)
    if not locked:
        raise ProfileError(
            f"{where.path} is in use by another run since {PATIENCE:g} seconds. Run again when it has ended.",
            code="busy",
        )


def with_path_in_errors(path: str, work: Callable[[], Made]) -> Made:
    """Do some work on a config's text, and name the file in its errors."""
    try:
        return work()
    except ProfileError as error:
        if error.code == "missing_library":
            raise
        raise ProfileError(f"{path} is left as it is: {error}.", code=error.code) from None


@contextlib.contextmanager
def parents(module: AnsibleModule, where: Location) -> Iterator[None]:
    """Make the directories that a config lacks, owned as it shall be; they go again where what follows fails."""
    try:
        with _explained(where.path, "created"):
            where.make(parse_owner(module.params["owner"], module.params["group"]))
        for directory in where.made:
            context = module.load_file_common_arguments(module.params, directory).get("secontext")
            module.set_context_if_different(directory, context, False)
        _lock(where)
        yield
    except BaseException:
        for directory in reversed(where.made):
            with contextlib.suppress(OSError):
                os.rmdir(directory)
        raise


def write_config(
    module: AnsibleModule, where: Location, old: str | None, text: str, prove: Callable[[str], None] | None = None
) -> dict[str, Any]:
    """Replace the file atomically, its attributes set before it has its name; return what to report.

    `old` is the text that the change was made from, None for a new file. `prove` gets the path of the new file, which
    lies beside the old one and is private, before anything else is done with it; whatever it raises leaves the old file
    as it is. Whatever fails, no part of a new file is left. Raises ProfileError.
    """
    values: dict[str, Any] = {}
    is_proved = prove is None
    with _explained(where.path, "written"), contextlib.ExitStack() as stack:
        try:
            before = where.open_regular()
            stack.callback(os.close, before)
        except FileNotFoundError:
            before = -1
        where.sweep()
        try:
            with Candidate(where, text.encode("utf-8")) as candidate:
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
                    resemble(module, candidate.descriptor, path, before, where.path)
                dress(module, candidate.descriptor, path)
                candidate.put()
                set_attributes(module, where)
        except OSError as error:
            # What isn't proved never takes the file's place, also where the user allows it to be written over.
            may_write_over = before >= 0 and module.params["unsafe_writes"] and is_proved
            if not may_write_over or error.errno not in _NOT_REPLACED:
                raise
            _write_in_place(where, text)
            fix_attributes(module, where)
    if prove is not None and config_file.read_at(where) != text:
        raise ProfileError(
            f"{where.path} was written, and somebody else has changed it at the same moment. Run again.",
            code="changed_meanwhile",
        )
    return values


def prove_config(where: Location, text: str, prove: Callable[[str], None]) -> None:
    """Prove the file as it is; `text` is what it holds. Raises ProfileError."""
    path = where.path
    with _explained(path, "read"), where.opened() as descriptor, _undisturbed(path, path, descriptor, text):
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
        if not os.path.samestat(found, os.fstat(descriptor)) or content_of(descriptor) != text.encode("utf-8"):
            raise _disturbed(target)

    check()
    yield
    check()


def _disturbed(path: str) -> ProfileError:
    return ProfileError(
        f"{path} is left as it is: somebody else changed it, or the new file beside it, while influxctl proved the new"
        " one. Run again.",
        code="changed_meanwhile",
    )


def _write_in_place(where: Location, text: str) -> None:
    """Write over what the file holds: only where the user has allowed it, because a cut leaves half a file."""
    descriptor = where.open(os.O_WRONLY)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise NotRegular
        where.refuse_hard_link(descriptor)
        content = text.encode("utf-8")
        write_all(descriptor, content)
        os.ftruncate(descriptor, len(content))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _backup(module: AnsibleModule, where: Location, old: int) -> str:
    """Copy the file beside itself and return the copy's path. Its mode is 0600, whatever the file's is."""
    status = os.fstat(old)
    name = f"{where.name}.{secrets.token_hex(4)}.{time.strftime('%Y-%m-%d@%H:%M:%S~')}"
    with Candidate(where, content_of(old)) as copy:
        with contextlib.suppress(PermissionError):
            os.fchown(copy.descriptor, status.st_uid, status.st_gid)
        os.utime(copy.descriptor, ns=(status.st_atime_ns, status.st_mtime_ns))
        if module.selinux_enabled():
            module.set_context_if_different(where.beside(copy.name), module.selinux_context(where.path), False)
        copy.put(name)
    return where.beside(name)


@contextlib.contextmanager
def _explained(path: str, done: str) -> Iterator[None]:
    """Turn an OSError into a ProfileError, with what can be done about it."""
    try:
        yield
    except OSError as error:
        text = error.strerror or str(error)
        if error.errno == errno.EBUSY:
            text += (
                ". It may be mounted by itself, as into a container: mount the directory that it is in instead, or set"
                " unsafe_writes to write over it"
            )
        raise ProfileError(f"{path} can't be {done}: {text}.", code="unwritable") from None


def fix_attributes(module: AnsibleModule, where: Location) -> None:
    """Give an existing file the stated owner, mode and so on. Raises ProfileError."""
    with _explained(where.path, "changed"):
        try:
            descriptor = where.open_regular()
        except FileNotFoundError:
            return
        try:
            dress(module, descriptor, where.path)
        finally:
            os.close(descriptor)
        set_attributes(module, where)
