# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who owns a private file: the options `owner` and `group` as IDs, and whose files are trusted."""

from __future__ import annotations

import grp
import os
import pwd
from typing import NamedTuple

from . import errors


class Owner(NamedTuple):
    """The IDs of the file's owner and group; None is the user who runs the module."""

    uid: int | None = None
    gid: int | None = None


RUNNER = Owner()


def is_trusted(uid: int, owner: Owner = RUNNER) -> bool:
    """Return whether a user may have a hand in a private file: root, who runs this, or the stated owner."""
    return uid in (0, os.geteuid(), owner.uid)


def parse_owner(owner: str | None, group: str | None) -> Owner:
    """Return the IDs of names or numbers. Raises OptionError."""
    if owner is None and group is None:
        return RUNNER
    ids: list[int | None] = []
    for option, name in (("owner", owner), ("group", group)):
        try:
            if name is None or name.isdecimal():
                ids.append(None if name is None else int(name))
            else:
                ids.append(pwd.getpwnam(name).pw_uid if option == "owner" else grp.getgrnam(name).gr_gid)
        except KeyError:
            raise errors.OptionError(f"{option}: there is no {option} {name!r} where the module runs.") from None
    return Owner(*ids)
