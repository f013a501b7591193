# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Database tokens as a kind of the fleet's protocol: what is refused, where they are tried, what a store returns."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.influxops.influxdb3.plugins.module_utils._core.token_values import LEAST_SECRET
from ansible_collections.influxops.influxdb3.plugins.plugin_utils._fleet import files, hosts
from ansible_collections.influxops.influxdb3.plugins.plugin_utils._fleet.settling import Applied

READ = [{"action": "read", "resource": "metrics"}]
ANSWER = {"id": "b", "key": "b", "is_new": True, "created_at": "2027-01-01T00:00:00Z", "expires_at": None}
MEMBER = {"held": "a", "description": "telegraf web1"}
KEPT = {"id": "b", "token": "apiv1_canary_canary", "description": None, "created_at": None, "expires_at": None}


def stated(**more: Any) -> dict[str, Any]:
    """The role's variables."""
    return {
        "strategy": "per_host",
        "path": "/etc/token.json",
        "permissions": READ,
        "connection": {"host": "https://cluster.example.com", "ca_path": "/etc/ca.pem"},
        "mode": "0600",
        "prove": True,
        "prove_retries": 1,
        "prove_delay": 0,
        **more,
    }


@pytest.mark.parametrize(
    ("variables", "begins"),
    [
        ({"path": None}, "db_token_path is missing"),
        ({"permissions": []}, "db_token_permissions is missing or empty"),
        ({"permissions": None}, "db_token_permissions is missing or empty"),
        ({"env_path": "/etc/token.env"}, "db_token_env_path and db_token_env_name come together"),
        ({"env_name": "TOKEN"}, "db_token_env_path and db_token_env_name come together"),
        ({"connection": {}}, "db_token_prove_host is missing"),
        ({"connection": {"product": "dedicated"}}, "db_token_prove_host is missing"),
        ({"connection": {"host": "user@cluster"}}, "db_token_connection: host must not hold"),
        ({"strategy": "shared"}, "The strategy shared keeps its secret either in db_token_secret_file"),
        ({"connection": {}, "prove": False}, ""),
        ({"description_prefix": ""}, "db_token_description_prefix is empty."),
        ({"issuer": " "}, "db_token_issuer is empty."),
        ({"connection": {}, "prove_tasks": "prove.yml"}, ""),
        ({"connection": {}, "prove_host": "plane"}, ""),
        ({"env_path": "/etc/token.env", "env_name": "TOKEN"}, ""),
    ],
)
def test_what_is_missing_is_said_with_a_remedy(variables: dict[str, Any], begins: str) -> None:
    told = hosts.why_refused(files.KIND, stated(**variables), "linear", [])
    assert told.startswith(begins)
    assert bool(told) == bool(begins)


@pytest.mark.parametrize(
    ("variables", "host"),
    [
        ({}, "https://cluster.example.com"),
        ({"connection": {"host": "cluster", "port": 8443}}, "https://cluster:8443"),
        ({"connection": {"product": "dedicated", "cluster_id": "c1"}}, "https://c1.a.influxdb.io"),
        ({"prove_host": "http://plane:80"}, "http://plane:80"),
    ],
)
def test_a_token_is_tried_where_the_hosts_reach_the_data_plane(variables: dict[str, Any], host: str) -> None:
    assert files.look_options(stated(**variables))["prove"]["host"] == host


def test_the_module_gets_the_variables_of_the_file_and_the_way_to_the_cluster() -> None:
    file = {"path": "/p", "env_path": "/e", "env_name": "TOKEN", "owner": "telegraf", "group": "adm", "mode": "0640"}
    options = files.look_options(stated(**file))
    assert {name: options[name] for name in file} == file
    assert options["_look"]
    # Without it, the module would make a token for a database that isn't there.
    assert files.KIND.way(stated(connection={"host": "h", "port": None})) == {"host": "h", "_refuse_unknown": True}


@pytest.mark.parametrize(("status", "expected"), [(401, True), (403, True), (404, False), (None, False)])
def test_a_token_may_be_revoked_meanwhile_only_where_it_is_refused(status: int | None, expected: bool) -> None:
    assert files.KIND.may_be_revoked({"proved": False, "failure": {"status": status}}) is expected
    assert not files.KIND.may_be_revoked({"proved": None, "failure": {"status": status}})


def test_a_new_token_is_written_whole_and_a_held_one_not_again() -> None:
    options = files.apply_options(stated(), MEMBER, ANSWER, "apiv1_canary_canary", is_check=False)
    assert options["prove"] == {
        "host": "https://cluster.example.com",
        "permissions": READ,
        "ca_path": "/etc/ca.pem",
        "retries": 1,
        "delay": 0,
    }
    assert {key: options.get(key) for key in ("id", "token", "description", "created_at", "expires_at")} == {
        **KEPT,
        "description": "telegraf web1",
        "created_at": "2027-01-01T00:00:00Z",
    }
    held = files.apply_options(stated(), MEMBER, {**ANSWER, "key": "a", "is_new": False}, None, is_check=False)
    assert "token" not in held
    assert held["_prove_unchanged"]
    with pytest.raises(ValueError, match="Nobody has the secret"):
        files.apply_options(stated(), MEMBER, ANSWER, None, is_check=False)
    foretold = files.apply_options(stated(), MEMBER, {**ANSWER, "id": None}, None, is_check=True)
    assert foretold["token"] == foretold["id"]
    assert len(foretold["token"]) >= LEAST_SECRET


def test_user_tasks_stand_in_place_of_the_proof() -> None:
    settings = stated(prove_tasks="prove.yml", prove=False, changed_tasks="restart.yml")
    options = files.apply_options(settings, MEMBER, ANSWER, "apiv1_canary_canary", is_check=False)
    assert "prove" not in options
    assert options["_note_unused"]
    assert files.KIND.proves(settings)
    assert not files.KIND.proves(stated(prove=False))


@pytest.mark.parametrize("loaded", ["", None, " ", {}])
def test_an_empty_store_holds_nothing(loaded: Any) -> None:
    assert files.KIND.key_of(loaded) == ""


@pytest.mark.parametrize("loaded", [KEPT, json.dumps(KEPT)])
def test_a_store_gives_back_what_it_was_given(loaded: Any) -> None:
    assert (files.KIND.key_of(loaded), files.KIND.secret_of(loaded)) == ("b", KEPT["token"])


@pytest.mark.parametrize("loaded", ["apiv1_canary_canary", "[1]", {"token": "x"}, {"id": 1, "token": "x"}, 7])
def test_a_bare_secret_is_refused_without_being_shown(loaded: Any) -> None:
    with pytest.raises(ValueError, match="tell whose it is") as refused:
        files.KIND.key_of(loaded)
    assert "canary" not in str(refused.value)


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (
            {"db_token_file": {"id": "b", "path": "/p"}, "proved": True, "changed": True},
            Applied(True, True, "b", changed=True),
        ),
        (
            {"db_token_file": {"id": "b", "path": "/p"}, "proved": None, "changed": True},
            Applied(False, True, "b", changed=True),
        ),
        (
            {"failed": True, "msg": "m", "db_token_file": None, "proved": False, "failure": {"status": 401}},
            Applied(False, True, None, failure="m", may_be_revoked=True),
        ),
        (
            {"failed": True, "msg": "m", "db_token_file": {"id": "a"}, "proved": False, "failure": {"status": None}},
            Applied(False, True, "a", failure="m"),
        ),
        ({"failed": True, "msg": "m"}, Applied(failure="m")),
        # It has failed after the proof, such as while it wrote.
        ({"failed": True, "msg": "m", "db_token_file": {"id": "b"}, "proved": True}, Applied(failure="m")),
    ],
)
def test_a_result_says_what_the_host_holds_as_far_as_it_is_known(result: dict[str, Any], expected: Applied) -> None:
    assert hosts.applied(files.KIND, stated(), result, None, ANSWER, is_check=False) == expected
