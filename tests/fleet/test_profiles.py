# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Profiles over real SSH connections: on Pythons without any library, for several users, in one execution per file."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fleet import Fleet
from harness.playbook import Ansible, Run
from harness.sweeps import assert_no_secret, sweep
from simulator import Simulator
from simulator.influxctl import install, invocations

CANARY = "M.V1.canaryThatTheRoleMustNeverShow"
QUERY = "apiv1_canaryForQueries"
PARAMETER = "canaryParameterOfAnIdentityProvider"
PIPELINING = {"ANSIBLE_PIPELINING": "true"}
DEFAULTS: dict[str, str] = {}
ROLE = "influxops.influxdb3.influxctl_profile"
PLAY: list[dict[str, Any]] = [{"hosts": "all", "gather_facts": False, "roles": [ROLE]}]
VARIABLES: dict[str, Any] = {
    "influxctl_profile_defaults": {
        "product": "clustered",
        "host": "shared.example.com",
        "port": 443,
        "tls": {"ca": "/etc/ssl/shared.pem"},
    },
    "influxctl_profile_profiles": [
        {"name": "default", "mgmt_token": CANARY, "exclusive_auth": True},
        {"name": "query", "host": "query.example.com", "token": QUERY, "tls": {"insecure": True}},
        {"name": "people", "auth": {"oauth2": {"client_id": "x", "parameters": {"client_secret": PARAMETER}}}},
        {"name": "retired", "state": "absent"},
    ],
}
BY_HAND = """\
# by hand
[[profile]]
name = "default" # mine
product = "clustered"
host = "old"

[[profile]]
name = "retired"
"""
CONFIG = Path(".config/influxctl/config.toml")


def old_python(*versions: str) -> str | None:
    """An interpreter of one of these versions that works, from the PATH or from pyenv's directory."""
    for version in versions:
        pyenv = sorted((Path.home() / ".pyenv" / "versions").glob(f"{version}.*/bin/python"))
        for candidate in (shutil.which(f"python{version}"), *map(str, pyenv)):
            if candidate and subprocess.run([candidate, "-c", ""], check=False, capture_output=True).returncode == 0:
                return candidate
    return None


def bare_python(python: str, directory: Path) -> str:
    """An interpreter in an environment of its own that has no package at all, whatever the machine has."""
    subprocess.run([python, "-m", "venv", "--without-pip", str(directory)], check=True, capture_output=True)
    bare = str(directory / "bin" / "python")
    for library in ("tomlkit", "requests"):
        assert subprocess.run([bare, "-c", f"import {library}"], check=False, capture_output=True).returncode == 1
    return bare


@pytest.fixture(params=["own", *(pytest.param(v, marks=pytest.mark.complete) for v in ("3.9", "3.10", "3.12", "3.13"))])
def python(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A bare interpreter for the hosts: of the version that runs the tests, or of another that is found here."""
    base = getattr(sys, "_base_executable", sys.executable) if request.param == "own" else old_python(request.param)
    if base is None:
        pytest.skip(f"this machine has no Python {request.param}")
    return bare_python(base, tmp_path / "bare")


@pytest.fixture
def fleet(python: str) -> Iterator[Fleet]:
    """Two hosts, the first of which has a config that somebody wrote by hand."""
    with Fleet(size=2, python=python) as fleet:
        config = fleet.hosts[0].home / CONFIG
        config.parent.mkdir(parents=True)
        config.write_text(BY_HAND)
        yield fleet


def written(*homes: Path) -> dict[str, tuple[int, int, bytes]]:
    """The configs below homes, with their modes and owners."""
    paths = [home / CONFIG for home in homes]
    return {str(p): (stat.S_IMODE(p.stat().st_mode), p.stat().st_uid, p.read_bytes()) for p in paths if p.is_file()}


def names(config: Path) -> list[str]:
    return [profile["name"] for profile in tomllib.loads(config.read_text())["profile"]]


@pytest.mark.parametrize(
    "environment", [PIPELINING, pytest.param(DEFAULTS, marks=pytest.mark.complete)], ids=["pipelining", "defaults"]
)
def test_the_role_writes_all_profiles_at_the_price_of_one_execution(
    ansible: Ansible, sim: Simulator, fleet: Fleet, environment: dict[str, str]
) -> None:
    homes = [host.home for host in fleet.hosts]

    def play(*flags: str) -> Run:
        for host in fleet.hosts:
            fleet.clear_executions(host)
        return ansible.playbook(PLAY, *flags, variables=VARIABLES, inventory=fleet.inventory, environment=environment)

    sweep(play, sim, files=lambda: written(*homes), canaries=[CANARY, QUERY, PARAMETER])
    if environment == PIPELINING:
        assert [len(fleet.executions(host)) for host in fleet.hosts] == [1, 1]
    configs = [home / CONFIG for home in homes]
    assert [names(config) for config in configs] == [["default", "query", "people"]] * 2
    # What was there stays: the comment above, the one behind, and the order.
    assert configs[0].read_text().startswith('# by hand\n[[profile]]\nname = "default" # mine\nproduct = "clustered"\n')
    default, query, people = tomllib.loads(configs[1].read_text())["profile"]
    assert default == {
        "name": "default", "product": "clustered", "host": "shared.example.com", "port": "443", "mgmt_token": CANARY,
        "tls": {"ca": "/etc/ssl/shared.pem"},
    }  # fmt: skip
    assert query["tls"] == {"ca": "/etc/ssl/shared.pem", "insecure": True}
    assert (query["host"], people["host"]) == ("query.example.com", "shared.example.com")
    assert [entry[0] for entry in written(*homes).values()] == [0o600, 0o600]
    # The module's own files are gone, the shipped library among them.
    assert not list(fleet.directory.rglob("tomlkit*"))


def test_the_role_has_profiles_proved(ansible: Ansible, sim: Simulator, fleet: Fleet) -> None:
    """A host with a wrong token keeps what it has; the other one gets what works, in one execution."""
    wrong, right = fleet.hosts
    wrong_token = "M.V1.canaryOfAWrongToken"
    variables = {
        "influxctl_profile_profiles": [
            {"name": "default", "product": "clustered", "host": sim.host, "port": sim.port,
             "mgmt_token": "{{ tokens[inventory_hostname] }}", "tls": {"ca": str(sim.ca_path)}}
        ],
        "influxctl_profile_prove": {"influxctl_path": str(install(fleet.directory)), "retries": 1, "delay": 0},
        "tokens": {wrong.name: wrong_token, right.name: sim.admin_token},
    }  # fmt: skip
    run = ansible.playbook(PLAY, variables=variables, inventory=fleet.inventory, environment=PIPELINING)
    assert_no_secret(run.output, [wrong_token, sim.admin_token])
    (failed,) = run.failures
    assert (failed["failure"]["code"], failed["proved"]) == ("not_proved", False)
    assert (wrong.home / CONFIG).read_text() == BY_HAND
    assert sim.admin_token in (right.home / CONFIG).read_text()
    assert run.result("Write the profiles")["proved"] is not None
    assert [len(fleet.executions(host)) for host in fleet.hosts] == [1, 1]
    assert len(invocations(fleet.directory / "influxctl")) == 3
    variables["tokens"] = dict.fromkeys((wrong.name, right.name), sim.admin_token)
    run = ansible.playbook(PLAY, variables=variables, inventory=fleet.inventory, environment=PIPELINING)
    assert (run.code, len(run.changed)) == (0, 1)
    assert len(invocations(fleet.directory / "influxctl")) == 4


# A stand-in for sudo, which needs no entry in /etc/sudoers. As sudo does, it takes another user's name and home and a
# clean environment, and runs the command.
SUDO = """\
#!/bin/sh
user=$(printf '%s ' "$@" | sed 's/.*-u \\([^ ]*\\) .*/\\1/')
while [ "$1" != /bin/sh ]; do shift; done
cd / && exec setpriv --reuid="$user" --regid=nogroup --clear-groups \\
    env -i PATH=/usr/bin:/bin LANG=C.UTF-8 HOME=HOMES/"$user" USER="$user" LOGNAME="$user" "$@"
"""


@pytest.fixture
def users() -> Iterator[Path]:
    """A directory with homes for two users, and a stand-in for sudo that finds them there."""
    if os.geteuid() != 0 or not shutil.which("setpriv"):
        pytest.skip("only root can become another user")
    directory = Path(tempfile.mkdtemp(prefix="homes-", dir="/tmp"))
    try:
        directory.chmod(0o755)
        for user in ("nobody", "daemon"):
            (directory / user).mkdir(mode=0o700)
            shutil.chown(directory / user, user)
        sudo = directory / "sudo"
        sudo.write_text(SUDO.replace("HOMES", str(directory)))
        sudo.chmod(0o755)
        yield directory
    finally:
        shutil.rmtree(directory)


@pytest.mark.parametrize(
    "environment", [PIPELINING, pytest.param(DEFAULTS, marks=pytest.mark.complete)], ids=["pipelining", "defaults"]
)
def test_users_of_a_host_get_a_file_each_in_their_own_home(
    ansible: Ansible, sim: Simulator, users: Path, environment: dict[str, str]
) -> None:
    python = "/usr/bin/python3"
    if not Path(python).exists():
        pytest.skip("the users need an interpreter that they may run")
    bare = bare_python(python, users / "bare")
    variables = VARIABLES | {
        "influxctl_profile_users": [
            {"name": "nobody"},
            {"name": "daemon", "profiles": [{"name": "nightly", "mgmt_token": CANARY}], "mode": "0640"},
        ],
        "ansible_become_exe": str(users / "sudo"),
    }
    homes = [users / "nobody", users / "daemon"]
    with Fleet(size=1, python=bare) as fleet:
        (host,) = fleet.hosts

        def play(*flags: str) -> Run:
            fleet.clear_executions(host)
            return ansible.playbook(
                PLAY, *flags, variables=variables, inventory=fleet.inventory, environment=environment
            )

        sweep(play, sim, files=lambda: written(*homes, host.home), canaries=[CANARY, QUERY, PARAMETER])
        if environment == PIPELINING:
            assert len(fleet.executions(host)) == 2
        found = written(*homes, host.home)
    owners = [home.stat().st_uid for home in homes]
    assert [entry[:2] for entry in found.values()] == [(0o600, owners[0]), (0o640, owners[1])]
    assert [names(home / CONFIG) for home in homes] == [["default", "query", "people"], ["nightly"]]


def test_one_user_can_be_become_by_the_play(ansible: Ansible, users: Path) -> None:
    if not Path("/usr/bin/python3").exists():
        pytest.skip("the users need an interpreter that they may run")
    plays = [{**PLAY[0], "become": True, "become_user": "nobody"}]
    with Fleet(size=1, python="/usr/bin/python3") as fleet:
        variables = VARIABLES | {"ansible_become_exe": str(users / "sudo")}
        run = ansible.playbook(plays, variables=variables, inventory=fleet.inventory)
        assert run.code == 0, run.output
        assert_no_secret(run.output, [CANARY, QUERY, PARAMETER])
        assert list(written(users / "nobody", fleet.hosts[0].home)) == [str(users / "nobody" / CONFIG)]


def test_a_controller_without_tomlkit_says_what_to_do(ansible: Ansible, fleet: Fleet, tmp_path: Path) -> None:
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    (hidden / "sitecustomize.py").write_text("import sys\nsys.modules['tomlkit'] = None\n")
    environment = {"PYTHONPATH": str(hidden)}
    before = written(*(host.home for host in fleet.hosts))

    def play(**variables: Any) -> Run:
        return ansible.playbook(
            PLAY, variables=VARIABLES | variables, inventory=fleet.inventory, environment=environment
        )

    run = play()
    assert [result["failure"]["code"] for result in run.failures] == ["missing_library"] * 2
    assert all("pip install tomlkit" in result["msg"] for result in run.failures)
    assert "Traceback" not in run.output
    assert written(*(host.home for host in fleet.hosts)) == before
    # A target that has it itself needs nobody's.
    run = play(ansible_python_interpreter=sys.executable)
    assert run.code == 0, run.output
    assert len(run.changed) == 2


def test_empty_texts_for_the_file_count_as_not_given(ansible: Ansible, tmp_path: Path) -> None:
    """As AWX makes them of an unanswered question: no owner is looked up, and the file is private."""
    config = tmp_path / "config.toml"
    config.write_text(BY_HAND)
    config.chmod(0o644)
    blank = dict.fromkeys((f"influxctl_profile_{name}" for name in ("owner", "group", "mode")), "")

    run = ansible.playbook(
        [{"hosts": "localhost", "connection": "local", "gather_facts": False, "roles": [ROLE]}],
        variables={**VARIABLES, **blank, "influxctl_profile_path": str(config)},
    )

    assert run.code == 0, run.output
    assert config.stat().st_mode & 0o777 == 0o600
