# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The main job over real SSH connections: bootstrap, and the roles it is made of, through the sweeps."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fleet import Fleet
from harness.playbook import Ansible, Run
from harness.plays import bootstrap_variables, connection
from harness.sample import sample
from harness.sweeps import assert_no_secret, sweep
from simulator import Simulator, Switches
from simulator.influxctl import install, invocations

# With pipelining, each remote execution of a module is one command over SSH.
PIPELINING = {"ANSIBLE_PIPELINING": "true"}


@pytest.fixture
def fleet() -> Iterator[Fleet]:
    """Three hosts with influxctl's stand-in in their own homes."""
    with Fleet(size=3) as fleet:
        for host in fleet.hosts:
            programs = host.home / "bin"
            programs.mkdir(exist_ok=True)
            install(programs)
        yield fleet


def config_of(home: Path) -> dict[str, Any]:
    """The only profile in a host's config."""
    (profile,) = tomllib.loads((home / ".config/influxctl/config.toml").read_text())["profile"]
    return dict(profile)


@pytest.mark.parametrize("form", sample(Switches.values("url_forms"), lambda _number, form: form == "both"))
def test_bootstrap(
    ansible: Ansible, make_simulator: Callable[..., Simulator], fleet: Fleet, tmp_path: Path, form: str
) -> None:
    sim = make_simulator(url_forms=form)
    region = {"type": "tag", "value": "region"}
    variables = bootstrap_variables(sim, tmp_path / "secrets") | {
        "cluster_tables": [{"database": "metrics", "name": "cpu", "partition_template": [region]}]
    }
    executions: dict[str, int] = {}

    def play(*flags: str) -> Run:
        sim.requests.clear()
        for host in fleet.hosts:
            fleet.clear_executions(host)
        run = ansible.playbook(
            "influxops.influxdb3.bootstrap",
            *flags,
            variables=variables,
            inventory=fleet.inventory,
            environment=PIPELINING,
        )
        executions.update({host.name: len(fleet.executions(host)) for host in fleet.hosts})
        return run

    first = sweep(play, sim, files=lambda: written(fleet, tmp_path / "secrets"), asks_by_writing=True)

    assert {database.name for database in sim.state.databases} == {"metrics", "logs"}
    assert [(table.name, table.partition_template) for table in sim.state.tables] == [("cpu", [region])]
    assert [token.description for token in sim.state.db_tokens] == ["telegraf"]
    issued = {token.description: token for token in sim.state.mgmt_tokens if token.secret != sim.admin_token}
    assert set(issued) == {f"influxctl {host.name}" for host in fleet.hosts}
    for host in fleet.hosts:
        assert config_of(host.home)["mgmt_token"] == issued[f"influxctl {host.name}"].secret
        ran = invocations(host.home / "bin" / "influxctl")
        assert [list(entry.argv[-2:]) for entry in ran] == [["database", "list"]]
        assert_no_secret(str(ran), sim.secrets)
    assert first.code == 0
    # The preflight: a list of databases, of management tokens, and of users.
    # The rest of the second run: a list of databases, one of tokens, a table; one through influxctl for the fleet; an
    # execution per host.
    # In the wrong form of the URL there is nothing.
    assert [(request.kind, request.method) for request in sim.requests if request.status != 404] == [
        ("api", "GET"),
        ("influxctl", "POST"),
        ("influxctl", "POST"),
        ("api", "GET"),
        ("api", "GET"),
        ("api", "POST"),
        ("influxctl", "POST"),
    ]
    assert executions == {"host1": 1, "host2": 1, "host3": 1}


def written(fleet: Fleet, secrets: Path) -> dict[str, tuple[int, bytes]]:
    """The configs and secret files, with their modes."""
    paths = [host.home / ".config/influxctl/config.toml" for host in fleet.hosts]
    return {str(p): (p.stat().st_mode, p.read_bytes()) for p in [*paths, *secrets.rglob("*.json")] if p.is_file()}


def test_a_host_without_its_token_gets_a_new_one_and_the_lost_one_is_revoked(
    ansible: Ansible, sim: Simulator, fleet: Fleet, tmp_path: Path
) -> None:
    variables = bootstrap_variables(sim, tmp_path / "secrets")
    lost = sim.add_mgmt_token("influxctl host1")
    kept = sim.add_mgmt_token("influxctl host2")
    config = fleet.hosts[1].home / ".config/influxctl/config.toml"
    config.parent.mkdir(parents=True)
    config.write_text(
        f'# by hand\n[[profile]]\nname = "default"\nproduct = "clustered"\nhost = "{sim.host}"\n'
        f'port = "{sim.port}"\nmgmt_token = "{kept.secret}" # kept\n\n[profile.tls]\nca = "{sim.ca_path}"\n'
    )
    config.chmod(0o600)
    before = config.read_text()
    fleet.hosts[2].stop()

    run = ansible.playbook("influxops.influxdb3.bootstrap", variables=variables, inventory=fleet.inventory)

    assert run.code == 4, "one host is unreachable"
    assert lost.revoked_at is not None
    assert kept.revoked_at is None
    assert config.read_text() == before
    assert [t.description for t in sim.state.mgmt_tokens if t.revoked_at is None] == [
        "simulator admin",
        "influxctl host2",
        "influxctl host1",
    ]
    assert_no_secret(run.output, sim.secrets)


def test_nothing_is_revoked_without_proof(ansible: Ansible, sim: Simulator, fleet: Fleet, tmp_path: Path) -> None:
    old = sim.add_mgmt_token("influxctl host1")
    program = {"mgmt_token_influxctl_path": "/bin/false", "mgmt_token_prove_retries": 0}
    variables = bootstrap_variables(sim, tmp_path / "secrets") | program
    flags = ("--limit", "localhost,host1")
    run = ansible.playbook("influxops.influxdb3.bootstrap", *flags, variables=variables, inventory=fleet.inventory)
    assert run.code == 2
    assert old.revoked_at is None
    assert_no_secret(run.output, sim.secrets)


def test_the_profile_role_costs_one_execution_and_shows_no_secret(
    ansible: Ansible, sim: Simulator, fleet: Fleet
) -> None:
    canary = "M.V1.canaryThatTheRoleMustNeverShow"
    variables = {
        "influxctl_profile_profiles": [
            {"name": "default", "product": "clustered", "host": "a.example", "port": 443, "mgmt_token": canary}
        ]
    }
    plays = [{"hosts": "all", "gather_facts": False, "roles": ["influxops.influxdb3.influxctl_profile"]}]

    def play(*flags: str) -> Run:
        for host in fleet.hosts:
            fleet.clear_executions(host)
        return ansible.playbook(plays, *flags, variables=variables, inventory=fleet.inventory, environment=PIPELINING)

    sweep(play, sim, files=lambda: written(fleet, Path("/nonexistent")), canaries=[canary])
    assert [config_of(host.home)["mgmt_token"] for host in fleet.hosts] == [canary] * 3
    assert [len(fleet.executions(host)) for host in fleet.hosts] == [1, 1, 1]


@pytest.mark.complete
def test_a_cluster_that_is_stated_once(
    ansible: Ansible, make_simulator: Callable[..., Simulator], fleet: Fleet
) -> None:
    """All playbooks of a fleet take how the cluster is reached, also by its hosts, from `cluster_connection`."""
    sim = make_simulator(tls=False)
    variables = {"cluster_connection": connection(sim), "mgmt_token_profile": {"name": "ci"}}

    def play(name: str, **more: Any) -> Run:
        run = ansible.playbook(
            f"influxops.influxdb3.{name}", variables={**variables, **more}, inventory=fleet.inventory
        )
        assert run.code == 0, run.output
        return run

    play("bootstrap")
    first = {host.name: config_of(host.home) for host in fleet.hosts}
    assert {name: (one["host"], one["port"], one["tls"]) for name, one in first.items()} == {
        host.name: (sim.host, str(sim.port), {"disable": True}) for host in fleet.hosts
    }
    assert play("bootstrap").changed == []
    play("rotate", mgmt_token_force=True)
    assert all(config_of(host.home)["mgmt_token"] != first[host.name]["mgmt_token"] for host in fleet.hosts)
    audit = play("audit", mgmt_token_audit_fail_on=["unknown", "none", "revoked", "orphan"])
    assert audit.failures == []
