# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs of Ansible in forks are those of processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.install import CHECKOUT
from harness.playbook import Ansible
from harness.warm import Warm

LOOK = {
    "ansible.builtin.command": {"argv": [sys.executable, "-c", "import os; print(sorted(os.environ), os.getcwd())"]}
}
SHOW = {
    "ansible.builtin.debug": {"msg": "{{ q('config', 'DEFAULT_FORKS', 'COLLECTIONS_PATHS', 'DEFAULT_LOCAL_TMP') }}"}
}


def look(ansible: Ansible, **environment: str) -> list[Any]:
    """What a run finds around it: Ansible's settings, the environment, the directory, and how it ended."""
    play = {"hosts": "localhost", "gather_facts": False, "tasks": [LOOK, SHOW]}
    run = ansible.playbook([play], environment=environment)
    found = [result["result"].get("msg") or result["result"]["stdout"] for result in run.results]
    # Each run has a temporary directory of its own.
    temporary = Path(str(yaml.safe_load(str(found[1]))[2]))
    assert not temporary.exists()
    assert temporary.is_relative_to(ansible.home)
    return [run.code, found[0], yaml.safe_load(str(found[1]))[:2]]


@pytest.mark.complete
def test_fork_is_like_a_process(collection_root: Path, tmp_path: Path, compiled: dict[str, str], warm: Warm) -> None:
    """Each run has its own environment, settings and directory, whatever runs came before it."""
    kinds: dict[Warm | None, list[Any]] = {None: [], warm: []}
    for name, more in (("one", {"ANSIBLE_FORKS": "7", "WORD": "x"}), ("two", {})):
        for kind, found in kinds.items():
            (tmp_path / name).mkdir(exist_ok=True)
            ansible = Ansible(collection_root, tmp_path / name, compiled, warm=kind)
            found.append(look(ansible, **more))
    assert kinds[warm] == kinds[None]
    assert kinds[warm][0] != kinds[warm][1]


def test_fork_ends_as_a_process_does(tmp_path: Path, compiled: dict[str, str], warm: Warm) -> None:
    """Exit codes and both streams arrive."""
    code, output, errors = warm.run(["playbook", "nowhere.yml"], tmp_path, {**os.environ, **compiled})
    assert (code != 0, output) == (True, "")
    assert "nowhere.yml" in errors
    assert warm.run(["playbook", "--version"], tmp_path, {**os.environ, **compiled})[0] == 0


def test_what_python_reads_at_its_start_gets_a_process(tmp_path: Path, compiled: dict[str, str], warm: Warm) -> None:
    """PYTHONPATH holds for a whole process, so a fork can't have another one."""
    (tmp_path / "sitecustomize.py").write_text("raise SystemExit('not a fork')\n")
    code, _, errors = warm.run(["playbook", "--version"], tmp_path, {**os.environ, "PYTHONPATH": str(tmp_path)})
    assert (code != 0, "not a fork" in errors) == (True, True)


def test_nothing_of_ansible_is_imported_beforehand() -> None:
    """The fork imports it, in its own environment."""
    script = (
        "import sys; from harness.warm import import_libraries as load;"
        "load(['yaml', 'ansible.errors']); print(*sys.modules)"
    )
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT / "tests")}
    process = subprocess.run([sys.executable, "-c", script], env=environment, stdout=subprocess.PIPE, check=True)
    loaded = process.stdout.decode().split()
    assert "yaml" in loaded
    assert [name for name in loaded if name.startswith("ansible")] == []
