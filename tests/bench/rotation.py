# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Measures a forced rotation of a fleet over SSH, and one with nothing to do, against `ansible.builtin.copy` to as many
hosts: `python -m bench.rotation --hosts 100`. What is printed are the wall times of whole runs, which take turns."""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import yaml

from fleet import Fleet
from harness import install
from harness.playbook import Ansible
from harness.rotation import Prober, Rotation
from harness.token_fleet import PIPELINING
from simulator import Simulator
from simulator.influxctl import install as install_influxctl

ROTATE = "influxops.influxdb3.rotate"
COPY: list[dict[str, Any]] = [
    {
        "hosts": "influxdb3_fleet",
        "gather_facts": False,
        "tasks": [{"ansible.builtin.copy": {"content": "{{ now() }}", "dest": "~/copied", "mode": "0600"}}],
    }
]


class Bench:
    """A fleet without tokens, and what runs playbooks over it as a user would, without any -v."""

    def __init__(self, rotation: Rotation, forks: int) -> None:
        self.rotation = rotation
        ansible = rotation.ansible
        inherited = {key: value for key, value in os.environ.items() if not key.startswith(("ANSIBLE_", "INFLUX"))}
        self.environment = {
            **inherited,
            **PIPELINING,
            **ansible.environment,
            "HOME": str(ansible.home),
            "ANSIBLE_HOME": str(ansible.home / ".ansible"),
            "ANSIBLE_COLLECTIONS_PATH": str(ansible.collections),
            "ANSIBLE_FORKS": str(forks),
        }
        self.copy = ansible.workdir / "copy.yml"
        self.copy.write_text(yaml.safe_dump(COPY))

    def seconds(self, playbook: str, **variables: Any) -> float:
        """Run a playbook on the whole fleet and return how long it took."""
        inventory = ["--inventory", str(self.rotation.fleet.inventory)]
        path = self.rotation.ansible.workdir / "variables.json"
        path.write_text(json.dumps({**self.rotation.variables, **variables}))
        begin = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "ansible", "playbook", playbook, *inventory, "--extra-vars", f"@{path}"],
            env=self.environment,
            cwd=self.rotation.ansible.workdir,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise SystemExit(done.stdout + done.stderr)
        return time.perf_counter() - begin


def measure(bench: Bench, times: int) -> None:
    """Rotate, have nothing to do, and copy, in turns; print each, and the medians."""
    taken: dict[str, list[float]] = {"copy": [], "rotate": [], "nothing to do": []}
    bench.seconds(ROTATE)
    with Prober(bench.rotation) as prober:
        for _time in range(times):
            taken["copy"].append(bench.seconds(str(bench.copy)))
            taken["rotate"].append(bench.seconds(ROTATE, mgmt_token_force=True))
            taken["nothing to do"].append(bench.seconds(ROTATE))
    hosts = bench.rotation.fleet.hosts
    assert len({bench.rotation.issued(host) for host in hosts}) == len(hosts)
    medians = {name: statistics.median(seconds) for name, seconds in taken.items()}
    for name, seconds in taken.items():
        listed = ", ".join(f"{one:.1f}" for one in seconds)
        print(f"{name}: {medians[name]:.1f} s ({listed}), {medians[name] / medians['copy']:.2f} of copy")
    print(f"{len(hosts)} hosts, {prober.logins} logins of the prober, {len(prober.gaps)} access gaps")


def main() -> None:
    """Read the options and measure in a directory that is removed."""
    parser = argparse.ArgumentParser(prog="python -m bench.rotation", description=__doc__)
    parser.add_argument("--hosts", type=int, default=100)
    parser.add_argument("--forks", type=int, default=20)
    parser.add_argument("--times", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="influxdb3-bench-") as name:
        workdir = Path(name)
        collections = install.install(install.build(workdir / "build"), workdir / "collections")
        programs = workdir / "bin"
        programs.mkdir()
        install_influxctl(programs)
        ansible = Ansible(collections, workdir, {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"})
        with Simulator("clustered") as sim, Fleet(size=options.hosts) as fleet:
            measure(Bench(Rotation(ansible, sim, fleet), options.forks), options.times)


if __name__ == "__main__":
    main()
