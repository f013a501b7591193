# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook `preflight` finds each kind of problem and what to do, changes nothing and shows no secret."""

from __future__ import annotations

import errno
import json
import os
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from harness.fixtures import manages_tokens
from harness.playbook import Ansible, Run
from harness.plays import connection
from harness.sample import sample
from harness.sweeps import assert_no_secret, snapshot, sweep
from simulator import Fault, MgmtToken, Simulator
from simulator.influxctl import install

SHOWN = "Show what would go wrong"
# The Python beneath this virtual environment, which has none of its packages.
BARE = getattr(sys, "_base_executable", sys.executable)
ISSUER = "issuer localhost"


@dataclass
class World:
    """A cluster, and two hosts that are directories of this machine; `hosts` has their variables."""

    ansible: Ansible
    sim: Simulator
    variables: dict[str, Any] = field(default_factory=dict)
    hosts: dict[str, dict[str, Any]] = field(default_factory=dict)
    flags: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self.directory = self.ansible.workdir
        self.report = self.directory / "report.json"
        self.variables = {
            "cluster_connection": connection(self.sim),
            "mgmt_token_expires_in": "90d",
            "mgmt_token_renew_before": "14d",
            "preflight_file": self.report.name,
        }
        for name in ("web1", "web2"):
            self.add(name)

    def add(self, name: str, **variables: Any) -> Path:
        """Add a host whose profile is in order, and return its config."""
        config = self.directory / name / "config.toml"
        config.parent.mkdir(mode=0o700)
        self.hosts[name] = {
            "ansible_connection": "local",
            "ansible_python_interpreter": BARE,
            "mgmt_token_profile_path": str(config),
            **variables,
        }
        self.give(name, self.sim.add_mgmt_token(f"influxctl {name}"))
        return config

    def give(self, name: str, token: MgmtToken, more: str = "") -> None:
        """Have a host hold a token."""
        sim, config = self.sim, self.directory / name / "config.toml"
        config.write_text(
            f'[[profile]]\nname = "default"\nproduct = "clustered"\nhost = "{sim.host}"\nport = "{sim.port}"\n'
            f'mgmt_token = "{token.secret}"\n{more}[profile.tls]\nca = "{sim.ca_path}"\n'
        )
        config.chmod(0o600)

    def connect(self, **options: Any) -> None:
        """Reach the cluster in another way."""
        self.variables["cluster_connection"] = {**connection(self.sim), **options}

    def play(self, *flags: str, playbook: str = "preflight", **variables: Any) -> Run:
        """Run the playbook."""
        inventory = self.directory / "inventory.json"
        inventory.write_text(json.dumps({"influxdb3_fleet": {"hosts": self.hosts}}))
        group = self.directory / "group_vars"
        group.mkdir(exist_ok=True)
        (group / "all.json").write_text(json.dumps({**self.variables, **variables}))
        self.sim.requests.clear()
        return self.ansible.playbook(f"influxops.influxdb3.{playbook}", *self.flags, *flags, inventory=inventory)

    def findings(self, run: Run) -> dict[str, list[str]]:
        """What a run has found, by its file; the run's end, its message and its table say the same."""
        report = json.loads(self.report.read_text())
        found: dict[str, list[str]] = report["findings"]
        assert (run.code, [json.loads(one["msg"]) for one in run.failures]) == ((2, [found]) if found else (0, []))
        problems = [row for row in report["rows"] if row["state"] == "problem"]
        assert {(check, where) for check, places in found.items() for where in places} == {
            (row["check"], row["where"]) for row in problems
        }
        assert all(row["remedy"].endswith((".", "'")) for row in problems), "each has a sentence that says what to do"
        text = " ".join(" ".join(run.result(SHOWN)["lines"]).split())
        assert [row for row in problems if " ".join(row["remedy"].split())[:100] not in text] == []
        assert_no_secret(run.output + json.dumps(run.results) + self.report.read_text(), self.sim.secrets)
        assert self.sim.writes == []
        return found

    def remedy(self, check: str) -> str:
        """What the first problem of a check is to be remedied by."""
        rows = json.loads(self.report.read_text())["rows"]
        return next(str(row["remedy"]) for row in rows if row["check"] == check and row["state"] == "problem")


@pytest.fixture
def world(ansible: Ansible, sim: Simulator) -> World:
    return World(ansible, sim)


def files(world: World) -> dict[str, tuple[int, bytes]]:
    """The hosts' files, and whatever else may have come about beside them."""
    paths = [path for host in world.hosts for path in (world.directory / host).rglob("*") if path.is_file()]
    return {str(path): (path.stat().st_mode, path.read_bytes()) for path in paths}


@manages_tokens
def test_all_is_in_order(world: World) -> None:
    """In check mode, and again, as well; nothing is written anywhere."""
    del world.variables["preflight_file"]
    run = sweep(world.play, world.sim, files=lambda: files(world))
    assert (run.code, run.failures, run.changed, world.sim.writes) == (0, [], [], [])
    rows = run.result("Turn what was seen into checks")["ansible_facts"]["mgmt_token_preflight"]["rows"]
    assert {row["check"] for row in rows} == {
        *("variables", "renewal", "python", "library", "api", "certificate", "clock", "influxctl", "token", "expiry"),
        *("user", "file", "keys", "proof"),
    }
    assert {row["state"] for row in rows} == {"ok"}
    assert run.result(SHOWN)["lines"][-1] == f"{len(rows)} checks: {len(rows)} ok."


def closed_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def bare_libraries(world: World) -> dict[str, list[str]]:
    """The Python of the controller has no library at all (-S)."""
    python = world.directory / "bare-python"
    python.write_text(f'#!/bin/sh\nexec {BARE} -S "$@"\n')
    python.chmod(0o755)
    world.flags = ("-e", f"ansible_python_interpreter={python}")
    return {"library": ["controller"] * 2}


def other_influxctl(world: World, version: str) -> dict[str, list[str]]:
    (world.directory / "other").mkdir()
    world.variables["mgmt_token_issuer_influxctl_path"] = str(install(world.directory / "other", version=version))
    return {"influxctl": [ISSUER]}


def influxctl_without_management(world: World) -> dict[str, list[str]]:
    return other_influxctl(world, "2.5.0")


def influxctl_without_expiry(world: World) -> dict[str, list[str]]:
    return other_influxctl(world, "2.9.9")


def no_influxctl(world: World) -> dict[str, list[str]]:
    world.variables["mgmt_token_issuer_influxctl_path"] = "/no/such/influxctl"
    return {"influxctl": [ISSUER]}


def dead_api(world: World) -> dict[str, list[str]]:
    world.connect(host=f"https://127.0.0.1:{closed_port()}", retries=0)
    return {"api": ["controller"], "token": [ISSUER]}


def wrong_path(world: World) -> dict[str, list[str]]:
    """influxctl has no place for a path."""
    world.connect(host=f"{world.sim.url}/influxdb")
    return {"api": ["controller"], "token": [ISSUER]}


def unknown_ca(world: World) -> dict[str, list[str]]:
    world.connect(ca_path=str(world.sim.client_cert_path))
    return {"api": ["controller"], "certificate": ["controller"], "token": [ISSUER]}


def wrong_clock(world: World) -> dict[str, list[str]]:
    world.sim.clock.advance(-3600)
    return {"clock": ["controller"]}


def authorize(world: World, token: MgmtToken) -> None:
    world.connect(management_token=token.secret)


def refused_token(world: World) -> dict[str, list[str]]:
    authorize(world, world.sim.add_mgmt_token("old", revoked_at=world.sim.clock.now()))
    return {"token": ["controller", ISSUER]}


def ended_token(world: World) -> dict[str, list[str]]:
    authorize(world, world.sim.add_mgmt_token("old", world.sim.clock.now() - timedelta(days=1)))
    return {"token": ["controller", ISSUER]}


def ending_token(world: World) -> dict[str, list[str]]:
    authorize(world, world.sim.add_mgmt_token("old", world.sim.clock.now() + timedelta(days=7)))
    return {"expiry": [ISSUER]}


def no_renewal(world: World) -> dict[str, list[str]]:
    del world.variables["mgmt_token_renew_before"]
    return {"renewal": ["controller"]}


def no_user(world: World) -> dict[str, list[str]]:
    world.sim.state.users.clear()
    return {"user": [ISSUER]}


def misspelt(world: World) -> dict[str, list[str]]:
    world.variables["mgmt_token_renew_befor"] = "7d"
    return {"variables": ["controller"]}


# What is found, and a part of what helps.
SPOILERS: dict[Callable[[World], dict[str, list[str]]], dict[str, str]] = {
    bare_libraries: {"library": "pip install"},
    influxctl_without_management: {"influxctl": "since 2.6.0"},
    influxctl_without_expiry: {"influxctl": "since 2.10.0"},
    no_influxctl: {"influxctl": "installs it; mgmt_token_issuer_influxctl_path"},
    dead_api: {"api": "Check host and port", "token": "management tokens"},
    wrong_path: {"api": "There is no Management API at this address", "token": "Name the host only"},
    unknown_ca: {"certificate": "set ca_path"},
    wrong_clock: {"clock": "NTP"},
    refused_token: {"token": "not expired and not revoked"},
    ended_token: {"token": "not expired and not revoked"},
    ending_token: {"expiry": "influxctl management create"},
    no_renewal: {"renewal": "mgmt_token_renew_before"},
    no_user: {"user": "log in once"},
    misspelt: {"variables": "mgmt_token_renew_before is meant"},
}


@pytest.mark.parametrize(
    "spoil", sample(list(SPOILERS), lambda _number, spoil: spoil is wrong_path), ids=lambda spoil: spoil.__name__
)
def test_each_problem_of_the_controller_and_the_issuer(world: World, spoil: Any) -> None:
    expected = spoil(world)
    before = snapshot(world.sim), files(world)
    found = world.findings(world.play())
    assert found == expected
    for check, part in SPOILERS[spoil].items():
        assert part in world.remedy(check)
    assert (snapshot(world.sim), files(world)) == before


@pytest.mark.complete
@pytest.mark.parametrize("certificate", ["ending", "expired"])
def test_each_problem_of_the_certificate(ansible: Ansible, certificate: Any) -> None:
    """The hosts meet the same certificate."""
    with Simulator(certificate=certificate) as sim:
        world = World(ansible, sim)
        found = world.findings(world.play())
        expired = {"api": ["controller"], "token": [ISSUER], "proof": ["web1", "web2"]}
        assert found == {"certificate": ["controller"], **(expired if certificate == "expired" else {})}
        assert "renewed" in world.remedy("certificate")
        assert world.findings(world.play(preflight_expiring_within="5d")).keys() == found.keys() - (
            {"certificate"} if certificate == "ending" else set()
        )


def trap(directory: Path) -> Path:
    """A program that says what Ansible would run, and what steers a terminal, if either took it for its own."""
    program = directory / "trap-influxctl"
    said = f"{{{{ lookup('ansible.builtin.pipe', 'touch {directory / 'trapped'}') }}}}"
    program.write_text(f"#!/bin/sh\nprintf '\\033[2J%s' \"{said}\" >&2\nexit 1\n")
    program.chmod(0o755)
    return program


def spoiled_hosts(world: World) -> dict[str, list[str]]:
    """A host with each problem; return what is found."""
    sim, directory = world.sim, world.directory
    old = directory / "python3.6"
    old.write_text('#!/bin/sh\ncase "$*" in *sys.version*) echo 3.6.8 ;; *) exit 1 ;; esac\n')
    old.chmod(0o755)
    world.add("old", ansible_python_interpreter=str(old))
    world.add("away", ansible_connection="ssh", ansible_host="127.0.0.1", ansible_port=closed_port())
    world.add("bare", mgmt_token_influxctl_path="/no/such/influxctl")
    (directory / "other").mkdir()
    world.add("behind", mgmt_token_influxctl_path=str(install(directory / "other", version="2.5.0")))
    (directory / "behind" / "config.toml").unlink()
    world.add("open").chmod(0o644)
    world.add("shared").parent.chmod(0o777)
    world.add("blocked").unlink()
    (directory / "blocked" / "file").touch()
    world.hosts["blocked"]["mgmt_token_profile_path"] = str(directory / "blocked" / "file" / "config.toml")
    world.add("broken").write_text("[[profile]\n")
    world.add("refused")
    world.give("refused", sim.add_mgmt_token("refused"), 'tocken = "x"\n"{{ 1 + 1 }}" = "y"\n')
    world.add("trap", mgmt_token_influxctl_path=str(trap(directory)))
    world.add("dead")
    world.give("dead", sim.add_mgmt_token("dead", revoked_at=sim.clock.now()))
    # Its profile is still to be written, and names a certificate that isn't there.
    absent = {"ca": str(sim.ca_path), "cert": str(directory / "absent.pem"), "disable": None}
    world.add("lacking", mgmt_token_profile={"tls": absent}).unlink()
    # In order: there is nothing to prove, or nobody asks for it.
    world.add("fresh").unlink()
    world.add("unproved", mgmt_token_influxctl_path="/no/such/influxctl", mgmt_token_prove=False)
    return {
        "reach": ["away"],
        "python": ["old"],
        "certificate": ["lacking"],
        "influxctl": ["bare", "behind"],
        "file": ["open", "shared", "blocked", "broken"],
        "keys": ["refused"],
        "proof": ["refused", "trap", "dead"],
    }


@manages_tokens
def test_each_problem_of_a_host(world: World) -> None:
    expected = spoiled_hosts(world)
    before = snapshot(world.sim), files(world)
    run = world.play("--check")
    found = world.findings(run)
    assert {check: sorted(places) for check, places in found.items()} == {
        check: sorted(places) for check, places in expected.items()
    }
    assert (snapshot(world.sim), files(world)) == before
    assert world.report.stat().st_mode & 0o777 == 0o600
    rows = json.loads(world.report.read_text())["rows"]
    remedies = {(row["check"], row["where"]): row["remedy"] for row in rows if row["state"] == "problem"}
    for (check, where), part in {
        ("python", "old"): "3.9 or newer",
        ("reach", "away"): "ansible -m ping away",
        ("influxctl", "bare"): "influxops.influxdb3.influxctl installs it; mgmt_token_influxctl_path",
        ("influxctl", "behind"): "since 2.6.0",
        ("certificate", "lacking"): "mgmt_token_profile.tls.cert names",
        ("file", "open"): "chmod 600",
        ("file", "shared"): "chmod go-w",
        ("file", "blocked"): os.strerror(errno.ENOTDIR),
        ("file", "broken"): "TOML",
        ("keys", "refused"): "{{ 1 + 1 }}",
        ("proof", "dead"): "neither expired nor revoked",
        ("proof", "trap"): "{{ lookup('ansible.builtin.pipe'",
    }.items():
        assert part in remedies[check, where]
    assert "token is meant" in remedies["keys", "refused"]
    assert all(len(line) <= 120 and line.isprintable() for line in run.result(SHOWN)["lines"])
    assert not (world.directory / "trapped").exists()


@pytest.mark.complete
def test_only_some_checks_fail_the_run(world: World) -> None:
    """Also where they are stated in one text; the report says all the same."""
    ending_token(world)
    assert world.play(preflight_fail_on=["token", "api"]).code == 0
    assert json.loads(world.report.read_text())["findings"] == {"expiry": [ISSUER]}
    assert world.play(preflight_fail_on=[]).code == 0
    assert world.play("-e", "preflight_fail_on=token,expiry").code == 2
    wrong = world.play(preflight_fail_on=["tokens"])
    assert wrong.code == 2
    assert "'tokens' is no check" in wrong.output


@pytest.mark.complete
def test_what_cannot_be_looked_at_is_told_and_is_no_problem(world: World) -> None:
    sim = world.sim
    sim.faults.append(Fault("status", times=0, status=403, match=lambda one: one.path.endswith("user/list")))
    world.connect(validate_certs=False)
    del world.variables["cluster_connection"]["ca_path"]
    run = world.play("--limit", "localhost,web1")
    assert world.findings(run) == {}
    report = json.loads(world.report.read_text())
    assert {row["check"] for row in report["rows"] if row["state"] == "not checked"} == {"user", "certificate"}
    assert report["not_asked"] == ["web2"]
    without = world.play("--limit", "web1")
    assert without.code == 2, "no report would look like a good one"
    assert ["Add it to the limit" in one["msg"] for one in without.failures] == [True]


@pytest.mark.complete
def test_who_has_no_fleet_needs_no_issuer(world: World) -> None:
    world.hosts.clear()
    no_influxctl(world)
    assert world.findings(world.play()) == {}


def test_bootstrap_stops_before_anything_is_changed(world: World) -> None:
    """What it finds on the way costs nothing on the hosts, and what can wait doesn't stop it."""
    no_influxctl(world)
    no_renewal(world)
    world.variables["cluster_databases"] = [{"name": "metrics"}]
    before = snapshot(world.sim), files(world)
    run = world.play(playbook="bootstrap")
    assert run.code == 2
    assert [json.loads(one["msg"]) for one in run.failures] == [{"influxctl": [ISSUER]}]
    assert {one["host"] for one in run.results} == {"localhost"}
    assert (snapshot(world.sim), files(world)) == before
    lines = run.result(SHOWN)["lines"]
    assert [line.split()[0] for line in lines if not line.startswith(" ")][:3] == ["check", "renewal", "influxctl"]
    assert_no_secret(run.output, world.sim.secrets)
