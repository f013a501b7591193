# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""mgmt_token and mgmt_token_info through Ansible: many tokens at once, what fails, and what is left behind."""

from __future__ import annotations

import json
import os
import re
import signal
import stat
import sys
import threading
import time
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.fixtures import manages_tokens
from harness.leaks import ProcessWatch, files_below, leaks
from harness.playbook import Ansible, Run
from harness.plays import connection, local_play
from harness.sweeps import assert_no_secret, snapshot
from simulator import Simulator
from simulator.influxctl import Invocation, install, invocations

pytestmark = manages_tokens

MODULE = "influxops.influxdb3.mgmt_token"


@pytest.fixture
def program(ansible: Ansible) -> Path:
    """The stand-in on the PATH."""
    return ansible.workdir / "bin" / "influxctl"


def batch(name: str, tokens: list[dict[str, Any]], **options: Any) -> dict[str, Any]:
    return {"name": name, MODULE: {"tokens": tokens, **options}, "ignore_errors": True, "register": "made"}


def commands(ran: list[Invocation]) -> list[str]:
    """What influxctl was asked for."""
    return [next((word for word in one.argv if word in ("list", "create", "revoke")), "version") for one in ran]


def test_two_hundred_tokens_of_which_ten_are_missing_cost_twelve_invocations(
    ansible: Ansible, sim: Simulator, program: Path
) -> None:
    """Identified by what the hosts hold, as the role does it; the second task finds them by description."""
    held = {f"influxctl h{n}": sim.add_mgmt_token(f"influxctl h{n}").prefix for n in range(190)}
    lost = sim.add_mgmt_token("influxctl h190")
    wanted = [f"influxctl h{n}" for n in range(200)]
    entries = [{"description": name, "expires_in": "90d", "held_prefix": held.get(name, "")} for name in wanted]
    plays = local_play(
        [
            batch("many", entries, on_lost_secret="reissue"),
            batch("again", [{"description": name} for name in wanted]),
        ],
        connection(sim),
    )
    run = ansible.playbook(plays)
    ran = commands(invocations(program))
    assert sorted(ran[:12]) == ["create"] * 10 + ["list"] * 2
    assert ran[12:] == ["list"]
    result = run.result("many")
    secrets = {entry["description"]: entry["token"] for entry in result["mgmt_tokens"] if "token" in entry}
    issued = {token.description: token.secret for token in sim.state.mgmt_tokens[-10:]}
    assert secrets == issued
    assert list(issued) != []
    assert [entry["description"] for entry in result["mgmt_tokens"]] == wanted
    assert [e["description"] for e in result["mgmt_tokens"] if e["changed"]] == wanted[190:]
    assert [old["id"] for old in result["mgmt_tokens"][190]["superseded"]] == [lost.id]
    assert lost.revoked_at is None
    assert not run.result("again")["changed"]
    assert_no_secret(run.output, sim.secrets)


def test_a_failing_entry_loses_no_others_secret(
    ansible: Ansible, sim: Simulator, program: Path, tmp_path: Path
) -> None:
    install(program.parent, after_create="fail", failures=1)
    sim.add_mgmt_token("lost")
    sim.add_mgmt_token("renewed")
    full = tmp_path / "full.json"
    full.write_text("{}")
    tokens: list[dict[str, Any]] = [
        {"description": "unlucky"},
        {"description": "returned"},
        {"description": "kept", "secret_file": str(tmp_path / "out" / "kept.json")},
        {"description": "nowhere", "secret_file": "/proc/no/a.json"},
        {"description": "foreign", "secret_file": str(full)},
        {"description": "lost", "held_prefix": ""},
        {"description": "renewed", "force": True},
    ]
    plays = local_play([batch("some", tokens, concurrency=1, revoke_superseded=True)], connection(sim))
    with ProcessWatch(ansible.home) as watch:
        run = ansible.playbook(plays)
    result = run.result("some")
    entries = {entry["description"]: entry for entry in result["mgmt_tokens"]}
    alive = {t.description: t for t in sim.state.mgmt_tokens if t.revoked_at is None}
    assert result["failed"]
    assert result["changed"]
    assert result["failure"]["code"] == "several"
    assert {name: (entry["failure"] or {}).get("code") for name, entry in entries.items()} == {
        "unlucky": "influxctl",
        "returned": None,
        "kept": None,
        "nowhere": "secret_file",
        "foreign": "secret_file",
        "lost": "lost_secret",
        "renewed": None,
    }
    assert all(repr(name) in result["msg"] for name in ("unlucky", "nowhere", "foreign", "lost"))
    assert alive["unlucky"].id in entries["unlucky"]["failure"]["message"]
    assert {n: e["token"] for n, e in entries.items() if "token" in e} == {
        name: alive[name].secret for name in ("returned", "renewed")
    }
    kept = json.loads((tmp_path / "out" / "kept.json").read_text())
    assert (kept["id"], kept["token"]) == (alive["kept"].id, alive["kept"].secret)
    assert "nowhere" not in alive
    assert full.read_text() == "{}"
    assert [t.description for t in sim.state.mgmt_tokens if t.revoked_at] == ["renewed"]
    places = {"output": run.output, "processes": watch.text, "influxctl": str(invocations(program))}
    places |= files_below(ansible.home)
    assert leaks(places, sim.secrets) == []


WRONG_BATCHES: list[tuple[list[dict[str, Any]], dict[str, Any], list[str]]] = [
    ([{"description": "a"}, {"description": " "}], {}, ["tokens: entry 2", "description", "not be empty"]),
    ([{"description": "a\nb"}], {}, ["entry 1", "one line"]),
    ([{"description": "a"}] * 2, {}, ["more than one entry", "'a'"]),
    (
        [{"description": "a", "secret_file": "/x/a"}, {"description": "b", "secret_file": "/x/./a"}],
        {},
        ["more than one", "/x/a"],
    ),
    ([{"description": "a", "expires_in": "soon"}], {}, ["entry 1", "expires_in"]),
    ([{"description": "a", "expires_at": "2020-01-01T00:00:00Z"}], {}, ["entry 1", "in the past"]),
    ([{"description": "a", "max_age": "0"}], {}, ["entry 1", "max_age"]),
    ([{"description": "a"}], {"concurrency": 0}, ["concurrency"]),
    ([{"description": "a"}], {"description": "b"}, ["tokens", "description"]),
    ([{"description": "a"}], {"state": "absent"}, ["tokens", "state"]),
    (
        [{"description": "a", "expires_in": "1d", "expires_at": "2999-01-01T00:00:00Z"}],
        {},
        ["expires_in", "expires_at"],
    ),
]


@pytest.mark.complete
def test_wrong_batches_fail_before_influxctl_runs(ansible: Ansible, sim: Simulator, program: Path) -> None:
    tasks = [batch(f"case {n}", tokens, **options) for n, (tokens, options, _says) in enumerate(WRONG_BATCHES)]
    run = ansible.playbook(local_play([*tasks, batch("none", [])], connection(sim)))
    for number, (_tokens, _options, says) in enumerate(WRONG_BATCHES):
        result = run.result(f"case {number}")
        assert result["failed"]
        assert [text for text in says if text not in result["msg"]] == [], result["msg"]
    assert not run.result("none")["changed"]
    assert invocations(program) == []
    assert sim.requests == []


def parent_of(pid: int) -> int:
    """The process that started another one."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def wait_until_gone(path: Path, thread: threading.Thread) -> None:
    """Return when the path is gone, which must be so before the thread ends."""
    while True:
        running = thread.is_alive()
        if not path.exists():
            return
        assert running, f"{path} is left"
        time.sleep(0.01)


@pytest.mark.usefixtures("signals_arrive")
def test_a_signal_leaves_neither_influxctl_nor_its_config(ansible: Ansible, sim: Simulator, program: Path) -> None:
    install(program.parent, hang=True)
    signals = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    tasks = [
        {"name": one.name, MODULE: {"description": "d", "secret_file": "/x/y"}, "ignore_errors": True}
        for one in signals
    ]
    runs: list[Run] = []
    plays = local_play(tasks, connection(sim))
    # Otherwise Ansible would remove the directory in which the config's lies.
    keep = {"ANSIBLE_KEEP_REMOTE_FILES": "true"}
    thread = threading.Thread(target=lambda: runs.append(ansible.playbook(plays, environment=keep)))
    thread.start()
    for number, one in enumerate(signals):
        while len([ran for ran in invocations(program) if ran.fault]) <= number:
            assert thread.is_alive()
            time.sleep(0.01)
        ran = invocations(program)[number]
        config = Path(ran.argv[ran.argv.index("--config") + 1])
        assert sim.admin_token in config.read_text()
        modes = [stat.S_IMODE(path.stat().st_mode) for path in (config, config.parent)]
        assert modes == [0o600, 0o700]
        os.kill(parent_of(ran.pid), one)
        wait_until_gone(Path(f"/proc/{ran.pid}"), thread)
        wait_until_gone(config.parent, thread)
    thread.join()
    assert [result["failed"] for result in runs[0].failures] == [True] * 3
    assert_no_secret(runs[0].output, sim.secrets)
    assert sim.requests == []


@pytest.mark.complete
def test_profiles_and_connections(ansible: Ansible, sim: Simulator, program: Path, tmp_path: Path) -> None:
    """An existing profile serves as it is; the own token is never revoked, whichever way it is known."""
    config = tmp_path / "config.toml"
    session = '[profile.auth.oauth2]\nclient_id = "a"\ndevice_url = "https://sso.example/device"\n'
    config.write_text(
        "".join(
            f'[[profile]]\nname = "{name}"\nproduct = "clustered"\nhost = "{sim.host}"\nport = "{sim.port}"\n{keys}\n'
            f'[profile.tls]\nca = "{sim.ca_path}"\n{more}'
            for name, keys, more in (
                ("issuer", f'mgmt_token = "{sim.admin_token}"', ""),
                ("strange", f'mgmt_token = "{sim.admin_token}"\nnonsense = 1', ""),
                ("login", "", session),
            )
        )
    )
    own = sim.state.mgmt_tokens[0]
    expired = sim.add_mgmt_token("expired", sim.clock.now(), created_at=own.created_at)
    good = tmp_path / "good.toml"
    good.write_text(config.read_text().replace("nonsense = 1\n", ""))
    use = {"config_path": str(good), "profile": "issuer"}
    before = snapshot(sim)

    def case(name: str, **options: Any) -> dict[str, Any]:
        return {"name": name, MODULE: options, "ignore_errors": True}

    tasks = [
        case("own", **use, description=own.description, state="absent"),
        case("own id", **use, id=own.id, state="absent"),
        case("strict", config_path=str(config), profile="issuer", description="d"),
        case("expired", **use, management_token=expired.secret, description="d"),
        {"name": "info", "influxops.influxdb3.mgmt_token_info": use},
        case("no profile", config_path=str(good), profile="absent", description="d"),
    ]
    run = ansible.playbook(local_play(tasks, {}))
    assert [run.result(name)["failure"]["code"] for name in ("own", "own id")] == ["self_revoke"] * 2
    assert "profile.nonsense" in run.result("strict")["msg"]
    assert "invalid token" in run.result("expired")["msg"]
    assert run.result("no profile")["failure"]["code"] == "no_profile"
    assert [token["token_prefix"] for token in run.result("info")["mgmt_tokens"]] == [expired.prefix, own.prefix]
    assert next(ran.argv[:4] for ran in invocations(program)) == ["--config", str(good), "--profile", "issuer"]
    assert snapshot(sim) == before
    assert_no_secret(run.output, sim.secrets)


@pytest.fixture
def fleet(ansible: Ansible, sim: Simulator, tmp_path: Path) -> Callable[..., Run]:
    """Runs the role on hosts that are all this machine, each with a profile of its own; further host variables."""
    (tmp_path / "hosts").mkdir()
    variables = {
        "mgmt_token_connection": connection(sim),
        "mgmt_token_expires_in": "90d",
        "mgmt_token_renew_before": "14d",
        "mgmt_token_profile": {
            "product": "clustered",
            "host": sim.host,
            "port": sim.port,
            "tls": {"ca": str(sim.ca_path)},
        },
        "mgmt_token_profile_path": f"{tmp_path}/hosts/{{{{ inventory_hostname }}}}.toml",
    }

    def run(hosts: dict[str, dict[str, Any]], *flags: str, **play: Any) -> Run:
        local = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
        inventory = tmp_path / "hosts.yml"
        inventory.write_text(json.dumps({"all": {"hosts": {name: local | more for name, more in hosts.items()}}}))
        task = {"name": "Break", "ansible.builtin.command": "/bin/false", "when": "broken | default(false)"}
        plays = [{"hosts": "all", "gather_facts": False, "pre_tasks": [task], **play}]
        plays[0]["roles"] = [{"role": "influxops.influxdb3.mgmt_token"}]
        return ansible.playbook(plays, *flags, variables=variables, inventory=inventory)

    return run


def held(tmp_path: Path) -> dict[str, str]:
    """The management tokens in the hosts' profiles."""
    return {
        path.stem: tomllib.loads(path.read_text())["profile"][0]["mgmt_token"]
        for path in (tmp_path / "hosts").glob("*.toml")
    }


def working(sim: Simulator) -> dict[str, list[str]]:
    """The secrets of the active tokens by the hosts that they are for."""
    tokens: dict[str, list[str]] = {}
    for token in sim.state.mgmt_tokens[1:]:
        if token.revoked_at is None:
            tokens.setdefault(token.description.removeprefix("influxctl "), []).append(token.secret)
    return tokens


def issued(program: Path) -> list[str]:
    """What influxctl was asked for about management tokens."""
    return commands([ran for ran in invocations(program) if "management" in ran.argv])


def test_the_role_asks_once_for_all_hosts_that_take_part(
    fleet: Callable[..., Run], sim: Simulator, program: Path, tmp_path: Path
) -> None:
    gone = {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 9}
    hosts: dict[str, dict[str, Any]] = {"h1": {"broken": True}, "h2": gone, "h3": {}, "h4": {}, "h5": {}, "h6": {}}
    run = fleet(hosts, "--limit", "!h6")
    assert issued(program) == ["list", "create", "create", "create", "list"]
    assert held(tmp_path) == {name: secrets[0] for name, secrets in working(sim).items()}
    assert set(held(tmp_path)) == {"h3", "h4", "h5"}
    assert_no_secret(run.output, sim.secrets)

    # In each batch of `serial`, an entry that fails stops its own host only; the next run cleans up what it left.
    install(program.parent, after_create="fail", failures=1)
    (tmp_path / "hosts" / "h4.toml").unlink()
    some: dict[str, dict[str, Any]] = {name: {} for name in ("h3", "h4", "h5", "h6")}
    run = fleet(some, serial=2)
    assert [failure["msg"].count("appeared meanwhile") for failure in run.failures] == [1]
    assert set(held(tmp_path)) == {"h3", "h5", "h6"}
    run = fleet(some)
    assert run.code == 0
    assert {name: [secret] for name, secret in held(tmp_path).items()} == working(sim)
    assert set(held(tmp_path)) == {"h3", "h4", "h5", "h6"}
    assert fleet(some).changed == []
    assert_no_secret(run.output, sim.secrets)


def test_check_mode_shows_no_prefix_of_a_token_that_does_not_exist(fleet: Callable[..., Run], sim: Simulator) -> None:
    """Neither for a host's first token nor for the one that is to replace it."""
    for flags in ((), ("--extra-vars", '{"mgmt_token_force": true}')):
        if flags:
            assert fleet({"h1": {}}).code == 0, "the host gets its first token"
        real = [token.prefix for token in sim.state.mgmt_tokens]
        run = fleet({"h1": {}}, "--check", *flags)
        written = run.result("Give the host its token, once it is proved there")
        assert written["changed"]
        assert "mgmt_token_prefix" not in written["diff"]["after"]
        assert set(re.findall(r"M\.V1\.[^\s\"'\\*,]{4}", run.output)) <= set(real)


@pytest.mark.complete
def test_the_role_keeps_issuers_apart(fleet: Callable[..., Run], sim: Simulator, program: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = install(tmp_path / "other")
    hosts = {"h1": {}, "h2": {"mgmt_token_issuer_influxctl_path": str(other)}, "h3": {}}
    assert fleet(hosts).code == 0
    assert issued(program) == ["list", "create", "create", "list"]
    assert issued(other) == ["list", "create", "list"]
    assert {name: [secret] for name, secret in held(tmp_path).items()} == working(sim)
    install(program.parent, "2.5.0")
    run = fleet({"h1": {}, "h3": {}})
    assert [result["msg"].count("2.6.0 or newer") for result in run.failures] == [1, 1]


def test_many_are_revoked_by_their_ids_at_once(ansible: Ansible, sim: Simulator, program: Path) -> None:
    old = [sim.add_mgmt_token(f"old {n}") for n in range(3)]
    kept = sim.add_mgmt_token("kept")
    ids = [token.id for token in old]
    revoked = {"ids": ids, "state": "absent"}
    tasks: list[dict[str, Any]] = [
        {"name": "check", MODULE: revoked, "check_mode": True},
        {"name": "revoke", MODULE: revoked},
        {"name": "again", MODULE: revoked},
        {"name": "wrong", MODULE: {"ids": ids}, "ignore_errors": True},
    ]
    run = ansible.playbook(local_play(tasks, connection(sim)))
    assert commands(invocations(program)) == ["list", "list", "revoke", "list"]
    assert [entry["id"] for entry in run.result("check")["mgmt_tokens"]] == ids
    assert [entry["id"] for entry in run.result("revoke")["mgmt_tokens"]] == ids
    assert [run.result(name)["changed"] for name in ("check", "revoke", "again")] == [True, True, False]
    assert "state: absent" in run.result("wrong")["msg"]
    assert all(token.revoked_at for token in old)
    assert kept.revoked_at is None


def test_its_own_token_among_many_ids_is_left(ansible: Ansible, sim: Simulator, program: Path) -> None:
    own = next(token for token in sim.state.mgmt_tokens if token.secret == sim.admin_token)
    other = sim.add_mgmt_token("other")
    tasks = [{"name": "revoke", MODULE: {"ids": [other.id, own.id], "state": "absent"}}]
    run = ansible.playbook(local_play(tasks, connection(sim)))
    assert run.code == 0
    result = run.result("revoke")
    assert [entry["id"] for entry in result["mgmt_tokens"]] == [other.id]
    assert result["warnings"] == [f"The token {own.id} is left, because this module authenticates with it."]
    assert other.revoked_at is not None
    assert own.revoked_at is None
