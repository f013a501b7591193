# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the fleet's protocol reads from the modules' own results about the token that a host holds.

Each kind reads the results of two modules: of the one that writes, and of the one that looks where nothing was written.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.influxops.influxdb3.plugins.module_utils._core.printing import PREFIX_LENGTH
from ansible_collections.influxops.influxdb3.plugins.plugin_utils._fleet import files, profiles
from ansible_collections.influxops.influxdb3.plugins.plugin_utils._fleet.kind import Holding, Kind
from harness.modules import Modules

SECRET = "M.V1.canary" + "x" * 60
PROFILE = {"name": "default", "product": "clustered", "host": "cluster.example.com"}
TOKEN = {"token": "apiv1_canarycanarycanary", "id": "an-id", "description": "telegraf"}
# Of each kind: the role's variables, the options that write, and the key of what is then held.
KINDS: dict[str, tuple[Kind, dict[str, Any], dict[str, Any], str]] = {
    "mgmt_token": (
        profiles.KIND,
        {"profile": PROFILE, "connection": {}},
        {**PROFILE, "mgmt_token": SECRET},
        SECRET[:PREFIX_LENGTH],
    ),
    "db_token": (files.KIND, {"path": "/stated"}, TOKEN, TOKEN["id"]),
}
NOWHERE = "/proc/self/nowhere/file"


def holding(kind: Kind, settings: dict[str, Any], modules: Modules, module: str, options: dict[str, Any]) -> Any:
    """What a kind reads from the result of a module."""
    return kind.holding(settings, modules.run(module.rpartition(".")[2], options).result)


@pytest.mark.parametrize("name", list(KINDS))
def test_both_modules_tell_what_a_host_holds(name: str, modules: Modules, tmp_path: Path) -> None:
    kind, settings, options, key = KINDS[name]
    path = str(tmp_path / "file")
    empty = holding(kind, settings, modules, kind.info, {"path": path})
    written = holding(kind, settings, modules, kind.module, {**options, "path": path})
    seen = holding(kind, settings, modules, kind.info, {"path": path})
    assert written == Holding(path, key, entry=written.entry)
    assert seen == written
    assert empty.key is None


@pytest.mark.parametrize("name", list(KINDS))
def test_where_nothing_can_be_written_the_look_tells(name: str, modules: Modules) -> None:
    kind, settings, options, _key = KINDS[name]
    assert holding(kind, settings, modules, kind.module, {**options, "path": NOWHERE}) is None
    assert holding(kind, settings, modules, kind.info, {"path": NOWHERE}).key is None
