# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The driver against the stand-in as a real process: every version and output form, and every way to go wrong."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.influxops.influxdb3.plugins.module_utils._core.errors import InfluxctlError
from ansible_collections.influxops.influxdb3.plugins.module_utils._influxctl import runner
from ansible_collections.influxops.influxdb3.plugins.module_utils._influxctl.client import Client
from ansible_collections.influxops.influxdb3.plugins.module_utils._influxctl.influxctl import (
    Influxctl,
    prove_created,
)
from ansible_collections.influxops.influxdb3.plugins.module_utils._influxctl.process import Process
from ansible_collections.influxops.influxdb3.plugins.module_utils._influxctl.runner import Output
from harness.mgmt_tokens import create_one
from harness.sample import sample
from harness.sweeps import assert_no_secret
from simulator import Fault, Simulator
from simulator.influxctl import CliSwitches, install, invocations

VERSIONS = ("2.6.0", "2.10.0", "2.11.0", "2.12.1")
EXPIRY = datetime(2999, 1, 2, 3, 4, 5, tzinfo=UTC)
# Each is one line, as the option demands; the server must get it unchanged.
DESCRIPTIONS = [
    "-x",
    "--force",
    "\"a\" 'b' \\n",
    "$(id) `id` %s",
    "tab\tand  blanks ",
    "[1] {} null | ,",
    "ünï ☃ 漢字 🔑",
]


@pytest.fixture
def server() -> Any:
    """A Clustered server over plain HTTP, which starts processes sooner."""
    with Simulator(tls=False) as sim:
        yield sim


@pytest.fixture
def driver(server: Simulator, tmp_path: Path) -> Callable[..., Influxctl]:
    """Installs a stand-in of some version and behaviour, and returns a driver for it, which tells `secrets` of them.

    It asks for a list once more, without a pause.
    """
    config = tmp_path / "config.toml"

    def make(version: str = "2.12.1", profile: str = "", secrets: set[str] | None = None, **switches: Any) -> Influxctl:
        token = profile or f'mgmt_token = "{server.admin_token}"'
        config.write_text(
            f'[[profile]]\nname = "p"\nproduct = "clustered"\nhost = "{server.host}"\nport = "{server.port}"\n'
            f"{token}\n[profile.tls]\ndisable = true\n"
        )
        path = install(tmp_path, version, **switches)
        path.with_name("influxctl.log").unlink(missing_ok=True)
        known = set() if secrets is None else secrets
        client = Client(
            *(str(path), str(config), "p"), timeout=60, retries=1, secrets=known, sleep=lambda _seconds: None
        )
        return Influxctl(client)

    return make


def commands(tmp_path: Path) -> list[str]:
    """What influxctl was asked for, without the global flags: the last part of their values."""
    return [
        " ".join(ran.argv[ran.argv.index("p") + 1 :][:2] or ran.argv) for ran in invocations(tmp_path / "influxctl")
    ]


# What no driver could make anything of; a probe tells it.
NOT_UNDERSTOOD = {("create_json", "no_secret"), ("create_json", "refused"), ("list_json", "lines")}


def rows() -> list[dict[str, Any]]:
    """Settings of all switches that aren't faults, so that every value of each occurs."""
    values = {
        info.name: [value for value in info.values if (info.name, value) not in NOT_UNDERSTOOD]
        for info in CliSwitches.catalogue()
        if info.fact != "fault"
    }
    most = max(map(len, values.values()))
    return [{name: some[row % len(some)] for name, some in values.items()} for row in range(most)]


@pytest.mark.parametrize(
    "version_row",
    sample([(version, row) for version in VERSIONS for row in rows()], lambda number, _value: number % 5 == 0),
    ids=lambda one: f"{one[0]} {one[1]['create_json']}",
)
def test_every_output_is_understood(
    driver: Callable[..., Influxctl],
    server: Simulator,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    version_row: tuple[str, dict[str, Any]],
) -> None:
    version, row = version_row
    monkeypatch.setenv("INFLUXCTL_PROFILE", "elsewhere")
    moment = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
    old = server.add_mgmt_token("fleet", EXPIRY, created_at=moment, revoked_at=moment + timedelta(microseconds=5))
    secrets: set[str] = set()
    program = driver(version, secrets=secrets, **row)
    before = program.list_tokens()
    (listed,) = [token for token in before if token["id"] == old.id]
    assert (listed["created_at"], listed["expires_at"]) == (moment, EXPIRY)
    assert listed["revoked_at"] == old.revoked_at
    ends = None if version == "2.6.0" else EXPIRY
    created = create_one(program, "fleet", ends, before)
    made = server.state.mgmt_tokens[-1]
    assert (created["id"], created["token"], created.get("expires_at")) == (made.id, made.secret, ends)
    assert secrets == {made.secret}
    assert commands(tmp_path) == ["management list", "management create", "management list"]
    # The driver doesn't ask for JSON, whose shape nobody documents; if a version printed it, it would be understood.
    path = tmp_path / "influxctl"
    shown = subprocess.run(
        [path, "--config", tmp_path / "config.toml", "--profile", "p", *["management", "create", "--format", "json"],
         "--description=json"],
        capture_output=True, text=True, check=True, env={},
    )  # fmt: skip
    after = program.list_tokens()
    proved = prove_created(before, after, "json", Output(0, shown.stdout, shown.stderr))
    assert proved is not None
    assert proved["token"] == server.state.mgmt_tokens[-1].secret
    program.revoke_tokens([created["id"], proved["id"]])
    assert made.revoked_at is not None
    logged = str(invocations(path))
    assert_no_secret(logged, server.secrets)
    assert "INFLUX" not in logged.replace("INFLUXCTL_PROFILE=", "")


def test_many_are_made_in_parallel_with_one_list_after(
    driver: Callable[..., Influxctl], server: Simulator, tmp_path: Path
) -> None:
    made = driver().create_tokens([(text, None) for text in DESCRIPTIONS], [], 4)
    issued = {token.description: token.secret for token in server.state.mgmt_tokens[1:]}

    tokens = [token for token in made if not isinstance(token, InfluxctlError)]
    assert {text: token["token"] for text, token in zip(DESCRIPTIONS, tokens, strict=True)} == issued
    assert sorted(commands(tmp_path)) == ["management create"] * len(DESCRIPTIONS) + ["management list"]


class Late(Process):
    """The time of a command is up as soon as it has printed something and goes on, whenever that is."""

    command = b""

    def communicate(self, input: bytes | None = None, timeout: float | None = None) -> tuple[bytes, bytes]:
        # The driver passes a list; Popen would take other kinds as well.
        while self.command in self.args:  # type: ignore[operator]
            try:
                return super().communicate(input, 0.05)
            except subprocess.TimeoutExpired as error:
                if error.stdout or error.stderr:
                    raise
        return super().communicate(input, timeout)


def test_a_login_that_nobody_can_do_is_explained(
    driver: Callable[..., Influxctl], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "Process", Late)
    monkeypatch.setattr(Late, "command", b"list")
    device = '[profile.auth.oauth2]\nclient_id = "a"\ndevice_url = "https://sso.example/device"'
    with pytest.raises(InfluxctlError, match=r"within 60 seconds.*login in a browser.*management_token") as caught:
        driver(profile=device).list_tokens()
    assert caught.value.code == "influxctl_timeout"
    (ran,) = invocations(tmp_path / "influxctl")
    assert not Path(f"/proc/{ran.pid}").exists()


@pytest.mark.parametrize("fault", ["print and fail", "print and hang"])
def test_a_proved_secret_is_not_lost_to_a_late_failure(
    driver: Callable[..., Influxctl], server: Simulator, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    monkeypatch.setattr(runner, "Process", Late)
    monkeypatch.setattr(Late, "command", b"create")
    created = create_one(driver(after_create=fault, version="2.10.5", warn_lines="stdout"), "d", None, [])
    assert created["token"] == server.state.mgmt_tokens[-1].secret


def test_what_appeared_unproved_is_named_and_stays(driver: Callable[..., Influxctl], server: Simulator) -> None:
    with pytest.raises(InfluxctlError) as caught:
        create_one(driver(after_create="fail"), "d", None, [])
    left = server.state.mgmt_tokens[-1]
    assert left.revoked_at is None
    assert "failed with exit code 1" in str(caught.value)
    assert f"appeared meanwhile: {left.id}." in str(caught.value)


def test_one_failure_of_many_is_its_own(driver: Callable[..., Influxctl], server: Simulator) -> None:
    first, *others = driver(after_create="fail", failures=1).create_tokens([(d, None) for d in "abc"], [], 1)
    assert isinstance(first, InfluxctlError)
    made = [token["token"] for token in others if not isinstance(token, InfluxctlError)]
    assert made == [token.secret for token in server.state.mgmt_tokens[2:]]


@pytest.mark.parametrize("times", [1, 2])
def test_the_list_that_proves_a_secret_is_read_twice(
    driver: Callable[..., Influxctl], server: Simulator, tmp_path: Path, times: int
) -> None:
    server.faults.append(Fault("status", at=2, times=times))
    (made,) = driver().create_tokens([("d", None)], [], 1)
    if times == 1:
        assert isinstance(made, dict)
    else:
        assert "can't be read" in str(made)
        assert "may have been made" in str(made)
        assert_no_secret(str(made), server.secrets)
    lists = [command for command in commands(tmp_path) if command != "version"]
    assert lists == ["management create", "management list", "management list"]


@pytest.mark.parametrize(
    ("version", "profile", "switches", "says"),
    [
        ("2.5.0", "", {}, ["2.5.0", "2.6.0 or newer"]),
        ("2.12.1", 'mgmt_token = "M.V1.wrong-token"', {}, ["invalid token", "mgmt_token"]),
        ("2.12.1", 'nonsense = "M.V1.canary-canary"', {"config_error_quotes": True}, ["profile.nonsense"]),
        ("2.5.0", 'nonsense = "M.V1.canary-canary"', {"version_style": "long"}, ["2.5.0", "2.6.0 or newer"]),
    ],
)
def test_failures_name_cause_and_remedy(
    driver: Callable[..., Influxctl], version: str, profile: str, switches: dict[str, Any], says: list[str]
) -> None:
    with pytest.raises(InfluxctlError) as caught:
        driver(version, profile, **switches).list_tokens()
    assert [text for text in says if text not in str(caught.value)] == []
    assert "canary-canary" not in str(caught.value)


def test_an_expired_token_and_an_early_version_are_explained(
    driver: Callable[..., Influxctl], server: Simulator
) -> None:
    expired = server.add_mgmt_token("e", datetime(2024, 1, 2, tzinfo=UTC), created_at=datetime(2024, 1, 1, tzinfo=UTC))
    with pytest.raises(InfluxctlError, match="mgmt_token"):
        driver(profile=f'mgmt_token = "{expired.secret}"').list_tokens()
    with pytest.raises(InfluxctlError, match=r"It is version 2.9.9; an expiry needs influxctl 2.10.0"):
        create_one(driver("2.9.9"), "d", EXPIRY, [])
    assert len(server.state.mgmt_tokens) == 2


@pytest.mark.parametrize("argument", ["a\0b", "x" * 3_000_000])
def test_what_no_program_can_be_told_fails(driver: Callable[..., Influxctl], argument: str) -> None:
    with pytest.raises(InfluxctlError, match="can't be run"):
        create_one(driver(), argument, None, [])


def test_prompts_are_never_met(driver: Callable[..., Influxctl], server: Simulator) -> None:
    token = server.add_mgmt_token("t")
    driver(prompt="hang").revoke_tokens([token.id])
    assert token.revoked_at is not None
