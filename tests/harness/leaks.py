# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The leak test: looks for secrets in everything that a run prints, writes, or shows to other users of the machine."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import quote

from harness.crash import processes_of
from harness.watcher import Watcher

# The documented return keys that may hold a secret (docs of db_token and mgmt_token), also as JSON within JSON.
_DOCUMENTED = re.compile(r'\\*"(?:access_token|token)\\*":\s*\\*"(?:apiv1_|M\.V1\.)[^"\\]+\\*"')


class ProcessWatch(Watcher):
    """Reads the command lines and environments of all processes with a HOME, over and over while it is entered."""

    def __init__(self, home: Path) -> None:
        super().__init__()
        self._home = home
        self.seen: set[bytes] = set()

    def look(self) -> None:
        """Add the command lines and environments of now."""
        for pid in processes_of(self._home):
            for name in ("cmdline", "environ"):
                try:
                    self.seen.add(Path("/proc", str(pid), name).read_bytes())
                except OSError:
                    continue

    @property
    def text(self) -> str:
        """All that was seen."""
        return "\n".join(sorted(block.decode(errors="replace") for block in self.seen))


def forms(secret: str) -> set[str]:
    """The notations in which a secret could stand somewhere."""
    encoded = base64.b64encode(secret.encode()).decode().rstrip("=")
    # What base64 makes of the last characters depends on what follows.
    return {secret, json.dumps(secret)[1:-1], secret.replace("/", "\\/"), quote(secret, safe=""), encoded[:-4]}


def files_below(*directories: Path) -> dict[str, str]:
    """The texts of all files below directories, by their paths."""
    paths = (path for directory in directories for path in sorted(directory.rglob("*")) if path.is_file())
    return {str(path): path.read_bytes().decode(errors="replace") for path in paths}


def leaks(places: Mapping[str, str], secrets: Iterable[str]) -> list[str]:
    """Return a line for each secret in the texts `places`, by their names, but in documented keys; never the secret.

    A line has the first nine characters of a secret, and the text before it.
    """
    found = []
    for place, text in places.items():
        searched = _DOCUMENTED.sub("", text)
        for number, secret in enumerate(sorted(secrets)):
            for form in forms(secret):
                if form in searched:
                    where = searched.index(form)
                    before = searched[max(0, where - 120) : where]
                    found.append(f"secret {number} ({secret[:9]}…) in {place}, after {before!r}")
    return found
