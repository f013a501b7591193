# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Describes the Python that a module runs with, and whether its libraries can be used."""

from __future__ import annotations

import platform
import sys
from typing import Any, Callable

from .._core import errors


def interpreter() -> dict[str, Any]:
    """Return the version and the path of the running Python."""
    return {"version": platform.python_version(), "executable": sys.executable}


def library(name: str, check: Callable[[], object]) -> dict[str, Any]:
    """Return `name`, and as `problem` the sentence that says why the library can't be used, None where it can.

    `check` imports the library, and raises Influxdb3Error with that sentence. This file imports none.
    """
    try:
        check()
    except errors.Influxdb3Error as error:
        return {"name": name, "problem": str(error)}
    return {"name": name, "problem": None}
