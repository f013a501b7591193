# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prints the lines of a report through Ansible's Display, which no setting of a callback silences; writes its files."""

from __future__ import annotations

from typing import Any

from ansible import constants
from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.influxops.influxdb3.plugins.module_utils._core import printing
from ansible_collections.influxops.influxdb3.plugins.plugin_utils._action.writing import write_whole

_FILE: dict[str, Any] = {
    "path": {"type": "str", "required": True},
    "content": {"type": "str", "required": True},
    "mode": {"type": "str", "default": "0600"},
}
_OPTIONS: dict[str, Any] = {
    "lines": {"type": "list", "elements": "str", "required": True},
    "stats": {"type": "dict", "default": {}},
    "files": {"type": "list", "elements": "dict", "options": _FILE, "default": []},
}
# The callbacks whose stdout a program reads, so that the lines go to stderr.
_JSON_CALLBACKS = ("json", "jsonl")


class ActionModule(ActionBase):
    """The action of the module's name; Ansible finds it by this class."""

    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Print the lines, hand the statistics to the strategy as set_stats does, and write the files."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        _validation, options = self.validate_argument_spec(argument_spec=_OPTIONS)
        lines = [printing.printable(line) for line in options["lines"]]
        is_json = str(constants.DEFAULT_STDOUT_CALLBACK).rpartition(".")[2] in _JSON_CALLBACKS
        if lines:
            Display().display("\n".join(lines), stderr=is_json)
        changed = self._written(options["files"])
        stats = {"data": options["stats"], "per_host": False, "aggregate": True}
        return {**result, "changed": changed, "lines": lines, "ansible_stats": stats}

    def _written(self, files: list[dict[str, Any]]) -> bool:
        """Write all files that can be written, and return whether any has changed.

        Raises AnsibleActionFail for the others afterwards.
        """
        changed, problems = False, []
        for file in files:
            path = file["path"]
            try:
                content = file["content"].encode("utf-8", "backslashreplace")
                changed |= write_whole(path, content, int(file["mode"], 8), dry=self._task.check_mode)
            except OSError as error:
                problems.append(f"{path} can't be written: {error.strerror or type(error).__name__}.")
            except ValueError:
                problems.append(f"{path}: {file['mode']!r} is no mode in octal digits.")
        if problems:
            raise AnsibleActionFail(printing.printable(" ".join(problems)))
        return changed
