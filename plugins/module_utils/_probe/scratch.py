# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes names of scratch objects, which can't be anybody else's, and removes all objects with such names."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterable, Sequence
from typing import Callable, NamedTuple

_PREFIX = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{2,31}", re.ASCII)
# How many lists are read until an object that is still there counts as left, and the seconds before a further list.
_ATTEMPTS = 4
_DELAY = 1.0
DATABASE, DB_TOKEN, MGMT_TOKEN = "database", "db_token", "mgmt_token"


class Scratch(NamedTuple):
    """A scratch object: its kind (DATABASE, DB_TOKEN or MGMT_TOKEN) and its name or description."""

    kind: str
    name: str

    def to_result(self) -> dict[str, str]:
        """Return the object as a result shows it."""
        return self._asdict()


def parse_prefix(text: str) -> str:
    """Return a prefix if names of scratch objects can begin with it. Raises ValueError."""
    if not _PREFIX.fullmatch(text):
        raise ValueError("must have 3 to 32 letters, digits, - and _, and begin with a letter or a digit")
    return text


def new_run(prefix: str) -> str:
    """Return the beginning of a run's names of scratch objects: the prefix, a random part, and its checksum."""
    random = secrets.token_hex(4)
    return f"{prefix}-{random}{_checksum(prefix, random)}"


def _checksum(prefix: str, random: str) -> str:
    return hashlib.sha256(f"{prefix}-{random}".encode()).hexdigest()[:8]


def is_scratch(prefix: str, name: object) -> bool:
    """Return whether a name is one of a scratch object of some run with this prefix.

    The checksum tells it from a name that somebody else's program has made of the prefix and some digits.
    """
    found = re.fullmatch(rf"{re.escape(prefix)}-([0-9a-f]{{8}})([0-9a-f]{{8}})-[a-z]+", str(name))
    return found is not None and found[2] == _checksum(prefix, found[1])


class Collection(NamedTuple):
    """A kind of objects. `listed` returns the active ones as pairs of name and handle, None where no list can be read.

    `remove` takes a handle and never raises: the next list shows whether it has worked.
    """

    kind: str
    listed: Callable[[], Sequence[tuple[str, str]] | None]
    remove: Callable[[str], object]


class Swept(NamedTuple):
    """The objects that were found and are seen to be gone, and those that aren't."""

    removed: list[Scratch]
    left: list[Scratch]


def sweep(
    collection: Collection,
    is_wanted: Callable[[str], bool],
    intended: Iterable[Scratch],
    pause: Callable[[float], object],
) -> Swept:
    """Remove all objects whose name `is_wanted`, until a list shows none of them, or _ATTEMPTS lists were read.

    `intended` are the objects that may have been made: they count as left where no list can be read. `pause` takes
    seconds.
    """
    found: dict[str, None] = {}
    left: list[str] | None = None
    for attempt in range(_ATTEMPTS):
        if attempt > 1:
            pause(_DELAY)
        listed = collection.listed()
        if listed is None:
            continue
        wanted = [(name, handle) for name, handle in listed if is_wanted(name)]
        left = [name for name, _handle in wanted]
        found.update(dict.fromkeys(left))
        if not wanted:
            break
        for _name, handle in wanted:
            collection.remove(handle)
    if left is None:
        left = [one.name for one in intended if one.kind == collection.kind]
    kept = dict.fromkeys(left)
    return Swept(
        [Scratch(collection.kind, name) for name in found if name not in kept],
        [Scratch(collection.kind, name) for name in kept],
    )
