# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bootstraps a simulated cluster and a fleet of five SSH hosts, twice, and shows what came of it.

Exit status: 0 when all went as told; 1 when a host failed, when its influxctl doesn't work, when the second run
changed anything, or when a secret of the cluster appeared in what Ansible printed; 130 and 143 after signals.
"""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from demo.report import CONFIG, masked, recaps, token_table
from fleet import Fleet
from fleet.signals import orderly_exit
from harness import install
from harness.playbook import Ansible
from simulator import Simulator, influxctl

PLAYBOOK = "influxops.influxdb3.bootstrap"
HOSTS = 5


@dataclass
class Demo:
    """The story. `problems` collects what didn't go as told, a sentence each."""

    sim: Simulator
    fleet: Fleet
    problems: list[str] = field(default_factory=list)

    def tell(self) -> None:
        """Run and show everything, as far as it goes well."""
        say("A cluster's Management API over TLS, and five hosts, each with an SSH server and a home of its own:")
        show(f"cluster  {self.sim.url}")
        show("\n".join(f"{host.name}    ssh -p {host.port} {host.address}" for host in self.fleet.hosts))

        say("The collection, built and installed on the controller as its users get it:")
        ansible = self.prepare()

        say("All that is stated. The token that authorizes it comes from INFLUXDB3_MANAGEMENT_TOKEN.")
        show(yaml.safe_dump(self.variables, sort_keys=False))

        say("One command makes it so. With -vvvv, because secrets must not show there either:")
        self.play(ansible)
        if self.problems:
            return

        say("What host1 got, readable by its owner alone. The secret is masked only here:")
        self.show_config()

        say("influxctl on host1 works with it:")
        self.show_influxctl()

        say("Every host has a token of its own, and the controller keeps none of them:")
        show(token_table(self.sim, self.fleet.hosts))

        say("The same command again finds nothing to do:")
        self.problems += [f"the second run changed {name}" for name in self.play(ansible)]

    @property
    def controller(self) -> Path:
        """Where the controller's files lie; the fleet removes it with its own."""
        return self.fleet.directory / "controller"

    @property
    def variables(self) -> dict[str, Any]:
        """The variables of the playbook."""
        ca = str(self.sim.ca_path)
        return {
            "cluster_connection": {"host": self.sim.url, "ca_path": ca},
            "cluster_databases": [
                {"name": "metrics", "retention_period": "30d"},
                {"name": "audit", "retention_period": "1y", "max_tables": 100},
            ],
            "cluster_db_tokens": [
                {
                    "description": "telegraf",
                    "permissions": [{"action": "write", "resource": "metrics"}],
                    "expires_in": "1y",
                    "renew_before": "30d",
                }
            ],
            "cluster_secret_dir": str(self.controller / "secrets"),
            "mgmt_token_connection": {"host": self.sim.url, "ca_path": ca},
            "mgmt_token_description_prefix": "fleet",
            "mgmt_token_expires_in": "90d",
            "mgmt_token_renew_before": "14d",
            "mgmt_token_profile": {
                "product": "clustered",
                "host": self.sim.host,
                "port": self.sim.port,
                "tls": {"ca": ca},
            },
        }

    def prepare(self) -> Ansible:
        """Put influxctl's stand-in onto all machines, and the collection, as its users get it, onto the controller."""
        programs = self.controller / "bin"
        programs.mkdir(parents=True)
        for directory in (programs, *(host.home / "bin" for host in self.fleet.hosts)):
            influxctl.install(directory)
        tarball = install.build(self.controller / "build")
        show(tarball.name)
        collections = install.install(tarball, self.controller / "collections")
        environment = {
            "ANSIBLE_PIPELINING": "true",
            "INFLUXDB3_MANAGEMENT_TOKEN": self.sim.admin_token,
            "PATH": f"{programs}:{os.environ['PATH']}",
        }
        return Ansible(collections, self.controller, environment)

    def play(self, ansible: Ansible) -> list[str]:
        """Run the playbook and show its recap; return the names of the hosts on which it changed something."""
        show(f"$ ansible-playbook -vvvv {PLAYBOOK} -i inventory.yml -e @variables.yml")
        run = ansible.playbook(PLAYBOOK, variables=self.variables, inventory=self.fleet.inventory)
        recap = recaps(run.output)
        show("\n".join(line.text for line in recap.values()))
        for failure in run.failures:
            show(masked(str(failure.get("msg")), self.sim.secrets))
        if not recap:
            show(masked(run.output, self.sim.secrets)[-3000:])
        absent = {"localhost", *(host.name for host in self.fleet.hosts)} - set(recap)
        failed = absent | {name for name, line in recap.items() if line.failed}
        self.problems += [f"{PLAYBOOK} failed on {name}" for name in sorted(failed)]
        leaked = sum(secret in run.output for secret in self.sim.secrets)
        if leaked:
            self.problems.append(f"{leaked} of the cluster's secrets are in Ansible's output")
        else:
            show(f"({len(run.output.splitlines())} lines of output, and none of the cluster's secrets in them)")
        return [name for name, line in recap.items() if line.changed]

    def show_config(self) -> None:
        """Show a host's config.toml."""
        path = self.fleet.hosts[0].home / CONFIG
        show(f"{stat.filemode(path.stat().st_mode)}  ~/{CONFIG}")
        show(masked(path.read_text(), self.sim.secrets))

    def show_influxctl(self) -> None:
        """Run influxctl on a host, as its user would."""
        host = self.fleet.hosts[0]
        show("$ ssh host1 influxctl database list")
        argv = [*self.fleet.openssh("ssh", host), host.address, "influxctl database list"]
        result = subprocess.run(argv, capture_output=True, text=True, check=False)
        show(masked(result.stdout + result.stderr, self.sim.secrets))
        if result.returncode:
            self.problems.append(f"influxctl on {host.name} ended with {result.returncode}")


def say(caption: str) -> None:
    """Print what is about to happen."""
    print(f"\n{caption}", flush=True)


def show(text: str) -> None:
    """Print something indented."""
    print("\n".join(f"    {line}" for line in text.splitlines()), flush=True)


def main() -> int:
    """Tell the story and clean up; return the exit status."""
    begin = time.monotonic()
    with orderly_exit() as stack:
        demo = Demo(stack.enter_context(Simulator(tls=True)), stack.enter_context(Fleet(size=HOSTS)))
        demo.tell()
    for problem in demo.problems:
        print(f"\nFAILED: {problem}")
    ending = "Failed" if demo.problems else "Done"
    print(f"\n{ending} in {time.monotonic() - begin:.0f} seconds. Nothing is left behind.")
    return 1 if demo.problems else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print("\nInterrupted. Nothing is left behind.")
        sys.exit(130)
