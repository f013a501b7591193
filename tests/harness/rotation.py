# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A fleet whose management tokens are rotated: the tokens that hosts hold, those that work, and who is refused."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from fleet.host import Host
from harness.playbook import Run
from harness.plays import connection
from harness.token_fleet import TokenFleet, contents, put
from harness.watcher import Watcher
from simulator import MgmtToken
from simulator.influxctl import install, invocations

CONFIG = ".config/influxctl/config.toml"


@dataclass
class Rotation(TokenFleet):
    """A fleet with influxctl's stand-in in its homes, a cluster, and the variables of the playbooks."""

    def __post_init__(self) -> None:
        for host in self.fleet.hosts:
            install(host.home / "bin")
        self.variables = {
            "mgmt_token_connection": connection(self.sim),
            "mgmt_token_expires_in": "90d",
            "mgmt_token_renew_before": "14d",
            "mgmt_token_profile": {
                "product": self.sim.product,
                "host": self.sim.host,
                "port": self.sim.port,
                "tls": {"ca": str(self.sim.ca_path)},
            },
            **self.variables,
        }

    @property
    def tokens(self) -> Sequence[MgmtToken]:
        """The cluster's management tokens."""
        return self.sim.state.mgmt_tokens

    @property
    def program(self) -> Path:
        """The issuer's influxctl."""
        return self.ansible.workdir / "bin" / "influxctl"

    def rotate(self, *flags: str, **variables: Any) -> Run:
        """Run the playbook `rotate`."""
        return self.play("rotate", *flags, **variables)

    def description(self, host: Host) -> str:
        """The description of a host's tokens with the strategy `per_host`."""
        return f"influxctl {host.name}"

    def give(self, host: Host, token: MgmtToken) -> None:
        """Have a host hold a token, as an earlier run would have written it."""
        put(
            host.home / CONFIG,
            f'[[profile]]\nname = "default"\nproduct = "clustered"\n'
            f'host = "{self.sim.host}"\nport = "{self.sim.port}"\n'
            f'mgmt_token = "{token.secret}"\n\n[profile.tls]\nca = "{self.sim.ca_path}"\n',
        )

    def give_old(self, host: Host, days: float = 7, description: str | None = None) -> MgmtToken:
        """Have a host hold a token that ends after some days, and return it."""
        ends = self.sim.clock.now() + timedelta(days=days)
        token = self.sim.add_mgmt_token(description or self.description(host), ends)
        self.give(host, token)
        return token

    def held(self, host: Host) -> str | None:
        """The secret in a host's profile."""
        path = host.home / CONFIG
        if not path.exists():
            return None
        (profile,) = tomllib.loads(path.read_text())["profile"]
        return str(profile["mgmt_token"])

    def issued(self, host: Host) -> str:
        """The only token of a host's own that is alive; the host holds it."""
        (secret,) = self.alive(self.description(host))
        assert self.held(host) == secret
        return secret

    def configs(self) -> dict[str, tuple[int, bytes]]:
        """The hosts' configs with their modes, for comparison."""
        return contents(host.home / CONFIG for host in self.fleet.hosts)

    def commands(self) -> list[str]:
        """The commands that the issuer's influxctl got."""
        words = ("list", "create", "revoke")
        return [next((w for w in one.argv if w in words), "version") for one in invocations(self.program)]

    def forget_commands(self) -> None:
        """Begin to count the issuer's invocations and the hosts' executions anew."""
        Path(f"{self.program}.log").unlink(missing_ok=True)
        super().forget_commands()

    def meanwhile(self, number: int, command: str, act: Callable[[], object]) -> None:
        """Have something happen just before the n-th request of a command, such as `management/list`, is served."""
        self.just_before(lambda request: request.path.endswith(command), act, number)


class Prober(Watcher):
    """Logs in with each host's profile, over and over while it is entered, and notes the hosts that are refused."""

    seconds = 0.02

    def __init__(self, rotation: Rotation) -> None:
        super().__init__()
        self._rotation = rotation
        self.gaps: list[str] = []
        self.logins = 0

    def look(self) -> None:
        """Log in with each host's profile once."""
        for host in self._rotation.fleet.hosts:
            held = self._rotation.held(host)
            if held is None:
                continue
            self.logins += 1
            # Between reading and logging in, the profile may rightly have got another token.
            if not self._rotation.sim.core.may_manage(held) and self._rotation.held(host) == held:
                self.gaps.append(f"{host.name} holds a token that is dead")
