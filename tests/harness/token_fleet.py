# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A fleet whose tokens of either kind are rotated: playbooks over it, its inventory, and the count of executions."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fleet import Fleet
from harness.playbook import Ansible, Run
from simulator import Fault, MgmtToken, Request, Simulator
from simulator.state import DbToken

# With pipelining, each remote execution of a module is one command over SSH.
PIPELINING = {"ANSIBLE_PIPELINING": "true"}


@dataclass
class TokenFleet:
    """A fleet, a cluster, and the variables of the playbooks."""

    ansible: Ansible
    sim: Simulator
    fleet: Fleet
    variables: dict[str, Any] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def tokens(self) -> Sequence[MgmtToken | DbToken]:
        """All tokens of the fleet's kind that the cluster has."""
        raise NotImplementedError

    def play(self, name: str, *flags: str, environment: dict[str, str] | None = None, **variables: Any) -> Run:
        """Run one of the collection's playbooks over the fleet. Afterwards the simulator's `requests` are its."""
        self.sim.requests.clear()
        return self.ansible.playbook(
            f"influxops.influxdb3.{name}",
            *flags,
            variables={**self.variables, **variables},
            inventory=self.fleet.inventory,
            environment={**PIPELINING, **self.environment, **(environment or {})},
        )

    def inventory(self) -> dict[str, Any]:
        """The hosts' variables in the inventory, by host; a change counts once it is given to `set_inventory`."""
        return dict(json.loads(self.fleet.inventory.read_text())["influxdb3_fleet"]["hosts"])

    def set_inventory(self, hosts: dict[str, Any]) -> None:
        """Have the fleet be these hosts with these variables."""
        self.fleet.inventory.write_text(json.dumps({"influxdb3_fleet": {"hosts": hosts}}))

    def alive(self, description: str) -> list[str]:
        """Return the secrets of the working tokens of a description."""
        return [t.secret for t in self.tokens if t.description == description and self.sim.core.alive(t)]

    def forget_commands(self) -> None:
        """Begin to count the hosts' executions anew."""
        for host in self.fleet.hosts:
            self.fleet.clear_executions(host)

    def executions(self) -> dict[str, int]:
        """Return how many commands each host was asked to execute."""
        return {host.name: len(self.fleet.executions(host)) for host in self.fleet.hosts}

    def just_before(self, matches: Callable[[Request], bool], act: Callable[[], object], number: int = 1) -> None:
        """Have something happen just before the n-th request that matches is served."""
        seen = 0

        def look(request: Request) -> bool:
            nonlocal seen
            if matches(request):
                seen += 1
                if seen == number:
                    act()
            return False

        self.sim.faults.append(Fault("status", match=look))


def put(path: Path, content: str) -> None:
    """Write a private file, as an earlier run would have done."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    new.write_text(content)
    new.chmod(0o600)
    new.replace(path)


def contents(paths: Iterable[Path]) -> dict[str, tuple[int, bytes]]:
    """Return the mode and the content of each file that exists, for comparison."""
    return {str(path): (path.stat().st_mode, path.read_bytes()) for path in paths if path.exists()}
