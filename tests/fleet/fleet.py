# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fleet: keys, inventory, servers, and the promise that nothing of it is left behind."""

from __future__ import annotations

import asyncio
import getpass
import json
import os
import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

import asyncssh

from fleet.host import Host
from fleet.processes import kill_carriers
from fleet.signals import orderly_exit
from fleet.sshd import Sshd

ADDRESS = "127.0.0.1"
GROUP = "influxdb3_fleet"


class Fleet:
    """Hosts that Ansible reaches with the real OpenSSH client, all of them on this machine and under this user.

    Args:
        size: number of hosts.
        python: interpreter that the hosts' modules run with; by default the one beneath this virtual environment,
            which has no package of it.

    Attributes (inside the ``with`` block):
        hosts: the hosts, in order of their names.
        inventory: file for ``ansible-playbook -i``; the hosts are in the group ``influxdb3_fleet``.
        directory: private directory that holds all of it.

    At the end, also by an exception, SIGINT, SIGTERM or SIGHUP, every process that carries the private directory in
    its command line or environment is killed, wherever it comes from, and the directory is removed.
    """

    variables: ClassVar[Mapping[str, str]] = json.loads(os.environ.get("FLEET_VARIABLES", "{}"))
    """What commands of every host find in their environment besides what a host has of its own."""

    hosts: list[Host]
    inventory: Path
    directory: Path

    def __init__(self, size: int, python: str | None = None) -> None:
        self._size = size
        self._python = python or getattr(sys, "_base_executable", sys.executable)

    def __enter__(self) -> Self:
        self._run = self._running()
        self._run.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        return self._run.__exit__(kind, error, trace)

    @contextmanager
    def _running(self) -> Iterator[None]:
        with orderly_exit() as stack:
            self._build(stack)
            yield

    def executions(self, host: Host) -> list[str]:
        """The commands that a host was asked to run over SSH since the last `clear_executions`, oldest first.

        "" stands for a shell; file transfers over sftp are not among them.
        """
        return list(host.sshd.executions)

    def answers(self, host: Host) -> str:
        """All that commands on a host have written back over SSH, file transfers aside."""
        return host.sshd.answers.decode(errors="replace")

    def clear_executions(self, host: Host) -> None:
        """Begin to count a host's commands anew."""
        host.sshd.executions.clear()

    def openssh(self, command: str, host: Host) -> list[str]:
        """The beginning of a command line of ``ssh``, ``sftp`` or ``scp`` to a host, without the host's address."""
        port = "-p" if command == "ssh" else "-P"
        return [command, *self._options(host), "-i", str(self._key), port, str(host.port)]

    def _build(self, stack: ExitStack) -> None:
        # Not under TMPDIR: the path of a control socket must stay below 108 characters.
        self.directory = Path(tempfile.mkdtemp(prefix="fleet-", dir="/tmp"))
        stack.callback(shutil.rmtree, self.directory)
        stack.callback(kill_carriers, self.directory)
        loop = stack.enter_context(_background_loop())
        self._key = self.directory / "id"
        user_key = _user_key(self._key)
        self.hosts = []
        for number in range(1, self._size + 1):
            host = _host(f"host{number}", self.directory, user_key, loop, self.variables)
            stack.callback(host.sshd.release)
            stack.callback(host.stop)
            host.start()
            self.hosts.append(host)
        (self.directory / "known_hosts").write_text("".join(map(_known_host, self.hosts)))
        self.inventory = self.directory / "inventory.yml"
        # Every JSON document is a YAML document.
        self.inventory.write_text(json.dumps(self._inventory(), indent=2))

    def _inventory(self) -> dict[str, object]:
        return {GROUP: {"hosts": {host.name: self._variables(host) for host in self.hosts}}}

    def _variables(self, host: Host) -> dict[str, object]:
        """Ansible's view of a host. Without ``ansible_user``: with it, Ansible expands ``~`` as ``~user``, which
        names the home in /etc/passwd instead of the host's own."""
        return {
            "ansible_host": host.address,
            "ansible_port": host.port,
            "ansible_ssh_private_key_file": str(self._key),
            "ansible_ssh_common_args": " ".join(self._options(host)),
            "ansible_python_interpreter": self._python,
            # Ansible's ten seconds for a login are little when all of these hosts share a busy machine.
            "ansible_ssh_timeout": 120,
        }

    def _options(self, host: Host) -> list[str]:
        """Options of OpenSSH's commands that keep out the user's configuration, keys and known hosts."""
        options = {
            "UserKnownHostsFile": self.directory / "known_hosts",
            "GlobalKnownHostsFile": "/dev/null",
            "StrictHostKeyChecking": "yes",
            "IdentitiesOnly": "yes",
            "IdentityAgent": "none",
            "ControlPath": host.control_socket,
        }
        return ["-F", "none", *(part for key, value in options.items() for part in ("-o", f"{key}={value}"))]


@contextmanager
def _background_loop() -> Iterator[asyncio.AbstractEventLoop]:
    """An asyncio loop that runs in a thread of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="fleet")
    thread.start()
    try:
        yield loop
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def _user_key(path: Path) -> asyncssh.SSHKey:
    """A new key pair, the private half of which lies at the path."""
    key = asyncssh.generate_private_key("ssh-ed25519")
    path.touch(mode=0o600)
    key.write_private_key(path)
    return key


def _known_host(host: Host) -> str:
    return f"[{host.address}]:{host.port} {host.sshd.host_key.export_public_key().decode()}"


def _host(
    name: str,
    directory: Path,
    user_key: asyncssh.SSHKey,
    loop: asyncio.AbstractEventLoop,
    variables: Mapping[str, str],
) -> Host:
    home = directory / name
    path = [home / "bin", Path("/usr/bin"), Path("/bin")]
    for private in (home, home / "bin", home / "tmp"):
        private.mkdir(mode=0o700)
    user = getpass.getuser()
    environment = {
        **variables,
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "LOGNAME": user,
        "PATH": ":".join(map(str, path)),
        "SHELL": "/bin/sh",
        "TMPDIR": str(home / "tmp"),
        "USER": user,
    }
    sshd = Sshd(home, environment, asyncssh.generate_private_key("ssh-ed25519"), user_key)
    return Host(name, ADDRESS, sshd.reserve(), home, path, directory / f"{name}.ssh", sshd, loop)
