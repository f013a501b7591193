# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sends the controller's own tomlkit along with a module, so that targets need no library."""

from __future__ import annotations

import base64
import io
import re
import zipfile
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase


def zipped(package: str) -> str | None:
    """Return a pure Python package as a zip file in base64, None where the controller hasn't installed it."""
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


# The oldest Python of a host that the two profile modules run with.
OLDEST_PYTHON = (3, 9)

# Made when the plugin is loaded: the strategy does that in the main process, so the workers for all hosts inherit it.
TOMLKIT = zipped("tomlkit")


def _is_from_the_module(result: Mapping[str, Any]) -> bool:
    """Return whether the module itself made a result, and not an interpreter that couldn't run the module."""
    return not result.get("failed") or "failure" in result or "invocation" in result


class ShippingAction(ActionBase):
    """Runs the module of the task's name with tomlkit in its hidden option, in one remote execution.

    Only where an interpreter can't run the module, a second execution asks for the interpreter's version.
    """

    _supports_async = True
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the module on the target."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        asynchronous = self._task.async_val
        result.update(self._ship(None, self._task.args, task_vars, asynchronous=bool(asynchronous)))
        if not asynchronous:
            self._remove_tmp_path(self._connection._shell.tmpdir)
        return result

    def _ship(
        self,
        module: str | None,
        options: Mapping[str, Any],
        task_vars: Any,
        *,
        asynchronous: bool = False,
        with_library: bool = True,
    ) -> dict[str, Any]:
        """Run a module on the target and return its result; `module` is None for the module of the task's name."""
        arguments = {**options, "_tomlkit": TOMLKIT} if with_library else dict(options)
        answer: dict[str, Any] = self._execute_module(module, arguments, task_vars=task_vars, wrap_async=asynchronous)
        return answer if _is_from_the_module(answer) else self._for_old_python(answer)

    def _for_old_python(self, failed: dict[str, Any]) -> dict[str, Any]:
        """Return the failure, or in its place one with a remedy where the host's Python is too old for the module."""
        interpreter = str(self._used_interpreter or "").lstrip("#!").strip()
        if not interpreter:
            return failed
        asked = self._low_level_execute_command(f"{interpreter} -c 'import sys; print(sys.version.split()[0])'")
        found = re.fullmatch(r"(\d+)\.(\d+)\S*", str(asked.get("stdout", "")).strip())
        if found is None or (int(found[1]), int(found[2])) >= OLDEST_PYTHON:
            return failed
        needed = ".".join(map(str, OLDEST_PYTHON))
        message = (
            f"The host's Python, {interpreter}, is {found[0]}, and this module needs {needed} or newer. Install a newer"
            " one there (on RHEL 8: dnf install python39) and set ansible_python_interpreter to its path."
        )
        failure = {"status": None, "code": "old_python", "message": message, "method": None, "path": None}
        kept: dict[str, Any] = {key: failed[key] for key in ("ansible_facts", "warnings") if key in failed}
        return {**kept, "changed": False, "failed": True, "msg": message, "failure": failure}
