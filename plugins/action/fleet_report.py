# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prints the lines of a report through Ansible's Display, which no setting of a callback silences."""

from __future__ import annotations

from typing import Any

from ansible import constants
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.influxops.influxdb3.plugins.module_utils._core.masking import printable

_OPTIONS: dict[str, Any] = {
    "lines": {"type": "list", "elements": "str", "required": True},
    "stats": {"type": "dict", "default": {}},
}
# What they print is read by a program.
_JSON_CALLBACKS = ("json", "jsonl")


class ActionModule(ActionBase):
    """The action of the module's name; Ansible finds it by this class."""

    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Print the lines, and hand the statistics to the strategy as set_stats does."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        _validation, options = self.validate_argument_spec(argument_spec=_OPTIONS)
        lines = [printable(line) for line in options["lines"]]
        is_json = str(constants.DEFAULT_STDOUT_CALLBACK).rpartition(".")[2] in _JSON_CALLBACKS
        Display().display("\n".join(lines), stderr=is_json)
        stats = {"data": options["stats"], "per_host": False, "aggregate": True}
        return {**result, "changed": False, "lines": lines, "ansible_stats": stats}
