# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role mgmt_token in plays of the user's own: with two stores, with defaults, and beside another run.

The hosts are directories of this machine behind local connections.
"""

from __future__ import annotations

import fcntl
import json
import os
import sys
import threading
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.fixtures import manages_tokens
from harness.playbook import Ansible, Run
from harness.plays import connection
from simulator import Simulator

HOSTS = ("host1", "host2")
ROLE = {"name": "influxops.influxdb3.mgmt_token"}


class Hosts:
    """Two hosts whose profiles always prove, and plays with the role over them."""

    def __init__(self, ansible: Ansible, sim: Simulator, directory: Path) -> None:
        self.ansible, self.sim, self.directory = ansible, sim, directory
        for host in HOSTS:
            (directory / host).mkdir()
        proof = directory / "proof"
        proof.write_text("#!/bin/sh\nexit 0\n")
        proof.chmod(0o755)
        self.inventory = directory / "inventory.json"
        self.own: dict[str, dict[str, Any]] = {host: {} for host in HOSTS}
        self.variables: dict[str, Any] = {
            "ansible_connection": "local",
            "ansible_python_interpreter": getattr(sys, "_base_executable", sys.executable),
            "mgmt_token_connection": connection(sim),
            "mgmt_token_profile_path": f"{directory}/{{{{ inventory_hostname }}}}/config.toml",
            "mgmt_token_influxctl_path": str(proof),
        }

    def play(self, *tasks: dict[str, Any], **more: Any) -> Run:
        groups = {"all": {"hosts": self.own, "vars": self.variables}}
        self.inventory.write_text(json.dumps(groups))
        self.sim.requests.clear()
        plays = [{"hosts": ",".join(HOSTS), "gather_facts": False, "tasks": [*tasks], **more}]
        return self.ansible.playbook(plays, inventory=self.inventory)

    def profiles(self, host: str) -> dict[str, str]:
        """The tokens of a host by the names of its profiles."""
        path = self.directory / host / "config.toml"
        found = tomllib.loads(path.read_text())["profile"] if path.exists() else []
        return {profile["name"]: profile["mgmt_token"] for profile in found}

    def alive(self) -> dict[str, list[str]]:
        """The secrets that are not revoked, by description, without the administrator's."""
        found: dict[str, list[str]] = {}
        for token in self.sim.state.mgmt_tokens:
            if self.sim.core.alive(token) and token.secret != self.sim.admin_token:
                found.setdefault(token.description, []).append(token.secret)
        return found


@pytest.fixture
def hosts(ansible: Ansible, sim: Simulator, tmp_path: Path) -> Hosts:
    return Hosts(ansible, sim, tmp_path)


def use(name: str = "Rotate", **variables: Any) -> dict[str, Any]:
    return {"name": name, "ansible.builtin.import_role": ROLE, "vars": variables}


@manages_tokens
def test_two_stores_in_one_play_are_refused(hosts: Hosts) -> None:
    """The tasks for a store run once; so a play serves the hosts that share the first one's token, and no others."""
    store = hosts.directory / "store"
    path = str(store / "token")
    store.mkdir()
    (hosts.directory / "save.yml").write_text(
        yaml.safe_dump(
            [{"ansible.builtin.copy": {"content": "{{ mgmt_token_to_save.token }}", "dest": path, "mode": "0600"}}]
        )
    )
    loaded = f"{{{{ lookup('ansible.builtin.file', '{path}') if '{path}' is file else '' }}}}"
    (hosts.directory / "load.yml").write_text(
        yaml.safe_dump([{"ansible.builtin.set_fact": {"mgmt_token_loaded": loaded}}])
    )
    hosts.variables |= {
        "mgmt_token_strategy": "shared",
        "mgmt_token_load_tasks": str(hosts.directory / "load.yml"),
        "mgmt_token_save_tasks": str(hosts.directory / "save.yml"),
        "mgmt_token_group": ",".join(HOSTS),
    }
    hosts.own = {host: {"mgmt_token_description_prefix": f"shared by {host}"} for host in HOSTS}
    run = hosts.play(use())
    assert run.code == 2
    (failure,) = run.failures
    assert "Give the hosts that share a token a play of their own." in failure["msg"]
    assert list(hosts.alive()) == ["shared by host1"]
    assert hosts.alive()["shared by host1"] == [(store / "token").read_text()] == [*hosts.profiles("host1").values()]
    assert hosts.profiles("host2") == {}


@manages_tokens
def test_the_issuer_has_the_defaults_of_the_play(hosts: Hosts) -> None:
    """Of the action group, and of the module, which beats it; neither is meant for the hosts."""
    given = hosts.variables.pop("mgmt_token_connection")
    hosts.variables["mgmt_token_profile"] = {"product": "clustered", "host": "cluster.example.com"}
    defaults = {
        "group/influxops.influxdb3.all": {**given, "management_token": "M.V1.wrong-and-at-least-long"},
        "influxops.influxdb3.mgmt_token": {"management_token": given["management_token"]},
    }
    run = hosts.play(use(), module_defaults=defaults)
    assert run.code == 0, run.output
    assert hosts.alive() == {f"influxctl {host}": [*hosts.profiles(host).values()] for host in HOSTS}


@manages_tokens
def test_another_run_at_the_file_of_a_shared_token_is_waited_for(hosts: Hosts) -> None:
    """It ends once this run has read the list of tokens, after which it locks the file."""
    directory = hosts.directory / "shared"
    directory.mkdir(mode=0o700)
    hosts.variables |= {
        "mgmt_token_strategy": "shared",
        "mgmt_token_secret_file": str(directory / "token.json"),
        "mgmt_token_group": ",".join(HOSTS),
    }
    lock = os.open(directory, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    done = threading.Event()

    def end() -> None:
        while not hosts.sim.requests and not done.wait(0.1):
            pass
        os.close(lock)

    other = threading.Thread(target=end)
    other.start()
    try:
        run = hosts.play(use())
    finally:
        done.set()
        other.join()
    assert run.code == 0, run.output
    (secrets,) = hosts.alive().values()
    assert [[*hosts.profiles(host).values()] for host in HOSTS] == [secrets] * 2


@pytest.mark.complete
def test_the_role_twice_in_one_play_keeps_both_tokens_of_a_host(hosts: Hosts) -> None:
    """With a prefix of its own for each profile, neither takes what the other has registered, nor revokes its token."""
    reading = {"mgmt_token_description_prefix": "reading", "mgmt_token_profile": {"name": "reading"}}
    tasks = [use("First"), use("Second", **reading)]
    prefixes = {"default": "influxctl", "reading": "reading"}

    def tokens() -> dict[str, list[str]]:
        """What the hosts hold, which is all that is alive, by description."""
        held = {f"{prefixes[name]} {host}": [token] for host in HOSTS for name, token in hosts.profiles(host).items()}
        assert hosts.alive() == held
        return held

    assert hosts.play(*tasks).code == 0
    first = tokens()
    assert len(first) == 4
    again = hosts.play(*tasks)
    assert (again.code, again.changed, tokens()) == (0, [], first)
    # Only the second use has something to do: what the first one has left behind must not be taken for its own.
    assert hosts.play(tasks[0], use("Second", mgmt_token_force=True, **reading)).code == 0
    assert {name for name, token in tokens().items() if token != first[name]} == {f"reading {host}" for host in HOSTS}
