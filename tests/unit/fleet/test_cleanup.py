# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is left of a fleet: nothing, however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from fleet import Fleet
from fleet.processes import carriers
from fleet.signals import orderly_exit, termination_as_exit

TESTS = Path(__file__).parents[2]

# Leaves a daemon on the host and a shared connection of the client, names its directory, and waits for a signal.
PROGRAM = """
import signal, subprocess, sys
from fleet import Fleet
with Fleet(size=2) as fleet:
    host = fleet.hosts[0]
    sharing = ["-o", "ControlMaster=auto", "-o", "ControlPersist=60"]
    daemon = "setsid sleep 1000 >/dev/null 2>&1 </dev/null &"
    subprocess.run([*fleet.openssh("ssh", host), *sharing, host.address, daemon], stderr=subprocess.DEVNULL)
    print(fleet.directory, flush=True)
    {ending}
"""


def _start(ending: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM.format(ending=ending)],
        env={**os.environ, "PYTHONPATH": str(TESTS)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _directory(program: subprocess.Popen[str]) -> Path:
    assert program.stdout is not None
    return Path(program.stdout.readline().strip())


@pytest.mark.usefixtures("signals_arrive")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_fleet(number: signal.Signals) -> None:
    with _start("signal.pause()") as program:
        directory = _directory(program)
        # The daemon, and the client's shared connection.
        assert directory.is_dir()
        assert len(carriers(directory)) == 2

        program.send_signal(number)

    assert program.returncode == (-number if number == signal.SIGINT else 128 + number)
    assert not directory.exists()
    assert carriers(directory) == []


def test_an_exception_ends_the_fleet() -> None:
    with _start("raise RuntimeError('of the program')") as program:
        directory = _directory(program)
        assert program.stderr is not None
        message = program.stderr.read()

    assert "RuntimeError: of the program" in message
    assert not directory.exists()
    assert carriers(directory) == []


def test_a_failed_start_leaves_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def fail(fleet: Fleet) -> dict[str, object]:
        raise RuntimeError("no inventory")

    monkeypatch.setattr(Fleet, "_inventory", fail)
    fleet = Fleet(size=1)

    with pytest.raises(RuntimeError, match="no inventory"), fleet:
        pass

    assert not fleet.directory.exists()


def test_termination_is_an_exit_only_within() -> None:
    with pytest.raises(SystemExit) as ending, termination_as_exit():
        signal.raise_signal(signal.SIGTERM)

    assert ending.value.code == 143
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_a_handler_of_the_program_stays() -> None:
    caught = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: caught.append(number))
    try:
        with termination_as_exit():
            signal.raise_signal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)

    assert caught == [signal.SIGTERM]


@pytest.mark.usefixtures("signals_arrive")
def test_a_second_signal_does_not_cut_the_cleanup_short() -> None:
    finished = []

    def clean_up() -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.raise_signal(number)
        finished.append(True)

    with orderly_exit() as stack:
        stack.callback(clean_up)

    assert finished
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
