# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook `rotate_db_tokens` over SSH: nobody is cut off, whatever happens, and a later run goes on from there."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from fleet.host import Host
from harness import vault
from harness.db_rotation import ENV_FILE, FILE, READ, DbProber, DbRotation
from harness.fixtures import MakeSimulator
from harness.install import CHECKOUT
from harness.playbook import Run
from harness.plays import connection
from harness.sweeps import assert_no_secret, sweep

STORES = CHECKOUT / "docs" / "stores"
WRITE = [{"action": "write", "resource": "metrics"}]


def summary(run: Run) -> list[str]:
    """The table at the end of a run."""
    return list(run.result("Show who was renewed, and who may still hold an old token")["lines"])


def test_tokens_that_end_soon_are_renewed(db_rotation: DbRotation) -> None:
    """Through the sweeps; and nothing to do costs one list, and one result and one execution per host."""
    rotation, hosts, sim = db_rotation, db_rotation.fleet.hosts, db_rotation.sim
    old = [rotation.give_old(host) for host in hosts[:2]]
    kept = rotation.give_old(hosts[2], days=60)

    def play(*flags: str) -> Any:
        rotation.forget_commands()
        return rotation.rotate(*flags)

    with DbProber(rotation) as prober:
        first = sweep(play, sim, files=rotation.files)

    assert prober.gaps == []
    assert prober.uses > 0
    assert all(token.revoked_at for token in old)
    assert rotation.issued(hosts[2]) == kept.secret
    assert len({rotation.issued(host) for host in hosts}) == 3
    table = summary(first)
    assert [line.split()[:2] for line in table[1:4]] == [
        ["host1", "renewed"],
        ["host2", "renewed"],
        ["host3", "unchanged"],
    ]
    assert rotation.asked() == ["GET tokens"], "of the second run"
    assert rotation.executions() == {"host1": 1, "host2": 1, "host3": 1}


def tasks_file(rotation: DbRotation, name: str, tasks: list[dict[str, Any]]) -> str:
    """A file of tasks beside the playbook."""
    path = rotation.ansible.workdir / name
    path.write_text(yaml.safe_dump(tasks))
    return str(path)


def used(host: Host) -> str | None:
    """What the service on a host has read at its last restart."""
    path = host.home / "used"
    return path.read_text().partition("=")[2].rstrip("\n") if path.exists() else None


def restarts(rotation: DbRotation) -> str:
    """Tasks by which a service reads its file of variables; they fail on a host that has a file `broken`."""
    script = "test ! -e ~/broken && cp ~/influxdb3/token.env ~/used.new && mv ~/used.new ~/used"
    return tasks_file(rotation, "restart.yml", [{"name": "Restart", "ansible.builtin.shell": script}])


def states(rotation: DbRotation) -> list[bool]:
    """Which hosts hold the only living token of their own."""
    return [[rotation.held(host)] == rotation.alive(rotation.description(host)) for host in rotation.fleet.hosts]


def test_what_uses_the_token_takes_it_up_before_the_old_one_goes(db_rotation: DbRotation) -> None:
    """Forced: two results and two executions per host, and the user's tasks. Where these fail, the old token stays."""
    rotation, hosts = db_rotation, db_rotation.fleet.hosts
    rotation.variables["db_token_changed_tasks"] = restarts(rotation)
    first = rotation.rotate()
    assert first.code == 0, first.output
    assert [used(host) for host in hosts] == [rotation.issued(host) for host in hosts]
    (hosts[1].home / "broken").touch()
    old = rotation.held(hosts[1])
    with DbProber(rotation, used) as prober:
        rotation.forget_commands()
        failed = rotation.rotate(db_token_force=True)
        # The last one notes that the token is used.
        assert rotation.executions() == {"host1": 4, "host2": 3, "host3": 4}
        assert failed.code == 2
        assert "has not taken the new one up" in failed.output
        assert '"Restart" of db_token_changed_tasks failed' in failed.failures[-1]["msg"]
        assert sorted(rotation.alive("telegraf host2")) == sorted([str(old), str(rotation.held(hosts[1]))])
        assert states(rotation) == [True, False, True]
        (hosts[1].home / "broken").unlink()
        repaired = rotation.rotate()
        assert repaired.code == 0, repaired.output
        restarted = [result["host"] for result in repaired.results if result["task"].endswith("Restart")]
        assert restarted == ["host2"], "the others took theirs up already"
    assert prober.gaps == []
    assert states(rotation) == [True] * 3
    assert [used(host) for host in hosts] == [rotation.held(host) for host in hosts]
    for run in (first, failed, repaired):
        assert_no_secret(run.output, rotation.sim.secrets)


def test_what_can_not_work_is_refused_before_a_token_is_made(db_rotation: DbRotation) -> None:
    """The old tokens are due for a renewal, and stay where and what they are."""
    rotation, hosts = db_rotation, db_rotation.fleet.hosts
    old = [rotation.give_old(host) for host in hosts]
    before = rotation.files()
    (hosts[2].home / "influxdb3").chmod(0o777)
    spoilt: dict[str, dict[str, Any]] = {
        "host1": {"db_token_permissions": []},
        "host2": {"db_token_env_name": "1ST-TOKEN"},
        "host3": {},
    }
    del rotation.variables["db_token_permissions"], rotation.variables["db_token_env_name"]
    for name, variables in spoilt.items():
        rotation.set_of_host(name, **{"db_token_permissions": READ, "db_token_env_name": "TOKEN", **variables})
    run = rotation.rotate()
    assert run.code == 2
    told = " ".join(str(failure["msg"]) for failure in run.failures)
    for words in (
        "db_token_permissions is missing or empty",
        "'1ST-TOKEN' is no name of a variable",
        "State what it may do",
        "Use letters, digits and underscores",
        "everybody may write to it",
        "Choose a directory that only root or the owner may write to",
    ):
        assert words in told, told
    assert rotation.asked() == []
    missing = rotation.rotate("--limit", "localhost,host1", db_token_permissions=[{"action": "read", "resource": "no"}])
    assert missing.code == 2
    assert "the cluster has no database 'no'" in str(missing.failures)
    assert rotation.asked() == ["GET tokens", "GET databases"]
    assert rotation.sim.state.db_tokens == old
    assert all(rotation.works(token.secret) for token in old)
    assert rotation.files() == before


@pytest.mark.complete
def test_a_host_that_can_not_reach_the_data_plane_and_one_that_is_away(db_rotation: DbRotation) -> None:
    rotation, hosts = db_rotation, db_rotation.fleet.hosts
    old = [rotation.give_old(host) for host in hosts]
    rotation.set_of_host("host2", db_token_prove_host="https://127.0.0.1:1")
    hosts[2].stop()
    with DbProber(rotation) as prober:
        run = rotation.rotate()
        assert run.code == 4 or run.code == 2
        told = str(run.failures)
        assert "Check that this host reaches it" in told
        assert "is left as it was" in told
        assert [token.revoked_at is not None for token in old] == [True, False, False]
        assert [rotation.alive(f"telegraf host{n}") for n in (2, 3)] == [[old[1].secret], [old[2].secret]]
        rotation.set_of_host("host2", db_token_prove_host=None)
        hosts[2].start()
        assert rotation.rotate().code == 0
    assert prober.gaps == []
    assert states(rotation) == [True] * 3
    assert_no_secret(run.output, rotation.sim.secrets)


@pytest.mark.complete
def test_a_token_that_was_revoked_behind_our_back_is_made_anew(db_rotation: DbRotation) -> None:
    """Also where another run revokes a new one before it is proved: the host gets a further one."""
    rotation, hosts, sim = db_rotation, db_rotation.fleet.hosts, db_rotation.sim
    old = [rotation.give_old(host, days=60) for host in hosts]
    old[0].revoked_at = sim.clock.now()

    def revoke() -> None:
        next(
            one for one in sim.state.db_tokens if one.description == "telegraf host1" and one not in old
        ).revoked_at = sim.clock.now()

    rotation.just_before(lambda request: request.path.startswith("/query"), revoke)
    run = rotation.rotate()
    assert run.code == 0, run.output
    assert states(rotation) == [True] * 3
    assert [rotation.held(host) for host in hosts[1:]] == [token.secret for token in old[1:]]
    made = [token.description for token in sim.state.db_tokens if token not in old]
    assert made == ["telegraf host1", "telegraf host1"]


@pytest.mark.complete
@pytest.mark.parametrize("days", [-1, 1])
def test_a_clock_that_is_wrong_by_a_day(days: int, db_rotation: DbRotation) -> None:
    """The cluster's against the issuer's and the hosts': what renews is renewed, and a clock is named."""
    rotation, host = db_rotation, db_rotation.fleet.hosts[0]
    rotation.sim.clock.advance(days * 86400)
    old = rotation.give_old(host)
    with DbProber(rotation) as prober:
        run = rotation.rotate()
        assert run.code == 0, run.output
        assert rotation.rotate().changed == []
    assert prober.gaps == []
    assert old.revoked_at is not None
    assert states(rotation) == [True] * 3
    assert ("set this clock right" in run.text) == (days > 0), "by a token that is made tomorrow"


@pytest.mark.complete
def test_one_token_for_all_outlives_a_host_that_is_away(db_rotation: DbRotation, tmp_path: Path) -> None:
    rotation, hosts, sim = db_rotation, db_rotation.fleet.hosts, db_rotation.sim
    store = str(tmp_path / "shared.json")
    rotation.variables |= {"db_token_strategy": "shared", "db_token_secret_file": store}
    first = sweep(rotation.rotate, sim, files=rotation.files)
    assert first.code == 0
    # After the sweep: a task that runs a command does nothing in check mode, so that it isn't foretold.
    rotation.variables["db_token_changed_tasks"] = restarts(rotation)
    assert rotation.rotate(db_token_force=True).code == 0
    (old,) = rotation.alive("telegraf")
    hosts[2].stop()
    with DbProber(rotation, used) as prober:
        away = rotation.rotate(db_token_force=True)
        assert away.code == 4
        new = next(secret for secret in rotation.alive("telegraf") if secret != old)
        assert [rotation.held(host) for host in hosts] == [new, new, old]
        assert "have not proved the new token: host3" in away.output
        again = rotation.rotate()
        assert len(rotation.alive("telegraf")) == 2
        assert not [one for one in again.results if one["task"].endswith("Restart")], "nothing can go meanwhile"
        hosts[2].start()
        limited = rotation.rotate("--limit", "localhost,host1")
        assert limited.code == 0
        assert len(rotation.alive("telegraf")) == 2, "a limited run proves nothing of the others"
        back = rotation.rotate(influxdb3_serial=1)
        assert back.code == 0, back.output
    assert rotation.alive("telegraf") == [new]
    assert [rotation.held(host) for host in hosts] == [new] * 3
    assert [used(host) for host in hosts] == [new] * 3
    assert prober.gaps == []
    for run in (away, limited, back):
        assert_no_secret(run.output, sim.secrets)


@pytest.mark.complete
@pytest.mark.parametrize("store", ["ansible_vault", "hashi_vault"])
def test_a_store_of_the_users(store: str, db_rotation: DbRotation, tmp_path: Path) -> None:
    """The examples: a file that ansible-vault encrypts, and HashiCorp Vault. Then the store gives a bare secret."""
    rotation, sim = db_rotation, db_rotation.sim
    kept, password = rotation.ansible.home / "store" / "token", "canary-vault-password"
    rotation.variables |= {
        "db_token_strategy": "shared",
        "db_token_load_tasks": str(STORES / store / "load_db_token.yml"),
        "db_token_save_tasks": str(STORES / store / "save_db_token.yml"),
    }
    if store == "ansible_vault":
        rotation.variables |= {"db_token_vault_file": "~/store/token", "db_token_vault_password": password}
    else:
        rotation.variables |= {"db_token_vault_mount": "kv", "db_token_vault_path": "influxdb3/fleet"}
        kept.parent.mkdir()
        paths = f"{vault.install(tmp_path / 'community')}{os.pathsep}{rotation.ansible.collections}"
        rotation.environment = {"VAULT_ADDR": str(kept), "ANSIBLE_COLLECTIONS_PATH": paths}
    check = rotation.rotate("--check")
    assert check.code == 0, check.output
    assert (sim.writes, rotation.files(), kept.exists()) == ([], {}, False)
    runs = [check, rotation.rotate(), rotation.rotate()]
    assert runs[1].code == 0, runs[1].output
    assert (runs[2].code, runs[2].changed, sim.writes) == (0, [], [])
    (old,) = rotation.alive("telegraf")
    for run in runs:
        assert_no_secret(run.output, {*sim.secrets, password})
    assert rotation.rotate(db_token_force=True).code == 0
    (new,) = rotation.alive("telegraf")
    assert new != old
    forgetful = tasks_file(rotation, "save.yml", [{"name": "Forget", "ansible.builtin.meta": "noop"}])
    lost = rotation.rotate(db_token_force=True, db_token_save_tasks=forgetful)
    assert lost.code == 2
    assert "could not be kept in the store" in lost.output
    bare = [{"ansible.builtin.set_fact": {"db_token_loaded": new}, "no_log": True}]
    refused = rotation.rotate(db_token_load_tasks=tasks_file(rotation, "bare.yml", bare))
    assert refused.code == 2
    assert "a secret alone doesn't tell whose it is" in str(refused.failures)
    assert rotation.alive("telegraf") == [new]
    assert [rotation.held(host) for host in rotation.fleet.hosts] == [new] * 3
    assert_no_secret(lost.output + refused.output, {*sim.secrets, password})


@pytest.mark.complete
def test_tasks_of_the_users_count_as_proof(db_rotation: DbRotation) -> None:
    """Of a token that may only write, on a cluster whose answers don't tell. Without them, the old one stays."""
    rotation, hosts, sim = db_rotation, db_rotation.fleet.hosts, db_rotation.sim
    sim.switches = replace(sim.switches, write_parses_first=True)
    rotation.variables["db_token_permissions"] = WRITE
    old = [rotation.give_old(host) for host in hosts]
    unproved = rotation.rotate()
    assert unproved.code == 0
    assert "The token isn't proved" in unproved.output
    assert [token.revoked_at for token in old] == [None] * 3
    line = {
        "url": f"{sim.url}/api/v2/write?bucket=metrics",
        "method": "POST",
        "body": "proof tried=1",
        "status_code": 204,
        "ca_path": str(sim.ca_path),
        "headers": {"Authorization": "Bearer {{ db_token_to_prove.token }}"},
    }
    prove = {"name": "Write a line", "ansible.builtin.uri": line, "no_log": True}
    broken = {"name": "Fail", "ansible.builtin.fail": {"msg": "{{ db_token_to_prove.token }}"}, "no_log": True}
    good, bad = (tasks_file(rotation, f"{name}.yml", [task]) for name, task in (("good", prove), ("bad", broken)))
    before = rotation.files()
    failed = rotation.rotate(db_token_prove_tasks=bad, db_token_force=True)
    assert failed.code == 2
    assert '"Fail" of db_token_prove_tasks failed' in str(failed.failures)
    assert rotation.files() == before, "nothing is put in place that is not proved"
    proved = rotation.rotate(db_token_prove_tasks=good)
    assert proved.code == 0, proved.output
    assert rotation.files() == before, "what the hosts hold already was proved"
    assert states(rotation) == [True] * 3
    renewed = rotation.rotate(db_token_prove_tasks=good, db_token_force=True)
    assert renewed.code == 0, renewed.output
    assert states(rotation) == [True] * 3
    assert rotation.files() != before
    for run in (unproved, proved, renewed):
        assert_no_secret(run.output, sim.secrets)
    # What the user's own task says of itself is Ansible's matter.
    ours = [one["result"] for one in failed.results if one["task"].split(" : ")[-1] != "Fail"]
    assert_no_secret(json.dumps(ours), sim.secrets)


@pytest.mark.complete
def test_a_machine_with_two_names_keeps_one_token(db_rotation: DbRotation) -> None:
    rotation = db_rotation
    hosts = rotation.inventory()
    rotation.set_inventory({"host1": hosts["host1"], "alias": hosts["host1"], "host2": hosts["host2"]})
    for run in (rotation.rotate(), rotation.rotate(influxdb3_serial=1)):
        assert run.code == 2
        assert [failure["msg"].split(" are one machine")[0] for failure in run.failures] == ["host1 and alias"]
    assert rotation.alive("telegraf alias") == []
    assert states(rotation)[:2] == [True, True]
    # Another file for the token, and the same one for its variable.
    rotation.set_of_host("alias", db_token_path="~/another/token.json")
    for run in (rotation.rotate(), rotation.rotate(influxdb3_serial=1)):
        assert run.code == 2
        assert run.changed == []
        assert ["host1 and alias are one machine" in failure["msg"] for failure in run.failures] == [True]
    assert rotation.alive("telegraf alias") == []


@pytest.mark.complete
def test_a_strategy_by_which_no_host_waits_and_a_near_miss_are_refused(db_rotation: DbRotation) -> None:
    rotation = db_rotation
    run = rotation.rotate(influxdb3_strategy="free")
    assert [failure["msg"].startswith("The role db_token needs a strategy") for failure in run.failures] == [True] * 3
    run = rotation.rotate(db_token_enf_path="~/x")
    assert "db_token_env_path is meant" in str(run.failures)
    assert rotation.sim.requests == []


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
    strategy: str, variables: dict[str, Any], flags: list[str], db_rotation: DbRotation, tmp_path: Path
) -> None:
    rotation = db_rotation
    rotation.variables |= {"db_token_strategy": strategy, "db_token_changed_tasks": restarts(rotation)} | variables
    if strategy == "shared":
        rotation.variables["db_token_secret_file"] = str(tmp_path / "shared.json")
    before = []
    with DbProber(rotation, used) as prober:
        for force in (False, True, False):
            run = rotation.rotate(*flags, db_token_force=force)
            assert run.code == 0, run.output
            before.append({rotation.held(host) for host in rotation.fleet.hosts})
        # A host that fails has its batch, or the run, stop; the next run goes on from there.
        rotation.set_of_host("host2", db_token_prove_host="https://127.0.0.1:1")
        assert rotation.rotate(*flags, db_token_force=True).code == 2
        rotation.set_of_host("host2", db_token_prove_host=None)
        assert rotation.rotate(*flags).code == 0
    assert prober.gaps == []
    names = ["telegraf"] if strategy == "shared" else [rotation.description(host) for host in rotation.fleet.hosts]
    alive = [secret for name in names for secret in rotation.alive(name)]
    assert sorted(alive) == sorted({rotation.held(host) or "" for host in rotation.fleet.hosts})
    assert before[0].isdisjoint(before[1] - before[0])
    assert before[1] == before[2] != before[0]
    assert rotation.rotate(*flags).changed == []


@pytest.mark.complete
def test_other_permissions_are_put_right_at_once(db_rotation: DbRotation) -> None:
    rotation = db_rotation
    old = [rotation.give_old(host, days=60) for host in rotation.fleet.hosts]
    run = rotation.rotate(db_token_permissions=[*READ, *WRITE])
    assert run.code == 0, run.output
    assert all(len(token.permissions) == 2 for token in old)
    assert rotation.asked().count("PATCH tokens") == 3
    assert [rotation.held(host) for host in rotation.fleet.hosts] == [token.secret for token in old]


@pytest.mark.complete
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files to any group")
def test_the_files_get_the_stated_group_and_mode(db_rotation: DbRotation) -> None:
    """The group of the files, which is called like the variable of the role mgmt_token for a pattern of hosts."""
    rotation = db_rotation
    rotation.variables |= {"db_token_group": "65534", "db_token_mode": "0640"}
    assert rotation.rotate().code == 0
    again = rotation.rotate()
    assert (again.code, again.changed) == (0, [])
    for path in rotation.files():
        status = Path(path).stat()
        assert (status.st_gid, oct(status.st_mode)[-3:]) == (65534, "640")


# Tasks that don't come to an end on the second host, each in another way: a handler that fails, an error that stops all
# hosts, one that run_once makes the error of all, a file of tasks that isn't there, a host that is taken out.
WAYS_TO_STOP: dict[str, list[dict[str, Any]]] = {
    "handler": [
        {"name": "Change", "ansible.builtin.command": "true", "changed_when": True, "notify": "Take up"},
        {"ansible.builtin.meta": "flush_handlers"},
    ],
    "any_errors_fatal": [{"name": "Take up", "ansible.builtin.command": "test ! -e broken", "any_errors_fatal": True}],
    "run_once": [{"name": "Take up", "ansible.builtin.command": "/bin/false", "run_once": True}],
    "missing": [{"ansible.builtin.include_tasks": "nowhere.yml", "when": "inventory_hostname == 'host2'"}],
    "end_host": [{"ansible.builtin.meta": "end_host", "when": "inventory_hostname == 'host2'"}],
}


@pytest.mark.complete
@pytest.mark.parametrize("how", list(WAYS_TO_STOP))
def test_whatever_stops_the_tasks_of_the_users_the_old_token_stays(how: str, db_rotation: DbRotation) -> None:
    """Each host that failed is told its token and what to do; a later run goes on from there."""
    rotation, hosts = db_rotation, db_rotation.fleet.hosts
    old = [rotation.give_old(host) for host in hosts]
    (hosts[1].home / "broken").touch()
    role = {"ansible.builtin.import_role": {"name": "influxops.influxdb3.db_token"}}
    handler = {"name": "Take up", "ansible.builtin.command": "test ! -e broken"}
    play = {"hosts": "influxdb3_fleet", "gather_facts": False, "tasks": [role], "handlers": [handler]}
    tasks = tasks_file(rotation, "changed.yml", WAYS_TO_STOP[how])

    def run(**variables: Any) -> Run:
        return rotation.ansible.playbook(
            [play], variables={**rotation.variables, **variables}, inventory=rotation.fleet.inventory
        )

    with DbProber(rotation) as prober:
        stopped = run(db_token_changed_tasks=tasks)
        assert old[1].revoked_at is None
        assert stopped.code == (0 if how == "end_host" else 2)
        told = [
            failure["msg"]
            for failure in stopped.failures
            if "Put right what failed, and run again" in failure.get("msg", "")
        ]
        assert bool(told) == (how != "end_host"), stopped.failures
        assert "ansible_failed_task" not in str(stopped.failures)
        again = run()
    assert again.code == 0, again.output
    assert prober.gaps == []
    assert states(rotation) == [True] * 3
    for one in (stopped, again):
        assert_no_secret(one.output, rotation.sim.secrets)


@pytest.mark.complete
def test_names_and_paths_of_any_letters(db_rotation: DbRotation) -> None:
    rotation = db_rotation
    hosts = rotation.inventory()
    rotation.set_inventory({"h\u00f4st \u2603": hosts["host1"], "-e": hosts["host2"], "host3": hosts["host3"]})
    paths = {"db_token_path": "~/influx db3/t\u00f6k\u00e9n {x}.json", "db_token_env_path": "~/influx db3/\u00e9.env"}
    rotation.variables |= {**paths, "db_token_description_prefix": "corp\\svc"}
    runs = [rotation.rotate(), rotation.rotate(db_token_force=True), rotation.rotate()]
    assert [run.code for run in runs] == [0, 0, 0], runs[-1].output
    assert runs[-1].changed == []
    names = ["corp\\svc h\u00f4st \u2603", "corp\\svc -e", "corp\\svc host3"]
    assert [len(rotation.alive(name)) for name in names] == [1, 1, 1]


@pytest.mark.complete
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files to another user")
def test_files_of_somebody_elses_cost_no_token(db_rotation: DbRotation) -> None:
    """A file of variables with lines of the user's, one of another user, an owner that isn't there."""
    rotation, hosts = db_rotation, db_rotation.fleet.hosts
    old = [rotation.give_old(host) for host in hosts]
    (hosts[0].home / ENV_FILE).write_text(f"OPTIONS=--debug\nINFLUX_TOKEN={old[0].secret}\n")
    os.chown(hosts[1].home / FILE, 65534, 65534)
    rotation.set_of_host("host3", db_token_owner="nosuchuser")
    before = rotation.files()
    run = rotation.rotate()
    assert run.code == 2
    told = str(run.failures)
    for words in ("Name a file of its own", "choose another path", "there is no owner 'nosuchuser'"):
        assert words in told
    assert (rotation.sim.state.db_tokens, rotation.files()) == (old, before)
    assert all(rotation.works(token.secret) for token in old)


@pytest.mark.complete
def test_two_uses_of_a_description_revoke_nothing_of_each_other(db_rotation: DbRotation) -> None:
    """A second application on each host whose prefix nobody has changed."""
    rotation, hosts = db_rotation, db_rotation.fleet.hosts
    for name in ("db_token_path", "db_token_env_path", "db_token_env_name"):
        del rotation.variables[name]
    uses = [
        {"ansible.builtin.import_role": {"name": "influxops.influxdb3.db_token"}, "vars": {"db_token_path": path}}
        for path in (f"~/{FILE}", "~/grafana/token.json")
    ]
    play = {"hosts": "influxdb3_fleet", "gather_facts": False, "tasks": uses}
    for force in (False, True):
        variables = {**rotation.variables, "db_token_force": force}
        run = rotation.ansible.playbook([play], variables=variables, inventory=rotation.fleet.inventory)
        assert run.code == 2
        assert ["db_token_description_prefix" in one["msg"] for one in run.failures] == [True] * 3
        assert states(rotation) == [True] * 3
        assert not any((host.home / "grafana").exists() for host in hosts)


@pytest.mark.complete
def test_two_uses_write_no_file_in_turn(db_rotation: DbRotation) -> None:
    """Two applications on each host, each with a prefix of its own, and with one path."""
    rotation = db_rotation
    rotation.variables.pop("db_token_description_prefix", None)
    uses = [
        {"import_role": {"name": "influxops.influxdb3.db_token"}, "vars": {"db_token_description_prefix": prefix}}
        for prefix in ("telegraf", "grafana")
    ]
    play = {"hosts": "influxdb3_fleet", "gather_facts": False, "tasks": uses}
    run = rotation.ansible.playbook([play], variables=rotation.variables, inventory=rotation.fleet.inventory)
    assert run.code == 2
    assert ["a file of its own" in one["msg"] for one in run.failures] == [True] * 3
    assert states(rotation) == [True] * 3
    assert {token.description for token in rotation.sim.state.db_tokens} == {f"telegraf host{n}" for n in (1, 2, 3)}


@pytest.mark.complete
def test_hosts_of_two_clusters_share_a_token_each(
    db_rotation: DbRotation, make_simulator: MakeSimulator, tmp_path: Path
) -> None:
    """In one play and under one description; but not in one store."""
    rotation, hosts, other = db_rotation, db_rotation.fleet.hosts, make_simulator()
    other.add_database("metrics")
    del rotation.variables["db_token_connection"]
    rotation.variables["db_token_strategy"] = "shared"
    stores = [str(tmp_path / "one.json"), str(tmp_path / "other.json")]
    for number, sim in ((1, rotation.sim), (2, rotation.sim), (3, other)):
        store = stores[0]
        rotation.set_of_host(f"host{number}", db_token_connection=connection(sim), db_token_secret_file=store)
    refused = rotation.rotate()
    assert refused.code == 2
    assert ["db_token_secret_file" in one["msg"] for one in refused.failures] == [True]
    assert other.state.db_tokens == []
    rotation.set_of_host("host3", db_token_secret_file=stores[1])
    assert rotation.rotate().code == 0
    assert rotation.rotate().changed == []
    (mine,), (theirs,) = rotation.alive("telegraf"), [token.secret for token in other.state.db_tokens]
    assert [rotation.held(host) for host in hosts] == [mine, mine, theirs]
    assert rotation.rotate(db_token_force=True, influxdb3_serial=1).code == 0
    held = [rotation.held(host) for host in hosts]
    assert held[0] == held[1]
    assert {mine, theirs}.isdisjoint(held)
