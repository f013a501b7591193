# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs ansible-playbook as a user would, in a home of its own, and keeps all that it printed."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from harness.warm import Warm, run_alone

CALLBACKS = Path(__file__).parent / "callback"


@dataclass
class Run:
    """One run of ansible-playbook: `results` holds every task's result, in order, as the callback saw it.

    `output` is all that anybody could read afterwards: stdout, stderr and the log file.
    """

    code: int
    output: str
    results: list[dict[str, Any]] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The output as one line: ansible-core up to 2.18 breaks a warning into several."""
        return " ".join(self.output.split())

    @property
    def changed(self) -> list[str]:
        """The tasks that changed something, as `host: task`."""
        return [f"{r['host']}: {r['task']}" for r in self.results if r["result"].get("changed") and r["kind"] == "ok"]

    @property
    def failures(self) -> list[dict[str, Any]]:
        """The results of the tasks that failed, also of those with ignore_errors."""
        return [r["result"] for r in self.results if r["kind"] == "failed"]

    @property
    def failed(self) -> list[str]:
        """The names of those tasks."""
        return [r["task"].split(" : ")[-1] for r in self.results if r["kind"] == "failed"]

    def result(self, task: str) -> dict[str, Any]:
        """The result of the last task of this name."""
        return next(r["result"] for r in reversed(self.results) if r["task"].split(" : ")[-1] == task)


@dataclass
class Ansible:
    """Runs playbooks with an installed collection's tree, in a directory that the caller removes, by a Python.

    `warm` starts them in forks. Without it, each run is a process that begins from nothing, as a user's is.
    """

    collections: Path
    workdir: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    python: str = sys.executable
    warm: Warm | None = None

    @property
    def home(self) -> Path:
        """The HOME of the runs."""
        home = self.workdir / "home"
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        return home

    def playbook(
        self,
        plays: str | list[dict[str, Any]],
        *flags: str,
        variables: Mapping[str, Any] | None = None,
        inventory: Path | None = None,
        environment: dict[str, str] | None = None,
    ) -> Run:
        """Run a playbook, given by its name or as data, at -vvvv."""
        name = plays if isinstance(plays, str) else str(self._write("playbook.yml", plays))
        words = ["playbook", "-vvvv", name, *flags]
        if inventory:
            words += ["--inventory", str(inventory)]
        if variables:
            words += ["--extra-vars", f"@{self._write('variables.yml', dict(variables))}"]
        results, log = self.workdir / "results.jsonl", self.workdir / "ansible.log"
        for path in (results, log):
            path.unlink(missing_ok=True)
        code, stdout, stderr = self._run(words, self._environment(results, log) | (environment or {}))
        logged = log.read_text() if log.exists() else ""
        lines = results.read_text().splitlines() if results.exists() else []
        output = "\n".join((stdout, stderr, logged))
        return Run(code, output, [json.loads(line) for line in lines])

    def _run(self, words: list[str], environment: dict[str, str]) -> tuple[int, str, str]:
        if self.warm and self.python == sys.executable:
            return self.warm.run(words, self.workdir, environment)
        return run_alone(self.python, words, self.workdir, environment)

    def _write(self, name: str, content: Any) -> Path:
        path = self.workdir / name
        path.write_text(yaml.safe_dump(content, sort_keys=False))
        path.chmod(0o600)
        return path

    def _environment(self, results: Path, log: Path) -> dict[str, str]:
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("ANSIBLE_", "INFLUX"))}
        return inherited | {
            "HOME": str(self.home),
            "ANSIBLE_HOME": str(self.home / ".ansible"),
            "ANSIBLE_COLLECTIONS_PATH": str(self.collections),
            "ANSIBLE_CALLBACK_PLUGINS": str(CALLBACKS),
            "ANSIBLE_CALLBACKS_ENABLED": "results",
            "ANSIBLE_LOCALHOST_WARNING": "false",
            "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
            "ANSIBLE_LOG_PATH": str(log),
            "ANSIBLE_NOCOLOR": "true",
            "ANSIBLE_DIFF_ALWAYS": "true",
            # As all do before 2.21. What a result says of the task's options must tell no secret either.
            "ANSIBLE_INJECT_INVOCATION": "true",
            "RESULTS_FILE": str(results),
            **self.environment,
        }
