# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The `influxctl` stand-in: outputs per version (facts.md#output-of-create), config.toml, flags, errors."""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from simulator import Fault, Simulator
from simulator.influxctl import install, invocations

VERSIONS = ("2.6.0", "2.10.0", "2.11.0", "2.12.0")
EXPIRY = datetime(2999, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_create_before_2_11_prints_just_the_token(influxctl: Any) -> None:
    for version in ("2.6.0", "2.10.5"):
        outcome = influxctl("management create --description fleet", version)
        token = influxctl.sim.state.mgmt_tokens[-1]
        assert (outcome.code, outcome.out) == (0, token.secret + "\n")
        assert [line.partition("\t")[0] for line in outcome.err.splitlines()] == ["warn", "warn"]
        assert token.description == "fleet"


def test_create_from_2_11_prints_a_table_first(influxctl: Any) -> None:
    for version in ("2.11.0", "2.12.0"):
        arguments = "management create --description fleet --expires-at 2999-01-02T03:04:05Z --format table"
        outcome = influxctl(arguments, version)
        token = influxctl.sim.state.mgmt_tokens[-1]
        dashes = "-" * 38
        assert outcome.out.splitlines() == [
            f"+-------------+{dashes}+",
            f"|          id | {token.id} |",
            f"| description | {'fleet':36} |",
            f"|  expires at | {'2999-01-02T03:04:05Z':36} |",
            f"|  revoked at | {'':36} |",
            f"+-------------+{dashes}+",
            token.secret,
        ]
        assert token.expires_at == EXPIRY


@pytest.mark.parametrize("version", VERSIONS)
def test_create_as_json(influxctl: Any, version: str) -> None:
    created = json.loads(influxctl("management create --description fleet --format=json", version).out)
    token = influxctl.sim.state.mgmt_tokens[-1]
    assert (created["id"], created["token"], created["token_prefix"]) == (token.id, token.secret, token.prefix)


@pytest.mark.parametrize("version", VERSIONS)
def test_list_as_json(influxctl: Any, version: str) -> None:
    sim = influxctl.sim
    plain = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
    token = sim.add_mgmt_token("t", EXPIRY, created_at=plain.replace(microsecond=5), revoked_at=plain)
    rows = json.loads(influxctl("management list --format json", version).out)
    seconds = int(plain.timestamp())
    assert list(rows[0].items()) == [
        ("id", token.id),
        ("account_id", sim.account_id),
        ("token_prefix", token.secret[:9]),
        ("expires_at", {"seconds": int(EXPIRY.timestamp())}),
        ("revoked_at", {"seconds": seconds}),
        ("created_at", {"seconds": seconds, "nanos": 5000}),
        ("description", "t"),
        ("created_by", token.created_by),
    ]
    assert list(rows[1]) == ["id", "account_id", "token_prefix", "created_at", "description", "created_by"]


@pytest.mark.parametrize("version", VERSIONS)
def test_list_as_a_table(influxctl: Any, version: str) -> None:
    moment = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
    token = influxctl.sim.add_mgmt_token("t", created_at=moment, revoked_at=moment)
    lines = influxctl("management list", version).out.splitlines()
    assert re.fullmatch(r"(\+-+){6}\+", lines[0])
    assert lines[0] == lines[2] == lines[-1]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in (lines[1], lines[3])]
    assert cells[0] == ["ID", "DESCRIPTION", "PREFIX", "CREATED AT", "EXPIRES AT", "REVOKED AT"]
    times = "2024-05-06T07:08:09Z", "1970-01-01T00:00:00Z", "2024-05-06T07:08:09Z"
    assert cells[1] == [token.id, "t", token.prefix, *times]


def test_sorting(influxctl: Any) -> None:
    now = influxctl.sim.clock.now()
    influxctl.sim.state.mgmt_tokens.clear()
    influxctl.write_config(mgmt_token=influxctl.sim.session_token)
    for description, expires_at in (("b", None), ("a", EXPIRY), ("c", now.replace(year=2998))):
        influxctl.sim.add_mgmt_token(description, expires_at)

    def listed(arguments: str) -> list[str]:
        rows = json.loads(influxctl(f"management list --format json {arguments}", "2.9.9").out)
        return [row["description"] for row in rows]

    assert listed("") == listed("--sort created") == ["b", "a", "c"]
    assert listed("--sort description") == ["a", "b", "c"]
    assert listed("--sort expires") == ["b", "c", "a"]
    assert sorted(listed("--sort id") + listed("--sort prefix") + listed("--sort revoked")) == list("aaabbbccc")


def test_revoke(influxctl: Any) -> None:
    sim = influxctl.sim
    first, second = sim.add_mgmt_token("a"), sim.add_mgmt_token("b")
    missing = "55555555-5555-4555-8555-555555555555"
    outcome = influxctl(f"management revoke --force {first.id} {missing} {second.id}")
    assert outcome.code == 1
    assert f"rpc error: code = NotFound desc = management token {missing} not found" in outcome.err
    assert first.revoked_at
    assert second.revoked_at, "goes on after an error since 2.9.8"

    revoked_at = first.revoked_at
    assert influxctl(f"management revoke --force {first.id}").code == 0
    assert first.revoked_at == revoked_at, "the first revocation counts"

    third = sim.add_mgmt_token("c")
    assert influxctl(f"management revoke --force {missing} {third.id}", "2.9.7").code == 1
    assert third.revoked_at is None
    assert influxctl(f"management revoke {third.id} --force").code == 1, "flags come before arguments"
    assert third.revoked_at is None
    assert influxctl(f"management revoke -force=true {third.id}").code == 0
    assert third.revoked_at


def test_databases(influxctl: Any) -> None:
    sim = influxctl.sim
    day = 86_400_000_000_000
    database = sim.add_database("d", retention_period=30 * day + day // 2)
    gone = sim.add_database("gone", deleted_at=sim.clock.now())

    def listed(arguments: str = "", version: str = "2.12.0") -> Any:
        return json.loads(influxctl(f"database list --format json {arguments}", version).out)

    old = {
        "account_id": sim.account_id,
        "cluster_id": sim.cluster_id,
        "database_name": "d",
        "retention_period_ns": 30 * day + day // 2,
        "max_tables": 500,
        "max_columns_per_table": 250,
    }
    assert listed(version="2.10.2") == [old]
    assert listed() == [{**old, "id": database.id}]
    (row,) = listed("--filter-status deleted")
    assert (row["id"], set(row) - {*old, "id"}) == (gone.id, {"deleted_at"})
    assert influxctl("database list --filter-status deleted", "2.10.3").code == 1

    header = "| DATABASE NAME | RETENTION PERIOD | MAX TABLES | MAX COLUMNS PER TABLE |"
    table = influxctl("database list", "2.10.2").out.splitlines()
    assert table[1] == header
    assert table[3] == "| d             | 30d12h           | 500        | 250                   |"
    assert influxctl("database list", "2.10.3").out.splitlines()[1] == "| ID " + header
    database.retention_period = 0
    assert "| infinite " in influxctl("database list").out
    database.deleted_at = sim.clock.now()
    assert listed() == []
    assert header in influxctl("database list", "2.6.0").out


def test_tables(influxctl: Any) -> None:
    sim = influxctl.sim
    database, other = sim.add_database("d"), sim.add_database("other")
    table, gone = sim.add_table(database, "t"), sim.add_table(database, "gone", deleted_at=sim.clock.now())
    sim.add_table(other, "elsewhere")

    def listed(arguments: str, version: str = "2.12.0") -> Any:
        return json.loads(influxctl(f"table list --format json {arguments}", version).out)

    ids = {"account_id": sim.account_id, "cluster_id": sim.cluster_id, "database_name": "d"}
    assert listed("d", "2.10.2") == [{**ids, "table_id": table.id, "table_name": "t"}]
    (row,) = listed("--filter-status deleted d")
    assert (row["table_id"], row["table_name"]) == (gone.id, "gone")
    assert listed("--filter-status deleted other") == []
    assert influxctl("table list d").out.splitlines()[3].split() == ["|", str(table.id), "|", "t", "|"]
    assert influxctl("table list d", "2.10.1").code == 1
    assert "unknown command" in influxctl("table list d", "2.10.1").err
    assert "flag provided but not defined" in influxctl("table list --filter-status deleted d", "2.10.3").err
    assert "code = NotFound" in influxctl("table list none").err
    assert influxctl("table list").code == 1


def test_users_and_clusters(influxctl: Any, influxctl_for: Callable[[Simulator], Any], dedicated: Simulator) -> None:
    (user,) = json.loads(influxctl("user list --format json").out)
    assert list(user) == ["id", "account_id", "email", "created_at", "first_name", "last_name"]
    assert "not supported for InfluxDB Clustered" in influxctl("cluster list").err
    ids = {"account_id": dedicated.account_id, "cluster_id": dedicated.cluster_id}
    ctl = influxctl_for(dedicated)
    ctl.write_config(**ids)
    (cluster,) = json.loads(ctl("cluster list --format json").out)
    assert {key: cluster[key] for key in ids} == ids
    assert set(cluster) == {*ids, "name", "url", "state", "created_at", "category"}
    assert json.loads(ctl(f"cluster get --format json {dedicated.cluster_id}").out) == cluster
    assert dedicated.cluster_id in ctl("cluster list").out
    assert dedicated.cluster_id in ctl(f"cluster get {dedicated.cluster_id}").out
    assert "code = NotFound" in ctl("cluster get 1").err
    assert "ada@example.com" in ctl("user list").out


def test_database_tokens(influxctl: Any) -> None:
    sim = influxctl.sim
    token = sim.add_db_token("t", [{"action": "read", "resource": "d"}])
    sim.add_db_token("r", revoked_at=sim.clock.now())
    (row,) = json.loads(influxctl("token list --format json").out)
    zero = "00000000-0000-0000-0000-000000000000"
    assert row == {
        "account_id": sim.account_id,
        "cluster_id": sim.cluster_id,
        "id": token.id,
        "description": "t",
        "permissions": [{"id": zero, "action": "read", "resource": "d"}],
    }
    rows = json.loads(influxctl("token list --format json --include-revoked --sort description").out)
    assert [row["description"] for row in rows] == ["r", "t"]
    assert influxctl("token list --include-revoked", "2.9.9").code == 1
    table = influxctl("token list").out.splitlines()
    assert table[1].split() == ["|", "ID", "|", "DESCRIPTION", "|"]
    assert table[3] == f"| {token.id} | t           |"


def test_help_and_version_need_no_config(influxctl: Any) -> None:
    influxctl.config.unlink()
    for arguments in ("", "help", "--help", "-h", "management", "management help", "management create --help"):
        outcome = influxctl(arguments)
        assert (outcome.code, outcome.err) == (0, "")
        assert "management create" in outcome.out
    assert "management" not in influxctl("help", "2.5.0").out
    assert influxctl("version").out == "influxctl 2.12.0\n"


@pytest.mark.parametrize(
    ("version", "arguments", "message"),
    [
        ("2.12.0", "nonsense", "unknown command 'nonsense'"),
        ("2.12.0", "management nonsense", "unknown command 'nonsense'"),
        ("2.5.0", "management list", "unknown command 'management'"),
        ("2.12.0", "management list extra", "unexpected number of arguments: 1"),
        ("2.12.0", "version extra", "unexpected arguments: extra"),
        ("2.12.0", "management revoke --force", "unexpected number of arguments: 0"),
        ("2.12.0", "management list --nope", "flag provided but not defined: -nope"),
        ("2.12.0", "management list --profile default", "flag provided but not defined: -profile"),
        ("2.12.0", "--format json management list", "flag provided but not defined: -format"),
        ("2.12.0", "management list --format", "flag needs an argument: -format"),
        ("2.12.0", "management list --format yaml", "must be one of table, json"),
        ("2.12.0", "management list --sort nonsense", "must be one of created"),
        ("2.9.8", "management list --sort id", "flag provided but not defined: -sort"),
        ("2.12.0", "management create --description d --expires-at 2999-01-02T03:04:05+0000", "not an RFC3339 time"),
        ("2.9.9", "management create --description d --expires-at 2999-01-02T03:04:05Z", "not defined: -expires-at"),
        ("2.12.0", "management create --description d --expires-at 2001-01-02T03:04:05Z", "code = InvalidArgument"),
        ("2.10.0", "management create", "description must be a non-empty string"),
        ("2.12.0", "management revoke --force=perhaps x", "invalid boolean value"),
        ("2.12.0", "--timeout 5 management list", "for flag -timeout: parse error"),
        ("2.9.6", "--timeout 5s management list", "flag provided but not defined: -timeout"),
        ("2.12.0", "--profile other management list", "profile 'other' not found"),
    ],
)
def test_wrong_usage(influxctl: Any, version: str, arguments: str, message: str) -> None:
    outcome = influxctl(arguments, version)
    assert (outcome.code, outcome.out) == (1, "")
    assert outcome.err.startswith("error\t")
    assert message in outcome.err
    assert len(influxctl.sim.state.mgmt_tokens) == 1


def test_what_real_ones_accept(influxctl: Any) -> None:
    assert influxctl("management create", "2.9.9").code == 0, "the description is optional before 2.10.0"
    for arguments in (
        f"--config {influxctl.config} --profile default --timeout 1m0s management list --format json",
        f"-config={influxctl.config} -profile=default --debug --trace=false management list -format=json -sort=id --",
        f"--account {influxctl.sim.account_id} --cluster x --config {influxctl.config} database list",
    ):
        assert influxctl(arguments).code == 0


@pytest.mark.parametrize(
    ("version", "profile", "text", "message"),
    [
        ("2.12.0", {"unknown": "x"}, "", "profile.unknown"),
        ("2.12.0", {"port": 8086}, "", "profile.port"),
        ("2.12.0", {"mgmt_token": True}, "", "profile.mgmt_token"),
        ("2.5.0", {}, "", "profile.mgmt_token"),
        ("2.12.0", {"product": "core"}, "", "product must be one of"),
        ("2.12.0", {"product": None}, "", "product must be one of"),
        ("2.12.0", {"host": None}, "", "host is required"),
        ("2.12.0", {"product": "dedicated"}, "", "account_id is required"),
        ("2.12.0", {"host": "https://127.0.0.1"}, "", "invalid address"),
        ("2.12.0", {}, "[profile.tls]\nverify = false", "profile.tls.verify"),
        ("2.12.0", {}, '[profile.tls]\ninsecure = "yes"', "profile.tls.insecure"),
        ("2.7.0", {}, "[profile.tls]\ninsecure = true", "profile.tls.insecure"),
        ("2.12.0", {}, '[profile.auth.oauth2]\nclient_secret = "x"', "profile.auth.oauth2.client_secret"),
        ("2.12.0", {}, "[profile.auth.oauth2]\nscopes = [1]", "profile.auth.oauth2.scopes"),
        ("2.12.0", {}, '[profile.auth]\noauth2 = "x"', "profile.auth.oauth2"),
        ("2.12.0", {}, '[other]\nkey = "x"', "config.other"),
        ("2.12.0", {}, "[profile.tls", "failed to parse config file"),
        ("2.12.0", {}, '[[profile]]\nname = "second"\nunknown = 1', "profile.unknown"),
        (
            "2.12.0",
            {"mgmt_token": ""},
            '[profile.auth.token]\ntoken_file = "/nonexistent"',
            "failed to read token file",
        ),
        ("2.12.0", {}, '[profile.tls]\nca = "/nonexistent"', "failed to set up TLS"),
    ],
)
def test_bad_configuration(influxctl: Any, version: str, profile: dict[str, object], text: str, message: str) -> None:
    influxctl.write_config(text, **profile)
    outcome = influxctl("database list", version)
    assert (outcome.code, outcome.out) == (1, "")
    assert message in outcome.err
    assert influxctl.sim.admin_token not in outcome.err
    assert influxctl.sim.requests == []


def test_configuration_must_be_utf8(influxctl: Any) -> None:
    influxctl.config.write_bytes(b'[[profile]]\nname = "\xff"\n')
    assert "failed to parse config file" in influxctl("database list").err


def test_a_profile_must_be_a_table_of_an_array(influxctl: Any) -> None:
    influxctl.config.write_text('[profile]\nname = "default"\n')
    assert "profile must be an array of tables" in influxctl("database list").err


def test_older_versions_know_client_secret(influxctl: Any) -> None:
    tls = f'[profile.tls]\nca = "{influxctl.sim.ca_path}"\n'
    influxctl.write_config(tls + '[profile.auth.oauth2]\nclient_secret = "x"\nscopes = [""]\nparameters = { a = "" }')
    assert influxctl("database list", "2.9.7").code == 0


def test_default_places_of_the_config(influxctl: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    content = influxctl.config.read_text()
    influxctl.config.unlink()
    home = tmp_path / "home"
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    assert f"open {home}/.config/influxctl/config.toml: {os.strerror(errno.ENOENT)}" in influxctl("database list").err
    for base in (home / ".config", tmp_path / "xdg"):
        (base / "influxctl").mkdir(parents=True)
        (base / "influxctl" / "config.toml").write_text(content)
        assert influxctl("database list").code == 0
        shutil.rmtree(base)
        monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))


def test_tls(influxctl: Any) -> None:
    influxctl.write_config("[profile.tls]")
    assert "x509: " in influxctl("database list").err
    influxctl.write_config("[profile.tls]\ninsecure = true")
    assert influxctl("database list").code == 0
    influxctl.write_config("[profile.tls]\ndisable = true")
    assert influxctl("database list").code == 1


def test_plain_http(influxctl_for: Callable[[Simulator], Any]) -> None:
    with Simulator(tls=False) as sim:
        influxctl = influxctl_for(sim)
        assert influxctl("database list").code == 0


def test_client_certificates(influxctl_for: Callable[[Simulator], Any]) -> None:
    with Simulator(require_client_cert=True) as sim:
        influxctl = influxctl_for(sim)
        assert influxctl("database list").code == 1
        files = f'ca = "{sim.ca_path}"\ncert = "{sim.client_cert_path}"\nkey = "{sim.client_key_path}"'
        influxctl.write_config(f"[profile.tls]\n{files}")
        assert influxctl("database list").code == 0


def test_authorization(influxctl: Any, tmp_path: Path) -> None:
    sim = influxctl.sim
    influxctl.write_config(mgmt_token="M.V1.nonsense")
    assert "rpc error: code = Unauthenticated" in influxctl("management list").err
    token_file = tmp_path / "admin-token"
    token_file.write_text(sim.session_token + "\n")
    tls = f'[profile.tls]\nca = "{sim.ca_path}"\n'
    influxctl.write_config(tls + f'[profile.auth.token]\ntoken_file = "{token_file}"', mgmt_token=None)
    assert influxctl("management list").code == 0


def test_dedicated(influxctl_for: Callable[[Simulator], Any], dedicated: Simulator) -> None:
    influxctl = influxctl_for(dedicated)
    ids = {"account_id": dedicated.account_id, "cluster_id": dedicated.cluster_id}
    influxctl.write_config(**ids)
    assert influxctl("database list").code == 0
    influxctl.write_config(**{**ids, "cluster_id": dedicated.account_id})
    assert "code = PermissionDenied" in influxctl("database list").err
    assert influxctl(f"--config {influxctl.config} --cluster {dedicated.cluster_id} database list").code == 0


def test_unreachable(influxctl: Any) -> None:
    influxctl.write_config(port="1")
    refused = f"code = Unavailable desc = dial tcp 127.0.0.1:1: {os.strerror(errno.ECONNREFUSED)}"
    assert refused in influxctl("management list").err


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (Fault("status", status=503), "unexpected HTTP status code received from server: 503 (Service Unavailable)"),
        (Fault("html", status=502), "unexpected HTTP status code received from server: 502 (Bad Gateway)"),
        (Fault("drop_before"), "error reading from server: EOF"),
        (Fault("drop_after"), "error reading from server: EOF"),
        (Fault("truncate"), "error reading from server: EOF"),
    ],
    ids=lambda value: getattr(value, "action", ""),
)
def test_faults_of_the_server(influxctl: Any, fault: Fault, message: str) -> None:
    influxctl.sim.faults.append(fault)
    outcome = influxctl("management create --description d")
    assert (outcome.code, outcome.out) == (1, "")
    assert f"rpc error: code = Unavailable desc = {message}" in outcome.err
    assert influxctl.sim.requests[0].kind == "influxctl"
    assert (len(influxctl.sim.state.mgmt_tokens) == 2) == fault.commits


def test_timeout(influxctl: Any) -> None:
    influxctl.sim.faults.append(Fault("slow"))
    outcome = influxctl(f"--config {influxctl.config} --timeout 10ms management list")
    assert "code = DeadlineExceeded" in outcome.err
    influxctl.sim.faults[0].release()


def test_refused_writes(influxctl: Any) -> None:
    sim = influxctl.sim
    sim.refuse_writes = True
    token = sim.add_mgmt_token("t")
    for arguments in ("management create --description d", f"management revoke --force {token.id}"):
        assert "code = PermissionDenied desc = the simulator refuses writes" in influxctl(arguments).err
    assert influxctl("management list").code == 0
    assert [request.refused for request in sim.requests] == [True, True, False]
    assert sim.writes == sim.requests[:2]
    assert token.revoked_at is None
    assert len(sim.state.mgmt_tokens) == 2


def test_the_installed_file_runs_by_itself(influxctl: Any, tmp_path: Path) -> None:
    directory = tmp_path / "it's a directory with spaces"
    directory.mkdir()
    installed = install(directory, "2.10.0")
    copy = tmp_path / "influxctl-copy"
    shutil.copy(installed, copy)
    base = ["--config", str(influxctl.config)]
    environment = {"PATH": "/usr/bin:/bin", "SOME_SECRET": "value"}
    for executable, arguments in ((installed, ["management", "list"]), (copy, ["nonsense"]), (installed, ["version"])):
        command = [str(executable), *base, *arguments]
        result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert result.returncode == (arguments == ["nonsense"])
    first, second = invocations(installed)
    assert first.argv == [*base, "management", "list"]
    assert (first.exit_code, first.fault, second.argv) == (0, None, [*base, "version"])
    assert "SOME_SECRET" in first.env
    assert "value" not in (directory / "influxctl.log").read_text()
    assert [entry.exit_code for entry in invocations(copy)] == [1]
    assert invocations(tmp_path / "elsewhere") == []
    assert os.access(installed, os.X_OK)
