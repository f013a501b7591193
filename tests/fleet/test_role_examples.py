# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs what the READMEs of the roles show: Galaxy makes the roles' pages of them."""

from __future__ import annotations

import copy
import re
import textwrap
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from fleet import Fleet
from fleet.packages import archive, checksum, web_server
from harness.install import CHECKOUT
from harness.playbook import Ansible, Run
from simulator import Simulator
from simulator.influxctl import install

ROLES = sorted(path.parent.name for path in (CHECKOUT / "roles").glob("*/README.md"))


def blocks(role: str) -> list[Any]:
    """What the YAML blocks of a role's README say."""
    text = (CHECKOUT / "roles" / role / "README.md").read_text(encoding="utf-8")
    found = re.findall(r"^```yaml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return [yaml.safe_load(textwrap.dedent(block)) for block in found]


def variables(block: Any) -> Any:
    """The variables of a block, where they stand in it: it is a play of one role, or variables."""
    return block if isinstance(block, dict) else block[0]["roles"][0].get("vars", {})


@pytest.fixture
def fleet() -> Iterator[Fleet]:
    with Fleet(size=1) as running:
        programs = running.hosts[0].home / "bin"
        programs.mkdir(exist_ok=True)
        install(programs)
        yield running


def run(ansible: Ansible, fleet: Fleet | None, play: Any, **more: Any) -> Run:
    """Run a play as it is shown, but without sudo, which hosts of the tests don't have."""
    plays = [{key: value for key, value in one.items() if key != "become"} for one in play]
    inventory = fleet.inventory if fleet else None
    found = ansible.playbook(plays, variables=more, inventory=inventory, environment={"ANSIBLE_PIPELINING": "true"})
    assert found.code == 0, found.output
    return found


@pytest.mark.parametrize("role", ROLES)
def test_all_variables_are_what_the_role_takes(role: str) -> None:
    """Also of blocks that nothing here runs, such as a package from InfluxData's own repository."""
    specs = yaml.safe_load((CHECKOUT / "roles" / role / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))
    options = specs["argument_specs"]["main"]["options"]
    found = [variables(block) for block in blocks(role)]
    assert any(found)
    for shown in found:
        known = {name: value for name, value in shown.items() if name in options}
        others = set(shown) - set(known)
        assert all(re.match(rf"{role}_(databases|db_tokens|tables)_\w+$", name) for name in others), others
        spec = {name: {**copy.deepcopy(options[name]), "required": False} for name in known}
        assert ArgumentSpecValidator(spec).validate(known).error_messages == []


def test_the_cluster(ansible: Ansible, sim: Simulator, tmp_path: Path) -> None:
    play, stated, tables = blocks("cluster")
    shown = stated | tables | {"cluster_secret_dir": str(tmp_path / "secrets"), "vault_management_token": "x"}
    shown["cluster_connection"] = {"host": sim.url, "ca_path": str(sim.ca_path), "management_token": sim.admin_token}
    run(ansible, None, play, **shown)
    assert {database.name for database in sim.state.databases} == {"metrics", "team_a"}
    assert [token.description for token in sim.state.db_tokens] == ["telegraf of team A"]
    assert [table.name for table in sim.state.tables] == ["cpu"]


def test_profiles(ansible: Ansible, fleet: Fleet) -> None:
    play, _users, prove = blocks("influxctl_profile")
    run(ansible, fleet, play, vault_management_token="M.V1.of-the-vault")
    config = tomllib.loads((fleet.hosts[0].home / ".config/influxctl/config.toml").read_text())
    # Nothing changes, so that nothing is proved.
    run(ansible, fleet, play, vault_management_token="M.V1.of-the-vault", **prove)
    assert [(profile["name"], profile["host"]) for profile in config["profile"]] == [
        ("default", "cluster.example.com"),
        ("archive", "archive.example.com"),
    ]


@pytest.mark.complete
def test_a_token_for_every_host(ansible: Ansible, sim: Simulator, fleet: Fleet) -> None:
    (play,) = blocks("mgmt_token")
    shown = variables(play)
    # A simulator has its own address and CA.
    shown["mgmt_token_connection"] |= {"host": sim.url, "ca_path": str(sim.ca_path)}
    shown["mgmt_token_profile"] = {"tls": {"ca": str(sim.ca_path)}}
    run(ansible, fleet, play, vault_management_token=sim.admin_token)
    assert [token.description for token in sim.state.mgmt_tokens] == ["simulator admin", "influxctl host1"]


@pytest.mark.complete
def test_influxctl_from_a_mirror(ansible: Ansible, fleet: Fleet, tmp_path: Path) -> None:
    _package, play = blocks("influxctl")
    shown = variables(play)
    path = archive(tmp_path, shown["influxctl_version"])
    program = fleet.hosts[0].home / "opt" / "influxctl"
    program.parent.mkdir()
    with web_server(tmp_path) as server:
        shown["influxctl_archive_url"] = shown["influxctl_archive_url"].replace(
            "https://mirror.example.com", server.url
        )
        shown["influxctl_archive_checksum"]["x86_64"] = checksum(path)
        run(ansible, fleet, play, influxctl_install_path=str(program))
    assert program.stat().st_mode & 0o777 == 0o755
