# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Measures what a fleet costs the controller: `ansible.builtin.ping` and `copy`, a rotation with nothing to do, a
forced one of tokens of either kind, an audit, and a preflight; see `python -m bench.fleet --help`.

The hosts are directories of this machine behind local connections, so that no SSH server takes part. The contestants
of a size take turns, so that none gains from what the machine does besides. Processor seconds are those of
ansible-playbook and of all that it has started and waited for, the hosts' modules among them; the simulated cluster is
not. The hosts' influxctl is a shell script that always succeeds. The issuer's is the tests' stand-in, a Python program
that is started twice for each token, and that costs more than influxctl does.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.contestants import run_measured
from bench.fleet_report import Measured, Row, Rows, load, save, svg, text
from harness import install
from harness.plays import connection
from simulator import Simulator
from simulator.influxctl import install as install_influxctl

IMAGES = install.CHECKOUT / "docs" / "images"
TASKS = {
    "ping": {"ansible.builtin.ping": {}},
    "copy": {
        "ansible.builtin.copy": {"content": "{{ now() }}", "dest": "{{ bench_directory }}/copied", "mode": "0600"}
    },
}
# Stated where database tokens take part, for the other contestants are about management tokens alone.
DB_TOKENS = {"db_token_path": "{{ bench_directory }}/token.json"}
# The words for ansible-playbook, and the variables.
PLAYBOOKS: dict[str, tuple[str, dict[str, Any]]] = {
    "nothing to do": ("influxops.influxdb3.rotate", {}),
    "forced": ("influxops.influxdb3.rotate", {"mgmt_token_force": True}),
    "forced db tokens": ("influxops.influxdb3.rotate_db_tokens", {**DB_TOKENS, "db_token_force": True}),
    "audit": ("influxops.influxdb3.audit", {}),
    "audit of both": ("influxops.influxdb3.audit", DB_TOKENS),
    "preflight": ("influxops.influxdb3.preflight", {}),
}
ORDER = ("ping", "copy", "nothing to do", "forced", "forced db tokens", "audit", "audit of both", "preflight")
# The file in a host's directory that holds its token, and the contestant that renews it.
FORCED = {"config.toml": "forced", "token.json": "forced db tokens"}
# The other contestants that need such a file on each host.
NEEDING = {"config.toml": ("nothing to do", "audit", "audit of both", "preflight"), "token.json": ("audit of both",)}


class Fleet:
    """So many hosts that are directories of this machine, and what runs playbooks over them as a user would."""

    def __init__(self, size: int, sim: Simulator, collections: Path, workdir: Path, forks: int) -> None:
        self.size, self.workdir = size, workdir
        self.hosts = [f"host{number}" for number in range(1, size + 1)]
        for host in self.hosts:
            (workdir / host).mkdir(mode=0o700)
        programs = workdir / "bin"
        programs.mkdir()
        issuer = install_influxctl(programs)
        proof = workdir / "influxctl"
        proof.write_text("#!/bin/sh\nexit 0\n")
        proof.chmod(0o755)
        self.inventory = workdir / "inventory.json"
        self.inventory.write_text(json.dumps({"influxdb3_fleet": {"hosts": {host: {} for host in self.hosts}}}))
        directory = f"{workdir}/{{{{ inventory_hostname }}}}"
        group = workdir / "group_vars"
        group.mkdir()
        fleet = {
            "ansible_connection": "local",
            "ansible_python_interpreter": getattr(sys, "_base_executable", sys.executable),
            "bench_directory": directory,
            "mgmt_token_profile_path": f"{directory}/config.toml",
            "mgmt_token_influxctl_path": str(proof),
        }
        (group / "influxdb3_fleet.json").write_text(json.dumps(fleet))
        variables = {
            "cluster_connection": connection(sim),
            "mgmt_token_issuer_influxctl_path": str(issuer),
            "mgmt_token_expires_in": "90d",
            "mgmt_token_renew_before": "14d",
            "db_token_permissions": [{"action": "read", "resource": "metrics"}],
            "db_token_expires_in": "90d",
            "db_token_renew_before": "14d",
        }
        (group / "all.json").write_text(json.dumps(variables))
        for name, task in TASKS.items():
            play = {"hosts": "influxdb3_fleet", "gather_facts": False, "tasks": [task]}
            (workdir / f"{name}.json").write_text(json.dumps([play]))
        inherited = {key: value for key, value in os.environ.items() if not key.startswith(("ANSIBLE_", "INFLUX"))}
        self.environment = {
            **inherited,
            "HOME": str(workdir),
            "ANSIBLE_HOME": str(workdir / ".ansible"),
            "ANSIBLE_COLLECTIONS_PATH": str(collections),
            "ANSIBLE_FORKS": str(forks),
            "ANSIBLE_PIPELINING": "true",
            "ANSIBLE_LOCALHOST_WARNING": "false",
        }

    def run(self, contestant: str) -> Measured:
        """Measure one run over the whole fleet. Raises RuntimeError when it fails."""
        playbook, variables = PLAYBOOKS.get(contestant, (f"{contestant}.json", {}))
        return self.play(playbook, variables)

    def play(self, playbook: str, variables: dict[str, Any]) -> Measured:
        """Measure one run of a playbook over the whole fleet. Raises RuntimeError when it fails."""
        command = [sys.executable, "-m", "ansible", "playbook", "-i", str(self.inventory), playbook]
        if variables:
            command += ["-e", json.dumps(variables)]
        output = self.workdir / "output.txt"
        seconds, usage = run_measured(command, self.environment, output, self.workdir)
        lines = len(output.read_text().splitlines())
        return Measured(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, lines)

    def held(self, file: str) -> set[str]:
        """What the hosts have in a file, which is different everywhere when each has a token of its own."""
        return {(self.workdir / host / file).read_text() for host in self.hosts}


def measure(size: int, times: int, forks: int, collections: Path, workdir: Path, order: Sequence[str] = ORDER) -> Rows:
    """Measure all contestants on so many hosts, in turns, after a run that gives each host its first tokens."""
    runs: dict[str, list[Measured]] = {name: [] for name in order}
    with Simulator("clustered", tls=False) as sim:
        sim.add_database("metrics")
        fleet = Fleet(size, sim, collections, workdir, forks)
        kinds = {file: renewing for file, renewing in FORCED.items() if {renewing, *NEEDING[file]} & {*order}}
        for name in kinds.values():
            playbook, variables = PLAYBOOKS[name]
            fleet.play(playbook, {key: value for key, value in variables.items() if not key.endswith("_force")})
        for turn in range(times):
            for name in order if turn % 2 == 0 else reversed(order):
                before = {file: fleet.held(file) for file in kinds}
                runs[name].append(fleet.run(name))
                for file, renewing in kinds.items():
                    after = fleet.held(file)
                    if len(after) != size or (before[file] == after) is (name == renewing):
                        raise RuntimeError(f"{name} did not do what it was measured for")
                last = runs[name][-1]
                print(f"{size} hosts, {name}: {last.seconds:.1f} s, {last.processor:.1f} s of processors", flush=True)
    return {(size, name): Row(size, name, found) for name, found in runs.items()}


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    """What the words ask for, which are those of the command line if none are given."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.fleet", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--hosts", type=lambda words: [*map(int, words.split(","))], default=[50, 200, 1000])
    parser.add_argument("--times", type=int, default=3, help="runs of each, of which the median counts")
    parser.add_argument("--large-times", type=int, default=1, help="the same for 1,000 hosts and more")
    parser.add_argument("--forks", type=int, default=10)
    parser.add_argument("--only", nargs="+", choices=ORDER, default=ORDER, help="contestants, beside ping")
    parser.add_argument("--add", action="store_true", help="keep what build/fleet.json holds of other sizes")
    parser.add_argument("--output", type=Path, default=IMAGES, help="directory for fleet.txt and fleet.svg")
    return parser.parse_args(given)


def main() -> None:
    """Measure, print, draw."""
    options = arguments()
    options.output.mkdir(parents=True, exist_ok=True)
    runs = install.CHECKOUT / "build" / "fleet.json"
    runs.parent.mkdir(exist_ok=True)
    rows = load(runs) if options.add else {}
    with tempfile.TemporaryDirectory(prefix="influxdb3-bench-") as name:
        workdir = Path(name)
        collections = install.install(install.build(workdir / "build"), workdir / "collections")
        for size in options.hosts:
            times = options.large_times if size >= 1000 else options.times
            place = workdir / str(size)
            place.mkdir()
            order = [name for name in ORDER if name == "ping" or name in options.only]
            rows |= measure(size, times, options.forks, collections, place, order)
            # At once: who is interrupted goes on with --add.
            save(rows, runs)
    cores, load_ = os.cpu_count(), os.getloadavg()[0]
    machine = f"Python {platform.python_version()}, {cores} cores, {options.forks} forks, load {load_:.1f} at the end"
    report = text(rows, machine)
    print(report)
    (options.output / "fleet.txt").write_text(report)
    (options.output / "fleet.svg").write_text(svg(rows))


if __name__ == "__main__":
    main()
