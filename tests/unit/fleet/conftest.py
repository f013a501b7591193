# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A fleet that the tests of a module share, and the two programs that they reach it with."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fleet import Fleet, Host

Run = subprocess.CompletedProcess[bytes]


@pytest.fixture(scope="module")
def fleet() -> Iterator[Fleet]:
    with Fleet(size=2) as fleet:
        yield fleet


@pytest.fixture
def host(fleet: Fleet) -> Host:
    """The first host, with no execution counted yet."""
    host = fleet.hosts[0]
    fleet.clear_executions(host)
    return host


@pytest.fixture
def ssh(fleet: Fleet, host: Host) -> Callable[..., Run]:
    """ssh(command, options..., stdin=b"") runs a command on the host."""

    def run(command: str, *options: str, stdin: bytes = b"") -> Run:
        argv = [*fleet.openssh("ssh", host), *options, host.address, command]
        return subprocess.run(argv, input=stdin, capture_output=True, check=False)

    return run


@pytest.fixture
def ansible(fleet: Fleet, tmp_path: Path) -> Callable[..., Run]:
    """ansible(pattern, module, arguments, pipelining=True, inventory=...) runs a module ad hoc."""

    def run(
        pattern: str, module: str, arguments: str = "", *, pipelining: bool = True, inventory: Path = fleet.inventory
    ) -> Run:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
        environment |= {"ANSIBLE_HOME": str(tmp_path), "ANSIBLE_PIPELINING": str(pipelining)}
        argv = [sys.executable, "-m", "ansible", "adhoc", "-i", str(inventory), pattern, "-m", module]
        return subprocess.run([*argv, "-a", arguments], env=environment, capture_output=True, check=False)

    return run
