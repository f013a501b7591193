# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The demo tells the truth: it ends well only when the run did, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from demo.__main__ import Demo
from demo.report import CONFIG, masked, token_table
from fleet import Fleet
from fleet.processes import carriers
from harness.playbook import Ansible, Run
from simulator import Simulator

TESTS = Path(__file__).parents[1]
LINE = (
    "{name:<26} : ok=3    changed={changed}    unreachable={unreachable}    failed={failed}    skipped=0    rescued=0"
)


def recap(**counts: dict[str, int]) -> str:
    """What ansible-playbook prints at its end, for counts by host."""
    zero = {"changed": 0, "unreachable": 0, "failed": 0}
    return "PLAY RECAP ****\n" + "".join(LINE.format(name=name, **zero | c) + "\n" for name, c in counts.items())


def everywhere(**counts: int) -> str:
    """A recap with the same counts on all hosts of the demo."""
    return recap(localhost=counts, **{f"host{number}": counts for number in range(1, 6)})


@dataclass
class Canned(Ansible):
    """Prints what it is told to."""

    output: str = ""

    def playbook(
        self,
        plays: str | list[dict[str, Any]],
        *flags: str,
        variables: Mapping[str, Any] | None = None,
        inventory: Path | None = None,
        environment: dict[str, str] | None = None,
    ) -> Run:
        return Run(code=0, output=self.output)


@pytest.fixture(scope="module")
def machines() -> Iterator[tuple[Simulator, Fleet]]:
    with Simulator(tls=True) as sim, Fleet(size=5) as fleet:
        yield sim, fleet


@pytest.mark.parametrize(
    ("output", "changed", "problems"),
    [
        (everywhere(), [], []),
        (everywhere() + recap(host3={"changed": 1}), [], []),
        (recap(host3={"changed": 1}) + everywhere(), ["host3"], []),
        (recap(host3={"failed": 1}) + everywhere(), [], ["influxops.influxdb3.bootstrap failed on host3"]),
        (recap(host3={"unreachable": 1}) + everywhere(), [], ["influxops.influxdb3.bootstrap failed on host3"]),
        (everywhere().replace("host3", "other"), [], ["influxops.influxdb3.bootstrap failed on host3"]),
        ("{secret}" + everywhere(), [], ["1 of the cluster's secrets are in Ansible's output"]),
    ],
    ids=["well", "first recap counts", "changed", "failed", "unreachable", "left out", "leaked"],
)
def test_what_counts_as_a_problem(
    machines: tuple[Simulator, Fleet], tmp_path: Path, output: str, changed: list[str], problems: list[str]
) -> None:
    demo = Demo(*machines)
    output = output.replace("{secret}", demo.sim.admin_token)

    assert demo.play(Canned(tmp_path, tmp_path, output=output)) == changed
    assert demo.problems == problems


def test_without_a_recap_the_cause_is_shown_and_the_secret_is_not(
    machines: tuple[Simulator, Fleet], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    demo = Demo(*machines)

    demo.play(Canned(tmp_path, tmp_path, output=f"ERROR! no such playbook {demo.sim.admin_token}"))

    assert len([problem for problem in demo.problems if "failed on" in problem]) == 6
    shown = capsys.readouterr().out
    assert "no such playbook" in shown
    assert demo.sim.admin_token not in shown


def test_a_secret_is_masked_wherever_it_is() -> None:
    assert masked('a = "M.V1.abcdefgh" # M.V1.abcdefgh', ["M.V1.abcdefgh"]) == (
        'a = "M.V1.abcd************" # M.V1.abcd************'
    )


def test_the_table_tells_every_state() -> None:
    with Simulator(tls=False) as sim, Fleet(size=5) as fleet:
        now = sim.clock.now()
        tokens = [
            sim.add_mgmt_token("lasts"),
            sim.add_mgmt_token("new", expires_at=now + timedelta(days=1)),
            sim.add_mgmt_token("old", expires_at=now - timedelta(days=1)),
            sim.add_mgmt_token("gone", revoked_at=now),
        ]
        for host, secret in zip(fleet.hosts, [*(token.secret for token in tokens), "M.V1.none"], strict=True):
            (host.home / CONFIG).parent.mkdir(parents=True)
            (host.home / CONFIG).write_text(f'[[profile]]\nname = "default"\nmgmt_token = "{secret}"\n')

        heading, *rows = token_table(sim, fleet.hosts).splitlines()

    assert heading.split("  ")[0] == "HOST"
    assert [row.split()[0] for row in rows] == ["host1", "host2", "host3", "host4", "host5"]
    assert [row.split()[-1] for row in rows] == ["ok", "ok", "expired", "revoked", "unknown"]
    assert [row.split()[2] for row in rows] == [*(token.id for token in tokens), "-"]
    ends = [f"{token.expires_at:%Y-%m-%d}" if token.expires_at else "never" for token in tokens]
    assert [row.split()[-2] for row in rows] == [*ends, "-"]


@pytest.fixture
def temporary() -> Iterator[Path]:
    """A TMPDIR of the demo's own, with a path as short as the usual one."""
    with tempfile.TemporaryDirectory(prefix="demo-", dir="/tmp") as directory:
        yield Path(directory)


def start(temporary: Path, compiled: Mapping[str, str]) -> subprocess.Popen[str]:
    """The demo as `make demo` starts it, leader of a process group as in a terminal. It compiles modules once."""
    environment = {**os.environ, **compiled, "FLEET_VARIABLES": json.dumps(compiled), "TMPDIR": str(temporary)}
    return subprocess.Popen(
        [sys.executable, "-m", "demo"],
        env={**environment, "PYTHONPATH": os.pathsep.join([str(TESTS), compiled["PYTHONPATH"]])},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def assert_nothing_is_left(output: str, temporary: Path) -> None:
    """Neither the fleet's directory, nor that of the simulator, nor a process of theirs."""
    directories = {Path(name) for name in re.findall(r"/tmp/fleet-\w+", output)} | {temporary}
    assert len(directories) == 2
    assert [directory for directory in directories if directory != temporary and directory.exists()] == []
    assert list(temporary.iterdir()) == []
    assert [carriers(directory) for directory in directories] == [[], []]


def test_it_ends_well_and_leaves_nothing(temporary: Path, compiled: Mapping[str, str]) -> None:
    with start(temporary, compiled) as process:
        output = process.communicate()[0]

    assert process.returncode == 0, output
    assert len(re.findall(r"host\d  default  .*  ok$", output, re.MULTILINE)) == 5
    assert len(re.findall(r"changed=0", output)) == 6
    assert max(map(len, output.splitlines())) <= 100
    assert_nothing_is_left(output, temporary)


@pytest.mark.usefixtures("signals_arrive")
@pytest.mark.parametrize(
    ("send", "number", "status"), [(os.killpg, signal.SIGINT, 130), (os.kill, signal.SIGTERM, 143)], ids=["^C", "TERM"]
)
def test_a_signal_in_the_middle_leaves_nothing(
    temporary: Path, compiled: Mapping[str, str], send: Any, number: int, status: int
) -> None:
    with start(temporary, compiled) as process:
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line)
            if "$ ansible-playbook" in line:
                break
        send(process.pid, number)
        lines += process.stdout

    assert process.returncode == status, lines
    assert_nothing_is_left("".join(lines), temporary)
