# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page that maps influxctl and Terraform names options that exist, and leaves no command out."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from harness.install import COLLECTION_PATH

PREFIX = "influxops.influxdb3."
# The commands of influxctl (facts.md#lists-of-other-things and what stands before it).
COMMANDS = {
    "database": {"create", "list", "update", "delete", "rename", "undelete"},
    "table": {"create", "list", "delete", "rename", "undelete", "iceberg"},
    "token": {"create", "get", "list", "revoke", "update"},
    "management": {"create", "list", "revoke"},
    "user": {"list"},
    "cluster": {"list", "get"},
}


@pytest.fixture(scope="module")
def page(collection_root: Path) -> str:
    return (collection_root / COLLECTION_PATH / "docs" / "docsite" / "rst" / "mapping.rst").read_text(encoding="utf-8")


def documented(collection_root: Path, page: str) -> dict[str, dict[str, Any]]:
    """The options of every module that the page names, as ansible-doc shows them; it refuses unknown modules."""
    modules = sorted(set(re.findall(rf":ans\w+:`({re.escape(PREFIX)}\w+)#module", page)))
    shown = subprocess.run(
        [sys.executable, "-m", "ansible", "doc", "--type", "module", "--json", *modules],
        env={**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(collection_root)},
        check=True,
        capture_output=True,
    ).stdout
    found = json.loads(shown)
    assert set(found) == set(modules)
    return {name.removeprefix(PREFIX): about["doc"]["options"] for name, about in found.items()}


def test_every_module_and_option_exists(collection_root: Path, page: str) -> None:
    modules = documented(collection_root, page)
    named = re.findall(rf":ansopt:`{re.escape(PREFIX)}(\w+)#module:([^`=]+)(?:=(\w+))?`", page)
    assert len(named) == page.count(":ansopt:") > 40
    for module, path, value in named:
        options = modules[module]
        for name in path.replace("[]", "").split("."):
            option = options[name]
            options = option.get("suboptions", {})
        assert not value or value in option["choices"]


def test_every_command_is_mapped(page: str) -> None:
    mapped = set(re.findall(r"``(\w+) (\w+)", page))
    assert {(noun, verb) for noun, verbs in COMMANDS.items() for verb in verbs} - mapped == set()
