# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ansible over the fleet, with and without pipelining."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from fleet import Fleet, Host

Run = subprocess.CompletedProcess[bytes]
Ansible = Callable[..., Run]


def test_with_pipelining_a_module_is_one_command_per_host(fleet: Fleet, ansible: Ansible) -> None:
    for host in fleet.hosts:
        fleet.clear_executions(host)

    result = ansible("influxdb3_fleet", "ping")

    assert result.returncode == 0, result.stderr
    for host in fleet.hosts:
        (command,) = fleet.executions(host)
        assert getattr(sys, "_base_executable", sys.executable) in command


def test_without_pipelining_a_file_lands_in_the_hosts_own_home(
    fleet: Fleet, host: Host, ansible: Ansible, tmp_path: Path
) -> None:
    source = tmp_path / "source"
    source.write_text("content")

    result = ansible("host1", "copy", f"src={source} dest=~/from-ansible", pipelining=False)

    assert result.returncode == 0, result.stderr
    assert (host.home / "from-ansible").read_text() == "content"
    assert not (fleet.hosts[1].home / "from-ansible").exists()
    # Modules, too, went through the host's own ~/.ansible/tmp.
    assert any(f"{host.home}/.ansible/tmp/" in command for command in fleet.executions(host))


def test_a_stopped_host_is_unreachable_until_it_starts(fleet: Fleet, host: Host, ansible: Ansible) -> None:
    other = fleet.hosts[1]
    fleet.clear_executions(other)
    host.stop()
    result = ansible("influxdb3_fleet", "ping")
    # What ansible ends with when hosts can't be reached and no other fails.
    assert result.returncode == 4
    assert (len(fleet.executions(host)), len(fleet.executions(other))) == (0, 1)

    host.start()
    assert ansible("host1", "ping").returncode == 0


def test_another_python_for_the_hosts(ansible: Ansible, tmp_path: Path) -> None:
    python = tmp_path / "python3"
    python.symlink_to(getattr(sys, "_base_executable", sys.executable))

    with Fleet(size=1, python=str(python)) as fleet:
        result = ansible("host1", "ping", inventory=fleet.inventory)
        (command,) = fleet.executions(fleet.hosts[0])

    assert result.returncode == 0, result.stderr
    assert str(python) in command
