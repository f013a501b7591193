# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What goes wrong fails in the module, with a sentence that names cause and remedy, and leaves nothing half-written."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from harness.fixtures import manages_tokens
from harness.playbook import Ansible
from harness.plays import connection, local_play
from harness.sample import part_or_all
from harness.sweeps import assert_no_secret, snapshot
from simulator import Simulator

FAILURE_KEYS = {"status", "code", "message", "method", "path"}
DATABASE = {"name": "metrics"}
TABLE = {"database": "metrics", "name": "cpu"}
# In place of a code: Ansible itself refuses the options, so there is no `failure`, and the words are not ours: only the
# names in them are.
OF_ANSIBLE = ""
PROFILE = {"name": "default", "product": "clustered", "host": "a.example"}


@dataclass
class Case:
    """A task that must fail: its module and options, and what its message must hold."""

    module: str
    options: dict[str, Any]
    says: list[str]
    code: str = "invalid_option"
    environment: dict[str, str] = field(default_factory=dict)

    def task(self, number: int) -> dict[str, Any]:
        return {
            "name": f"case {number}",
            f"influxops.influxdb3.{self.module}": self.options,
            "ignore_errors": True,
            "environment": self.environment,
        }


def parts(*given: dict[str, Any]) -> dict[str, Any]:
    return {**DATABASE, "partition_template": list(given)}


# Each fails before the first request.
WRONG_OPTIONS = [
    Case("database", {"name": ""}, ["name", "1 to 64"]),
    Case("database", {"name": "x" * 65}, ["name", "65", "1 to 64"]),
    Case("database", {"name": ".."}, ["name", "relative path"]),
    Case("database", {"name": "a\nb"}, ["name", "control characters"]),
    Case("database", {**DATABASE, "rename_from": ""}, ["rename_from", "1 to 64"]),
    Case("database", {"state": "restored", "id": 0}, ["id", "between 1 and"]),
    Case("database", {"state": "absent"}, ["absent", "name"], OF_ANSIBLE),
    Case("database", {"state": "restored"}, ["restored", "id", "name"], OF_ANSIBLE),
    *[
        Case("database", {"name": None, "state": state, "host": "localhost"}, [state, "name"], OF_ANSIBLE)
        for state in ("present", "absent", "restored")
    ],
    *[
        Case("table", {"database": "a", "name": None, "state": state}, [state, "name"], OF_ANSIBLE)
        for state in ("present", "absent", "restored")
    ],
    *[
        Case(module, {"description": None, "id": None, "state": state}, ["description", "id"], OF_ANSIBLE)
        for module in ("db_token", "mgmt_token")
        for state in ("present", "absent")
    ],
    Case("database", {**DATABASE, "state": "gone"}, ["state", "present", "absent", "restored"], OF_ANSIBLE),
    Case("database", {**DATABASE, "max_tables": "many"}, ["max_tables"], OF_ANSIBLE),
    Case("database", {**DATABASE, "retention_period": "30 d"}, ["retention_period", "30d", "infinite"]),
    Case("database", {**DATABASE, "retention_period": "-1d"}, ["retention_period", "30d", "infinite"]),
    Case("database", {**DATABASE, "retention_period": "30x"}, ["retention_period", "s, m, h, d, w, mo, y"]),
    Case("database", {**DATABASE, "retention_period": "300y"}, ["retention_period", "292 years"]),
    Case("database", {**DATABASE, "max_tables": 0}, ["max_tables", "between 1 and", "leave it out for the default"]),
    Case("database", {**DATABASE, "max_columns_per_table": 2**31}, ["max_columns_per_table", "between 1 and"]),
    Case("database", parts(), ["partition_template", "0 parts", "1 to 8"]),
    Case("database", parts(*({"type": "tag", "value": f"t{n}"} for n in range(9))), ["9 parts", "1 to 8"]),
    Case("database", parts(*[{"type": "time", "value": "%Y"}] * 2), ["part 2", "unique"]),
    Case("database", parts({"type": "tag"}), ["type tag", "value"]),
    Case("database", parts({"type": "bucket", "tag_name": "a"}), ["bucket", "number_of_buckets"]),
    Case("database", parts({"type": "bucket", "tag_name": "a", "number_of_buckets": 0}), ["1 and 100000"]),
    Case("database", {"name": "_internal", "state": "absent"}, ["_internal", "force: true"], "refused"),
    Case("database", {**DATABASE, "port": 70000}, ["port 70000", "65535"]),
    Case("database", {**DATABASE, "host": "ftp://a"}, ["ftp", "https"]),
    Case("database", {**DATABASE, "host": "https://user:pass@a"}, ["user or password"]),
    Case("database", {**DATABASE, "timeout": 0}, ["timeout", "more than 0"]),
    Case("database", {**DATABASE, "account_id": "a"}, ["cluster_id is missing", "INFLUXDB3_CLUSTER_ID"]),
    Case("database", {**DATABASE, "product": "oss"}, ["product", "clustered", "dedicated"], OF_ANSIBLE),
    Case("database", {**DATABASE, "host": "a b"}, ["'a b'", "host name or URL"]),
    Case("database", {**DATABASE, "retries": -1, "client_key": "/k"}, ["retries must be 0", "client_key needs"]),
    Case("database", {**DATABASE, "management_token": "canary of two words"}, ["management_token", "blank"]),
    Case("database_info", {"name": "a", "patterns": ["b"]}, ["name", "patterns"], OF_ANSIBLE),
    Case("table", {**TABLE, "name": ""}, ["name", "not be empty"]),
    Case("table", {**TABLE, "name": "."}, ["name", "relative path"]),
    Case("table", {**TABLE, "name": "a\tb"}, ["name", "control characters"]),
    Case("table", {**TABLE, "database": ""}, ["database", "1 to 64"]),
    Case("table", {**TABLE, "database": "x" * 65}, ["database", "65", "1 to 64"]),
    Case("table", {**TABLE, "rename_from": ""}, ["rename_from", "not be empty"]),
    Case("table", {"database": "a", "state": "restored", "id": -1}, ["id", "-1", "between 1 and"]),
    Case("table", {"database": "a", "state": "restored"}, ["restored", "id", "name"], OF_ANSIBLE),
    Case("table", {"name": "a"}, ["database"], OF_ANSIBLE),
    Case("table", {**TABLE, "partition_template": []}, ["partition_template", "0 parts", "1 to 8"]),
    Case("table", {**TABLE, "partition_template": [{"type": "time", "value": "%F"}]}, ["%F", "%Y, %m and %d"]),
    Case("table", {**TABLE, "partition_template": [{"type": "field"}]}, ["time", "tag", "bucket"], OF_ANSIBLE),
    Case("db_token", {"description": " "}, ["description", "not be empty"]),
    Case("db_token", {"description": "a", "expires_at": "2027-01-01T00:00:00Z", "expires_in": "1d"}, ["only one"]),
    Case("db_token", {"description": "a", "expires_at": "tomorrow"}, ["expires_at", "RFC 3339"]),
    Case("db_token", {"description": "a", "expires_at": "2020-01-01T00:00:00Z"}, ["in the past"]),
    Case("db_token", {"description": "a", "expires_in": "7d", "renew_before": "14d"}, ["renew_before", "every run"]),
    Case("db_token", {"description": "a", "expires_in": "infinite"}, ["expires_in", "leaving"]),
    Case("db_token", {"description": "a", "expires_in": 90}, ["expires_in: '90' has no unit", "90d"]),
    Case("db_token", {"description": "a", "renew_before": 14}, ["renew_before: '14' has no unit", "14d"]),
    Case("db_token", {"description": "a", "expires_in": "0.5s"}, ["expires_in", "less than a second"]),
    Case("mgmt_token", {"description": "a", "max_age": "30"}, ["max_age: '30' has no unit", "30d"]),
    Case("mgmt_token", {"tokens": [{"description": "a", "max_age": 30}]}, ["max_age: '30' has no unit", "30d"]),
    Case("db_token_info", {"expiring_within": 14}, ["expiring_within: '14' has no unit", "14d"]),
    Case("mgmt_token_info", {"expiring_within": "14"}, ["expiring_within: '14' has no unit", "14d"]),
    Case(
        "cluster",
        {"db_tokens": [{"description": "a", "renew_before": 14, "return_secret": True}]},
        ["db_tokens[0] 'a': renew_before: '14' has no unit", "14d"],
    ),
    Case(
        "db_token",
        {"description": "a", "permissions": [{"action": "read", "resource": "x" * 65}]},
        ["permission 1", "65", "1 to 64"],
    ),
    Case("mgmt_token", {"description": ""}, ["description", "not be empty"]),
    Case("influxctl_profile", {**PROFILE, "port": 70000}, ["port", "70000", "65535"]),
    Case("influxctl_profile", {"name": "x"}, ["product", "clustered and dedicated"]),
    Case("influxctl_profile", {"name": "x", "product": "dedicated"}, ["account_id and cluster_id"]),
    Case("influxctl_profile", {"name": " ", "product": "clustered", "host": "a"}, ["name", "empty"]),
]

# What holds only for what is made: whether the database is there has to be looked up first.
CAN_NOT_BE_MADE = [
    Case("database", parts({"type": "time", "value": "%H"}), ["%H", "%Y, %m and %d"]),
    Case("database", parts({"type": "time", "value": "day"}), ["day", "%Y, %m and %d"]),
    Case("database", parts({"type": "tag", "value": "time"}), ["time is reserved"]),
    Case(
        "database",
        parts({"type": "tag", "value": "a"}, {"type": "bucket", "tag_name": "a", "number_of_buckets": 2}),
        ["'a'", "more than one part"],
    ),
    Case("database", {**DATABASE, "retention_period": 90}, ["'90' has no unit", "90d", "force"], "short_retention"),
]


def test_what_can_not_be_made_is_refused_before_the_first_write(ansible: Ansible, sim: Simulator) -> None:
    run_cases(ansible, sim, CAN_NOT_BE_MADE)
    assert sim.writes == []


@pytest.mark.parametrize("step", part_or_all(5))
def test_wrong_options_fail_before_the_first_request(ansible: Ansible, sim: Simulator, step: int) -> None:
    run_cases(ansible, sim, WRONG_OPTIONS[::step])
    assert sim.requests == []


def test_an_incomplete_connection_names_all_that_is_missing_at_once(ansible: Ansible) -> None:
    case = Case(
        "database", {**DATABASE, "product": "dedicated"}, ["management_token", "account_id", "cluster_id", "INFLUXDB3_"]
    )
    run = ansible.playbook(local_play([case.task(0)], {}))
    check(run.result("case 0"), case)


# Files that nobody can use.
BROKEN = {
    "config.toml": b'[[profile]]\nname = "default\n',
    "plain.toml": b'[profile]\nname = "default"\n',
    "twice.toml": b'[[profile]]\nname = "default"\n\n[[profile]]\nname = "default"\n',
    "binary.toml": b"\xff\xfe\x00",
    "foreign.json": b"{}",
    "silent": b"#!/bin/sh\necho influxctl 2.5.0\nexit 3\n",
}
WRONG_TOKEN = "M.V1.canaryOfATokenThatTheServerDoesNotKnow"


@pytest.mark.parametrize("step", part_or_all(3))
def test_a_broken_world_is_explained(
    ansible: Ansible, sim: Simulator, tmp_path: Path, make_simulator: Callable[..., Simulator], step: int
) -> None:
    for name, content in BROKEN.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "silent").chmod(0o700)
    cases = [*broken_connections(sim, make_simulator(mutual=True)), *broken_files(tmp_path)]
    output = run_cases(ansible, sim, cases[::step])
    assert_no_secret(output, [WRONG_TOKEN])
    assert sim.writes == []
    assert {name: (tmp_path / name).read_bytes() for name in BROKEN} == BROKEN


def broken_connections(sim: Simulator, secured: Simulator) -> list[Case]:
    """`secured` wants a certificate of the client."""
    return [
        Case("database", {**DATABASE, **connected, "retries": 0}, says, code)
        for connected, says, code in (
            ({"host": "https://127.0.0.1:9"}, ["host and port"], "unreachable"),
            ({"management_token": WRONG_TOKEN}, ["401", "management token"], "unauthorized"),
            ({"ca_path": "/etc/ssl/certs/ca-certificates.crt"}, ["ca_path"], "tls"),
            ({"ca_path": "/proc/no.pem"}, ["no.pem", "ca_path"], "tls"),
            ({"host": secured.url, "ca_path": str(secured.ca_path)}, ["client_cert"], "unreachable"),
            ({"host": sim.url.replace("https", "http")}, ["answer"], "unreachable"),
        )
    ] + [Case("mgmt_token", {"description": "a", "management_token": WRONG_TOKEN}, ["list", "profile"], "influxctl")]


def broken_files(directory: Path) -> list[Case]:
    """`directory` holds the files of BROKEN."""
    path = {name: str(directory / name) for name in (*BROKEN, "no.toml", "no")}
    itself = str(directory)
    return [
        Case(
            "database",
            {**DATABASE, "config_path": path["config.toml"]},
            ["config.toml", "TOML", "line 2"],
            "invalid_toml",
        ),
        Case("database", {**DATABASE, "config_path": path["no.toml"]}, ["no influxctl config"], "no_config"),
        Case("database", {**DATABASE, "config_path": path["twice.toml"]}, ["2 times"], "duplicate_profile"),
        *(
            Case("mgmt_token", {"description": "a", "influxctl_path": path[name]}, says, code)
            for name, says, code in (
                ("no", ["not found", path["no"]], "influxctl_missing"),
                ("config.toml", ["not executable"], "influxctl_missing"),
                ("silent", ["2.5.0", "2.6.0"], "influxctl"),
            )
        ),
        *(
            Case("influxctl_profile", {**PROFILE, "path": where}, says, code)
            for where, says, code in (
                (path["config.toml"], ["left as it is", "TOML", "line 2"], "invalid_toml"),
                (path["plain.toml"], ["[[profile]]"], "invalid_profile"),
                (path["twice.toml"], ["2 times"], "duplicate_profile"),
                (path["binary.toml"], ["UTF-8"], "invalid_toml"),
                (itself, [os.strerror(errno.EISDIR)], "unreadable"),
                ("/proc/no/config.toml", ["can't be created"], "unwritable"),
            )
        ),
        *(
            Case("db_token", {"description": "a", "secret_file": where}, says, code)
            for where, says, code in (
                ("/proc/no/a.json", ["/proc/no/a.json", "may write"], "secret_file"),
                (path["foreign.json"], ["damaged", "left as it is"], "secret_file"),
                (itself, ["is a directory", "Name a file in it"], "invalid_option"),
            )
        ),
    ]


def run_cases(ansible: Ansible, sim: Simulator, cases: list[Case]) -> str:
    """Run all cases as tasks of one play; nothing changes in the cluster, and no secret is printed."""
    before = snapshot(sim)
    run = ansible.playbook(local_play([case.task(n) for n, case in enumerate(cases)], connection(sim)))
    for number, case in enumerate(cases):
        check(run.result(f"case {number}"), case)
    assert snapshot(sim) == before
    assert_no_secret(run.output, sim.secrets)
    return run.output


def check(result: dict[str, Any], case: Case) -> None:
    """The failure is the module's own, structured, and says what it must."""
    assert result.get("failed"), f"{case} has not failed: {result}"
    assert "Traceback" not in str(result), result
    missing = [text for text in case.says if text not in result["msg"]]
    assert not missing, f"{case.module} {case.options} says {result['msg']!r}, without {missing}"
    if case.code == OF_ANSIBLE:
        return
    assert set(result["failure"]) == FAILURE_KEYS
    assert result["failure"]["code"] == case.code, result["msg"]


@pytest.mark.parametrize("state", ["present", "absent"])
@manages_tokens
def test_what_is_ambiguous_is_refused(ansible: Ansible, sim: Simulator, state: str) -> None:
    sim.add_database("old")
    sim.add_database("new", partition_template=[{"type": "time", "value": "%Y"}])
    sim.add_db_token("twice")
    sim.add_db_token("twice")
    template = [{"type": "time", "value": "%Y-%m"}]
    cases = {
        "present": [
            Case("database", {"name": "new", "rename_from": "old"}, ["old", "new", "rename_from"], "refused"),
            Case(
                "database",
                {"name": "new", "partition_template": template},
                ["partition_template", "fixes"],
                "immutable",
            ),
            Case("database", {"name": "old", "partition_template": template}, ["partition_template"], "immutable"),
            Case("db_token", {"description": "twice", "secret_file": "/tmp/never"}, ["on_lost_secret"], "lost_secret"),
            Case("db_token", {"id": "00000000-0000-4000-8000-000000000000"}, ["No active token"], "refused"),
            Case(
                "mgmt_token", {"id": sim.core.admin_id, "description": "new"}, ["simulator admin", "can't be changed"]
            ),
        ],
        "absent": [
            Case("db_token", {"description": "twice", "state": "absent"}, ["all_matching", "id"], "ambiguous_token"),
            Case("mgmt_token", {"id": sim.core.admin_id, "state": "absent"}, ["allow_self_revoke"], "self_revoke"),
            Case(
                "mgmt_token",
                {"description": "simulator admin", "state": "absent"},
                ["allow_self_revoke"],
                "self_revoke",
            ),
        ],
    }[state]
    run_cases(ansible, sim, cases)
    assert sim.writes == []
