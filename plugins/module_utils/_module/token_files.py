# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A token's private file on a host, and the file of its environment variable: read, locked, and replaced together."""

from __future__ import annotations

import contextlib
import os
import stat
import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Callable

from ansible.module_utils.basic import AnsibleModule

from .._core import durable, errors, regular_file
from .._core.owner import Owner, is_trusted, parse_owner
from .._core.replaceable import obstacle
from .._tokens import secret_text
from .._tokens.env_file import check_name, is_ours, line_of, name_in, variable_in
from .._tokens.kept_secrets import kept_at, location_of, refuse_foreign, unreadable
from .file_attributes import (
    Diff,
    apply_file_options,
    copy_attributes,
    describe,
    differences,
    make_directories,
    set_attributes,
)

# The ending of a note's name. The note says that what uses the token has not read it yet.
UNUSED = ".unused"
_UNUSED = (
    b"What uses the token beside this file has not read it yet. The role db_token removes this file when it has.\n"
)


@dataclass(frozen=True)
class Target:
    """A file with the content that it has (`held`) and the content that is stated (`wanted`); None for no file."""

    location: durable.Location
    held: bytes | None
    wanted: bytes | None

    @property
    def differs(self) -> bool:
        """Whether the file has to be written or removed."""
        return self.held != self.wanted


@contextlib.contextmanager
def locked_files(module: AnsibleModule) -> Iterator[list[durable.Location]]:
    """Give the locations of `path` and, where it is stated, `env_path`. No other run works on the files until the end.

    With `state: present`, missing directories are made, and removed again where the work in between fails. Check mode
    makes and locks nothing. Raises SecretFileError, and OptionError for an owner that doesn't exist.
    """
    present, owner = module.params["state"] == "present", _owner(module)
    with contextlib.ExitStack() as stack:
        paths = [path for path in (module.params["path"], module.params["env_path"]) if path]
        locations = [stack.enter_context(location_of(path)) for path in paths]
        try:
            if present and not module.check_mode:
                for location in locations:
                    with _explained(location.path):
                        make_directories(module, location, owner)
            if not module.check_mode:
                _lock(locations)
            if present:
                for location in locations:
                    _refuse_shared(location, owner)
            yield locations
        except BaseException:
            for location in reversed(locations):
                location.unmake()
            raise


def _lock(locations: Sequence[durable.Location]) -> None:
    """Lock each directory once, all runs in the same order."""
    directories: dict[tuple[int, int], list[durable.Location]] = {}
    for location in locations:
        if not location.missing:
            status = os.fstat(location.directory)
            directories.setdefault((status.st_dev, status.st_ino), []).append(location)
    for _inode, (first, *others) in sorted(directories.items()):
        with _explained(first.path):
            locked = first.lock(durable.PATIENCE, time.sleep)
        if not locked:
            raise errors.SecretFileError(
                f"{first.path} is in use by another run since {durable.PATIENCE:g} seconds. Run again when it has"
                " ended.",
                code="busy",
            )
        for other in others:
            other.locked = first.locked


def _refuse_shared(location: durable.Location, owner: Owner) -> None:
    """Raise SecretFileError for a directory that everybody may write to, or that a user owns who isn't trusted.

    Such a user could put another file in the place of the token's.
    """
    if location.missing:
        return
    status, directory = os.fstat(location.directory), os.path.dirname(location.path)
    reason = None
    if status.st_mode & stat.S_IWOTH:
        reason = "everybody may write to it"
    elif not is_trusted(status.st_uid, owner):
        reason = f"it belongs to the user {status.st_uid}, who is neither root, nor this task's user, nor the owner"
    if reason:
        raise errors.SecretFileError(
            f"{directory} is no place for a token: {reason}, so that another file may take the place of the token's."
            " Choose a directory that only root or the owner may write to.",
            code="unsafe_directory",
        )


def kept_in(module: AnsibleModule, location: durable.Location) -> secret_text.Secret | None:
    """Return the token that the file holds, None without one; no message shows its secret from now on.

    Raises SecretFileError.
    """
    kept = kept_at(location)
    if kept is None:
        return None
    refuse_foreign(location.path, kept.status, _owner(module))
    errors.remember(str(kept.secret["token"]))
    return kept.secret


def targets_of(
    module: AnsibleModule,
    locations: Sequence[durable.Location],
    kept: secret_text.Secret | None,
    wanted: secret_text.Secret | None,
) -> list[Target]:
    """Return the file of the token and the one of the variable, with what they hold and what they shall hold.

    Raises OptionError and SecretFileError.
    """
    targets = [
        Target(
            locations[0],
            None if kept is None else secret_text.encoded(kept),
            None if wanted is None else secret_text.encoded(wanted),
        )
    ]
    for location in locations[1:]:
        if module.params["state"] == "present":
            if not module.params["env_name"]:
                raise errors.OptionError("env_name: it is missing. Name the variable that env_path shall hold.")
            check_name(module.params["env_name"])
        line = None if wanted is None else line_of(module.params["env_name"], str(wanted["token"]))
        names = None if kept else {module.params["env_name"]}
        targets.append(Target(location, content_at(location, _owner(module), names), line))
    return targets


def content_at(location: durable.Location, owner: Owner, names: Collection[str | None] | None) -> bytes | None:
    """Return the content of the file of variables, None where there is none. Raises SecretFileError for another file.

    `names` are the names that its variable may have. They are None where a token beside the file shows that the file is
    this collection's.
    """
    try:
        content = _read(location, owner)
    except FileNotFoundError:
        return None
    name = name_in(content)
    what = "more than one variable" if not is_ours(content) else None
    if name and names is not None and name not in names:
        what = f"the variable {name}, and there is no token of ours yet"
    if what:
        raise errors.SecretFileError(
            f"{location.path} holds {what}, so it is left as it is. Name a file of its own: systemd takes several"
            " EnvironmentFile=.",
            code="no_env_file",
        )
    return content


def _read(location: durable.Location, owner: Owner | None) -> bytes:
    """Return the content of a file. Raises FileNotFoundError, and SecretFileError for one that can't be read.

    With an owner, raises SecretFileError as well for a file of an untrusted user's.
    """
    try:
        with location.opened() as descriptor:
            if owner is not None:
                refuse_foreign(location.path, os.fstat(descriptor), owner)
            return regular_file.content_of(descriptor)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise unreadable(location.path, error) from None


def _owner(module: AnsibleModule) -> Owner:
    return parse_owner(module.params["owner"], module.params["group"])


def replace(module: AnsibleModule, targets: Sequence[Target], check: Callable[[], None], done: list[str]) -> None:
    """Write the new contents beside the files, check, and put them in place in the order of the targets.

    `done` gets the path of each file that is in place. Whatever fails before the first of them leaves every file as it
    was, byte for byte, and nothing beside it. Raises SecretFileError and what `check` raises.
    """
    for target in targets:
        if reason := obstacle(target.location.path):
            raise _unwritable(target.location.path, reason)
    with contextlib.ExitStack() as stack:
        candidates = []
        for target in targets:
            with _explained(target.location.path):
                target.location.sweep()
                candidate = stack.enter_context(durable.Candidate(target.location, target.wanted or b""))
            candidates.append((target.location, candidate))
        check()
        for location, candidate in candidates:
            with _explained(location.path):
                _finish(module, location, candidate)
        for location, candidate in candidates:
            with _explained(location.path):
                candidate.put()
                done.append(location.path)
                set_attributes(module, location)


def note_unused(location: durable.Location) -> None:
    """Leave a note beside the file, before another token is put in place: the programs that use it haven't read it yet.

    The role db_token removes the note after the user's tasks (`db_token_changed_tasks`). Raises SecretFileError.
    """
    with _explained(location.path), durable.Candidate(location, _UNUSED) as candidate:
        candidate.put(f"{location.name}{UNUSED}")


def is_unused(location: durable.Location) -> bool:
    """Return whether there is the note of `note_unused`."""
    try:
        return not location.missing and bool(location.status(f"{location.name}{UNUSED}"))
    except OSError:
        return False


def _finish(module: AnsibleModule, location: durable.Location, candidate: durable.Candidate) -> None:
    """Give the new file the attributes of the old one, and then those that the options state."""
    path = location.beside(candidate.name)
    with contextlib.suppress(FileNotFoundError), location.opened() as old:
        copy_attributes(module, candidate.descriptor, path, old, location.path)
    apply_file_options(module, candidate.descriptor, path)


def remove(targets: Sequence[Target], done: list[str]) -> None:
    """Remove the files, the last one first. `done` gets the path of each that is gone. Raises SecretFileError."""
    for target in reversed(targets):
        with _explained(target.location.path):
            target.location.unlink(target.location.name)
            done.append(target.location.path)
            target.location.sync()


def attributes(module: AnsibleModule, location: durable.Location, diff: Diff) -> bool:
    """Give a file that stays the stated owner, mode and so on; return whether anything differs. Check mode only looks.

    Raises SecretFileError.
    """
    if not differences(module, location.path, diff):
        return False
    if not module.check_mode:
        with _explained(location.path):
            with location.opened() as descriptor:
                apply_file_options(module, descriptor, location.path)
            set_attributes(module, location)
    return True


def described(path: str | None, prefix: str = "") -> dict[str, Any]:
    """Return `owner`, `group` and `mode` of a file, each key with the prefix; without one, also `path` and `exists`.

    All values are None where there is no path.
    """
    file = describe(path) if path else dict.fromkeys(("path", "exists", "owner", "group", "mode"))
    return {f"{prefix}{key}": value for key, value in file.items() if not prefix or key not in ("path", "exists")}


def env_state(path: str | None, name: str | None, kept: secret_text.Secret | None) -> str | None:
    """Return whether the file of the variable is `ok`, `missing`, or `differs`; None where no path is stated.

    `kept` is the token that the variable should hold. Raises SecretFileError.
    """
    if path is None:
        return None
    with location_of(path) as location:
        try:
            content = _read(location, None)
        except FileNotFoundError:
            return "missing"
    found = variable_in(content)
    same = kept is not None and found is not None and found[1] == kept["token"] and name in (None, found[0])
    return "ok" if same else "differs"


@contextlib.contextmanager
def _explained(path: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _unwritable(path, error.strerror or str(error)) from None


def _unwritable(path: str, reason: Any) -> errors.SecretFileError:
    return errors.SecretFileError(
        f"{path} can't be written: {reason}. Choose a path in a directory that the user who runs this task may write"
        " to, or set become.",
        code="unwritable",
    )
