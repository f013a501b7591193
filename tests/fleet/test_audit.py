# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook `audit` over SSH: who holds what, what fails a job; nothing changes, and no secret leaves a host."""

from __future__ import annotations

import csv
import json
import os
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from fleet import Fleet
from fleet.host import Host
from harness.playbook import Ansible, Run
from harness.plays import connection
from harness.rotation import CONFIG, Rotation
from harness.sweeps import assert_no_secret, snapshot
from simulator import DbToken, MgmtToken, Simulator
from simulator.influxctl import install

FOREIGN = "M.V1.wxyzTheTokenOfAnotherCluster"
BROKEN = "M.V1.brokTheTokenInAFileThatIsNoToml"
WORDS = ("expired", "revoked", "unknown", "unreadable", "expiring", "none", "world_readable", "shared", "orphan")
DB_FILE = "influxdb3/token.json"
SHOWN = "Show who holds what"


@pytest.fixture
def audited(ansible: Ansible, sim: Simulator) -> Iterator[Rotation]:
    """One host in each state."""
    with Fleet(size=9) as fleet:
        world = Rotation(ansible, sim, fleet)
        good, ending, ended, revoked, foreign, bare, away, broken, sharer = fleet.hosts
        now = sim.clock.now()
        shared = world.give_old(good, days=60)
        config_of(good).chmod(0o644)
        world.give(sharer, shared)
        world.give_old(ending, days=7)
        config_of(ending).write_text(config_of(ending).read_text() + '\n[[profile]]\nname = "admin"\n')
        world.give(ended, add_ended(world, ended))
        world.give_old(revoked, days=60).revoked_at = now
        config_of(foreign).parent.mkdir(parents=True)
        config_of(foreign).write_text(f'[[profile]]\nname = "default"\nmgmt_token = "{FOREIGN}"\n')
        config_of(foreign).chmod(0o600)
        sim.add_mgmt_token(world.description(away))
        away.stop()
        config_of(broken).parent.mkdir(parents=True)
        config_of(broken).write_text(f'[[profile]]\nmgmt_token = "{BROKEN}"\nname = \n')
        config_of(broken).chmod(0o644)
        assert not config_of(bare).exists()
        yield world


def config_of(host: Host) -> Path:
    return host.home / CONFIG


def add_ended(world: Rotation, host: Host) -> MgmtToken:
    """A token of a host that ended yesterday."""
    now = world.sim.clock.now()
    return world.sim.add_mgmt_token(
        world.description(host), now - timedelta(days=1), created_at=now - timedelta(days=30)
    )


def add_strange(sim: Simulator, trapped: Path) -> str:
    """Tokens that no host holds, of odd descriptions; return one that makes a file if anybody templates it."""
    trap = "{{ lookup('ansible.builtin.pipe', 'touch " + str(trapped) + "') }}"
    sim.add_mgmt_token(trap)
    sim.add_mgmt_token("=cmd()", sim.clock.now() + timedelta(days=1))
    return trap


def assert_nothing_happened(world: Rotation, before: object, run: Run, *canaries: str) -> None:
    """Nothing was changed anywhere, and no secret was shown nor sent."""
    assert (world.configs(), snapshot(world.sim)) == before
    assert world.sim.writes == []
    assert world.commands() == ["list"]
    secrets = {*world.sim.secrets, *canaries}
    assert_no_secret(run.output + json.dumps(run.results), secrets)
    for host in world.fleet.hosts:
        assert_no_secret(world.fleet.answers(host), secrets)


def test_every_state_at_once(audited: Rotation, tmp_path: Path) -> None:
    """In check mode, which writes the report as well."""
    trapped, written = tmp_path / "trapped", tmp_path / "report.json"
    trap = add_strange(audited.sim, trapped)
    before = audited.configs(), snapshot(audited.sim)
    executed = audited.executions()

    run = audited.play("audit", "--check", mgmt_token_audit_file=str(written))

    assert run.code == 0, run.output
    assert_nothing_happened(audited, before, run, FOREIGN, BROKEN)
    assert {name: count - executed[name] for name, count in audited.executions().items()} == {
        host.name: int(host.name != "host7") for host in audited.fleet.hosts
    }
    report = json.loads(written.read_text())
    assert written.read_text() == json.dumps(report, indent=4, sort_keys=True) + "\n"
    assert written.stat().st_mode & 0o777 == 0o600
    assert_report_of_every_state(report, audited, trap)
    assert_lines_of_every_state(run.result(SHOWN)["lines"], report)
    assert not trapped.exists()


def assert_report_of_every_state(report: dict[str, Any], audited: Rotation, trap: str) -> None:
    tokens = {token.description: token for token in audited.sim.state.mgmt_tokens}
    own = [tokens[audited.description(host)].id for host in audited.fleet.hosts[:4]]
    assert [(row["host"], row["profile"], row["token_id"], row["state"]) for row in report["rows"]] == [
        ("host1", "default", own[0], "ok"),
        ("host2", "admin", None, "none"),
        ("host2", "default", own[1], "expiring"),
        ("host3", "default", own[2], "expired"),
        ("host4", "default", own[3], "revoked"),
        ("host5", "default", None, "unknown"),
        ("host6", None, None, "none"),
        ("host7", None, None, "unknown"),
        ("host8", None, None, "unknown"),
        ("host9", "default", own[0], "ok"),
    ]
    assert [(orphan["description"], orphan["state"]) for orphan in report["orphans"]] == [
        ("=cmd()", "expiring"),
        (trap, "ok"),
    ]
    assert report["findings"] == {
        "expired": ["host3 (default)"],
        "expiring": ["host2 (default)"],
        "none": ["host2 (admin)", "host6"],
        "orphan": [f"{orphan['token_id']} ({orphan['description']})" for orphan in report["orphans"]],
        "revoked": ["host4 (default)"],
        "shared": ["host1 (default)", "host9 (default)"],
        "unknown": ["host5 (default)", "host7", "host8"],
        "world_readable": ["host1 (default)", "host8"],
    }
    assert set(report) == {"rows", "orphans", "others", "ending", "findings", "not_asked", "silent", "audited_at"}
    assert {row["kind"] for row in report["rows"]} == {"management"}
    assert (report["not_asked"], report["silent"]) == ([], ["host7", "host8"])


def assert_lines_of_every_state(shown: list[str], report: dict[str, Any]) -> None:
    # A long remark goes on in the next line.
    lines = "\n".join(shown).replace("\n    ", " ").splitlines()
    assert [line.split()[0] for line in lines[:11]] == ["host", *(row["host"] for row in report["rows"])]
    ends = lines[0].index("state")
    assert [line[ends:] for line in lines[1:11]] == [row["state"] for row in report["rows"]]
    remarks = dict(line.split(": ", 1) for line in lines[11:16])
    assert remarks["host1"] == "shares its token with host9; others than the owner can read the file"
    assert remarks["host5"] == "the cluster lists no token that begins M.V1.wxyz"
    assert remarks["host7"], "what SSH says, in its own words"
    assert "TOML" in remarks["host8"]
    assert remarks["host9"] == "shares its token with host1"
    doubt = "(no answer from host7, host8, which may hold one of them)"
    assert lines[16] == "10 profiles: 3 unknown, 2 none, 2 ok, 1 expired, 1 expiring, 1 revoked."
    assert lines[17:19] == ["", f"Active tokens that no host was seen to hold {doubt}:"]
    assert len(lines) == 22


@pytest.mark.complete
def test_the_report_as_csv(audited: Rotation, tmp_path: Path) -> None:
    """The same once more, without check mode, into a file beside the playbook's user."""
    sim, trapped = audited.sim, tmp_path / "trapped"
    trap = add_strange(sim, trapped)
    before = audited.configs(), snapshot(sim)
    table = tmp_path / "report.csv"
    run = audited.play("audit", mgmt_token_audit_file=table.name)
    assert run.code == 0
    assert_nothing_happened(audited, before, run, FOREIGN, BROKEN)
    assert table.stat().st_mode & 0o777 == 0o600
    with table.open(newline="") as file:
        cells = list(csv.DictReader(file))
    lines = run.result(SHOWN)["lines"][1:11]
    assert [(row["host"], row["state"]) for row in cells[:10]] == [(one.split()[0], one.split()[-1]) for one in lines]
    assert [row["shared_with"] for row in cells if row["shared_with"]] == ["host9", "host1"]
    assert [row["host"] for row in cells if row["world_readable"] == "true"] == ["host1", "host8"]
    unheld = [("", "'=cmd()"), ("", trap), ("", audited.description(audited.fleet.hosts[6])), ("", "simulator admin")]
    assert [(row["host"], row["description"]) for row in cells[10:]] == unheld
    assert not trapped.exists()


def give_file(world: Rotation, host: Host, token: DbToken, mode: int = 0o600) -> None:
    """Have a host hold a database token, as the role db_token writes it."""
    path = host.home / DB_FILE
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_secret(path, token)
    path.chmod(mode)


def write_secret(path: Path, token: DbToken) -> None:
    ends = None if token.expires_at is None else token.expires_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    kept = {"id": token.id, "description": token.description, "token": token.secret, "expires_at": ends}
    path.write_text(json.dumps({**kept, "created_at": None}))
    path.chmod(0o600)


@pytest.fixture
def both(rotation: Rotation, tmp_path: Path) -> Rotation:
    """A fleet whose first host has a token of each kind, the second one that has ended and one without its file, and
    the third none; the controller keeps a token, and one that ends first is kept by nobody."""
    sim, (first, second, _third) = rotation.sim, rotation.fleet.hosts
    now = sim.clock.now()

    def add(description: str, days: float | None) -> DbToken:
        ends = None if days is None else now + timedelta(days=days)
        return sim.add_db_token(description, expires_at=ends)

    rotation.give_old(first, days=60)
    rotation.give_old(second, days=5)
    give_file(rotation, first, add("telegraf host1", 6))
    give_file(rotation, second, add("telegraf host2", -2), 0o644)
    secrets = tmp_path / "secrets"
    secrets.mkdir(mode=0o700)
    write_secret(secrets / "grafana.json", add("grafana", 40))
    (secrets / "README").write_text("no token")
    add("=left()", 1)
    rotation.variables |= {
        "cluster_connection": connection(sim),
        "cluster_secret_dir": str(secrets),
        "db_token_path": f"~/{DB_FILE}",
    }
    return rotation


def test_both_kinds_in_one_report_and_in_each_file(both: Rotation, tmp_path: Path) -> None:
    """With two remote executions for each host, and one list of each kind; a second run writes no file anew."""
    sim, hosts = both.sim, both.fleet.hosts
    before, executed = (both.configs(), snapshot(sim)), both.executions()
    files = [tmp_path / f"tokens.{ending}" for ending in ("json", "csv", "html", "prom")]
    run = both.play("audit", mgmt_token_audit_file=[str(path) for path in files])
    assert run.code == 0, run.output
    assert_nothing_happened(both, before, run)
    assert {name: count - executed[name] for name, count in both.executions().items()} == dict.fromkeys(
        (host.name for host in hosts), 2
    )
    assert [request.method for request in sim.requests if "/tokens" in request.path] == ["GET"]

    report = json.loads(files[0].read_text())
    assert [(row["kind"], row["host"], row["description"], row["state"]) for row in report["rows"]] == [
        ("management", "host1", "influxctl host1", "ok"),
        ("database", "host1", "telegraf host1", "expiring"),
        ("management", "host2", "influxctl host2", "expiring"),
        ("database", "host2", "telegraf host2", "expired"),
        ("management", "host3", None, "none"),
        ("database", "host3", None, "none"),
        ("database", "localhost", "grafana", "ok"),
    ]
    assert [row["description"] for row in report["orphans"]] == ["=left()"]
    assert [row["description"] for row in report["ending"]] == ["=left()", "influxctl host2", "telegraf host1"]
    assert report["findings"]["world_readable"] == [f"host2 ({hosts[1].home / DB_FILE})"]
    lines = run.result(SHOWN)["lines"]
    assert "4 files: 1 expired, 1 expiring, 1 none, 1 ok." in lines
    assert [line.split()[2:4] for line in lines[-3:]] == [
        ["database", "-"],
        ["management", "host2"],
        ["database", "host1"],
    ]

    with files[1].open(newline="") as file:
        cells = list(csv.DictReader(file))
    assert [row["description"] for row in cells if row["kind"] == "database"] == [
        *("telegraf host1", "telegraf host2", "", "grafana", "'=left()"),
    ]
    assert files[2].read_text().startswith("<!doctype html>")
    (family,) = text_string_to_metric_families(files[3].read_text())
    ends = {(one.labels["host"], one.labels["description"]): one.value for one in family.samples}
    assert ends["host1", "telegraf host1"] == datetime.fromisoformat(report["rows"][1]["expires_at"]).timestamp()
    assert [oct(path.stat().st_mode & 0o777) for path in files] == ["0o600", "0o600", "0o600", "0o644"]
    assert_no_secret("".join(path.read_text() for path in files), sim.secrets)
    assert run.result(SHOWN)["ansible_stats"]["data"]["influxdb3_audit_expired"] == ["host2"]
    (soonest,) = run.result(SHOWN)["ansible_stats"]["data"]["influxdb3_audit_soonest_end"]
    assert datetime.fromisoformat(soonest) == datetime.fromisoformat(report["ending"][0]["expires_at"])


@pytest.mark.complete
def test_a_host_that_is_away_is_waited_for_once(both: Rotation) -> None:
    """It is in the report with both kinds, and what bears its name is no token that nobody holds."""
    host = both.fleet.hosts[0]
    host.stop()
    run = both.play("audit", mgmt_token_audit_fail_on=["unknown"])
    assert [json.loads(one["msg"]) for one in run.failures] == [{"unknown": ["host1", "host1"]}]
    assert sum(bool(one["result"].get("unreachable")) for one in run.results) == 1
    assert run.result(SHOWN)["ansible_stats"]["data"]["influxdb3_audit_orphan"] == [
        token.id for token in both.sim.state.db_tokens if token.description == "=left()"
    ]


@pytest.mark.complete
def test_an_ending_that_says_nothing_is_refused_before_any_host_is_asked(both: Rotation, tmp_path: Path) -> None:
    executed = both.executions()
    for stated in (str(tmp_path / "report.txt"), [str(tmp_path / "a.json"), str(tmp_path / "report")]):
        run = both.play("audit", mgmt_token_audit_file=stated)
        assert run.code == 2
        assert ".json, .csv, .html, .prom" in run.output
    assert both.executions() == executed
    assert both.sim.requests == []
    assert list(tmp_path.glob("*.json")) == []


@pytest.mark.complete
def test_database_tokens_only_where_their_cluster_is_stated(both: Rotation) -> None:
    """Either variable will do; without one nobody looks at the hosts' files."""
    stated = both.variables.pop("cluster_connection")
    executed = both.executions()
    run = both.play("audit")
    assert not any("atabase" in line for line in run.result(SHOWN)["lines"])
    assert set(both.executions().values()) == {count + 1 for count in executed.values()}
    assert not any("/tokens" in request.path for request in both.sim.requests)
    other = both.play("audit", db_token_connection=stated)
    assert "Database tokens:" in other.result(SHOWN)["lines"]


def spoil(world: Rotation, word: str) -> str:
    """Have something not be in order on or about the first host; return what is found."""
    host, sim = world.fleet.hosts[0], world.sim
    if word == "expired":
        world.give(host, add_ended(world, host))
    elif word == "revoked":
        world.give_old(host, days=60).revoked_at = sim.clock.now()
    elif word == "unknown":
        host.stop()
        return "host1"
    elif word == "expiring":
        world.give_old(host, days=7)
    elif word == "none":
        config_of(host).unlink()
        return "host1"
    elif word == "unreadable":
        config_of(host).write_text(
            config_of(host).read_text().replace("[[profile]]", '[default]\nproduct = "x"\n[[profile]]')
        )
    elif word == "world_readable":
        config_of(host).chmod(0o604)
    elif word == "shared":
        config_of(host).write_bytes(config_of(world.fleet.hosts[1]).read_bytes())
    return "host1 (default)"


@pytest.mark.complete
@pytest.mark.parametrize("word", WORDS[:-1])
def test_each_word_fails_the_audit_after_the_report(word: str, rotation: Rotation, tmp_path: Path) -> None:
    """And no other word does, nor this one before; a word list may be a text, as with -e on the command line."""
    for host in rotation.fleet.hosts:
        rotation.give_old(host, days=60)
    others = [other for other in WORDS if other not in (word, "orphan")]
    assert rotation.play("audit", mgmt_token_audit_fail_on=[word, *others]).code == 0
    found = [spoil(rotation, word)] + (["host2 (default)"] if word == "shared" else [])
    assert rotation.play("audit", mgmt_token_audit_fail_on=",".join(others)).code == 0

    written = tmp_path / "report.json"
    run = rotation.play("audit", mgmt_token_audit_fail_on=word, mgmt_token_audit_file=str(written))

    assert run.code == 2
    assert [json.loads(failure["msg"]) for failure in run.failures] == [{word: found}]
    assert json.loads(written.read_text())["findings"][word] == found
    assert len(run.result(SHOWN)["lines"]) > 3


@pytest.mark.complete
def test_orphans_fail_the_audit_unless_hosts_were_not_asked(rotation: Rotation) -> None:
    for host in rotation.fleet.hosts:
        rotation.give_old(host, days=60)
    others = [word for word in WORDS if word != "orphan"]
    assert rotation.play("audit", mgmt_token_audit_fail_on=[*WORDS]).code == 0, "the issuer's own is none"
    orphan = rotation.sim.add_mgmt_token("left behind")
    assert rotation.play("audit", mgmt_token_audit_fail_on=others).code == 0
    run = rotation.play("audit", mgmt_token_audit_fail_on=["orphan"])
    assert run.code == 2
    assert [json.loads(one["msg"]) for one in run.failures] == [{"orphan": [f"{orphan.id} (left behind)"]}]

    limited = rotation.play("audit", "--limit", "localhost,host1", mgmt_token_audit_fail_on=[*WORDS])
    assert limited.code == 0, limited.output
    lines = limited.result(SHOWN)["lines"]
    assert [line.split()[:2] for line in lines[1:-3]] == [["host1", "default"]]
    assert lines[-1] == "Tokens that no host holds are not known: hosts that were not asked: 2."
    alone = rotation.play("audit", "--limit", "host1", mgmt_token_audit_fail_on=[*WORDS])
    assert ["Add it to the limit" in one["msg"] for one in alone.failures] == [True]


@pytest.mark.complete
def test_a_word_that_is_none_is_refused(rotation: Rotation) -> None:
    run = rotation.play("audit", mgmt_token_audit_fail_on=["broken"])
    assert run.code == 2
    assert "broken" in run.output


@pytest.mark.complete
def test_the_time_within_which_tokens_end_can_be_set(rotation: Rotation) -> None:
    for host, days in zip(rotation.fleet.hosts, (2, 40, 80), strict=True):
        rotation.give_old(host, days=days)
    for within, expected in (("1d", 0), ("3d", 1), ("60d", 2), ("1y", 3)):
        run = rotation.play("audit", mgmt_token_audit_expiring_within=within)
        assert run.code == 0
        lines = run.result(SHOWN)["lines"]
        assert sum(line.startswith("host") and line.split()[-1] == "expiring" for line in lines[:4]) == expected, lines
    unread = rotation.play("audit", mgmt_token_audit_expiring_within="soon")
    assert unread.code == 2
    assert "'soon' is not a duration" in unread.output


@pytest.mark.complete
def test_two_names_for_one_machine_and_two_profiles_of_one_name(rotation: Rotation) -> None:
    host = rotation.fleet.hosts[0]
    rotation.give_old(host, days=60)
    config_of(host).write_text(config_of(host).read_text() * 2)
    inventory = json.loads(rotation.fleet.inventory.read_text())
    hosts = inventory["influxdb3_fleet"]["hosts"]
    inventory["influxdb3_fleet"]["hosts"] = {"host1": hosts["host1"], "alias": hosts["host1"]}
    rotation.fleet.inventory.write_text(json.dumps(inventory))
    run = rotation.play("audit")
    assert run.code == 0
    lines = run.result(SHOWN)["lines"]
    assert [line.split()[:2] for line in lines[1:5]] == [
        [name, "default"] for name in ("alias", "alias", "host1", "host1")
    ]
    assert lines[5:9] == [*["alias: shares its token with host1"] * 2, *["host1: shares its token with alias"] * 2]


@pytest.mark.complete
def test_a_report_where_it_can_not_be_written(rotation: Rotation) -> None:
    """The table was shown before."""
    rotation.give_old(rotation.fleet.hosts[0])
    run = rotation.play("audit", mgmt_token_audit_file="/proc/nowhere/report.json")
    assert run.code == 2
    assert any("host1" in line for line in run.result(SHOWN)["lines"])


@pytest.mark.complete
def test_a_cluster_that_does_not_answer(rotation: Rotation) -> None:
    rotation.give_old(rotation.fleet.hosts[0])
    connection = rotation.variables["mgmt_token_connection"] | {"management_token": "M.V1.wrongToken"}
    run = rotation.play("audit", mgmt_token_connection=connection)
    assert run.code == 2
    assert_no_secret(run.output, {*rotation.sim.secrets, "M.V1.wrongToken"})


@pytest.mark.complete
def test_every_version_of_influxctl_gives_the_same_report(rotation: Rotation) -> None:
    """On the issuer; the hosts need none for an audit."""
    hosts, sim = rotation.fleet.hosts, rotation.sim
    rotation.give_old(hosts[0], days=60)
    rotation.give_old(hosts[1], days=7)
    rotation.give(hosts[2], sim.add_mgmt_token(rotation.description(hosts[2])))
    sim.add_mgmt_token('before 2.10.0, "it" needn\'t be\tone word | or another')
    sim.add_mgmt_token("")
    expected: list[str] = []
    settings: list[dict[str, Any]] = [
        *({"version": version} for version in ("2.12.1", "2.11.0", "2.10.0", "2.9.9", "2.9.8", "2.7.0", "2.6.0")),
        *({"noise": stream} for stream in ("stderr", "stdout")),
        {"never_expires": "blank"},
        {"version_style": "long"},
    ]
    for setting in settings:
        install(rotation.program.parent, **setting)
        for host in hosts:
            (host.home / "bin" / "influxctl").unlink(missing_ok=True)
        run = rotation.play("audit")
        assert run.code == 0, run.output
        lines = run.result(SHOWN)["lines"]
        assert lines == (expected or lines), setting
        expected = lines
        assert sim.writes == []
    assert [line.split()[-1] for line in expected[1:4]] == ["ok", "expiring", "ok"]


@pytest.mark.complete
def test_the_summary_of_a_rotation_says_when_it_could_not_ask(rotation: Rotation) -> None:
    """Of a host that did not finish; a dash would say that it holds no old token."""
    sim, (kept, _bare, away) = rotation.sim, rotation.fleet.hosts
    rotation.give_old(kept, days=60)
    rotation.give_old(away)
    away.stop()
    flags = ("--limit", "localhost,host1,host3")
    table = rotation.rotate(*flags).result("Show who was renewed, and who may still hold an old token")["lines"]
    (old,) = rotation.alive(rotation.description(away))
    (token,) = [token for token in sim.state.mgmt_tokens if token.secret == old]
    assert table[3].split()[:2] == ["host3", "not"]
    assert f"host3: old tokens that still work: {token.id} until " in table[4]

    rotation.meanwhile(2, "management/list", lambda: setattr(sim.state.mgmt_tokens[0], "revoked_at", sim.clock.now()))
    table = rotation.rotate(*flags).result("Show who was renewed, and who may still hold an old token")["lines"]
    assert [re.split("  +", line)[:2] for line in table[1:4]] == [
        ["host1", "unchanged"],
        ["host2", "not asked"],
        ["host3", "not finished"],
    ]
    assert [line.endswith("not known") for line in table[1:4]] == [False, True, True]


@pytest.mark.complete
def test_files_that_have_no_end(rotation: Rotation) -> None:
    """A pipe that nobody writes into, and a device of zeros: neither the audit nor a rotation waits for their end."""
    pipe, zeros, good = rotation.fleet.hosts
    for host in (pipe, zeros):
        config_of(host).parent.mkdir(mode=0o700, parents=True)
    os.mkfifo(config_of(pipe), 0o600)
    config_of(zeros).symlink_to("/dev/zero")
    old = rotation.give_old(good)
    run = rotation.play("audit")
    assert run.code == 0, run.output
    states = [line.split() for line in run.result(SHOWN)["lines"][1:4]]
    assert [(state[0], state[-1]) for state in states] == [
        ("host1", "unknown"),
        ("host2", "unknown"),
        ("host3", "expiring"),
    ]
    assert rotation.rotate().code == 2
    assert rotation.issued(good) != old.secret
    for host in (pipe, zeros):
        assert rotation.alive(rotation.description(host)) == []
        assert not config_of(host).is_file()


def test_a_group_smaller_than_the_fleet_makes_no_orphans(rotation: Rotation, tmp_path: Path) -> None:
    """`mgmt_token_group` may name the hosts that share a token, while the play asks the fleet."""
    written = tmp_path / "report.json"
    for host in rotation.fleet.hosts:
        rotation.give_old(host, days=60)
    rotation.sim.add_mgmt_token("gone")

    run = rotation.play("audit", mgmt_token_group="host1", mgmt_token_audit_file=str(written))

    assert run.code == 0, run.output
    report = json.loads(written.read_text())
    assert [row["host"] for row in report["rows"]] == ["host1"]
    assert [row["description"] for row in report["orphans"]] == ["gone"]
    assert {row["note"] for row in report["others"]} == {
        "a host beyond this report holds it",
        "the audit itself uses it",
    }


@pytest.mark.parametrize(("playbook", "code"), [("audit", 0), ("preflight", 2)])
def test_a_host_that_is_away_ends_no_report_where_any_error_is_fatal(
    playbook: str, code: int, rotation: Rotation
) -> None:
    """As ansible.cfg may have it for all plays: `any_errors_fatal = true`."""
    rotation.give_old(rotation.fleet.hosts[0], days=60)
    rotation.fleet.hosts[1].stop()

    run = rotation.play(playbook, environment={"ANSIBLE_ANY_ERRORS_FATAL": "true"})

    assert run.code == code, run.output
    shown = {"audit": SHOWN, "preflight": "Show what would go wrong"}[playbook]
    lines = "\n".join(run.result(shown)["lines"])
    assert "host1" in lines
    assert "host2" in lines


BLANK = ("influxdb3_fleet", "influxdb3_strategy", "influxdb3_serial", "influxdb3_max_fail_percentage")


@pytest.mark.parametrize(
    ("playbook", "names"),
    [
        ("audit", ("influxdb3_fleet", "mgmt_token_audit_expiring_within", "mgmt_token_audit_file")),
        ("preflight", ("influxdb3_fleet", "preflight_expiring_within", "preflight_file")),
        ("rotate", BLANK),
    ],
)
def test_a_question_without_an_answer_is_as_if_it_were_not_asked(
    playbook: str, names: tuple[str, ...], rotation: Rotation
) -> None:
    """A survey of AWX gives an empty text for it."""
    for host in rotation.fleet.hosts:
        rotation.give_old(host, days=60)

    blank: dict[str, Any] = dict.fromkeys(names, "")
    run = rotation.play(playbook, **blank)

    assert run.code == 0, run.output
    assert set(rotation.executions().values()) == {1}
    assert run.changed == []


@pytest.mark.parametrize("name", ["description_prefix", "issuer"])
def test_an_empty_prefix_or_issuer_is_refused(name: str, rotation: Rotation) -> None:
    """With an empty prefix, each host would get another token, described by a blank and its name."""
    for host in rotation.fleet.hosts:
        rotation.give_old(host, days=60)
    before = rotation.configs()

    blank: dict[str, Any] = {f"mgmt_token_{name}": ""}
    run = rotation.rotate(**blank)

    assert run.code == 2
    assert f"mgmt_token_{name} is empty." in run.text
    assert (rotation.configs(), rotation.sim.writes) == (before, [])
