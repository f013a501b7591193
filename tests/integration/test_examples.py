# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs what the documentation shows: the examples of all modules and plugins, and the README's."""

from __future__ import annotations

import ast
import getpass
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from pysequoia import Tsk

from fleet import Fleet
from harness.fixtures import every_operation, manages_tokens
from harness.install import CHECKOUT
from harness.playbook import Ansible
from harness.plays import connection, local_play
from harness.sweeps import assert_no_secret
from simulator import Simulator
from simulator.influxctl import install

EXAMPLE_HOST = "https://cluster.example.com"
EXAMPLE_KEY = "24C975CBA61A024EE1B631787C3D57159FC2F927"
DOCUMENTED = [
    path for kind in ("modules", "filter", "lookup") for path in sorted((CHECKOUT / "plugins" / kind).glob("*.py"))
]


def examples(path: Path) -> str:
    """The text of EXAMPLES in a module or plugin."""
    for statement in ast.parse(path.read_text()).body:
        if isinstance(statement, ast.Assign) and getattr(statement.targets[0], "id", "") == "EXAMPLES":
            return str(ast.literal_eval(statement.value))
    raise AssertionError(f"{path} has no examples")


def code_blocks(language: str) -> list[str]:
    """The README's blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", (CHECKOUT / "README.md").read_text(), re.MULTILINE | re.DOTALL)


def world(sim: Simulator, workdir: Path) -> dict[str, Any]:
    """What the examples presume: variables, and tokens that they renew or revoke."""
    config = workdir / "config.toml"
    config.write_text(
        "".join(
            f'[[profile]]\nname = "{name}"\nproduct = "clustered"\nhost = "{sim.host}"\nport = "{sim.port}"\n'
            f'mgmt_token = "{sim.admin_token}"\n[profile.tls]\nca = "{sim.ca_path}"\n'
            for name in ("issuer", "default")
        )
    )
    config.chmod(0o600)
    return {
        "management_token": sim.admin_token,
        "vault_management_token": sim.admin_token,
        "secret_dir": str(workdir / "secrets"),
        "old_token_id": sim.add_mgmt_token("old").id,
        "account_id": sim.account_id,
        "cluster_id": sim.cluster_id,
        "listed": {"mgmt_tokens": []},
    }


def vendor_key(path: Path) -> str:
    """Write an OpenPGP key as a vendor publishes one, and return its fingerprint."""
    key = Tsk.generate("vendor <vendor@example.com>").extract_certificate()
    path.write_text(str(key))
    return str(key.fingerprint).upper()


def local(text: str, sim: Simulator, workdir: Path) -> Any:
    """The example, with the simulator in place of the example's host."""
    text = text.replace(EXAMPLE_HOST, sim.url).replace("/etc/influxdb3/secrets", str(workdir / "secrets"))
    if EXAMPLE_KEY in text:
        text = text.replace(EXAMPLE_KEY, vendor_key(workdir / "vendor.asc"))
    text = text.replace("/etc/ssl/certs/cluster.pem", str(sim.ca_path) if sim.tls else "")
    for service in ("grafana", "telegraf"):
        text = text.replace(f"/etc/{service}", str(workdir)).replace(f"owner: {service}", f"owner: {getpass.getuser()}")
    example = yaml.safe_load(re.sub(r"(~/\.config|/etc)/influxctl/config\.toml", str(workdir / "config.toml"), text))
    for task in example if isinstance(example, list) else ():
        options = task.get("influxops.influxdb3.influxctl_profile", {})
        if "prove" in options:
            # A simulator has its own CA and port.
            options |= {"host": sim.host, "port": sim.port, "tls": {"ca": str(sim.ca_path)}}
    return example


PRESUMED = {
    **dict.fromkeys(("cluster", "database", "table"), every_operation),
    **dict.fromkeys(("fleet_step", "mgmt_token", "mgmt_token_info"), manages_tokens),
}
"""What the examples of a plugin presume of the cluster."""


@pytest.mark.parametrize(
    "path", [pytest.param(path, marks=PRESUMED.get(path.stem, ()), id=path.stem) for path in DOCUMENTED]
)
def test_examples_of_plugins(
    path: Path, ansible: Ansible, make_simulator: Callable[..., Simulator], tmp_path: Path
) -> None:
    # Clusters are listed on Cloud Dedicated only.
    sim = make_simulator("dedicated" if path.stem == "cluster_info" else "clustered")
    variables = world(sim, tmp_path)
    if path.parent.name == "lookup":
        kept = {"id": "1", "description": "grafana", "token": "apiv1_" + "e" * 64}
        (tmp_path / "secrets").mkdir()
        (tmp_path / "secrets" / "grafana.json").write_text(json.dumps(kept))
        (tmp_path / "secrets" / "grafana.json").chmod(0o600)
        sim.secrets.add(kept["token"])
    if path.stem in ("cluster_export", "db_token", "db_token_file", "table", "table_info"):
        database = sim.add_database("metrics")
        sim.add_table(database, "deleted", deleted_at=sim.clock.now()).id = 42
    if path.stem == "cluster":
        sim.add_table(sim.add_database("metrics"), "disk")
        sim.add_database("billing", deleted_at=sim.clock.now())
    defaults = connection(sim)
    if path.stem == "fleet_step":
        ca = {"tls": {"ca": str(sim.ca_path)}}
        variables |= {"cluster_connection": defaults, "mgmt_token_profile": {"name": "fleet", **ca}}
        variables["mgmt_token_profile_path"] = str(tmp_path / "config.toml")
    tasks = local(examples(path), sim, tmp_path)
    assert all(task.get("name") for task in tasks)
    run = ansible.playbook(local_play(tasks, defaults), variables=variables)
    assert run.code == 0, run.output
    assert_no_secret(run.output, sim.secrets)
    # A probe tries what no document allows.
    assert sim.violations == [] or path.stem == "probe"


def test_readme_tasks(ansible: Ansible, sim: Simulator, tmp_path: Path) -> None:
    variables = world(sim, tmp_path)
    (plays,) = (block for block in code_blocks("yaml") if "module_defaults" in block)
    run = ansible.playbook(local(plays, sim, tmp_path), variables=variables)
    assert run.code == 0, run.output
    assert [database.name for database in sim.state.databases] == ["metrics"]


@manages_tokens
def test_readme_fleet(ansible: Ansible, sim: Simulator, tmp_path: Path) -> None:
    (block,) = (block for block in code_blocks("yaml") if "mgmt_token_expires_in" in block)
    variables = local(block, sim, tmp_path)
    # A simulator has its own CA and port.
    variables["cluster_connection"] = connection(sim)
    variables["mgmt_token_profile"] = {"tls": {"ca": str(sim.ca_path)}}
    with Fleet(size=1) as fleet:
        programs = fleet.hosts[0].home / "bin"
        programs.mkdir(exist_ok=True)
        install(programs)
        run = ansible.playbook("influxops.influxdb3.bootstrap", variables=variables, inventory=fleet.inventory)
    assert run.code == 0, run.output
    assert [token.description for token in sim.state.mgmt_tokens] == ["simulator admin", "influxctl host1"]
