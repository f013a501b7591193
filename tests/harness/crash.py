# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The crash test: cuts a module's run off, or has something fail, at every point there is; then runs it once more.

A `Case` says which module runs in which world and what must hold afterwards. `points` finds every point by running the
case once undisturbed; `strike` tries one of them and returns what doesn't hold.
"""

from __future__ import annotations

import errno
import os
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.modules import KILL, SYSTEM_CALLS, Modules, Outcome
from simulator import Fault, Request, Simulator

# The faults of a request. After the last two, further requests fail as well.
FAULTS: dict[str, dict[str, Any]] = {
    "503": {"action": "status", "status": 503},
    "500": {"action": "status", "status": 500},
    "500 after the commit": {"action": "status", "status": 500, "commit": True},
    "403": {"action": "status", "status": 403},
    "html": {"action": "html", "status": 502},
    "html 200": {"action": "html", "status": 200, "commit": True},
    "drop before": {"action": "drop_before"},
    "drop after": {"action": "drop_after"},
    "truncated": {"action": "truncate"},
    "slow": {"action": "slow"},
    "500 from now on": {"action": "status", "status": 500, "commit": True, "times": 0},
    "drop from now on": {"action": "drop_after", "times": 0},
}
KILLS: dict[str, dict[str, Any]] = {
    "kill before the commit": {"action": "drop_before"},
    "kill after the commit": {"action": "drop_after"},
}
ERRNOS = {"full disk": errno.ENOSPC, "broken disk": errno.EIO}
# Seconds: longer than an answer takes, and shorter than a fault that only ends with the test.
SHORT_TIMEOUT = 0.3


@dataclass(frozen=True)
class Point:
    """One failure: a strike at a call of the process, or a fault or kill at a request."""

    number: int
    what: str
    call: str = ""

    def __str__(self) -> str:
        return f"{self.what} at {self.call or 'request'} {self.number}"


@dataclass
class Attempt:
    """The disturbed run of a case, the run after it, and whether the first was killed; a case's check gets it."""

    disturbed: Outcome
    repaired: Outcome
    killed: bool
    meanwhile: Any = None


@dataclass
class Case:
    """A module in a world.

    `prepare` makes the world anew and returns the module's options. `meanwhile` looks at the world between the two
    runs, and `check` afterwards; both return a sentence for each problem. The second run may fail with one of the codes
    in `refusals`.
    """

    name: str
    module: str
    prepare: Callable[[], dict[str, Any]]
    check: Callable[[Attempt], list[str]]
    meanwhile: Callable[[], list[str]] = field(default=list)
    refusals: tuple[str, ...] = ()


def points(case: Case, sim: Simulator, modules: Modules) -> list[Point]:
    """Run the case undisturbed, and return every point at which it can be struck. Raises AssertionError if it fails."""
    outcome = modules.run(case.module, case.prepare())
    if outcome.code != 0:
        raise AssertionError(f"{case.name} fails undisturbed: {outcome.output}")
    found = []
    for number, call in enumerate(outcome.calls, 1):
        found.append(Point(number, "kill", call))
        if call in (*SYSTEM_CALLS, "flock"):
            found += [Point(number, what, call) for what in ERRNOS]
    for number, _request in enumerate(sim.requests, 1):
        found += [Point(number, what) for what in (*KILLS, *FAULTS)]
    return found


def strike(case: Case, point: Point, sim: Simulator, modules: Modules) -> list[str]:
    """Run the case with the point struck, then undisturbed; return a sentence for each problem."""
    options = case.prepare()
    if point.call:
        error = KILL if point.what == "kill" else ERRNOS[point.what]
        disturbed = modules.run(case.module, options, strike=(point.number, error))
        killed = point.what == "kill"
    else:
        pids = Promise()
        sim.faults.append(_fault(point, lambda: os.kill(pids.get(), signal.SIGKILL)))
        short = {"timeout": SHORT_TIMEOUT} if point.what == "slow" else {}
        disturbed = modules.run(case.module, {**options, **short}, started=pids.set)
        killed = point.what in KILLS
    for fault in sim.faults:
        fault.release()
    problems = [f"it was not struck: {disturbed.output}"] if killed and disturbed.code != -signal.SIGKILL else []
    if not killed and not disturbed.result:
        problems.append(f"it ended without a result: {disturbed.output}")
    sim.faults.clear()
    problems += case.meanwhile()
    repaired = modules.run(case.module, options)
    if repaired.code != 0 and repaired.result.get("failure", {}).get("code") not in case.refusals:
        problems.append(f"the next run fails: {repaired.output}")
    problems += case.check(Attempt(disturbed, repaired, killed))
    return [f"{case.name}, {point}: {problem}" for problem in problems]


class Promise:
    """A process ID that one thread waits for and another one sets."""

    def __init__(self) -> None:
        self._is_set = threading.Event()
        self._pid = 0

    def set(self, pid: int) -> None:
        """Set the ID."""
        self._pid = pid
        self._is_set.set()

    def get(self) -> int:
        """Wait for the ID and return it."""
        self._is_set.wait()
        return self._pid


def killing(number: int, kill: Callable[[], None], **fault: Any) -> Fault:
    """Return a fault that calls `kill` at the n-th request (from 1)."""
    seen = 0

    def match(request: Request) -> bool:
        nonlocal seen
        seen += 1
        if seen == number:
            kill()
        return seen == number

    return Fault(**fault, match=match)


def _fault(point: Point, kill: Callable[[], None]) -> Fault:
    if point.what in KILLS:
        return killing(point.number, kill, **KILLS[point.what])
    return Fault(**FAULTS[point.what], at=point.number)


def processes_of(home: Path) -> list[int]:
    """Return the processes that run with this HOME: that of ansible-playbook, and all that it has started.

    A fork of the warm process shows the warm process's environment in /proc. It is recognized by its working directory,
    which is the HOME's parent.
    """
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if (
                f"HOME={home}".encode() in (entry / "environ").read_bytes().split(b"\0")
                or Path(os.readlink(entry / "cwd")) == home.parent
            ):
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def kill_all(home: Path) -> None:
    """End the whole run at once, the module included."""
    for pid in processes_of(home):
        os.kill(pid, signal.SIGKILL)
