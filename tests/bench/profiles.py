# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the role influxctl_profile costs a fleet that needs no change, against Ansible's own ping over the same SSH; and
what it costs to send tomlkit to a host, against one that has it.

    make bench-profiles ARGS="[--hosts 20] [--forks 20] [--runs 7] [--pipelining] [--python PATH]"

Ping and role run in turns, each as a command of its own over the shared SSH connections that Ansible keeps by default,
so that neither gains from what the machine does besides. The result is the quotient of the medians. So do the two
payloads: each is what Ansible made for an edit in check mode, run by the interpreter of the host that it is for.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import tomlkit
import yaml

from fleet import Fleet
from harness import install

PROFILES = [
    {"name": name, "product": "clustered", "host": "db.example", "port": 443, "mgmt_token": f"M.V1.{name}" + "x" * 60}
    for name in ("default", "nightly", "reports")
]
PLAY: list[dict[str, Any]] = [
    {"hosts": "all", "gather_facts": False, "roles": ["influxops.influxdb3.influxctl_profile"]}
]


def measure(command: list[str], environment: dict[str, str], workdir: Path) -> tuple[float, str]:
    """Run a command to its end; return the seconds that it took, and its output."""
    begin = time.perf_counter()
    done = subprocess.run(command, env=environment, cwd=workdir, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - begin
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    return seconds, done.stdout


def prepare(workdir: Path) -> dict[str, str]:
    """Install the collection and return the environment in which Ansible finds it."""
    collections = install.install(install.build(workdir / "build"), workdir / "collections")
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(("ANSIBLE_", "INFLUX"))}
    return inherited | {
        "HOME": str(workdir),
        "ANSIBLE_HOME": str(workdir / ".ansible"),
        "ANSIBLE_COLLECTIONS_PATH": str(collections),
    }


def payload(fleet: Fleet, environment: dict[str, str], workdir: Path) -> Path:
    """Return the program that Ansible sends to a fleet's host for an edit in check mode."""
    module = ["-m", "influxops.influxdb3.influxctl_profile", "-a", json.dumps({"profiles": PROFILES}), "--check"]
    command = [sys.executable, "-m", "ansible", "adhoc", "all", "-i", str(fleet.inventory), *module]
    _seconds, output = measure(command, environment | {"ANSIBLE_KEEP_REMOTE_FILES": "true"}, workdir)
    assert "CHANGED" in output, output
    (sent,) = fleet.hosts[0].home.rglob("AnsiballZ_*.py")
    return sent


def ship(environment: dict[str, str], options: argparse.Namespace, workdir: Path) -> None:
    """Print the bytes and the time that a host costs which gets tomlkit sent, and one that has it and gets nothing."""
    base = options.python or getattr(sys, "_base_executable", sys.executable)
    pythons = {name: workdir / name / "bin" / "python" for name in ("sent", "there")}
    for python in pythons.values():
        subprocess.run([base, "-m", "venv", "--without-pip", str(python.parents[1])], check=True)
    (library,) = pythons["there"].parents[1].glob("lib/python*/site-packages")
    shutil.copytree(Path(tomlkit.__file__).parent, library / "tomlkit")
    hidden = workdir / "hidden"
    hidden.mkdir()
    (hidden / "sitecustomize.py").write_text("import sys\nsys.modules['tomlkit'] = None\n")
    environments = {"sent": environment, "there": environment | {"PYTHONPATH": str(hidden)}}
    times: dict[str, list[float]] = {name: [] for name in pythons}
    with ExitStack() as stack:
        fleets = {name: stack.enter_context(Fleet(size=1, python=str(path))) for name, path in pythons.items()}
        programs = {name: payload(fleet, environments[name], workdir) for name, fleet in fleets.items()}
        for _run in range(3 * options.runs):
            for name, program in programs.items():
                times[name].append(measure([str(pythons[name]), str(program)], environment, workdir)[0])
        for name, program in programs.items():
            print(f"tomlkit {name}: {program.stat().st_size} bytes, {statistics.median(times[name]) * 1000:.0f} ms")


def compare(environment: dict[str, str], options: argparse.Namespace, workdir: Path) -> None:
    """Measure ping and role in turns, and print every time and the quotient of the medians."""
    (workdir / "play.yml").write_text(yaml.safe_dump(PLAY))
    (workdir / "variables.yml").write_text(yaml.safe_dump({"influxctl_profile_profiles": PROFILES}))
    environment = environment | {"ANSIBLE_FORKS": str(options.forks), "ANSIBLE_PIPELINING": str(options.pipelining)}
    with Fleet(size=options.hosts, python=options.python) as fleet:
        base = [sys.executable, "-m", "ansible"]
        inventory = ["-i", str(fleet.inventory)]
        ping = [*base, "adhoc", "all", *inventory, "-m", "ansible.builtin.ping"]
        role = [*base, "playbook", *inventory, "-e", "@variables.yml", "play.yml"]
        _seconds, output = measure(role, environment, workdir)
        assert output.count("changed=1") == options.hosts, output
        times: dict[str, list[float]] = {"ping": [], "role": []}
        for _run in range(options.runs):
            for name, command in (("ping", ping), ("role", role)):
                seconds, output = measure(command, environment, workdir)
                assert output.count("changed=0" if name == "role" else "pong") == options.hosts, output
                times[name].append(seconds)
                print(f"{name} {seconds:.2f} s", flush=True)
    medians = {name: statistics.median(seconds) for name, seconds in times.items()}
    print(
        f"{options.hosts} hosts, {options.forks} forks, pipelining {options.pipelining}, load {os.getloadavg()[0]:.1f}:"
        f" ping {medians['ping']:.2f} s, role {medians['role']:.2f} s, ratio {medians['role'] / medians['ping']:.2f}"
    )


def main() -> None:
    """Read the options and measure in a directory that is removed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hosts", type=int, default=20)
    parser.add_argument("--forks", type=int, default=20)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--pipelining", action="store_true")
    parser.add_argument("--python", help="the hosts' interpreter; by default the one that the tests run with")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="influxdb3-bench-") as workdir:
        environment = prepare(Path(workdir))
        ship(environment, options, Path(workdir))
        compare(environment, options, Path(workdir))


if __name__ == "__main__":
    main()
