# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A fleet whose database tokens are rotated: the tokens that hosts hold, those that work, and who is refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from fleet.host import Host
from harness.playbook import Run
from harness.plays import connection
from harness.token_fleet import TokenFleet, contents, put
from harness.watcher import Watcher
from simulator.state import DbToken

READ = [{"action": "read", "resource": "metrics"}]
FILE, ENV_FILE = "influxdb3/token.json", "influxdb3/token.env"
VARIABLE = "INFLUX_TOKEN"


@dataclass
class DbRotation(TokenFleet):
    """A fleet, a cluster with the database `metrics`, and the variables of the playbook `rotate_db_tokens`."""

    prefix: str = "telegraf"

    def __post_init__(self) -> None:
        self.sim.add_database("metrics")
        self.variables = {
            "db_token_connection": connection(self.sim),
            "db_token_description_prefix": self.prefix,
            "db_token_permissions": READ,
            "db_token_expires_in": "90d",
            "db_token_renew_before": "14d",
            "db_token_path": f"~/{FILE}",
            "db_token_env_path": f"~/{ENV_FILE}",
            "db_token_env_name": VARIABLE,
            "db_token_prove_retries": 0,
            "db_token_prove_delay": 0,
            **self.variables,
        }

    @property
    def tokens(self) -> Sequence[DbToken]:
        """The cluster's database tokens."""
        return self.sim.state.db_tokens

    def rotate(self, *flags: str, **variables: Any) -> Run:
        """Run the playbook `rotate_db_tokens`."""
        return self.play("rotate_db_tokens", *flags, **variables)

    def description(self, host: Host) -> str:
        """The description of a host's tokens with the strategy `per_host`."""
        return f"{self.prefix} {host.name}"

    def give(self, host: Host, token: DbToken) -> None:
        """Have a host hold a token, as an earlier run would have written it."""
        ends = token.expires_at.strftime("%Y-%m-%dT%H:%M:%SZ") if token.expires_at else None
        kept = {
            "id": token.id,
            "description": token.description,
            "token": token.secret,
            "created_at": token.created_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "expires_at": ends,
        }
        put(host.home / ENV_FILE, f"{VARIABLE}={token.secret}\n")
        put(host.home / FILE, json.dumps(kept, indent=2) + "\n")

    def give_old(self, host: Host, days: float = 7, description: str | None = None) -> DbToken:
        """Have a host hold a token that ends after some days, and return it."""
        ends = self.sim.clock.now() + timedelta(days=days)
        token = self.sim.add_db_token(description or self.description(host), READ, expires_at=ends)
        self.give(host, token)
        return token

    def set_of_host(self, host: str, **variables: Any) -> None:
        """Give a host variables in the inventory; None takes one away."""
        hosts = self.inventory()
        hosts[host] = {name: value for name, value in {**hosts[host], **variables}.items() if value is not None}
        self.set_inventory(hosts)

    def held(self, host: Host) -> str | None:
        """The secret in a host's file."""
        path = host.home / FILE
        return str(json.loads(path.read_text())["token"]) if path.exists() else None

    def variable(self, host: Host) -> str | None:
        """The secret in a host's file of the variable."""
        path = host.home / ENV_FILE
        return path.read_text().removeprefix(f"{VARIABLE}=").rstrip("\n") if path.exists() else None

    def works(self, secret: str | None) -> bool:
        """Whether the data plane takes a secret."""
        return any(token.secret == secret and self.sim.core.alive(token) for token in self.tokens)

    def issued(self, host: Host) -> str:
        """The only token of a host's own that is alive; both of the host's files hold it."""
        (secret,) = self.alive(self.description(host))
        assert (self.held(host), self.variable(host)) == (secret, secret)
        return secret

    def files(self) -> dict[str, tuple[int, bytes]]:
        """The hosts' files with their modes, for comparison."""
        return contents(path for host in self.fleet.hosts for path in (host.home / FILE, host.home / ENV_FILE))

    def asked(self) -> list[str]:
        """The requests to the cluster's Management API: the method of each, and `databases` or `tokens`."""
        management = [one for one in self.sim.requests if "/api/v0/" in one.path]
        return [f"{one.method} {'databases' if 'databases' in one.path else 'tokens'}" for one in management]

    def results_of(self, run: Run) -> dict[str, int]:
        """How many task results each host has in a run, skipped ones apart."""
        names = [result["host"] for result in run.results if result["kind"] != "skipped"]
        return {host.name: names.count(host.name) for host in self.fleet.hosts}


class DbProber(Watcher):
    """Uses the token of each host's files, over and over while it is entered, and notes the hosts that are refused."""

    seconds = 0.02

    def __init__(self, rotation: DbRotation, used: Callable[[Host], str | None] | None = None) -> None:
        super().__init__()
        self._rotation = rotation
        self._readers = [rotation.held, rotation.variable, *([used] if used else [])]
        self.gaps: list[str] = []
        self.uses = 0

    def look(self) -> None:
        """Use the token of each host's files once."""
        for host in self._rotation.fleet.hosts:
            for read in self._readers:
                secret = read(host)
                if not secret:
                    continue
                self.uses += 1
                # Between reading and using it, the file may rightly have got another token.
                if not self._rotation.works(secret) and read(host) == secret:
                    self.gaps.append(f"{host.name} holds a token that is dead")
