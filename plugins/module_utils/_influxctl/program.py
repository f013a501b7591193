# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the influxctl program is looked for: the one rule for the modules and for the proof on the hosts.

Apart from influxctl.py, and of the standard library alone, so that a module on a host can ask as well.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping

NAME = "influxctl"
# Where packages and administrators put it. sudo's own PATH on Red Hat has no /usr/local/bin.
DIRECTORIES = ("/usr/local/bin", "/usr/bin")


def search_path(path: str | None) -> str:
    """Return the directories in which influxctl is looked for, joined as in a PATH: those of `path`, then the usual.

    `path` is the value of PATH, None where it isn't set. A relative directory means another one for each working
    directory, where anybody may have put a program of that name, so it is left out.
    """
    directories = (os.defpath if path is None else path).split(os.pathsep)
    return os.pathsep.join(dict.fromkeys([*filter(os.path.isabs, directories), *DIRECTORIES]))


def find_influxctl(program: str | None, environ: Mapping[str, str]) -> str | None:
    """Return the path of the program, None where there is none that can be run.

    `program` is a path (`~` is expanded), a name that is looked for, or None or an empty text for `influxctl`.
    """
    return shutil.which(os.path.expanduser(program or NAME), path=search_path(environ.get("PATH")))
