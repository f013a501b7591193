# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is due on a host: each reason alone, and the command of the proof on a host with another PATH."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.influxops.influxdb3.plugins.filter.fleet_delivery import fleet_delivery
from ansible_collections.influxops.influxdb3.plugins.module_utils._influxctl import program as influxctl_program
from ansible_collections.influxops.influxdb3.plugins.plugin_utils.delivery import delivery, proof

MINE: dict[str, Any] = {"changed": False, "token_prefix": "M.V1.a1b2", "superseded": []}
FOUND: dict[str, Any] = {
    "profile": {"mgmt_token_prefix": "M.V1.a1b2"},
    "diff": {"before": {"profile": {}}, "after": {"profile": {}}},
    "unproved": False,
    "path": "/home/ops/config.toml",
}


@pytest.mark.parametrize(
    ("mine", "found", "write", "prove"),
    [
        ({}, {}, False, False),
        ({"changed": True}, {}, True, True),
        ({"token_prefix": "M.V1.c3d4"}, {}, True, True),
        ({"superseded": [{"id": "1"}]}, {}, False, True),
        ({}, {"unproved": True}, False, True),
        ({}, {"diff": {"before": {"mode": "0644"}, "after": {"mode": "0600"}}}, True, True),
        ({}, {"profile": None}, True, True),
    ],
)
def test_each_reason(mine: dict[str, Any], found: dict[str, Any], write: bool, prove: bool) -> None:
    due = delivery({**MINE, **mine}, {**FOUND, **found}, prove=True)
    assert due == {"write": write, "prove": prove}
    without = fleet_delivery({**MINE, **mine}, {**FOUND, **found}, prove=False, program="influxctl", profile="a")
    assert (without["write"], without["prove"]) == (write, False)


def test_the_proof_finds_the_program_where_the_modules_do(tmp_path: Path) -> None:
    """Not on the PATH, as with sudo on Red Hat; and no argument is taken for anything else by the shell."""
    program = tmp_path / "influxctl-of-a-test"
    program.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    program.chmod(0o755)
    command = proof(program.name, "/a b/$HOME", "pro\"f'ile")
    searched = ":".join(influxctl_program.DIRECTORIES)
    assert searched in command[2]
    command[2] = command[2].replace(searched, str(tmp_path))
    for path in ({"PATH": "/usr/bin"}, {"PATH": ""}, {}):
        ended = subprocess.run(command, env=path, capture_output=True, text=True, check=True)
        assert ended.stdout.splitlines() == ["--config", "/a b/$HOME", "--profile", "pro\"f'ile", "database", "list"]
    missing = subprocess.run(proof("influxctl-that-is-none", "a", "b"), capture_output=True, check=False)
    assert missing.returncode == 127
