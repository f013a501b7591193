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
from harness.warm import Warm, keep_documents

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


def test_archives_of_modules_are_built_once(collection_root: Path, tmp_path: Path, compiled: dict[str, str]) -> None:
    """A later run takes those of an earlier one; one with other collections has its own."""
    play = [{"hosts": "localhost", "gather_facts": False, "tasks": [{"ansible.builtin.ping": {}}]}]
    found = []
    with Warm({**os.environ, **compiled}) as warm:
        for collections in (collection_root, collection_root, tmp_path):
            assert Ansible(collections, tmp_path, compiled, warm=warm).playbook(play).code == 0
            archives = Path(warm._directory.name).glob("*/ansible.modules.ping*")
            found.append({path: path.stat().st_mtime_ns for path in archives if path.suffix != ".lock"})
    assert found[0] == found[1]
    assert [len(archives) for archives in found] == [1, 1, 2]


@pytest.mark.parametrize("binary", [True, False])
def test_documents_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, binary: bool) -> None:
    """They are what PyYAML makes of the text, by its loader, and nobody else's; anything else is parsed."""
    monkeypatch.setattr(yaml, "load", yaml.load)
    path, other = tmp_path / "kept.yml", tmp_path / "other.yml"
    path.write_text("version: 2.10\nday: 2020-01-01\n")
    text = path.read_bytes() if binary else path.read_text()
    loaders: list[Any] = [yaml.CSafeLoader, yaml.CBaseLoader, yaml.SafeLoader]
    parsed = [yaml.load(text, loader) for loader in loaders]
    keep_documents([path])
    yaml.load(text, yaml.CSafeLoader).clear()
    assert [yaml.load(text, Loader=loader) for loader in loaders] == parsed
    with path.open("rb" if binary else "r") as stream:
        assert yaml.load(stream, yaml.CBaseLoader) == parsed[1]
    other.write_text("a: [")
    with other.open("rb" if binary else "r") as stream, pytest.raises(yaml.YAMLError, match=r"other\.yml"):
        yaml.load(stream, yaml.CSafeLoader)
