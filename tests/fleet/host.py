# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One host of the fleet, as a test sees it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

from fleet.processes import wait_for_masters
from fleet.sshd import Sshd


@dataclass(frozen=True)
class Host:
    """A machine of its own as far as SSH shows: a port, a host key, a home directory and a search path.

    Attributes:
        name: the inventory name, ``host1`` and so on.
        address, port: where its SSH server listens, and listens again after `stop` and `start`.
        home: HOME of every command that it runs.
        path: PATH of every command, as a list of directories; the first is ``~/bin``.
        control_socket: where the client's shared connection to this host lies (ControlPath).
    """

    name: str
    address: str
    port: int
    home: Path
    path: list[Path]
    control_socket: Path
    sshd: Sshd = field(repr=False)
    loop: asyncio.AbstractEventLoop = field(repr=False)

    def start(self) -> None:
        """Become reachable; does nothing on a host that already is."""
        asyncio.run_coroutine_threadsafe(self.sshd.start(), self.loop).result()

    def stop(self) -> None:
        """Become unreachable: the port is closed, connections are cut, running commands are killed."""
        asyncio.run_coroutine_threadsafe(self.sshd.stop(), self.loop).result()
        # A client that met the dying shared connection would fail on a host that has just come back.
        wait_for_masters(self.control_socket)
