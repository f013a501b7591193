# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs modules without ansible-playbook, each in a fork of a process that has imported everything: some milliseconds.

Pauses take no time there: before retries, for locks and for activation.

Run as a program, it is that process: one job as a JSON line on stdin, two answers on stdout (the fork's process ID, and
how it ended). A job may strike the n-th of the calls that matter: system calls made by the collection's code, requests,
and the call of exit_json.
"""

from __future__ import annotations

import fcntl
import importlib
import itertools
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

SYSTEM_CALLS = ("open", "write", "fsync", "rename", "unlink", "mkdir", "fchmod", "fchown", "ftruncate")
KILL = 0
"""A strike's error number that stands for SIGKILL."""


@dataclass
class Outcome:
    """How a run of a module ended: its exit code (negative: the signal), output, result, and the calls it made."""

    code: int
    output: str
    calls: list[str]

    @property
    def result(self) -> dict[str, Any]:
        """The result of the module; empty when it was killed."""
        lines = [line for line in self.output.splitlines() if line.startswith("{")]
        found: dict[str, Any] = json.loads(lines[-1]) if lines else {}
        return found


class Modules:
    """The process that forks; a context manager. `temporary` is where modules put their temporary files.

    `environment` are variables beside those of this process.
    """

    def __init__(self, collections: Path, environment: Mapping[str, str] | None = None) -> None:
        self._environment = {k: v for k, v in os.environ.items() if not k.startswith(("ANSIBLE_", "INFLUX"))}
        self._environment |= {"PYTHONPATH": str(collections), **(environment or {})}

    def __enter__(self) -> Modules:
        self._directory = tempfile.TemporaryDirectory(prefix="influxdb3-modules-")
        self.temporary = Path(self._directory.name)
        self._process = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=self._environment
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate()
        self._directory.cleanup()

    def run(
        self,
        module: str,
        options: dict[str, Any],
        *,
        strike: tuple[int, int] | None = None,
        started: Callable[[int], None] | None = None,
        user: int | None = None,
    ) -> Outcome:
        """Run a module with its options. `strike` is the number (from 1) of the call that fails, and an errno or KILL.

        `started` is called with the fork's process ID. `user` is the ID of the user that the module runs as; only root
        can run it as another one.
        """
        # As Ansible passes it on: the directory that it makes for the task and removes afterwards.
        where = {"_ansible_tmpdir": str(self.temporary)}
        job = {"module": module, "options": {**options, **where}, "strike": strike, "user": user}
        if self._process.stdin is None:
            raise RuntimeError("the process was not entered")
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()
        pid = self._answer()
        if started:
            started(pid)
        return Outcome(**self._answer())

    def _answer(self) -> Any:
        if self._process.stdout is None:
            raise RuntimeError("the process was not entered")
        return json.loads(self._process.stdout.readline())


class Strikes:
    """Counts the calls that matter, and strikes one of them."""

    def __init__(self, strike: list[int] | None, log: int) -> None:
        self._at, self._errno = strike or (0, 0)
        self._log = log
        # Several threads may count at the same time.
        self._numbers = itertools.count(1)
        self._write = os.write

    def count(self, name: str) -> None:
        """Note a call that is about to be made, and strike it if its number is the one. Raises OSError."""
        number = next(self._numbers)
        self._write(self._log, f"{name}\n".encode())
        if number == self._at and self._errno == KILL:
            os.kill(os.getpid(), signal.SIGKILL)
        if number == self._at and name in (*SYSTEM_CALLS, "flock"):
            raise OSError(self._errno, os.strerror(self._errno))

    def wrap(self, place: Any, name: str, *, everywhere: bool = False) -> None:
        """Have a function's calls counted: those from the collection's own code, or all."""
        function = getattr(place, name)

        def counted(*arguments: Any, **more: Any) -> Any:
            if everywhere or "module_utils" in sys._getframe(1).f_code.co_filename.partition("influxdb3/plugins/")[2]:
                self.count(name)
            return function(*arguments, **more)

        setattr(place, name, counted)


def _imported_late() -> list[str]:
    """Return the Python modules of the collection that are imported inside of functions."""
    utils = importlib.import_module("ansible_collections.influxops.influxdb3.plugins.module_utils._core").__path__[0]
    package = "ansible_collections.influxops.influxdb3.plugins.module_utils"
    return [
        f"{package}.{path.parent.name}.{path.stem}"
        for path in Path(utils).parent.glob("_*/*.py")
        if path.parent.name != "_probe" and path.stem != "__init__"
    ]


def _fork(job: dict[str, Any], output: int, log: int) -> None:
    """Run a module in the fork, from its options to its end."""
    basic: Any = importlib.import_module("ansible.module_utils.basic")
    module = importlib.import_module(f"ansible_collections.influxops.influxdb3.plugins.modules.{job['module']}")
    if job["user"] is not None:
        # Files that are imported late may lie where that user may not look.
        for name in (
            "tomlkit",
            *(f"encodings.{code}" for code in ("ascii", "idna", "utf_16_be", "utf_16_le", "utf_16")),
            *_imported_late(),
        ):
            importlib.import_module(name)
        os.setgroups([])
        os.setresgid(job["user"], job["user"], job["user"])
        os.setresuid(job["user"], job["user"], job["user"])
    os.dup2(output, 1)
    os.dup2(output, 2)
    strikes = Strikes(job["strike"], log)
    for name in SYSTEM_CALLS:
        strikes.wrap(os, name)
    strikes.wrap(fcntl, "flock")
    strikes.wrap(importlib.import_module("urllib3").HTTPConnectionPool, "request", everywhere=True)
    strikes.wrap(basic.AnsibleModule, "exit_json", everywhere=True)
    options = job["options"]
    # As every Ansible does before 2.21: what the result says of the options is output as well.
    if "inject_invocation" in basic.PASS_VARS:
        options["_ansible_inject_invocation"] = True
    basic._ANSIBLE_ARGS = json.dumps({"ANSIBLE_MODULE_ARGS": options}).encode()
    basic._ANSIBLE_PROFILE = "legacy"
    module.main()


def _run(job: dict[str, Any], output: Any, log: Any) -> dict[str, Any]:
    pid = os.fork()
    if pid == 0:
        code = 70
        try:
            _fork(job, output.fileno(), log.fileno())
        except SystemExit as end:
            code = int(end.code or 0)
        except BaseException:
            sys.excepthook(*sys.exc_info())
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    print(pid, flush=True)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    texts = []
    for handle in (output, log):
        handle.seek(0)
        texts.append(handle.read().decode())
    return {"code": status, "output": texts[0], "calls": texts[1].split()}


class Clock:
    """Time in which pauses pass at once: tests never wait on the wall clock."""

    def __init__(self) -> None:
        self._passed = 0.0
        self._monotonic, self._sleep = time.monotonic, time.sleep

    def sleep(self, seconds: Any) -> None:
        """Let other processes run for a moment, and advance the clock by `seconds`."""
        self._passed += seconds
        self._sleep(0.005)

    def monotonic(self) -> float:
        """The seconds that have passed, pauses among them."""
        return self._monotonic() + self._passed


def _serve() -> None:
    # A process under nohup, or in the background of a script, inherits these signals as ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    clock = Clock()
    time.sleep, time.monotonic = clock.sleep, clock.monotonic
    for name in ("ansible.module_utils.basic", "requests"):
        importlib.import_module(name)
    for line in sys.stdin:
        job = json.loads(line)
        importlib.import_module(f"ansible_collections.influxops.influxdb3.plugins.modules.{job['module']}")
        with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as log:
            print(json.dumps(_run(job, output, log)), flush=True)


if __name__ == "__main__":
    # Not the directory of this file, whose names would hide others.
    sys.path.pop(0)
    _serve()
