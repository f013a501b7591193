# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every switch of the stand-in changes something that its caller can see."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from simulator import SwitchInfo
from simulator.influxctl import CliSwitches, install, invocations

Probe = Callable[[Any], object]
PROBES: dict[str, Probe] = {}
CREATE = "management create --description d"


def probe(function: Probe) -> Probe:
    """Registers the probe of the switch of this name."""
    PROBES[function.__name__] = function
    return function


def shape(value: object) -> object:
    """A JSON value with its texts and numbers replaced by their types."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items()}
    if isinstance(value, list):
        return [shape(item) for item in value]
    return type(value).__name__


def start(ctl: Any, *arguments: str, stdin: int = subprocess.DEVNULL) -> subprocess.Popen[str]:
    path = install(ctl.directory, **ctl.switches)
    command = [path, "--config", ctl.config, *arguments]
    return subprocess.Popen(command, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


@probe
def warn_lines(ctl: Any) -> object:
    outcome = ctl(CREATE)
    assert outcome.out.splitlines()[-1] == ctl.sim.state.mgmt_tokens[-1].secret
    return outcome.out.count("warn\t"), outcome.err.count("warn\t")


@probe
def create_json(ctl: Any) -> object:
    outcome = ctl(CREATE + " --format json")
    if outcome.code:
        assert len(ctl.sim.state.mgmt_tokens) == 1
        return outcome.code
    assert (ctl.sim.state.mgmt_tokens[-1].secret in outcome.out) == (ctl.switches["create_json"] != "no_secret")
    return shape(json.loads(outcome.out))


@probe
def list_json(ctl: Any) -> object:
    ctl.sim.add_mgmt_token("t")
    return ctl("management list --format json").out[0]


@probe
def never_expires(ctl: Any) -> object:
    return "1970-01-01T00:00:00Z" in ctl("management list").out


@probe
def prompt(ctl: Any) -> object:
    token = ctl.sim.add_mgmt_token("t")
    process = start(ctl, "management", "revoke", token.id)
    assert process.stdout is not None
    assert process.stdout.read(6) == "Revoke"
    if ctl.switches["prompt"] == "fail":
        assert "failed to read the confirmation: EOF" in process.communicate()[1]
    else:
        end(process)
    assert token.revoked_at is None
    return process.returncode


@probe
def config_error_quotes(ctl: Any) -> object:
    ctl.write_config(unknown="x")
    return ctl.sim.admin_token in ctl("database list").err


@probe
def env_profile(ctl: Any) -> object:
    ctl.write_config(name="other")
    results = []
    for value in (str(ctl.config), "other"):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("INFLUXCTL_PROFILE", value)
            patch.setenv("XDG_CONFIG_HOME", str(ctl.directory / "nothing"))
            results.append(ctl("database list").code)
            named = f"--profile other --config {ctl.config} database list"
            assert ctl(named).code == 0, "flags win"
            config = ctl.config.rename(ctl.directory / "hidden.toml")
            results.append(ctl("--profile default database list").err.replace(str(ctl.directory), ""))
            config.rename(ctl.config)
    return results


@probe
def cached_login(ctl: Any) -> object:
    ctl.write_config(mgmt_token=None)
    if ctl.switches["cached_login"]:
        ctl.switches["cached_login"] = ctl.sim.session_token
        return ctl("management list").code
    process = start(ctl, "management", "list")
    assert process.stderr is not None
    assert "open this URL in a browser to log in: https://" in process.stderr.readline()
    end(process)
    assert invocations(ctl.path)[-1].exit_code is None
    return process.returncode


@probe
def database_id_key(ctl: Any) -> object:
    ctl.sim.add_database("d")
    return shape(json.loads(ctl("database list --format json").out))


def listed_tables(ctl: Any) -> Any:
    """What is printed of a table, and of a deleted one, as the JSON of each line or of all."""
    database = ctl.sim.add_database("d", retention_period=3_600_000_000_000)
    part = {"type": "tag", "value": "region"}
    ctl.sim.add_table(database, "t", partition_template=[part], deleted_at=ctl.sim.clock.now())
    outcome = ctl("table list --format json --filter-status deleted d")
    assert outcome.code == 0
    lines = outcome.out.splitlines()
    return json.loads(outcome.out) if len(lines) != 1 else [json.loads(lines[0])]


@probe
def list_wrapping(ctl: Any) -> object:
    tables = listed_tables(ctl)
    second = ctl.sim.add_table(ctl.sim.state.databases[0], "u", deleted_at=ctl.sim.clock.now())
    assert second.id
    return shape(tables), len(ctl("table list --format json --filter-status deleted d").out.splitlines()) == 2


@probe
def list_keys(ctl: Any) -> object:
    return shape(listed_tables(ctl))


@probe
def list_numbers(ctl: Any) -> object:
    return shape(listed_tables(ctl))


@probe
def list_times(ctl: Any) -> object:
    return shape(listed_tables(ctl))


@probe
def list_nothing(ctl: Any) -> object:
    ctl.sim.add_database("d")
    return shape(json.loads(ctl("database list --format json").out))


@probe
def deleted_at(ctl: Any) -> object:
    return shape(listed_tables(ctl))


@probe
def shown_templates(ctl: Any) -> object:
    return listed_tables(ctl)[0].get("partition_template")


@probe
def user_names(ctl: Any) -> object:
    return shape(json.loads(ctl("user list --format json").out))


@probe
def users(ctl: Any) -> object:
    return ctl("user list --format json").code


@probe
def token_permissions(ctl: Any) -> object:
    ctl.sim.add_db_token("t")
    return json.loads(ctl("token list --format json").out)[0]["permissions"]


@probe
def version_style(ctl: Any) -> object:
    return ctl("version").out


@probe
def error_exit_code(ctl: Any) -> object:
    return ctl("nonsense").code


@probe
def noise(ctl: Any) -> object:
    outcome = ctl("management list --format json")
    assert json.loads(outcome.out[outcome.out.index("[") :])
    return "atk-bridge" in outcome.err, "atk-bridge" in outcome.out


@probe
def management_url(ctl: Any) -> object:
    ids = {"account_id": ctl.sim.account_id, "cluster_id": ctl.sim.cluster_id}
    ctl.write_config(product="dedicated", **ids)
    return ctl("database list").code


@probe
def hang(ctl: Any) -> object:
    if not ctl.switches["hang"]:
        return ctl("version").code
    process = start(ctl, "version")
    while not any(entry.fault for entry in invocations(ctl.path)):
        assert process.poll() is None
    end(process)
    return process.returncode


@probe
def slow(ctl: Any) -> object:
    assert ctl("version").code == 0
    return invocations(ctl.path)[-1].fault


@probe
def after_create(ctl: Any) -> object:
    before = len(ctl.sim.state.mgmt_tokens)
    process = start(ctl, *CREATE.split())
    if ctl.switches["after_create"] == "print and hang":
        while not any(entry.fault for entry in invocations(ctl.path)):
            assert process.poll() is None
        process.kill()
    printed, _errors = process.communicate()
    assert len(ctl.sim.state.mgmt_tokens) == before + 1
    return process.returncode, bool(printed)


@probe
def crash_in_revoke(ctl: Any) -> object:
    tokens = [ctl.sim.add_mgmt_token(name) for name in "ab"]
    process = start(ctl, "management", "revoke", "--force", *(token.id for token in tokens))
    process.communicate()
    return process.returncode, [token.revoked_at is not None for token in tokens]


@probe
def failures(ctl: Any) -> object:
    ctl.switches["after_create"] = "fail"
    return [ctl(CREATE).code for _attempt in range(3)]


def test_every_switch_has_a_probe() -> None:
    assert set(PROBES) == {info.name for info in CliSwitches.catalogue()}


@pytest.mark.parametrize("info", CliSwitches.catalogue(), ids=lambda info: info.name)
def test_every_value_of_a_switch_can_be_told_apart(influxctl: Any, info: SwitchInfo) -> None:
    observations = []
    for value in info.values:
        influxctl.sim.reset()
        influxctl.write_config()
        influxctl.path.with_name("influxctl.log").unlink(missing_ok=True)
        influxctl.switches = {info.name: value}
        observation = PROBES[info.name](influxctl)
        assert observation not in observations, f"{info.name}={value} shows nothing new"
        observations.append(observation)


def test_a_crash_is_a_kill(influxctl: Any) -> None:
    influxctl.switches = {"crash_in_revoke": 1}
    assert crash_in_revoke(influxctl) == (-signal.SIGKILL, [True, False])
    (entry,) = invocations(influxctl.path)
    assert (entry.exit_code, entry.fault) == (None, "crash_in_revoke")


def test_a_terminal_is_asked(influxctl: Any) -> None:
    token = influxctl.sim.add_mgmt_token("t")
    for answer, code in (("n", 1), ("y", 0)):
        master, slave = os.openpty()
        process = start(influxctl, "management", "revoke", token.id, stdin=slave)
        os.write(master, f"{answer}\n".encode())
        process.communicate()
        os.close(slave)
        os.close(master)
        assert process.returncode == code
        assert (token.revoked_at is not None) == (answer == "y")


def test_unknown_switches_are_refused(influxctl: Any) -> None:
    with pytest.raises(TypeError):
        install(influxctl.directory, nonsense=True)
    with pytest.raises(ValueError, match="warn_lines"):
        install(influxctl.directory, warn_lines="nowhere")


def test_another_interpreter(influxctl: Any) -> None:
    path = install(influxctl.directory, python=sys.executable)
    assert sys.executable in path.read_text().splitlines()[1]
