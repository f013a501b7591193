# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Variables of the roles that can't be meant: refused by their names, before the cluster or a host is asked."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness.playbook import Ansible, Run
from harness.plays import connection
from simulator import Simulator


def play(ansible: Ansible, sim: Simulator, role: str, entry: str = "main", **variables: Any) -> Run:
    """Run an entry point of a role on the controller."""
    task = {
        "name": "Run",
        "ansible.builtin.include_role": {"name": f"influxops.influxdb3.{role}", "tasks_from": entry},
    }
    return ansible.playbook(
        [{"hosts": "localhost", "gather_facts": False, "tasks": [task]}],
        variables={"mgmt_token_connection": connection(sim), "cluster_connection": connection(sim), **variables},
    )


@pytest.mark.parametrize(
    ("role", "entry", "variables", "named"),
    [
        ("cluster", "main", {"cluster_databse": []}, ["cluster_databse", "cluster_databases"]),
        (
            "mgmt_token",
            "main",
            {"mgmt_token_renew_befor": "14d", "mgmt_token_max_age": 30, "mgmt_token_expires_in": 90},
            ["mgmt_token_renew_befor", "mgmt_token_renew_before", "mgmt_token_max_age: ", "mgmt_token_expires_in: "],
        ),
        ("mgmt_token", "main", {"mgmt_token_renew_before": 14}, ["mgmt_token_renew_before: ", "14d"]),
        (
            "mgmt_token",
            "audit_report",
            {"mgmt_token_audit_expiring_within": 14},
            ["mgmt_token_audit_expiring_within: ", "14d"],
        ),
        ("influxctl_profile", "main", {"influxctl_profile_profile": []}, ["influxctl_profile_profiles"]),
        ("influxctl", "main", {"influxctl_verison": "2.12.0"}, ["influxctl_version"]),
    ],
)
def test_what_can_not_be_meant(
    role: str, entry: str, variables: dict[str, Any], named: list[str], ansible: Ansible, sim: Simulator
) -> None:
    run = play(ansible, sim, role, entry, **variables)
    assert run.code == 2, run.output
    (failure,) = run.failures
    assert [one for one in named if one not in failure["msg"]] == []
    assert sim.requests == []


def test_an_inventorys_own_variables_are_left_alone(ansible: Ansible, sim: Simulator) -> None:
    run = play(
        ansible,
        sim,
        "cluster",
        cluster_name="a",
        cluster_url="c",
        cluster_db_token_file="d",
    )
    assert run.code == 0, run.output


def test_a_token_that_ends_and_is_never_renewed_is_warned_of_once(ansible: Ansible, sim: Simulator) -> None:
    hosts = {f"host{number}": {"ansible_connection": "local"} for number in range(4)}
    inventory = ansible.workdir / "inventory.json"
    inventory.write_text(json.dumps({"all": {"hosts": hosts}}))
    task = {"name": "Check", "ansible.builtin.import_role": {"name": "influxops.influxdb3.mgmt_token"}}
    run = ansible.playbook(
        [{"hosts": "all", "gather_facts": False, "tasks": [task]}],
        "--check",
        variables={
            "mgmt_token_connection": connection(sim),
            "mgmt_token_expires_in": "90d",
            "mgmt_token_profile_path": "/nowhere/{{ inventory_hostname }}/config.toml",
        },
        inventory=inventory,
    )
    shown = run.output.split("\n")
    assert sum(line.startswith("[WARNING]: mgmt_token_expires_in is set") for line in shown) == 1
    # What each look warns of is shown as well, once: of the interpreter and of the path.
    assert sum(line.startswith("[WARNING]: ") for line in shown) <= 1 + 2 * len(hosts)
