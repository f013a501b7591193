# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook `rotate` over SSH: nobody is cut off, whatever happens, and a later run brings it to the end."""

from __future__ import annotations

import json
import os
import sys
import tomllib
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from fleet.host import Host
from harness import vault
from harness.install import CHECKOUT
from harness.playbook import Run
from harness.rotation import CONFIG, Prober, Rotation
from harness.sweeps import assert_no_secret, sweep
from simulator import Fault, Request
from simulator.influxctl import install

STORES = CHECKOUT / "docs" / "stores"
NOWHERE = "/proc/self/nowhere/config.toml"


def summary(run: Run) -> list[str]:
    """The table at the end of a run."""
    return list(run.result("Show who was renewed, and who may still hold an old token")["lines"])


def set_of_host(rotation: Rotation, host: str, **variables: Any) -> None:
    """Give a host variables in the inventory; None takes one away."""
    hosts = rotation.inventory()
    hosts[host] = {name: value for name, value in {**hosts[host], **variables}.items() if value is not None}
    rotation.set_inventory(hosts)


def assert_renewed(rotation: Rotation, hosts: Sequence[Host], old: Sequence[Any]) -> None:
    """Each host holds the only live token of its own, and none of the old ones works."""
    assert all(token.revoked_at for token in old)
    for host in hosts:
        rotation.issued(host)


def test_tokens_that_end_soon_are_renewed(rotation: Rotation) -> None:
    """Through the sweeps; and nothing to do costs one list and one execution per host."""
    hosts, sim = rotation.fleet.hosts, rotation.sim
    old = [rotation.give_old(host) for host in hosts[:2]]
    kept = rotation.give_old(hosts[2], days=60)

    def play(*flags: str) -> Any:
        rotation.forget_commands()
        return rotation.rotate(*flags)

    with Prober(rotation) as prober:
        first = sweep(play, sim, files=rotation.configs)

    assert prober.gaps == []
    assert prober.logins > 0
    assert all(token.revoked_at for token in old)
    assert rotation.issued(hosts[2]) == kept.secret
    assert len({rotation.issued(host) for host in hosts}) == 3
    table = summary(first)
    assert [line.split()[:2] for line in table[1:4]] == [
        ["host1", "renewed"],
        ["host2", "renewed"],
        ["host3", "unchanged"],
    ]
    assert rotation.commands() == ["list"], "of the second run"
    assert rotation.executions() == {"host1": 1, "host2": 1, "host3": 1}


def test_one_token_for_all_outlives_a_host_that_is_away(rotation: Rotation, tmp_path: Path) -> None:
    hosts, sim = rotation.fleet.hosts, rotation.sim
    rotation.variables |= {"mgmt_token_strategy": "shared", "mgmt_token_secret_file": str(tmp_path / "shared.json")}
    first = sweep(rotation.rotate, sim, files=rotation.configs)
    assert first.code == 0
    (old,) = rotation.alive("influxctl")
    hosts[2].stop()

    away = rotation.rotate(mgmt_token_force=True)

    assert away.code == 4
    new = next(secret for secret in rotation.alive("influxctl") if secret != old)
    assert [rotation.held(host) for host in hosts] == [new, new, old]
    assert sorted(rotation.alive("influxctl")) == sorted([old, new]), "the old one is left to the host that is away"
    assert "have not proved the new token: host3" in away.output
    hosts[2].start()

    limited = rotation.rotate("--limit", "localhost,host1")
    assert limited.code == 0
    assert len(rotation.alive("influxctl")) == 2, "a limited run proves nothing of the others"

    back = rotation.rotate()
    assert back.code == 0
    assert rotation.alive("influxctl") == [new], "no third one was made, and the old one is revoked"
    assert [rotation.held(host) for host in hosts] == [new] * 3
    for run in (away, limited, back):
        assert_no_secret(run.output, sim.secrets)


@pytest.mark.complete
def test_a_machine_with_two_names_keeps_one_token(rotation: Rotation) -> None:
    hosts = rotation.inventory()
    rotation.set_inventory({"host1": hosts["host1"], "alias": hosts["host1"], "host2": hosts["host2"]})

    first = rotation.rotate()
    second = rotation.rotate(influxdb3_serial=1)

    for run in (first, second):
        assert run.code == 2
        assert [failure["msg"].split(" are one machine")[0] for failure in run.failures] == ["host1 and alias"]
    assert rotation.alive("influxctl alias") == []
    for host in rotation.fleet.hosts[:2]:
        rotation.issued(host)
    assert second.changed == []


def test_a_host_outside_the_stated_fleet_is_refused(rotation: Rotation) -> None:
    """In the inventory the variable doesn't reach the play, whose hosts are all of the group then."""
    for host in rotation.inventory():
        set_of_host(rotation, host, influxdb3_fleet="host1:host2")
    run = rotation.rotate()
    assert run.code == 2
    assert [failure["msg"].split(" is not one")[0] for failure in run.failures] == ["host3"]
    assert "give it with -e" in run.failures[0]["msg"]
    assert rotation.alive("influxctl host3") == []
    for one in rotation.fleet.hosts[:2]:
        rotation.issued(one)


@pytest.mark.complete
def test_a_host_of_the_play_outside_the_group_counts(rotation: Rotation, tmp_path: Path) -> None:
    """It got the shared token as well, so that it needs the old one while it hasn't got the new one."""
    hosts = rotation.fleet.hosts
    rotation.variables |= {
        "mgmt_token_strategy": "shared",
        "mgmt_token_secret_file": str(tmp_path / "shared.json"),
        "mgmt_token_group": "host1:host2",
    }
    assert rotation.rotate().code == 0
    (old,) = rotation.alive("influxctl")
    hosts[2].stop()
    run = rotation.rotate(mgmt_token_force=True)
    assert run.code == 4
    assert "have not proved the new token: host3" in run.text
    assert rotation.held(hosts[2]) == old
    assert old in rotation.alive("influxctl")
    hosts[2].start()
    assert rotation.rotate().code == 0
    assert rotation.alive("influxctl") == [rotation.held(host) for host in hosts[2:]]


@pytest.mark.complete
def test_another_run_takes_a_token_for_left_over(rotation: Rotation) -> None:
    """It was made and not yet written when the other one looked: the host gets a further one, also in a forced run."""
    hosts, sim = rotation.fleet.hosts, rotation.sim
    old = [rotation.give_old(host) for host in hosts]

    def revoke(request: Request) -> bool:
        # At the first proof since it was made, which is that of host1 at the latest.
        new = [t for t in sim.state.mgmt_tokens if t.description == "influxctl host1" and t is not old[0]]
        if len(new) == 1 and request.path.endswith("database/list"):
            new[0].revoked_at = sim.clock.now()
        return False

    sim.faults.append(Fault("status", match=revoke))
    set_of_host(rotation, "host2", mgmt_token_influxctl_path="/bin/false")
    run = rotation.rotate(mgmt_token_force=True)
    assert run.code == 2
    assert [line.split()[:2] for line in summary(run)[1:4]] == [
        ["host1", "renewed"],
        ["host2", "not"],
        ["host3", "renewed"],
    ]
    assert "is left as it is: influxctl does not work with the profile 'default'" in run.failures[-1]["msg"]
    assert [token.revoked_at is not None for token in old] == [True, False, True]
    made = [t.description for t in sim.state.mgmt_tokens[1:] if t not in old]
    assert sorted(made) == ["influxctl host1", "influxctl host1", "influxctl host2", "influxctl host3"]
    rotation.issued(hosts[0])
    rotation.issued(hosts[2])
    assert_no_secret(run.output, sim.secrets)
    sim.faults.clear()
    set_of_host(rotation, "host2", mgmt_token_influxctl_path=None)
    assert rotation.rotate().code == 0
    rotation.issued(hosts[1])
    assert len(sim.state.mgmt_tokens) == 9, "that of host2 was revoked with its failed proof"


@pytest.mark.complete
def test_another_profile_of_the_file_keeps_its_token(rotation: Rotation) -> None:
    """With one prefix for two profiles, each run must leave the other profile's token alone."""
    host, sim = rotation.fleet.hosts[0], rotation.sim
    assert rotation.rotate().code == 0
    prod = {**rotation.variables["mgmt_token_profile"], "name": "prod"}

    def held() -> dict[str, str]:
        profiles = tomllib.loads((host.home / CONFIG).read_text())["profile"]
        return {profile["name"]: profile["mgmt_token"] for profile in profiles}

    for profile in (prod, prod, rotation.variables["mgmt_token_profile"]):
        check = rotation.rotate("--check", mgmt_token_profile=profile)
        run = rotation.rotate(mgmt_token_profile=profile)
        assert (check.code, run.code) == (0, 0), run.output
        assert "another profile of" in run.text
        assert sorted(held().values()) == sorted(rotation.alive("influxctl host1"))
        assert not any(change.endswith("Revoke what is superseded, and what nobody holds") for change in check.changed)
    assert set(held()) == {"default", "prod"}
    assert len(sim.state.mgmt_tokens) == 7
    (kept,) = [token.id for token in sim.state.mgmt_tokens if token.secret == held()["prod"]]
    assert any(kept in line for line in summary(run)[4:])


@pytest.mark.complete
def test_a_shared_token_that_another_profile_holds(rotation: Rotation, tmp_path: Path) -> None:
    rotation.variables |= {"mgmt_token_strategy": "shared", "mgmt_token_secret_file": str(tmp_path / "shared.json")}
    assert rotation.rotate().code == 0
    (old,) = rotation.alive("influxctl")
    prod = {**rotation.variables["mgmt_token_profile"], "name": "prod"}
    run = rotation.rotate(mgmt_token_profile=prod, mgmt_token_force=True)
    assert run.code == 0
    assert "another profile of" in run.text
    assert len(rotation.alive("influxctl")) == 2
    assert old in rotation.alive("influxctl")


@pytest.mark.complete
def test_rights_for_the_hosts_are_not_for_the_issuer(rotation: Rotation) -> None:
    """`--become` raises them on the hosts only; an execution environment has no sudo. Its own variable still counts."""
    hosts = rotation.fleet.hosts
    used = [host.home / "sudo.log" for host in hosts]
    for host, log in zip(hosts, used, strict=True):
        sudo(host.home / "bin", f'echo "$@" >>{log}\nwhile [ "$1" != /bin/sh ]; do shift; done\nexec "$@"')
    refused = rotation.ansible.workdir / "refused"
    sudo(rotation.program.parent, f'touch {refused}\necho "no sudo here" >&2\nexit 1')
    rotation.environment = {"ANSIBLE_BECOME_ALLOW_SAME_USER": "true"}
    old = [rotation.give_old(host) for host in hosts]
    for name in ("rotate", "audit", "bootstrap"):
        run = rotation.play(name, "--become", cluster_connection=rotation.variables["mgmt_token_connection"])
        assert run.code == 0, run.output
    assert all(token.revoked_at for token in old)
    assert [log.exists() for log in used] == [True] * 3
    assert not refused.exists()

    inventory = {"influxdb3_fleet": {"hosts": rotation.inventory()}}
    local = {"ansible_connection": "local", "ansible_become": True}
    rotation.fleet.inventory.write_text(json.dumps({**inventory, "all": {"hosts": {"localhost": local}}}))
    for name in ("rotate", "audit"):
        refused.unlink(missing_ok=True)
        assert rotation.play(name).code == 2
        assert refused.exists()


@pytest.mark.complete
def test_rights_for_the_whole_inventory_are_not_for_the_controller(rotation: Rotation, tmp_path: Path) -> None:
    """A variable beats the keyword, and group_vars/all are the controller's as well. Nor are they for the store."""
    used = [host.home / "sudo.log" for host in rotation.fleet.hosts]
    for host, log in zip(rotation.fleet.hosts, used, strict=True):
        sudo(host.home / "bin", f'echo "$@" >>{log}\nwhile [ "$1" != /bin/sh ]; do shift; done\nexec "$@"')
    refused = rotation.ansible.workdir / "refused"
    sudo(rotation.program.parent, f'touch {refused}\necho "no sudo here" >&2\nexit 1')
    rotation.environment = {"ANSIBLE_BECOME_ALLOW_SAME_USER": "true"}
    fleet = {"influxdb3_fleet": {"hosts": rotation.inventory()}}
    rotation.fleet.inventory.write_text(json.dumps({**fleet, "all": {"vars": {"ansible_become": True}}}))
    rotation.variables |= {"cluster_connection": rotation.variables["mgmt_token_connection"]}
    old = [rotation.give_old(host) for host in rotation.fleet.hosts]
    for name in ("rotate", "audit", "bootstrap", "export"):
        run = rotation.play(
            name,
            mgmt_token_audit_file=str(tmp_path / "report.json"),
            cluster_export_path=str(tmp_path / "cluster.yml"),
        )
        assert run.code == 0, run.output
    assert all(token.revoked_at for token in old)
    store = {
        "mgmt_token_strategy": "shared",
        "mgmt_token_load_tasks": str(STORES / "ansible_vault" / "load.yml"),
        "mgmt_token_save_tasks": str(STORES / "ansible_vault" / "save.yml"),
        "mgmt_token_vault_file": str(tmp_path / "store" / "token"),
        "mgmt_token_vault_password": "canary-vault-password",
    }
    for _time in range(2):
        run = rotation.rotate(**store)
        assert run.code == 0, run.output
    assert [log.exists() for log in used] == [True] * 3
    assert not refused.exists()


def sudo(directory: Path, script: str) -> None:
    """Have a program `sudo` on somebody's PATH."""
    program = directory / "sudo"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


@pytest.mark.complete
@pytest.mark.parametrize("broken", ["proof", "profile"])
def test_any_errors_fatal_cuts_nobody_off(broken: str, rotation: Rotation) -> None:
    """Where one fails, nothing comes after the role, such as the summary; the next run brings it to the end."""
    hosts = rotation.fleet.hosts
    old = [rotation.give_old(host) for host in hosts]
    rotation.environment = {"ANSIBLE_ANY_ERRORS_FATAL": "true"}
    spoilt = {"mgmt_token_influxctl_path": "/bin/false"} if broken == "proof" else {"mgmt_token_profile_path": NOWHERE}
    set_of_host(rotation, "host2", **spoilt)
    with Prober(rotation) as prober:
        run = rotation.rotate()
        assert run.code == 2
        assert "Show who was renewed" not in run.output
        assert [token.revoked_at is None for token in old] == [False, True, False]
        assert rotation.alive("influxctl host2") == [old[1].secret]
        set_of_host(rotation, "host2", **dict.fromkeys(spoilt))
        assert rotation.rotate().code == 0
    assert prober.gaps == []
    assert_renewed(rotation, hosts, old)


@pytest.mark.complete
@pytest.mark.parametrize("way", ["a batch fails", "all are away", "the issuer is away"])
def test_a_run_that_ends_before_its_summary(way: str, rotation: Rotation) -> None:
    """Whatever max_fail_percentage says, it ends when no host of a batch is left. The next run is the answer."""
    hosts, sim = rotation.fleet.hosts, rotation.sim
    old = [rotation.give_old(host) for host in hosts]
    variables: dict[str, Any] = {"influxdb3_max_fail_percentage": 100}
    if way == "a batch fails":
        variables["influxdb3_serial"] = 1
        set_of_host(rotation, "host1", mgmt_token_profile_path=NOWHERE)
    elif way == "all are away":
        for host in hosts:
            host.stop()
    else:
        variables["mgmt_token_connection"] = rotation.variables["mgmt_token_connection"] | {
            "management_token": "M.V1.no"
        }
    with Prober(rotation) as prober:
        run = rotation.rotate(**variables)
        assert run.code in (2, 4)
        assert "Show who was renewed" not in run.output
        assert [token.revoked_at for token in old] == [None] * 3
        assert [rotation.alive(rotation.description(host)) for host in hosts] == [[token.secret] for token in old]
        if way == "a batch fails":
            set_of_host(rotation, "host1", mgmt_token_profile_path=None)
        elif way == "all are away":
            for host in hosts:
                host.start()
        sim.faults.clear()
        assert rotation.rotate().code == 0
    assert prober.gaps == []
    assert_renewed(rotation, hosts, old)


@pytest.mark.complete
def test_the_issuers_own_token_is_described_like_a_hosts(rotation: Rotation) -> None:
    """It is left at every run, with a warning, and the others are served."""
    hosts, sim = rotation.fleet.hosts, rotation.sim
    own = sim.add_mgmt_token("influxctl host1")
    old = rotation.give_old(hosts[1])
    connection = rotation.variables["mgmt_token_connection"] | {"management_token": own.secret}
    for _attempt in range(2):
        run = rotation.rotate(mgmt_token_connection=connection)
        assert run.code == 0, run.output
        assert own.revoked_at is None
        assert any(own.id in line for line in summary(run)[4:])
    assert old.revoked_at is not None
    assert rotation.held(hosts[0]) in rotation.alive("influxctl host1")
    assert len(rotation.alive("influxctl host1")) == 2


@pytest.mark.complete
def test_a_configured_strategy_is_not_that_of_the_playbooks(rotation: Rotation) -> None:
    """Theirs is linear unless -e says otherwise, so that one host asks for all."""
    rotation.environment = {"ANSIBLE_STRATEGY": "free"}
    # rotate lists before and after it makes tokens. bootstrap has none left to make, and its preflight lists as well.
    for name, lists in (("rotate", 2), ("bootstrap", 3)):
        rotation.forget_commands()
        assert rotation.play(name, cluster_connection=rotation.variables["mgmt_token_connection"]).code == 0
        assert rotation.commands().count("list") == lists


@pytest.mark.parametrize("name", ["free", "ansible.builtin.host_pinned"])
def test_a_strategy_by_which_no_host_waits_is_refused(name: str, rotation: Rotation) -> None:
    run = rotation.rotate(influxdb3_strategy=name)
    assert run.code == 2
    assert [failure["msg"].startswith("The role mgmt_token needs a strategy") for failure in run.failures] == [True] * 3
    assert rotation.sim.requests == []
    assert rotation.executions() == {"host1": 0, "host2": 0, "host3": 0}


@pytest.mark.complete
def test_an_issuer_over_ssh(rotation: Rotation) -> None:
    """Away: one sentence for each host, which names the issuer. Back: it serves them."""
    hosts, (issuer, *fleet) = rotation.fleet.hosts, rotation.inventory().items()
    # The issuer needs the libraries of the controller.
    issuer[1]["ansible_python_interpreter"] = sys.executable
    inventory = {"all": {"children": {"influxdb3_fleet": {"hosts": dict(fleet)}, "ops": {"hosts": dict([issuer])}}}}
    rotation.fleet.inventory.write_text(json.dumps(inventory))
    rotation.variables |= {
        "mgmt_token_issuer": "host1",
        "mgmt_token_issuer_influxctl_path": str(hosts[0].home / "bin" / "influxctl"),
    }
    old = [rotation.give_old(host) for host in hosts[1:]]
    hosts[0].stop()
    away = rotation.rotate()
    assert away.code == 2
    told = [failure["msg"] for failure in away.failures]
    assert len(told) == 2
    assert all(one.startswith("The issuer host1 can not be reached: ") for one in told)
    assert [token.revoked_at for token in old] == [None] * 2
    hosts[0].start()
    assert rotation.rotate().code == 0
    assert_renewed(rotation, hosts[1:], old)
    assert rotation.commands() == [], "the controller's influxctl has no part in it"


@pytest.mark.complete
@pytest.mark.parametrize(
    ("variables", "flags"),
    [
        ({"influxdb3_serial": 1}, []),
        ({"influxdb3_strategy": "debug"}, []),
        ({"influxdb3_max_fail_percentage": 0}, []),
        ({}, ["--limit", "localhost,host1,host2,host3", "--forks", "1"]),
    ],
    ids=["serial", "debug", "max_fail_percentage", "forks"],
)
@pytest.mark.parametrize("strategy", ["per_host", "shared"])
def test_every_way_to_run_a_play_ends_the_same(
    strategy: str, variables: dict[str, Any], flags: list[str], rotation: Rotation, tmp_path: Path
) -> None:
    rotation.variables |= {"mgmt_token_strategy": strategy} | variables
    if strategy == "shared":
        rotation.variables["mgmt_token_secret_file"] = str(tmp_path / "shared.json")
    before = []
    with Prober(rotation) as prober:
        for force in (False, True, False):
            run = rotation.rotate(*flags, mgmt_token_force=force)
            assert run.code == 0, run.output
            before.append({rotation.held(host) for host in rotation.fleet.hosts})
        # A host that fails has its batch, or the run, stop; the next run goes on from there.
        set_of_host(rotation, "host2", mgmt_token_influxctl_path="/bin/false")
        failed = rotation.rotate(*flags, mgmt_token_force=True)
        assert failed.code == 2, failed.output
        set_of_host(rotation, "host2", mgmt_token_influxctl_path=None)
        assert rotation.rotate(*flags).code == 0
    assert prober.gaps == []
    names = ["influxctl"] if strategy == "shared" else [rotation.description(host) for host in rotation.fleet.hosts]
    alive = [secret for name in names for secret in rotation.alive(name)]
    assert sorted(alive) == sorted({rotation.held(host) or "" for host in rotation.fleet.hosts})
    assert before[0].isdisjoint(before[1] - before[0])
    assert before[1] != before[0]
    assert rotation.rotate(*flags).changed == []


@pytest.mark.complete
def test_a_failed_proof_shows_nothing_of_the_file(rotation: Rotation) -> None:
    """influxctl refuses a key that it does not know, and quotes the file, whose secrets nobody has told Ansible."""
    (host, *_others) = rotation.fleet.hosts
    rotation.set_inventory({host.name: rotation.inventory()[host.name]})
    install(host.home / "bin", config_error_quotes=True)
    old = rotation.give_old(host)
    path = host.home / CONFIG
    free = "of-no-particular-shape"
    keys = f'nonsense = "{free}"\ntoken = "apiv1_canary{"x" * 80}"\n'
    path.write_text(path.read_text().replace("mgmt_token", f"{keys}mgmt_token"))
    run = rotation.rotate()
    assert run.code == 2, run.output
    assert "influxctl does not work with the profile 'default'" in run.text
    assert "nonsense" in str(run.failures)
    assert_no_secret(run.output, {*rotation.sim.secrets, free, f"apiv1_canary{'x' * 80}"})
    assert old.secret in rotation.alive(rotation.description(host)), "nothing is revoked without a proof"


@pytest.mark.complete
def test_a_host_that_comes_back_after_its_token_ended(rotation: Rotation) -> None:
    host = rotation.fleet.hosts[0]
    past = rotation.sim.clock.now() - timedelta(days=30)
    ended = rotation.sim.add_mgmt_token(rotation.description(host), past, created_at=past - timedelta(days=60))
    rotation.give(host, ended)
    assert rotation.rotate().code == 0
    assert rotation.issued(host) != ended.secret


@pytest.mark.complete
def test_the_age_decides_as_well(rotation: Rotation) -> None:
    host, sim = rotation.fleet.hosts[0], rotation.sim
    aged = sim.add_mgmt_token(rotation.description(host), created_at=sim.clock.now() - timedelta(days=40))
    rotation.give(host, aged)
    assert rotation.rotate(mgmt_token_max_age="50d").code == 0
    assert rotation.issued(host) == aged.secret
    assert rotation.rotate(mgmt_token_max_age="30d").code == 0
    assert aged.revoked_at is not None
    assert rotation.issued(host) != aged.secret


@pytest.mark.complete
def test_a_profile_that_can_not_be_written_costs_no_token(rotation: Rotation) -> None:
    """However often it is tried; the other hosts are served."""
    hosts = rotation.inventory()
    hosts["host1"]["mgmt_token_profile_path"] = "/proc/self/nowhere/config.toml"
    rotation.set_inventory(hosts)
    for _attempt in range(2):
        run = rotation.rotate()
        assert run.code == 2
        assert [failure["msg"] for failure in run.failures if "/proc" in failure["msg"]]
        assert rotation.alive("influxctl host1") == []
    rotation.issued(rotation.fleet.hosts[1])


@pytest.mark.complete
def test_two_profiles_of_one_name_are_left_alone(rotation: Rotation) -> None:
    host = rotation.fleet.hosts[0]
    old = rotation.give_old(host)
    path = host.home / CONFIG
    path.write_text(path.read_text() * 2)
    before = path.read_bytes()
    run = rotation.rotate()
    assert run.code == 2
    assert path.read_bytes() == before
    assert old.revoked_at is None
    assert rotation.alive(rotation.description(host)) == [old.secret]
    rotation.issued(rotation.fleet.hosts[1])


@pytest.mark.complete
@pytest.mark.parametrize("days", [-1, 1])
def test_a_clock_that_is_wrong_by_a_day(days: int, rotation: Rotation) -> None:
    """The cluster's against the issuer's; then the host's own, which nothing depends on."""
    rotation.sim.clock.advance(days * 86400)
    host = rotation.fleet.hosts[0]
    hosts = rotation.inventory()
    late = host.home / "late"
    late.mkdir()
    (late / "sitecustomize.py").write_text(
        f"import time\nreal = time.time\ntime.time = lambda: real() + {days * 86400}\n"
    )
    python = late / "python"
    python.write_text(f"#!/bin/sh\nPYTHONPATH='{late}' exec {hosts['host1']['ansible_python_interpreter']} \"$@\"\n")
    python.chmod(0o755)
    hosts["host1"]["ansible_python_interpreter"] = str(python)
    rotation.set_inventory(hosts)
    old = rotation.give_old(host)
    assert rotation.rotate().code == 0
    assert old.revoked_at is not None
    assert rotation.rotate().changed == []
    rotation.issued(host)


@pytest.mark.complete
def test_an_issuer_whose_own_token_ends_within_the_run(rotation: Rotation) -> None:
    """It ends before the old tokens are revoked; the next run, with a good one, revokes them."""
    hosts, sim = rotation.fleet.hosts, rotation.sim
    issuer = sim.add_mgmt_token("issuer")
    old = [rotation.give_old(host) for host in hosts]

    def end() -> None:
        issuer.expires_at = sim.clock.now()

    rotation.meanwhile(3, "management/list", end)
    connection = {**rotation.variables["mgmt_token_connection"], "management_token": issuer.secret}
    with Prober(rotation) as prober:
        cut = rotation.rotate(mgmt_token_connection=connection)
        assert cut.code == 2
        assert "Unauthenticated" in " ".join(str(failure.get("msg")) for failure in cut.failures), cut.failures
        assert [token.revoked_at for token in old] == [None] * 3
        sim.faults.clear()
        assert rotation.rotate().code == 0
    assert prober.gaps == []
    assert_renewed(rotation, hosts, old)
    assert_no_secret(cut.output, sim.secrets)


@pytest.mark.complete
def test_somebody_else_writes_the_profile_meanwhile(rotation: Rotation) -> None:
    """Between writing and proving: what was put there instead works, so nothing may be revoked."""
    host, sim = rotation.fleet.hosts[0], rotation.sim
    old = rotation.give_old(host)
    other = sim.add_mgmt_token("influxctl host1")
    rotation.meanwhile(1, "database/list", lambda: rotation.give(host, other))
    with Prober(rotation) as prober:
        run = rotation.rotate("--limit", "localhost,host1")
    assert run.code == 2
    assert "somebody else changed it" in str(run.failures)
    assert (old.revoked_at, other.revoked_at) == (None, None)
    assert prober.gaps == []


@pytest.mark.complete
def test_the_list_changes_while_the_play_runs(rotation: Rotation) -> None:
    """A token that appears after the first list is nobody's business; one that is gone already is fine."""
    host, sim = rotation.fleet.hosts[0], rotation.sim
    old = rotation.give_old(host)
    appeared = []

    def change() -> None:
        appeared.append(sim.add_mgmt_token("influxctl host1"))
        old.revoked_at = sim.clock.now()

    # The third list is the one before the revocation, when the host has proved its new token.
    rotation.meanwhile(3, "management/list", change)
    run = rotation.rotate("--limit", "localhost,host1")
    assert run.code == 0, run.output
    assert appeared[0].revoked_at is None
    assert rotation.held(host) in rotation.alive("influxctl host1")


@pytest.mark.complete
def test_names_and_a_prefix_of_any_letters(rotation: Rotation) -> None:
    """Also such as mean something in a regular expression; the summary names the tokens of a host that is away."""
    hosts, prefix = rotation.inventory(), 'corp\\svc \\1 "$x"'
    names = ["h\u00f4st \u2603", "-e", "host3"]
    rotation.set_inventory(dict(zip(names, hosts.values(), strict=True)))
    rotation.variables["mgmt_token_description_prefix"] = prefix
    runs = [rotation.rotate(), rotation.rotate(mgmt_token_force=True), rotation.rotate()]
    assert [run.code for run in runs] == [0, 0, 0], runs[0].output
    assert runs[-1].changed == []
    held = [rotation.held(host) for host in rotation.fleet.hosts]
    assert [rotation.alive(f"{prefix} {name}") for name in names] == [[secret] for secret in held]
    rotation.fleet.hosts[2].stop()
    away = rotation.rotate()
    assert any(line.startswith("host3: old tokens that still work: ") for line in summary(away)), summary(away)


@pytest.mark.complete
def test_an_empty_group(rotation: Rotation) -> None:
    rotation.set_inventory({})
    for name in ("rotate", "audit", "bootstrap"):
        run = rotation.play(name)
        assert run.code == 0, run.output
    assert rotation.sim.writes == []


@pytest.mark.complete
def test_slices_of_a_shared_job_revoke_nothing(rotation: Rotation, tmp_path: Path) -> None:
    """AWX shows a slice a part of the inventory, in a workflow; the size of the group decides."""
    rotation.variables |= {"mgmt_token_strategy": "shared", "mgmt_token_secret_file": str(tmp_path / "shared.json")}
    assert rotation.rotate().code == 0
    sliced = rotation.rotate(mgmt_token_force=True, awx_workflow_job_id=1)
    assert sliced.code == 0
    assert "mgmt_token_group_size" in sliced.output
    assert len(rotation.alive("influxctl")) == 2
    assert rotation.rotate(awx_workflow_job_id=1, mgmt_token_group_size=4).code == 0
    assert len(rotation.alive("influxctl")) == 2
    assert rotation.rotate(awx_workflow_job_id=1, mgmt_token_group_size=3).code == 0
    assert len(rotation.alive("influxctl")) == 1


@pytest.mark.complete
@pytest.mark.parametrize("store", ["ansible_vault", "hashi_vault"])
def test_a_store_of_the_users(store: str, rotation: Rotation, tmp_path: Path) -> None:
    """The examples: a file that ansible-vault encrypts, and HashiCorp Vault. Then the store loses what it was given."""
    sim, kept = rotation.sim, rotation.ansible.home / "store" / "token"
    password = "canary-vault-password"
    rotation.variables |= {
        "mgmt_token_strategy": "shared",
        "mgmt_token_load_tasks": str(STORES / store / "load.yml"),
        "mgmt_token_save_tasks": str(STORES / store / "save.yml"),
    }
    if store == "ansible_vault":
        rotation.variables |= {"mgmt_token_vault_file": "~/store/token", "mgmt_token_vault_password": password}
    else:
        rotation.variables |= {"mgmt_token_vault_mount": "kv", "mgmt_token_vault_path": "influxdb3/fleet"}
        kept.parent.mkdir()
        paths = f"{vault.install(tmp_path / 'community')}{os.pathsep}{rotation.ansible.collections}"
        rotation.environment = {"VAULT_ADDR": str(kept), "ANSIBLE_COLLECTIONS_PATH": paths}
    check = rotation.rotate("--check")
    assert check.code == 0, check.output
    assert (sim.writes, rotation.configs(), kept.exists()) == ([], {}, False)
    runs = [check, rotation.rotate(), rotation.rotate()]
    assert runs[1].code == 0, runs[1].output
    assert (runs[2].code, runs[2].changed, sim.writes) == (0, [], [])
    (old,) = rotation.alive("influxctl")
    assert (old in kept.read_text()) == (store == "hashi_vault")
    for run in runs:
        assert_no_secret(run.output, {*sim.secrets, password})
    assert rotation.rotate(mgmt_token_force=True).code == 0
    (new,) = rotation.alive("influxctl")
    assert new != old

    talkative = tmp_path / "talkative.yml"
    told = {"msg": "{{ mgmt_token_to_save.token }} is not taken"}
    talkative.write_text(yaml.safe_dump([{"name": "Refuse it", "ansible.builtin.fail": told, "no_log": True}]))
    refused = rotation.rotate(mgmt_token_force=True, mgmt_token_save_tasks=str(talkative))
    assert refused.code == 2
    # What the user's own task prints of itself is Ansible's matter.
    ours = [one["result"] for one in refused.results if one["task"].split(" : ")[-1] != "Refuse it"]
    assert any("Refuse it" in str(result.get("msg")) for result in ours)
    assert_no_secret(json.dumps(ours), {*sim.secrets, password})
    assert rotation.alive("influxctl") == [new]

    forgetful = tmp_path / "save.yml"
    forgetful.write_text(yaml.safe_dump([{"name": "Forget", "ansible.builtin.meta": "noop"}]))
    lost = rotation.rotate(mgmt_token_force=True, mgmt_token_save_tasks=str(forgetful))
    assert lost.code == 2
    assert "could not be kept in the store" in lost.output
    assert rotation.alive("influxctl") == [new]
    assert [rotation.held(host) for host in rotation.fleet.hosts] == [new] * 3


@pytest.mark.parametrize(
    "variables",
    [
        {"mgmt_token_strategy": "shared"},
        {"mgmt_token_strategy": "shared", "mgmt_token_load_tasks": "load.yml"},
        {
            "mgmt_token_strategy": "shared",
            "mgmt_token_secret_file": "token.json",
            "mgmt_token_load_tasks": "load.yml",
            "mgmt_token_save_tasks": "save.yml",
        },
    ],
    ids=["no store", "half a store", "two stores"],
)
@pytest.mark.complete
def test_stores_that_are_not_one(variables: dict[str, Any], rotation: Rotation) -> None:
    run = rotation.rotate(**variables)
    assert run.code == 2
    assert "Set one of the two" in run.text
    assert rotation.sim.requests == []
