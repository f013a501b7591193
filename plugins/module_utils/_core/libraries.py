# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said of a Python library that can't be imported. Pure but for the names of machine and interpreter."""

from __future__ import annotations

import platform
import sys


def unusable(library: str, error: BaseException) -> str:
    """Return the sentence about a library whose import failed, with the host and the interpreter that lack it.

    Only where the library itself isn't found is it missing. Whatever else stops its import, a broken installation or a
    library that it needs in turn, is told as it is: to install a library that is there wouldn't help.
    """
    where = f"on {platform.node() or 'this machine'} for the interpreter {sys.executable or sys.version.split()[0]}"
    if isinstance(error, ModuleNotFoundError) and error.name == library:
        return f"The Python library {library} is missing {where}."
    return f"The Python library {library} is installed but can't be loaded {where}: {type(error).__name__}: {error}."
