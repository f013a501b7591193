# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The code that the two profile modules share: the shipped tomlkit, and the location of the config file."""

from __future__ import annotations

import base64
import contextlib
import errno
import os
import time
from collections.abc import Iterator
from typing import Callable, TypeVar

from ansible.module_utils.basic import AnsibleModule

from .._core import durable, errors, interface
from .._profile import config_file, toml_data

Made = TypeVar("Made")

SHIPPED_OPTIONS: interface.Spec = {"path": {"type": "path"}, "_tomlkit": {"type": "str", "no_log": True}}


def offer_tomlkit(module: AnsibleModule) -> None:
    """Have the tomlkit imported that the action plugin sent, because the target's own may be too old or missing."""
    shipped: str | None = module.params["_tomlkit"]
    if shipped:
        content = shipped
        toml_data.offer_tomlkit(lambda: _unpack(os.path.join(module.tmpdir, "tomlkit.zip"), content))


def _unpack(archive: str, shipped: str) -> str:
    try:
        with open(archive, "wb") as handle:
            handle.write(base64.b64decode(shipped))
    except OSError as error:
        raise errors.ProfileError(f"{archive} can't be written: {error.strerror}.", code="unwritable") from None
    return archive


def config_location(module: AnsibleModule) -> durable.Location:
    """Return the config's location; tomlkit can be imported from here on. Raises ProfileError."""
    offer_tomlkit(module)
    return config_file.find_location(config_file.locate(module.params["path"], os.environ))


@contextlib.contextmanager
def locked_config(module: AnsibleModule) -> Iterator[durable.Location]:
    """Give the config's location. No other run works on the config until the end, unless this one is in check mode.

    Raises ProfileError.
    """
    with config_location(module) as where:
        if not module.check_mode:
            lock(where)
        yield where


def lock(where: durable.Location) -> None:
    """Wait until no other run works on the file, and lock its directory. Raises ProfileError (code `busy`)."""
    # No run can work in a directory that is missing. `parents` makes the directory, and then locks it.
    with explained(where.path, "locked"):
        locked = bool(where.missing) or where.lock(durable.PATIENCE, time.sleep)
    if not locked:
        raise errors.ProfileError(
            f"{where.path} is in use by another run since {durable.PATIENCE:g} seconds. Run again when it has ended.",
            code="busy",
        )


def with_path_in_errors(path: str, work: Callable[[], Made]) -> Made:
    """Do some work on a config's text, and name the file in its errors. Raises ProfileError."""
    try:
        return work()
    except errors.ProfileError as error:
        if error.code == "missing_library":
            raise
        raise errors.ProfileError(f"{path} is left as it is: {error}.", code=error.code) from None


@contextlib.contextmanager
def explained(path: str, done: str) -> Iterator[None]:
    """Raise ProfileError for an OSError: it says that the file can't be `done` (a participle), and what helps."""
    try:
        yield
    except OSError as error:
        text = error.strerror or str(error)
        if error.errno == errno.EBUSY:
            text += (
                ". It may be mounted by itself, as into a container: mount the directory that it is in instead, or set"
                " unsafe_writes to write over it"
            )
        raise errors.ProfileError(f"{path} can't be {done}: {text}.", code="unwritable") from None
