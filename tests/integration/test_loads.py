# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An unchanged run loads what it needs: each file that a module loads besides is read and compiled on every host.

`RUNS` says of each run which packages of the collection, which files, and which slow libraries it has no use for.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from harness.plays import connection
from simulator import Simulator

PROGRAM = """
import importlib, json, sys
basic = importlib.import_module("ansible.module_utils.basic")
module = importlib.import_module(sys.argv[1])
basic._ANSIBLE_ARGS, basic._ANSIBLE_PROFILE = sys.stdin.buffer.read(), "legacy"
try:
    module.main()
except SystemExit:
    json.dump(list(sys.modules), sys.stderr)
"""
COLLECTION = "ansible_collections.influxops.influxdb3.plugins."


def loaded(collections: Path, module: str, options: dict[str, Any]) -> tuple[dict[str, Any], set[str]]:
    """A module's result, and what it has loaded: libraries, and the files of the collection as PACKAGE.FILE."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, f"{COLLECTION}modules.{module}"],
        input=json.dumps({"ANSIBLE_MODULE_ARGS": options}),
        env={**os.environ, "PYTHONPATH": str(collections)},
        capture_output=True,
        text=True,
        check=True,
    )
    names = {name.removeprefix(f"{COLLECTION}module_utils.") for name in json.loads(done.stderr)}
    return json.loads(done.stdout), names


@dataclass(frozen=True)
class Unchanged:
    """A run that finds nothing to do: the module, its options besides the connection, and what it has no use for.

    One that doesn't connect gets the path of a file instead.
    """

    module: str
    options: dict[str, Any]
    not_needed: set[str]
    connects: bool = True


NO_REQUESTS = {"requests", "urllib3", "ssl", "_api"}
CHANGES = {"_api.failures", "_cluster.workers", "_tokens.secret_file", "_tokens.saga"}
RUNS = [
    Unchanged("database", {"name": "metrics"}, {*CHANGES, "tomlkit", "_influxctl.runner", "_profile", "_probe"}),
    Unchanged("database_info", {}, {*CHANGES, "tomlkit", "_influxctl", "_cluster", "_tokens", "_profile", "_probe"}),
    Unchanged("db_token_info", {}, {*CHANGES, "tomlkit", "_influxctl", "_cluster", "_profile", "_probe"}),
    Unchanged(
        "db_token",
        {"description": "gone", "state": "absent"},
        {"_api.failures", "_tokens.secret_file", "tomlkit", "_influxctl", "_cluster", "_profile", "_probe"},
    ),
    Unchanged(
        "cluster",
        {"databases": [{"name": "metrics"}]},
        {*CHANGES, "tomlkit", "_influxctl", "_cluster.tables", "_cluster.table_plan", "_profile", "_probe"},
    ),
    Unchanged("influxctl_profile", {"name": "gone", "state": "absent"}, NO_REQUESTS, connects=False),
    Unchanged("db_token_file", {"state": "absent"}, {*NO_REQUESTS, "tomlkit"}, connects=False),
]


@pytest.mark.parametrize("run", RUNS, ids=lambda run: run.module)
def test_a_run_without_changes_loads_what_it_needs(
    run: Unchanged, collection_root: Path, sim: Simulator, tmp_path: Path
) -> None:
    sim.add_database("metrics")
    where = connection(sim) if run.connects else {"path": str(tmp_path / "file")}
    result, names = loaded(collection_root, run.module, {**where, **run.options})
    assert result["changed"] is False, result
    assert {"_core.errors", "_core.interface"} <= names
    packages = {name.split(".")[0] for name in names}
    assert run.not_needed & (names | packages) == set()
