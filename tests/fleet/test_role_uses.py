# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role db_token in plays of a user's own: some hosts take no part, hosts state different things, several uses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.db_rotation import FILE, READ, DbProber, DbRotation
from harness.install import CHECKOUT
from harness.playbook import Run

STORE = CHECKOUT / "docs" / "stores" / "ansible_vault"
NAME = "influxops.influxdb3.db_token"
IMPORTED: dict[str, Any] = {"ansible.builtin.import_role": {"name": NAME}}
INCLUDED: dict[str, Any] = {"ansible.builtin.include_role": {"name": NAME}}
NOT_SECOND = {"when": "inventory_hostname != 'host2'"}


def run_play(rotation: DbRotation, task: dict[str, Any], *flags: str, **keywords: Any) -> Run:
    """Run a task on the fleet, in a play with these keywords."""
    play = {"hosts": "influxdb3_fleet", "gather_facts": False, **keywords, "tasks": [task]}
    inventory = rotation.fleet.inventory
    return rotation.ansible.playbook([play], *flags, variables=rotation.variables, inventory=inventory)


def kept_by_tasks(directory: Path) -> dict[str, Any]:
    """Variables by which tasks of the user's keep a token that hosts share."""
    return {
        "db_token_strategy": "shared",
        "db_token_load_tasks": str(STORE / "load_db_token.yml"),
        "db_token_save_tasks": str(STORE / "save_db_token.yml"),
        "db_token_vault_file": str(directory / "token"),
        "db_token_vault_password": "canary-vault-password",
    }


@pytest.mark.complete
@pytest.mark.parametrize("why", ["condition", "included", "away", "refused"])
def test_a_host_that_takes_no_part_stops_no_other(why: str, db_rotation: DbRotation) -> None:
    """The play goes on with it, and the role's steps that are done once have nothing of it."""
    rotation, hosts = db_rotation, db_rotation.fleet.hosts
    old = [rotation.give_old(host) for host in hosts]
    task, keywords = {"condition": ({**IMPORTED, **NOT_SECOND}, {}), "included": ({**INCLUDED, **NOT_SECOND}, {})}.get(
        why, (IMPORTED, {"ignore_unreachable": True, "ignore_errors": True})
    )
    if why == "away":
        hosts[1].stop()
    if why == "refused":
        del rotation.variables["db_token_permissions"]
        for host in hosts:
            rotation.set_of_host(host.name, db_token_permissions=[] if host is hosts[1] else READ)
    run = run_play(rotation, task, **keywords)
    assert run.code == 0, run.output
    assert [token.revoked_at is not None for token in old] == [True, False, True]
    for host in hosts[::2]:
        rotation.issued(host)
    assert rotation.held(hosts[1]) == old[1].secret


@pytest.mark.complete
def test_each_host_has_uses_of_its_own(db_rotation: DbRotation) -> None:
    """A list of applications for each host: what was seen in one use is nothing that another one goes by."""
    rotation, hosts = db_rotation, db_rotation.fleet.hosts
    for name in ("db_token_description_prefix", "db_token_path", "db_token_env_path", "db_token_env_name"):
        rotation.variables.pop(name)
    for host, apps in zip(hosts, (["telegraf"], ["telegraf", "grafana"], ["grafana"]), strict=True):
        rotation.set_of_host(host.name, apps=apps)
    state = {"db_token_description_prefix": "{{ item }}", "db_token_path": "~/{{ item }}/token.json"}
    for force in (False, True):
        rotation.variables["db_token_force"] = force
        run = run_play(rotation, {**INCLUDED, "loop": "{{ apps }}", "vars": state})
        assert run.code == 0, run.output
        assert sorted(token.description for token in rotation.tokens if token.revoked_at is None) == [
            "grafana host2",
            "grafana host3",
            "telegraf host1",
            "telegraf host2",
        ]
    assert len(rotation.tokens) == 8
    rotation.variables["db_token_force"] = False
    assert run_play(rotation, {**INCLUDED, "loop": "{{ apps }}", "vars": state}).changed == []


@pytest.mark.complete
@pytest.mark.parametrize(
    "role", [IMPORTED, {"ansible.builtin.include_role": {"name": NAME, "apply": {"tags": "tokens"}}}]
)
def test_a_run_by_a_tag_comes_to_the_end(role: dict[str, Any], db_rotation: DbRotation) -> None:
    rotation = db_rotation
    old = [rotation.give_old(host) for host in rotation.fleet.hosts]
    run = run_play(rotation, {**role, "tags": "tokens"}, "--tags", "tokens")
    assert run.code == 0, run.output
    assert [token.revoked_at is not None for token in old] == [True] * 3


@pytest.mark.complete
def test_a_store_that_is_left_from_another_strategy_has_no_part(db_rotation: DbRotation, tmp_path: Path) -> None:
    """The tasks are still stated when each host gets a token of its own, and again when they share one."""
    rotation, hosts = db_rotation, db_rotation.fleet.hosts
    rotation.variables |= kept_by_tasks(tmp_path)
    with DbProber(rotation) as prober:
        assert rotation.rotate().code == 0
        kept = (tmp_path / "token").read_bytes()
        for _time in range(2):
            run = rotation.rotate(db_token_strategy="per_host")
            assert run.code == 0, run.output
        assert run.changed == []
        assert (tmp_path / "token").read_bytes() == kept
        assert len({rotation.issued(host) for host in hosts}) == 3
        assert rotation.rotate().code == 0
    assert prober.gaps == []
    assert [rotation.held(host) for host in hosts] == rotation.alive("telegraf") * 3


@pytest.mark.complete
def test_a_host_with_a_token_of_its_own_beside_hosts_that_share_one(db_rotation: DbRotation, tmp_path: Path) -> None:
    """Its new token is not the one that the store gets."""
    rotation, hosts = db_rotation, db_rotation.fleet.hosts
    for host in hosts[:2]:
        rotation.set_of_host(host.name, **kept_by_tasks(tmp_path))
    for _time in range(2):
        run = rotation.rotate()
        assert run.code == 0, run.output
    assert run.changed == []
    assert [rotation.held(host) for host in hosts[:2]] == rotation.alive("telegraf") * 2
    rotation.issued(hosts[2])


@pytest.mark.complete
@pytest.mark.parametrize("patterns", [("nowhere", "nowhere"), ("host1", "influxdb3_fleet")])
def test_a_pattern_that_names_too_few_hosts(patterns: tuple[str, str], db_rotation: DbRotation, tmp_path: Path) -> None:
    """A run that is limited to others must not take the token of the host that the first one's pattern leaves out."""
    rotation, hosts = db_rotation, db_rotation.fleet.hosts
    rotation.variables |= {"db_token_strategy": "shared", "db_token_secret_file": str(tmp_path / "shared.json")}
    for host, pattern in zip(hosts, patterns, strict=False):
        rotation.set_of_host(host.name, db_token_fleet=pattern)
    assert rotation.rotate().code == 0
    (old,) = rotation.alive("telegraf")
    with DbProber(rotation) as prober:
        run = rotation.rotate("--limit", "localhost,host1,host2", db_token_force=True)
        assert run.code == 0, run.output
        assert old in rotation.alive("telegraf")
    assert prober.gaps == []
    assert ("have not proved the new token: host3" if "host1" in patterns else "no host of the inventory") in run.text


@pytest.mark.complete
def test_a_shared_token_has_one_file_on_each_host(db_rotation: DbRotation, tmp_path: Path) -> None:
    """The programs of a second one would be cut off between the two uses of the role, which revoke the old token."""
    rotation, hosts = db_rotation, db_rotation.fleet.hosts
    for name in ("db_token_path", "db_token_env_path", "db_token_env_name"):
        rotation.variables.pop(name)
    rotation.variables |= {"db_token_strategy": "shared", "db_token_secret_file": str(tmp_path / "shared.json")}
    uses = {**INCLUDED, "loop": [f"~/{FILE}", "~/grafana/token.json"], "vars": {"db_token_path": "{{ item }}"}}
    run = run_play(rotation, uses)
    assert run.code == 2
    assert ["db_token_description_prefix" in one["msg"] for one in run.failures] == [True] * 3
    assert [rotation.held(host) for host in hosts] == rotation.alive("telegraf") * 3
    assert not any((host.home / "grafana").exists() for host in hosts)


@pytest.mark.complete
def test_a_play_that_tries_once_more_itself(db_rotation: DbRotation, tmp_path: Path) -> None:
    """By a rescue that puts right what kept a service from taking the token up."""
    rotation, host = db_rotation, db_rotation.fleet.hosts[1]
    tasks = tmp_path / "changed.yml"
    tasks.write_text("- name: Take up\n  ansible.builtin.command: test ! -e broken\n")
    rotation.variables["db_token_changed_tasks"] = str(tasks)
    old = rotation.give_old(host)
    (host.home / "broken").touch()
    repair = {"ansible.builtin.file": {"path": "~/broken", "state": "absent"}}
    run = run_play(rotation, {"block": [IMPORTED], "rescue": [repair, IMPORTED]})
    assert run.code == 0, run.output
    assert old.revoked_at is not None
    rotation.issued(host)
