# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the collection asks of an execution environment is what it needs: no more, and in no newer version."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from fleet import Fleet
from harness.install import CHECKOUT, COLLECTION_PATH
from harness.playbook import Ansible
from harness.plays import bootstrap_variables
from simulator import Simulator
from simulator.influxctl import install


def requirements(collection_root: Path) -> list[str]:
    """The installed collection's Python requirements."""
    lines = (collection_root / COLLECTION_PATH / "requirements.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def test_ansible_builder_finds_exactly_the_requirements(collection_root: Path) -> None:
    command = [str(Path(sys.executable).with_name("ansible-builder")), "introspect", str(collection_root)]
    found = yaml.safe_load(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    mark = "# from collection influxops.influxdb3"
    assert [line.partition("  ")[0].strip() for line in found["python"]] == requirements(collection_root), found
    assert [line.split()[0] for line in found["system"]] == ["openssh-client", "openssh-clients"], found
    assert all(mark in line for line in [*found["python"], *found["system"]])


def test_the_build_context_asks_for_exactly_the_requirements(collection_root: Path, tmp_path: Path) -> None:
    """From the definition for AWX; the context's own script, which would run in the container, runs here."""
    shutil.copy(CHECKOUT / "docs" / "awx" / "execution-environment.yml", tmp_path)
    (tmp_path / "influxctl").touch()
    builder = [str(Path(sys.executable).with_name("ansible-builder")), "create"]
    subprocess.run(builder, check=True, capture_output=True, cwd=tmp_path)
    context = tmp_path / "context"
    wanted = yaml.safe_load((context / "_build" / "requirements.yml").read_text())
    assert wanted == {"collections": [{"name": "influxops.influxdb3"}]}
    assert (context / "_build" / "bin" / "influxctl").exists()
    python, system = tmp_path / "requirements.txt", tmp_path / "bindep.txt"
    script = [sys.executable, str(context / "_build" / "scripts" / "introspect.py"), "introspect", str(collection_root)]
    subprocess.run([*script, f"--write-pip={python}", f"--write-bindep={system}"], check=True, capture_output=True)
    assert [line.partition("  ")[0] for line in python.read_text().splitlines()] == requirements(collection_root)
    assert [line.split()[0] for line in system.read_text().splitlines()] == ["openssh-client", "openssh-clients"]


# The oldest Python that a controller may have, with the oldest versions that are asked for; and the newest of each.
WAYS = [("python3.10", ["ansible-core>=2.16,<2.17"], "=="), (sys.executable, ["ansible-core"], ">=")]


@pytest.mark.complete
@pytest.mark.parametrize(("python", "core", "relation"), WAYS, ids=["oldest", "newest"])
def test_what_is_asked_for_suffices(
    ansible: Ansible, sim: Simulator, tmp_path: Path, python: str, core: list[str], relation: str
) -> None:
    interpreter = shutil.which(python, path=real_path())
    if interpreter is None:
        pytest.skip(f"this machine has no {python}")
    environment = tmp_path / "environment"
    subprocess.run([interpreter, "-m", "venv", environment], check=True)
    wanted = [line.replace(">=", relation) for line in requirements(ansible.collections)]
    pip = [str(environment / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, *core, *wanted], check=True)
    with Fleet(size=1) as fleet:
        programs = fleet.hosts[0].home / "bin"
        programs.mkdir(exist_ok=True)
        install(programs)
        controller = replace(ansible, python=str(environment / "bin" / "python"))
        variables = bootstrap_variables(sim, tmp_path / "secrets")
        runs = [
            controller.playbook("influxops.influxdb3.bootstrap", variables=variables, inventory=fleet.inventory)
            for _run in range(2)
        ]
    assert [run.code for run in runs] == [0, 0], runs[0].output
    assert runs[0].changed
    assert runs[1].changed == []


def real_path() -> str:
    """PATH, and pyenv's interpreters, whose shims fail for versions that aren't active."""
    versions = Path.home() / ".pyenv" / "versions"
    others = [entry for entry in os.environ["PATH"].split(os.pathsep) if "shims" not in entry]
    return os.pathsep.join([*map(str, sorted(versions.glob("*/bin"))), *others])
