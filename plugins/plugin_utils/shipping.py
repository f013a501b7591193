# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sends the controller's own tomlkit along with a module, so that targets need no library (design.md, section 6)."""

from __future__ import annotations

import base64
import io
import zipfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase


def zipped(package: str) -> str | None:
    """Return a pure Python package as a zip file in base64, None when it isn't installed here."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        return None
    root = Path(spec.origin).parent
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for source in sorted(root.rglob("*.py")):
            # The date of the entry is zip's first: a file's own may lie before it, as everywhere on NixOS.
            entry = zipfile.ZipInfo(source.relative_to(root.parent).as_posix())
            archive.writestr(entry, source.read_bytes(), zipfile.ZIP_DEFLATED)
    return base64.b64encode(buffer.getvalue()).decode("ascii")


# Made when the plugin is loaded: the strategy does that in the main process, so the workers for all hosts inherit it.
TOMLKIT = zipped("tomlkit")


class ShippingAction(ActionBase):
    """Runs the module of the same name with tomlkit in its hidden argument: one remote execution."""

    _supports_async = True
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the module on the target."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        arguments = {**self._task.args, "_tomlkit": TOMLKIT}
        asynchronous = self._task.async_val
        result.update(self._execute_module(module_args=arguments, task_vars=task_vars, wrap_async=asynchronous))
        if not asynchronous:
            self._remove_tmp_path(self._connection._shell.tmpdir)
        return result
