# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Blank, odd and hostile connections: options, variables, profiles, and the files that they name on the controller."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.fixtures import manages_tokens
from harness.modules import Modules, Outcome
from harness.playbook import Ansible
from harness.plays import connection, local_play
from simulator import Fault, Simulator
from simulator.influxctl import install, invocations

BLANK = {f"INFLUXDB3_{name}": "" for name in ("HOST", "MANAGEMENT_TOKEN", "ACCOUNT_ID", "CLUSTER_ID", "CA_PATH")}
STORES = {"SSL_CERT_FILE": "", "REQUESTS_CA_BUNDLE": ""}
OPTIONS = [
    *("product", "host", "port", "management_token", "account_id", "cluster_id", "config_path", "profile"),
    *("validate_certs", "ca_path", "client_cert", "client_key", "timeout", "retries"),
]
PASSWORD = "canary-of-a-proxy-password"


@pytest.fixture(scope="module")
def modules(collection_root: Path) -> Iterator[Modules]:
    """In an environment as AWX makes it of blank fields."""
    with Modules(collection_root, {**BLANK, **STORES}) as running:
        yield running


def write_profile(path: Path, sim: Simulator, keys: str, more: str = "") -> Path:
    path.write_text(
        f'[[profile]]\nname = "default"\nproduct = "clustered"\nhost = "{sim.host}"\nport = "{sim.port}"\n{keys}\n'
        f'[profile.tls]\nca = "{sim.ca_path}"\n{more}'
    )
    return path


def failed(outcome: Outcome, code: str) -> str:
    """The message of a module that failed with this code, and without a traceback."""
    assert outcome.code == 1, outcome.output
    assert "Traceback" not in outcome.output
    assert outcome.result["failure"]["code"] == code, outcome.output
    message: str = outcome.result["msg"]
    return message


@pytest.mark.parametrize("module", ["database_info", "mgmt_token_info"])
@manages_tokens
def test_blank_options_and_variables_hide_nothing_of_a_profile(
    modules: Modules, sim: Simulator, tmp_path: Path, module: str
) -> None:
    config = write_profile(tmp_path / "config.toml", sim, f'mgmt_token = "{sim.admin_token}"\naccount_id = ""')
    blank = dict.fromkeys(OPTIONS, "")
    program = install(tmp_path)
    more = {"influxctl_path": str(program)} if module == "mgmt_token_info" else {}
    outcome = modules.run(module, {**blank, "config_path": str(config), **more})
    assert outcome.code == 0, outcome.output
    # What is blank makes no connection of its own, so influxctl gets the profile as it is.
    used = [ran.argv[ran.argv.index("--config") + 1] for ran in invocations(program)]
    assert used == ([str(config)] if more else [])


def test_a_blank_option_lets_the_variable_count(collection_root: Path, sim: Simulator) -> None:
    environment = {"INFLUXDB3_HOST": sim.url, "INFLUXDB3_MANAGEMENT_TOKEN": sim.admin_token}
    with Modules(collection_root, environment | {"INFLUXDB3_CA_PATH": str(sim.ca_path)} | STORES) as modules:
        assert modules.run("database_info", dict.fromkeys(OPTIONS, "")).code == 0
        assert modules.run("database_info", {"ca_path": str(sim.files.client_cert)}).code == 1, "an option beats it"


def test_blank_options_leave_nothing_blank_in_influxctls_config(
    modules: Modules, sim: Simulator, tmp_path: Path
) -> None:
    spy = tmp_path / "spy"
    spy.write_text(f'#!/bin/sh\ncp "$2" {tmp_path}/seen.toml\necho "[]"\n')
    spy.chmod(0o700)
    options = {**dict.fromkeys(OPTIONS, ""), **connection(sim), "influxctl_path": str(spy)}
    assert modules.run("mgmt_token_info", options).code == 0
    seen = (tmp_path / "seen.toml").read_text()
    assert f'ca = "{sim.ca_path}"' in seen
    assert '""' not in seen
    assert "insecure" not in seen


@pytest.mark.parametrize("where", ["option", "profile", "variable"])
@pytest.mark.parametrize("validate", [None, True, ""])
def test_an_empty_ca_never_turns_the_check_off(
    modules: Modules, sim: Simulator, tmp_path: Path, where: str, validate: Any
) -> None:
    """The server's CA is unknown to the system, so that only an unchecked connection would get through."""
    options = {"host": sim.url, "management_token": sim.admin_token, "validate_certs": validate, "retries": 0}
    if where == "option":
        options["ca_path"] = ""
    if where == "profile":
        config = write_profile(tmp_path / "config.toml", sim, "")
        config.write_text(config.read_text().replace(str(sim.ca_path), ""))
        options["config_path"] = str(config)
    given = {name: value for name, value in options.items() if value is not None}
    assert "set ca_path" in failed(modules.run("database_info", given), "tls")
    assert sim.requests == []


def make_odd(kind: str, directory: Path) -> str:
    """A path that names what is no plain file of a sensible size."""
    path = directory / kind
    if kind == "fifo":
        os.mkfifo(path)
    if kind == "directory":
        path.mkdir()
    if kind == "socket":
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(path))
    if kind == "huge":
        with path.open("wb") as handle:
            handle.truncate(2**40)
    return "/dev/zero" if kind == "device" else str(path)


@pytest.mark.parametrize("named", ["config_path", "ca_path", "client_cert", "client_key", "token_file", "tls.ca"])
@pytest.mark.parametrize("kind", ["fifo", "device", "directory", "socket", "huge", "missing"])
def test_no_file_that_a_connection_names_is_waited_for_or_read_without_end(
    modules: Modules, sim: Simulator, tmp_path: Path, kind: str, named: str
) -> None:
    path = make_odd(kind, tmp_path)
    options = connection(sim)
    code = "tls"
    if named in ("config_path", "ca_path", "client_cert"):
        options[named] = path
    if named == "config_path":
        code = "no_config" if kind == "missing" else "unreadable"
    if named == "client_key":
        options |= {"client_cert": str(sim.client_cert_path), "client_key": path}
    if named == "token_file":
        config = write_profile(tmp_path / "config.toml", sim, "", f'[profile.auth.token]\ntoken_file = "{path}"\n')
        options, code = {"config_path": str(config)}, "token_file"
    if named == "tls.ca":
        config = write_profile(tmp_path / "config.toml", sim, f'mgmt_token = "{sim.admin_token}"')
        config.write_text(config.read_text().replace(str(sim.ca_path), path))
        options = {"config_path": str(config)}
    assert path in failed(modules.run("database_info", options), code)
    assert sim.requests == []


def test_the_token_of_a_token_file_is_used_and_masked(
    modules: Modules, sim: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = tmp_path / "token.json"
    auth = f'[profile.auth.token]\ntoken_file = "{token}"\n'
    config = write_profile(tmp_path / "config.toml", sim, "", auth)
    for content in (sim.admin_token, sim.admin_token + "\n", f'{{"access_token": "{sim.admin_token}"}}'):
        token.write_text(content)
        outcome = modules.run("database_info", {"config_path": str(config)})
        assert outcome.code == 0, outcome.output
    sim.faults.append(Fault("status", times=1, status=400, body=f'{{"message": "no: {sim.admin_token}"}}'))
    outcome = modules.run("database_info", {"config_path": str(config)})
    assert sim.admin_token not in outcome.output
    # A token of no known shape, in a result.
    plain = "plain-session-token-of-a-file"
    token.write_text(plain)
    sim.faults.append(Fault("status", times=1, status=200, body=f'[{{"name": "{plain}", "retentionPeriod": 0}}]'))
    outcome = modules.run("database_info", {"config_path": str(config)})
    assert outcome.code == 0, outcome.output
    assert plain not in outcome.output
    token.write_text("two words")
    message = failed(modules.run("database_info", {"config_path": str(config)}), "token_file")
    assert str(token) in message
    assert "two words" not in message
    outcome = modules.run("database_info", {"config_path": str(config), "management_token": sim.admin_token})
    assert outcome.code == 0, "the option goes first"


def test_a_profile_with_a_login_says_that_only_influxctl_can_log_in(
    modules: Modules, sim: Simulator, tmp_path: Path
) -> None:
    config = write_profile(tmp_path / "config.toml", sim, "", '[profile.auth.oauth2]\nclient_id = "a"\n')
    message = failed(modules.run("database_info", {"config_path": str(config)}), "invalid_option")
    assert "management_token is missing" in message
    assert "authenticates by a login (auth.oauth2)" in message


def test_a_placeholder_in_a_profile_masks_nothing(modules: Modules, sim: Simulator, tmp_path: Path) -> None:
    """Neither one in the profile in use, nor a secret of another profile, which may be any word."""
    for name in ("m", "metrics", "unrelated-word"):
        sim.add_database(name)
    other = '[[profile]]\nname = "other"\nproduct = "clustered"\nhost = "h"\nmgmt_token = "unrelated-word"\n'
    oauth2 = '[profile.auth.oauth2]\nclient_id = "a"\nclient_secret = "m"\n'
    config = write_profile(tmp_path / "config.toml", sim, f'mgmt_token = "{sim.admin_token}"', oauth2 + other)
    outcome = modules.run("database_info", {"config_path": str(config)})
    assert [database["name"] for database in outcome.result["databases"]] == ["m", "metrics", "unrelated-word"]
    assert sim.admin_token not in outcome.output


def test_what_influxctl_quotes_of_another_profile_is_masked(modules: Modules, sim: Simulator, tmp_path: Path) -> None:
    canary = "canary-token-of-another-profile"
    other = f'[[profile]]\nname = "other"\nproduct = "clustered"\nhost = "h"\nmgmt_token = "{canary}"\n'
    config = write_profile(tmp_path / "config.toml", sim, f'mgmt_token = "{sim.admin_token}"', other)
    quoting = tmp_path / "quoting"
    quoting.write_text('#!/bin/sh\ncat "$2" >&2\nexit 1\n')
    quoting.chmod(0o700)
    outcome = modules.run("mgmt_token_info", {"config_path": str(config), "influxctl_path": str(quoting)})
    message = failed(outcome, "influxctl")
    assert "********" in message
    assert canary not in outcome.output
    assert sim.admin_token not in outcome.output


@pytest.mark.parametrize("module", ["database_info", "mgmt_token_info"])
def test_a_password_in_a_host_is_shown_nowhere(ansible: Ansible, module: str) -> None:
    hosts = {"long": f"https://robot:{PASSWORD}@h:1", "short": "http://robot:xq7@h", "bare": "xq7@h"}
    name = f"influxops.influxdb3.{module}"
    tasks = [{"name": host, name: {"host": f"{{{{ {host} }}}}"}, "ignore_errors": True} for host in hosts]
    tasks.append({"name": "variable", name: {}, "ignore_errors": True})
    environment = {"INFLUXDB3_HOST": hosts["long"]}
    run = ansible.playbook(
        local_play(tasks, {"management_token": "some-token"}), variables=hosts, environment=environment
    )
    assert [failure["failure"]["code"] for failure in run.failures] == ["invalid_option"] * 4
    assert [failure["invocation"] for failure in run.failures] == [{}] * 4
    for secret in (PASSWORD, "robot:xq7", "xq7@"):
        assert secret not in run.output
        assert all(secret not in str(failure) for failure in run.failures)


@pytest.mark.parametrize("module", ["database_info", "mgmt_token_info"])
def test_a_token_in_the_clear_is_warned_about(collection_root: Path, tmp_path: Path, module: str) -> None:
    """No machine of that name is asked: a proxy that is this machine answers, or influxctl's stand-in fails."""
    with Simulator(tls=False) as sim:
        proxy = {"HTTP_PROXY": sim.url, "NO_PROXY": ""}
        more = {"influxctl_path": str(install(tmp_path))} if module == "mgmt_token_info" else {}
        with Modules(collection_root, proxy) as modules:
            options = {"management_token": sim.admin_token, "retries": 0, "timeout": 5, **more}
            outcome = modules.run(module, {**options, "host": "http://db.invalid"})
            assert "sent to db.invalid over plain http" in outcome.output
            quiet = modules.run(module, {**options, "host": sim.url})
            assert "plain http" not in quiet.output


def test_a_database_token_in_the_clear_is_warned_about(modules: Modules, sim: Simulator) -> None:
    options = {**connection(sim), "description": "d", "permissions": [{"action": "read", "resource": "a"}]}
    for host, warned in {"http://query.invalid": True, "http://127.0.0.1:1": False, "https://q.invalid": False}.items():
        outcome = modules.run("db_token", {**options, "query_host": host, "_ansible_check_mode": True})
        assert outcome.code == 0, outcome.output
        assert ("database token is sent to query.invalid over plain http" in outcome.output) == warned


def test_a_password_in_a_query_host_is_not_shown(ansible: Ansible, sim: Simulator) -> None:
    options = {"description": "d", "permissions": [{"action": "read", "resource": "a"}], "query_host": "{{ place }}"}
    task = {"name": "token", "influxops.influxdb3.db_token": {**options, "wait_active": 1}, "ignore_errors": True}
    run = ansible.playbook(
        local_play([task], connection(sim)),
        variables={"place": f"http://robot:{PASSWORD}@h"},
    )
    assert run.result("token")["invocation"] == {}
    assert PASSWORD not in run.output + str(run.results)


@pytest.mark.parametrize("value", ["..", ".", "a/b", "../../../api/v2", "a\r\nX: y", "a?b"])
def test_an_account_that_would_leave_its_place_in_the_path_is_never_sent(
    modules: Modules, sim: Simulator, value: str
) -> None:
    for ids in ({"account_id": value, "cluster_id": "c"}, {"account_id": "a", "cluster_id": value}):
        assert "is no ID" in failed(modules.run("database_info", {**connection(sim), **ids}), "invalid_option")
    assert sim.requests == []


def test_a_broken_variable_for_the_store_is_told(collection_root: Path, sim: Simulator, tmp_path: Path) -> None:
    """It isn't passed over in silence, as OpenSSL does, and not waited for."""
    fifo = make_odd("fifo", tmp_path)
    for variable in STORES:
        with Modules(collection_root, {**STORES, variable: fifo}) as modules:
            options = {"host": sim.url, "management_token": sim.admin_token}
            assert f"The environment variable {variable} names" in failed(modules.run("database_info", options), "tls")
    assert sim.requests == []


@pytest.mark.parametrize("certificate", ["expired", "not_yet_valid", "other_name"])
def test_a_wrong_certificate_gets_no_token(modules: Modules, certificate: Any) -> None:
    with Simulator(certificate=certificate) as sim:
        message = failed(modules.run("database_info", connection(sim)), "tls")
        assert "validate_certs" not in message
        assert sim.requests == []


def test_a_dead_proxy_is_named(collection_root: Path, sim: Simulator) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    environment = {"HTTPS_PROXY": f"http://robot:{PASSWORD}@127.0.0.1:{port}", "NO_PROXY": ""}
    with Modules(collection_root, environment) as modules:
        outcome = modules.run("database_info", {**connection(sim), "retries": 0})
    assert f"the proxy http://127.0.0.1:{port}" in failed(outcome, "unreachable")
    assert PASSWORD not in outcome.output


def test_what_influxctl_repeats_of_a_proxys_password_is_masked(
    collection_root: Path, sim: Simulator, tmp_path: Path
) -> None:
    quoting = tmp_path / "quoting"
    quoting.write_text('#!/bin/sh\necho "proxyconnect: $https_proxy" >&2\nexit 1\n')
    quoting.chmod(0o700)
    with Modules(collection_root, {"https_proxy": f"http://robot:{PASSWORD}@127.0.0.1:9"}) as modules:
        outcome = modules.run("mgmt_token_info", {**connection(sim), "influxctl_path": str(quoting), "retries": 0})
    assert "proxyconnect" in failed(outcome, "influxctl")
    assert PASSWORD not in outcome.output
