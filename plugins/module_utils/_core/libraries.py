# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The message about a Python library that can't be imported. It names the machine and the interpreter."""

from __future__ import annotations

import platform
import sys


def unusable(library: str, error: BaseException) -> str:
    """Return the sentence about a library whose import failed, with the host and the interpreter that lack it.

    The library is missing only if Python doesn't find the library itself. The sentence says any other error as it is, a
    broken installation or a missing library that it needs in turn: to install it again wouldn't help.
    """
    where = f"on {platform.node() or 'this machine'} for the interpreter {sys.executable or sys.version.split()[0]}"
    if isinstance(error, ModuleNotFoundError) and error.name == library:
        return f"The Python library {library} is missing {where}."
    return f"The Python library {library} is installed but can't be loaded {where}: {type(error).__name__}: {error}."
