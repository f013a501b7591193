# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The proof on the hosts: what is not proved fails the host, at every run until it is, and nothing old is revoked."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fleet import Fleet
from fleet.host import Host
from harness.playbook import Ansible, Run
from harness.rotation import CONFIG, Rotation
from harness.sweeps import assert_no_secret
from simulator import Simulator

GOOD = "host1"
# A config of influxctl 1.x, which later ones refuse as a whole (facts.md#unknown-keys).
OLD_CONFIG = '[default]\nproduct = "clustered"\n'


@pytest.fixture
def world(ansible: Ansible, sim: Simulator) -> Iterator[Rotation]:
    """A good host, and one for each cause of a proof that fails; what is quick to try again is tried once."""
    with Fleet(size=1 + len(CAUSES)) as fleet:
        world = Rotation(ansible, sim, fleet, {"mgmt_token_prove_retries": 1, "mgmt_token_prove_delay": 0})
        profile = world.variables.pop("mgmt_token_profile")
        world.set_inventory({name: {**host, "mgmt_token_profile": profile} for name, host in world.inventory().items()})
        yield world


def dead_port(_host: Host, variables: dict[str, Any]) -> None:
    """Nobody listens there."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        variables["mgmt_token_profile"]["port"] = listener.getsockname()[1]


def old_config(host: Host, _variables: dict[str, Any]) -> None:
    path = host.home / CONFIG
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text((path.read_text() if path.exists() else "") + OLD_CONFIG)
    path.chmod(0o600)


# What is spoilt for a host.
CAUSES: dict[str, Any] = {
    "no program": lambda _host, variables: variables.update(mgmt_token_influxctl_path="/nowhere/influxctl"),
    "no program of the name": lambda _host, variables: variables.update(mgmt_token_influxctl_path="influxctl-9"),
    "dead port": dead_port,
    "a URL": lambda _host, variables: variables["mgmt_token_profile"].update(host="https://127.0.0.1"),
    "no CA file": lambda _host, variables: variables["mgmt_token_profile"].update(tls={"ca": "/nowhere/ca.pem"}),
    "a config of influxctl 1.x": old_config,
}


def spoil(world: Rotation) -> None:
    """Have each cause befall its host."""
    hosts = world.inventory()
    for host, act in zip(world.fleet.hosts[1:], CAUSES.values(), strict=True):
        act(host, hosts[host.name])
    world.set_inventory(hosts)


def change(world: Rotation) -> None:
    """Have another default database in every profile, so that all are written anew."""
    hosts = world.inventory()
    for host in hosts.values():
        host["mgmt_token_profile"]["database"] = "metrics"
    world.set_inventory(hosts)


def mend(world: Rotation) -> None:
    """Have all hosts be as the good one."""
    hosts = world.inventory()
    for host in world.fleet.hosts[1:]:
        hosts[host.name]["mgmt_token_profile"] = hosts[GOOD]["mgmt_token_profile"]
        hosts[host.name].pop("mgmt_token_influxctl_path", None)
        path = host.home / CONFIG
        if path.exists():
            path.write_text(path.read_text().replace(OLD_CONFIG, ""))
    world.set_inventory(hosts)


def failed(run: Run) -> dict[str, str]:
    """Why each host failed."""
    reasons = {}
    for one in run.results:
        if one["kind"] == "failed" and not one.get("ignored"):
            reasons[one["host"]] = str(one["result"].get("msg"))
    return reasons


def names(world: Rotation) -> list[str]:
    shared = world.variables.get("mgmt_token_strategy") == "shared"
    return ["influxctl"] if shared else [world.description(host) for host in world.fleet.hosts]


@pytest.mark.parametrize("strategy", ["per_host", pytest.param("shared", marks=pytest.mark.complete)])
@pytest.mark.parametrize("token", ["first", pytest.param("held", marks=pytest.mark.complete)])
def test_what_is_not_proved_fails_until_it_is(token: str, strategy: str, world: Rotation, tmp_path: Path) -> None:
    """For a host's first token, and for a change of the profile with a token that was proved."""
    world.variables |= {"mgmt_token_strategy": strategy}
    if strategy == "shared":
        world.variables["mgmt_token_secret_file"] = str(tmp_path / "shared.json")
    hosts, sim = world.fleet.hosts, world.sim
    if token == "held":
        assert world.rotate().code == 0
        change(world)
    held = [world.held(host) for host in hosts]
    spoil(world)
    before = world.configs()
    for _attempt in range(2):
        run = world.rotate()
        assert run.code == 2, run.output
        reasons = failed(run)
        assert set(reasons) == {host.name for host in hosts[1:]}
        assert all(reasons.values())
        assert_no_secret(run.output, sim.secrets)
        # What isn't proved takes no file's place, and what was made for it is gone again.
        kept = {path: file for path, file in world.configs().items() if f"/{GOOD}/" not in path}
        assert kept == {path: file for path, file in before.items() if f"/{GOOD}/" not in path}
        if token == "first" and strategy == "per_host":
            assert [world.alive(name) for name in names(world)[1:]] == [[]] * len(CAUSES)
        if token == "held":
            assert [world.held(host) for host in hosts] == held
            assert all(world.sim.core.may_manage(str(secret)) for secret in held)
    mend(world)
    last = world.rotate()
    assert last.code == 0, last.output
    alive = [secret for name in names(world) for secret in world.alive(name)]
    assert sorted(alive) == sorted({str(world.held(host)) for host in hosts})


@pytest.mark.complete
def test_a_token_that_is_dead_by_the_clusters_clock_revokes_nothing(rotation: Rotation) -> None:
    """It jumps ahead, past the new tokens' end and not past that of the old ones, before the first proof."""
    sim, hosts = rotation.sim, rotation.fleet.hosts
    old = [rotation.give_old(host, days=200) for host in hosts]
    rotation.variables |= {"mgmt_token_prove_retries": 1, "mgmt_token_prove_delay": 0}
    rotation.meanwhile(1, "database/list", lambda: sim.clock.advance(100 * 86400))
    run = rotation.rotate(mgmt_token_force=True)
    assert run.code == 2, run.output
    assert set(failed(run)) == {host.name for host in hosts}
    assert [token.revoked_at for token in old] == [None] * 3
    assert all(sim.core.alive(token) for token in old)
    sim.clock.reset()
    sim.faults.clear()
    assert rotation.rotate().code == 0
    mine = {token.id for token in old}
    others = [
        token for token in sim.state.mgmt_tokens if token.id not in mine and token.description.startswith("influxctl ")
    ]
    # Nobody holds what could not be proved, so the first run revoked it.
    assert len(others) == 3
    assert all(token.revoked_at for token in others)
    assert [rotation.held(host) for host in hosts] == [token.secret for token in old]
