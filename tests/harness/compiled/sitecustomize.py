# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Has Python keep what it compiles from zip files, in the directory of the variable COMPILED.

Ansible sends a module as a zip file of sources, which Python compiles anew for every task: half of what a task costs.
Where this directory is on PYTHONPATH, Python loads this file at its start. A target's Python loads it too (3.9).
"""

import _imp
import marshal
import os
import sys
import zipimport
from types import CodeType
from typing import Any

_zipimport: Any = zipimport
_compile = _zipimport._compile_source
_fix_filename = getattr(_imp, "_fix_co_filename")  # noqa: B009


def _load_or_compile(pathname: str, source: bytes) -> CodeType:
    """Like zipimport's function. The same source has the same code but for the name of its file."""
    tag = sys.implementation.cache_tag
    kept = os.path.join(os.environ["COMPILED"], f"{_imp.source_hash(0, source).hex()}-{len(source)}.{tag}")
    try:
        with open(kept, "rb") as handle:
            code: CodeType = marshal.loads(handle.read())
    except FileNotFoundError:
        code = _compile(pathname, source)
        with open(f"{kept}.{os.getpid()}", "wb") as new:
            new.write(marshal.dumps(code))
        os.replace(new.name, kept)
    _fix_filename(code, pathname)
    return code


if os.path.isdir(os.environ.get("COMPILED", "")):
    _zipimport._compile_source = _load_or_compile
