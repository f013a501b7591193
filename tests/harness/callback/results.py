# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A callback of Ansible that writes each task's result as one JSON line into $RESULTS_FILE.

Where $RESULTS_ARCHIVES names a directory, Ansible keeps the archives of modules there, not to build them in every run.
"""

from __future__ import annotations

import json
import os
from typing import Any

from ansible import constants
from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: results
type: notification
short_description: Write results as JSON lines
description: For the tests.
"""


class CallbackModule(CallbackBase):
    """Sees what every callback sees: results that no_log has censored already."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "results"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        # What the run starts shall not see it.
        if archives := os.environ.pop("RESULTS_ARCHIVES", None):
            os.symlink(archives, os.path.join(constants.DEFAULT_LOCAL_TMP, "ansiballz_cache"))

    def _write(self, kind: str, outcome: Any) -> None:
        line = {
            "kind": kind,
            "host": outcome._host.get_name(),
            "task": outcome._task.get_name(),
            "item": outcome._result.get("item"),
            # Before callbacks see it, newer versions take the key away.
            "result": {**outcome._result, "failed": kind == "failed"},
        }
        with open(os.environ["RESULTS_FILE"], "a", encoding="utf-8") as handle:
            handle.write(json.dumps(line, default=str) + "\n")

    def v2_runner_on_ok(self, result: Any) -> None:
        self._write("ok", result)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        self._write("failed", result)

    def v2_runner_on_skipped(self, result: Any) -> None:
        self._write("skipped", result)

    def v2_runner_on_unreachable(self, result: Any) -> None:
        self._write("unreachable", result)

    def v2_runner_item_on_failed(self, result: Any) -> None:
        self._write("failed", result)
