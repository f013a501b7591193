# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a host does with a command and with a file, as the OpenSSH client sees it."""

from __future__ import annotations

import os
import select
import socket
import subprocess
import sys
from collections.abc import Callable

import pytest

from fleet import Fleet, Host
from fleet.processes import carriers

Run = subprocess.CompletedProcess[bytes]
Ssh = Callable[..., Run]


def test_a_command_has_the_hosts_environment_and_nothing_else(ssh: Ssh, host: Host) -> None:
    (host.home / "bin/whereami").write_text("#!/bin/sh\npwd; env\n")
    (host.home / "bin/whereami").chmod(0o700)

    directory, *environment = ssh("whereami").stdout.decode().split()

    assert directory == str(host.home)
    variables = dict(line.split("=", 1) for line in environment)
    assert variables["HOME"] == str(host.home)
    assert variables["TMPDIR"] == f"{host.home}/tmp"
    assert variables["PATH"] == f"{host.home}/bin:/usr/bin:/bin" == ":".join(map(str, host.path))
    # PWD is the shell's own.
    own = {"HOME", "LANG", "LOGNAME", "PATH", "PWD", "SHELL", "TMPDIR", "USER"}
    assert set(variables) == own | set(Fleet.variables)


def test_streams_and_exit_code(ssh: Ssh) -> None:
    result = ssh("cat; echo problem >&2; exit 7", stdin=b"text")

    assert (result.stdout, result.stderr, result.returncode) == (b"text", b"problem\n", 7)


def test_much_data_in_both_directions(ssh: Ssh) -> None:
    data = os.urandom(3_000_000)

    assert ssh("cat", stdin=data).stdout == data


def test_much_data_on_stderr_after_the_end_of_stdout(ssh: Ssh) -> None:
    assert len(ssh("exec >&-; head -c 3000000 /dev/zero >&2").stderr) == 3_000_000


def test_a_command_need_not_read_its_stdin(ssh: Ssh) -> None:
    result = ssh("exec <&-; echo done; exit 3", stdin=bytes(3_000_000))

    assert (result.stdout, result.returncode) == (b"done\n", 3)


def test_without_a_command_a_shell_reads_stdin(ssh: Ssh) -> None:
    assert ssh("", stdin=b"echo $HOME").stdout.decode().startswith("/tmp/fleet-")


def test_death_by_signal_is_not_an_exit_code_of_the_command(ssh: Ssh) -> None:
    assert ssh("kill -TERM $$").returncode == 255


def test_a_terminal_may_be_asked_for(ssh: Ssh) -> None:
    result = ssh("echo out; echo err >&2; exit 4", "-tt")

    assert (result.stdout, result.returncode) == (b"out\nerr\n", 4)


def test_commands_are_recorded_per_host(fleet: Fleet, ssh: Ssh, host: Host) -> None:
    other = fleet.hosts[1]
    before = fleet.executions(other)

    ssh("echo one")
    ssh("false")

    assert fleet.executions(host) == ["echo one", "false"]
    assert fleet.executions(other) == before


def test_another_hosts_key_is_refused(fleet: Fleet, host: Host) -> None:
    impostor = fleet.hosts[1]
    fleet.clear_executions(impostor)
    argv = [*fleet.openssh("ssh", host), "-o", f"HostKeyAlias=[{impostor.address}]:{impostor.port}", host.address]

    result = subprocess.run([*argv, "true"], capture_output=True, check=False)

    assert result.returncode == 255
    assert fleet.executions(host) == fleet.executions(impostor) == []


def test_another_users_key_is_refused(fleet: Fleet, host: Host, tmp_path: os.PathLike[str]) -> None:
    key = os.path.join(tmp_path, "key")
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    argv = [key if part == str(fleet.directory / "id") else part for part in fleet.openssh("ssh", host)]

    result = subprocess.run([*argv, "-o", "BatchMode=yes", host.address, "true"], capture_output=True, check=False)

    assert result.returncode == 255
    assert fleet.executions(host) == []


@pytest.mark.parametrize("options", [[], ["-O"]], ids=["over sftp", "scp protocol"])
@pytest.mark.parametrize("target", ["{home}/absolute", "relative", "~/in-home"])
def test_scp(fleet: Fleet, host: Host, tmp_path: os.PathLike[str], options: list[str], target: str) -> None:
    source = os.path.join(tmp_path, "source")
    with open(source, "wb") as file:
        file.write(b"content")
    destination = host.home / os.path.basename(target)
    destination.unlink(missing_ok=True)
    command = [*fleet.openssh("scp", host), "-q", *options, source, f"{host.address}:{target.format(home=host.home)}"]

    subprocess.run(command, check=True)

    assert destination.read_bytes() == b"content"


def test_sftp_begins_in_the_home(fleet: Fleet, host: Host) -> None:
    (host.home / "here").write_text("content")

    result = subprocess.run(
        [*fleet.openssh("sftp", host), "-q", "-b", "-", host.address],
        input=b"pwd\nrename here there\n",
        capture_output=True,
        check=True,
    )

    assert str(host.home) in result.stdout.decode()
    assert (host.home / "there").read_text() == "content"


def test_a_lost_client_takes_its_commands_along(fleet: Fleet, host: Host) -> None:
    command = "sleep 1000 & echo $!; wait"
    with subprocess.Popen([*fleet.openssh("ssh", host), host.address, command], stdout=subprocess.PIPE) as client:
        assert client.stdout is not None
        child = os.pidfd_open(int(client.stdout.readline()))
        client.kill()

    _wait_for_end(child)


def test_a_stopped_host_kills_its_commands_and_comes_back_on_its_port(fleet: Fleet, host: Host, ssh: Ssh) -> None:
    port = host.port
    client = subprocess.Popen(
        [*fleet.openssh("ssh", host), host.address, "echo $$; sleep 1000"], stdout=subprocess.PIPE
    )
    with client:
        assert client.stdout is not None
        child = os.pidfd_open(int(client.stdout.readline()))
        host.stop()
        _wait_for_end(child)
    assert client.returncode == 255
    assert ssh("true").returncode == 255
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((host.address, port))

    host.start()
    host.start()

    assert host.port == port
    assert ssh("true").returncode == 0


def test_stopping_ends_the_clients_shared_connection(fleet: Fleet, host: Host) -> None:
    sharing = ["-o", "ControlMaster=auto", "-o", "ControlPersist=60"]
    # The connection's process keeps stderr open, so that a pipe would not end.
    subprocess.run([*fleet.openssh("ssh", host), *sharing, host.address, "true"], stderr=subprocess.DEVNULL, check=True)
    assert host.control_socket.exists()

    host.stop()

    assert not host.control_socket.exists()
    assert carriers(host.control_socket) == []
    host.start()


def test_the_hosts_python_has_nothing_of_this_environment(ssh: Ssh) -> None:
    base = getattr(sys, "_base_executable", sys.executable)

    assert ssh(f"{base} -c 'import asyncssh'").returncode == 1


def _wait_for_end(process: int) -> None:
    """Wait for the end of the process that a pidfd stands for, and close it."""
    select.select([process], [], [])
    os.close(process)
