# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The contestants as playbooks and programs, and how one run of one of them is measured."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from bench import world
from simulator.influxctl import install

WORKERS = 16
CONNECTION = {"host": "{{ url }}", "management_token": "{{ token }}"}
DATABASES_URL = "{{ url }}/api/v0/databases"
HTTP = {
    "headers": {"Authorization": "Bearer {{ token }}", "Accept": "application/json"},
    "body_format": "json",
}
THERE = "listed.json | map(attribute='name')"
OTHERWISE = "listed.json | rejectattr('retentionPeriod', 'equalto', wanted | int) | map(attribute='name')"

# What a playbook without this collection would do: list once, and loop over what is to be sent, no more. The bodies are
# text, because ansible-core 2.16 makes text of a number in a template.
URI_LOOP: list[dict[str, Any]] = [
    {"ansible.builtin.uri": {"url": DATABASES_URL, **HTTP}, "register": "listed"},
    {
        "ansible.builtin.uri": {
            **{"url": DATABASES_URL, "method": "POST", **HTTP},
            "body": '{"name": "{{ item.name }}", "retentionPeriod": {{ wanted }}}',
        },
        "loop": f"{{{{ databases | rejectattr('name', 'in', {THERE}) }}}}",
    },
    {
        "ansible.builtin.uri": {
            **{"url": DATABASES_URL + "/{{ item.name }}", "method": "PATCH", **HTTP},
            "body": '{"retentionPeriod": {{ wanted }}}',
        },
        "loop": f"{{{{ databases | selectattr('name', 'in', {OTHERWISE}) }}}}",
    },
]
TABLES = {**CONNECTION, "concurrency": WORKERS}
CLUSTER = {**CONNECTION, "databases": "{{ databases }}", "concurrency": WORKERS}
TASKS: dict[str, list[dict[str, Any]]] = {
    # The fixed cost: a task that does nothing, the same with the lists that cluster is given, which Ansible reads,
    # templates and sends, and a task of this collection's that has nothing to do.
    "ping": [{"ansible.builtin.ping": {}}],
    "no-op": [{"take_lists": {"databases": "{{ databases }}"}}],
    "no-op + tokens": [{"take_lists": {"databases": "{{ databases }}", "db_tokens": "{{ tokens }}"}}],
    "empty cluster": [{"influxops.influxdb3.cluster": {**CONNECTION, "databases": [], "db_tokens": []}}],
    "cluster": [{"influxops.influxdb3.cluster": CLUSTER}],
    "cluster + tokens": [{"influxops.influxdb3.cluster": {**CLUSTER, "db_tokens": "{{ tokens }}"}}],
    # Tables in ten databases that are there.
    "no-op tables": [{"take_lists": {"databases": "{{ tables }}"}}],
    "cluster tables": [{"influxops.influxdb3.cluster": {**TABLES, "tables": "{{ tables }}"}}],
    "cluster tables + lookup": [
        {
            "influxops.influxdb3.cluster": {
                **{**TABLES, "tables": "{{ tables }}"},
                **{"lookup": "influxctl", "influxctl_path": "{{ influxctl }}"},
            }
        }
    ],
    "floor tables": [],
    "database loop": [
        {
            "influxops.influxdb3.database": {
                **CONNECTION,
                "name": "{{ item.name }}",
                "retention_period": "{{ item.retention_period }}",
            },
            "loop": "{{ databases }}",
        }
    ],
    "uri loop": URI_LOOP,
    "floor": [],
}
# The contestants that are given tokens as well.
WITH_TOKENS = ("no-op + tokens", "cluster + tokens")
# Those that are given tables instead of databases.
WITH_TABLES = ("no-op tables", "cluster tables", "cluster tables + lookup", "floor tables")
SCENARIOS = ("create", "no change", "10 % changed")


@dataclass(frozen=True)
class Measured:
    """One run: seconds by the clock and of all processors, requests, and the memory of its largest process in MB."""

    seconds: float
    processor: float
    requests: int
    memory: float


class Server:
    """The simulator with a latency in seconds, in a process of its own; a context manager."""

    def __init__(self, latency: float) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.server", str(latency)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        facts = self._answer()
        self.url, self.token = facts["url"], facts["token"]

    def __enter__(self) -> Server:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate()

    def reset(self, databases: int = 0, changed: int = 0, tokens: int = 0, tables: int = 0) -> int:
        """Become a new cluster; return how many requests there were since the last time."""
        if self._process.stdin is None:
            raise RuntimeError("the server has no standard input")
        line = json.dumps({"databases": databases, "changed": changed, "tokens": tokens, "tables": tables})
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        return int(self._answer()["requests"])

    def _answer(self) -> Any:
        if self._process.stdout is None:
            raise RuntimeError("the server has no standard output")
        return json.loads(self._process.stdout.readline())


class Contest:
    """Runs contestants, each as a command of its own in a directory of its own."""

    def __init__(self, collections: Path, workdir: Path) -> None:
        self._workdir = workdir
        self._influxctl = install(workdir)
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("ANSIBLE_", "INFLUX"))}
        self._environment = inherited | {
            "HOME": str(workdir),
            "ANSIBLE_HOME": str(workdir / ".ansible"),
            "ANSIBLE_COLLECTIONS_PATH": str(collections),
            "ANSIBLE_LOCALHOST_WARNING": "false",
            "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
            "ANSIBLE_LIBRARY": str(Path(__file__).parent / "library"),
            # One and the same for all: no time is spent on finding an interpreter.
            "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
        }
        for name, tasks in TASKS.items():
            play = {"hosts": "localhost", "gather_facts": False, "tasks": tasks}
            self._path(name).write_text(json.dumps([play]))

    def run(self, name: str, server: Server, number: int, scenario: str) -> Measured:
        """Measure one run of a contestant in a new cluster. Raises RuntimeError when it fails."""
        tokens = number if name in WITH_TOKENS else 0
        there = 0 if scenario == "create" else number
        if name in WITH_TABLES:
            server.reset(world.TABLE_DATABASES, tables=there)
        else:
            server.reset(there, number // 10 if scenario == "10 % changed" else 0, tokens)
        variables = self._workdir / "variables.json"
        variables.write_text(
            json.dumps(
                {
                    **{"url": server.url, "token": server.token, "wanted": world.DAYS * 86_400 * 10**9},
                    **{"databases": world.databases(number), "tokens": world.tokens(tokens)},
                    **{"tables": world.tables(number), "influxctl": str(self._influxctl)},
                }
            )
        )
        command = [sys.executable, "-m", "ansible", "playbook", str(self._path(name)), "-e", f"@{variables}"]
        if name == "ping":
            command = command[:-2]
        if name.startswith("floor"):
            kind = "tables" if name in WITH_TABLES else "databases"
            command = [sys.executable, "-m", "bench.floor", server.url, server.token, str(number), str(WORKERS), kind]
        seconds, usage = run_measured(command, self._environment, self._workdir / "output.txt")
        return Measured(seconds, usage.ru_utime + usage.ru_stime, server.reset(), usage.ru_maxrss / 1024)

    def _path(self, name: str) -> Path:
        return self._workdir / f"{name.replace(' ', '_')}.json"


def run_measured(
    command: list[str], environment: dict[str, str], output: Path, directory: Path | None = None
) -> tuple[float, resource.struct_rusage]:
    """Run a command to its end; return its seconds, and what it and all that it has waited for have used.

    What it printed is in the file `output`. Raises RuntimeError when it fails.
    """
    with output.open("w+") as written:
        begin = time.perf_counter()
        process = subprocess.Popen(
            command,
            env=environment,
            cwd=directory,
            stdin=subprocess.DEVNULL,
            stdout=written,
            stderr=subprocess.STDOUT,
        )
        # Not wait(): only this tells what the process has used, and all that it has waited for.
        status, usage = os.wait4(process.pid, 0)[1:]
        seconds = time.perf_counter() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            written.seek(0)
            lines = written.read().splitlines()
            failures = [line for line in lines if line.startswith(("fatal:", "failed:", "[ERROR]"))]
            raise RuntimeError("\n".join([f"{' '.join(command)} failed:", *failures[:20], *lines[-20:]]))
    return seconds, usage
