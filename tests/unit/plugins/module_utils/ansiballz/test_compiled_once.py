# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How often Python compiles a file of an archive, counted by Python's own audit hook in a process of its own."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from harness.install import CHECKOUT

UTILS = CHECKOUT / "plugins" / "module_utils"
# The words of the process: the archives, and what to import, in this order.
PROGRAM = """
import collections, importlib, json, sys
archives, names = json.loads(sys.argv[1])
sys.path[:0] = archives
compiled = collections.Counter()
sys.addaudithook(lambda event, args: event == "compile" and compiled.update([str(args[1])]))
files = [importlib.import_module(name).__file__ for name in names]
print(json.dumps([files, [compiled[file] for file in files]]))
"""


def archive_of(path: Path, package: str) -> Path:
    """An archive as Ansible sends it, with a package and a file in it beside compiled_once."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(UTILS / "_ansiballz" / "compiled_once.py", f"{package}_first/compiled_once.py")
        for name in (f"{package}_first/__init__.py", f"{package}/__init__.py", f"{package}/inner.py"):
            archive.writestr(name, "")
    return path


def compiled(archives: list[Path], names: list[str]) -> dict[str, int]:
    """How often each file was compiled that a process imports, by its path."""
    words = json.dumps([[*map(str, archives)], names])
    done = subprocess.run([sys.executable, "-c", PROGRAM, words], capture_output=True, check=True, timeout=60)
    files, times = json.loads(done.stdout)
    return dict(zip(files, times, strict=True))


def test_a_file_is_compiled_once_and_has_its_path(tmp_path: Path) -> None:
    """What is imported afterwards, and from this archive only: another one may hold compiled code."""
    ours, foreign = archive_of(tmp_path / "ours.zip", "ours"), archive_of(tmp_path / "foreign.zip", "foreign")
    names = ["ours_first.compiled_once", "ours", "ours.inner", "foreign", "foreign.inner"]
    times, untouched = compiled([ours, foreign], names), compiled([foreign], names[-2:])
    assert list(times.values())[1:] == [1, 1, *untouched.values()]
    assert list(times)[1:] == [
        *(f"{ours}/{name}" for name in ("ours/__init__.py", "ours/inner.py")),
        *(f"{foreign}/{name}" for name in ("foreign/__init__.py", "foreign/inner.py")),
    ]


def test_without_an_archive_nothing_is_changed(tmp_path: Path) -> None:
    """As in a test, or where a module was unpacked."""
    plain = tmp_path / "plain"
    with zipfile.ZipFile(archive_of(tmp_path / "plain.zip", "plain")) as archive:
        archive.extractall(plain)
    ours = archive_of(tmp_path / "ours.zip", "ours")
    times = compiled([plain, ours], ["plain_first.compiled_once", "ours", "ours.inner"])
    assert list(times.items())[1:] == list(compiled([ours], ["ours", "ours.inner"]).items())


@pytest.mark.parametrize(
    "module", sorted((CHECKOUT / "plugins" / "modules").glob("[a-z]*.py")), ids=lambda path: path.stem
)
def test_each_module_imports_it_first(module: Path) -> None:
    """What a module imports before that is compiled twice."""
    imported = [node for node in ast.parse(module.read_text()).body if isinstance(node, ast.ImportFrom)]
    ours = [node for node in imported if str(node.module).startswith("ansible_collections.")]
    assert not ours or [name.name for name in ours[0].names] == ["compiled_once"]
