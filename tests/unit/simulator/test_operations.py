# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The 15 operations in both URL forms and products: answers, effects and errors (facts.md#operations)."""

from __future__ import annotations

import base64
import re
from datetime import datetime
from typing import Any

import pytest
import requests

TEMPLATE = [
    {"type": "time", "value": "%Y-%m"},
    {"type": "tag", "value": "room"},
    {"type": "bucket", "value": {"tagName": "sensor", "numberOfBuckets": 10}},
]
FORMS = ("api", "long_api", "dedicated_api")


@pytest.fixture(params=FORMS)
def client(request: pytest.FixtureRequest) -> Any:
    return request.getfixturevalue(request.param)


def ids(client: Any) -> dict[str, str]:
    """What answers in the long form carry besides."""
    return {"accountId": client.sim.account_id, "clusterId": client.sim.cluster_id} if client.long else {}


def assert_error(response: Any, status: int, grpc_code: str) -> None:
    assert response.status_code == status
    assert response.headers["content-type"] == "application/json"
    assert response.json()["code"] == status
    assert f"code = {grpc_code} desc" in response.json()["message"]


def test_create_and_list_databases(client: Any) -> None:
    defaults = {"maxTables": 500, "maxColumnsPerTable": 250, "retentionPeriod": 0}
    limits = {"maxTables": 7, "maxColumnsPerTable": 8, "retentionPeriod": 86_400_000_000_000}
    plain = client.ok("POST", "/databases", {"name": "plain"})
    full = client.ok("POST", "/databases", {"name": "full", **limits, "partitionTemplate": TEMPLATE})
    assert plain == {**ids(client), "name": "plain", **defaults}
    assert full == {**ids(client), "name": "full", **limits, "partitionTemplate": TEMPLATE}
    assert client.ok("GET", "/databases") == [plain, full]
    assert_error(client("POST", "/databases", {"name": "full"}), 409, "AlreadyExists")


def test_update_database_changes_only_what_is_sent(client: Any) -> None:
    client.sim.add_database("d", partition_template=TEMPLATE)
    answer = client.ok("PATCH", "/databases/d", {"retentionPeriod": 5})
    assert answer == {**ids(client), "name": "d", "maxTables": 500, "maxColumnsPerTable": 250, "retentionPeriod": 5}
    assert client.ok("PATCH", "/databases/d", {"retentionPeriod": 0})["retentionPeriod"] == 0
    assert client.sim.state.database("d").partition_template == TEMPLATE
    assert_error(client("PATCH", "/databases/x", {"maxTables": 1}), 404, "NotFound")


def test_delete_is_soft_and_the_name_is_free_again(client: Any) -> None:
    first = client.sim.add_database("d")
    response = client("DELETE", "/databases/d")
    assert (response.status_code, response.content) == (204, b"")
    assert "content-length" not in response.headers
    assert first.deleted_at is not None
    assert client.ok("GET", "/databases") == []
    assert_error(client("DELETE", "/databases/d"), 404, "NotFound")
    client.ok("POST", "/databases", {"name": "d"})
    client("DELETE", "/databases/d")
    assert [d.name for d in client.sim.state.databases if d.deleted_at] == ["d", "d"]


def test_rename_database_keeps_the_id(client: Any) -> None:
    database = client.sim.add_database("old", retention_period=9)
    client.sim.add_database("taken")
    answer = client.ok("PUT", "/databases/old/rename", {"name": "new"})
    values = {"name": "new", "maxTables": 500, "maxColumnsPerTable": 250, "retentionPeriod": 9}
    assert answer == {**ids(client), "id": database.id, **values}
    assert_error(client("PUT", "/databases/old/rename", {"name": "x"}), 404, "NotFound")
    assert_error(client("PUT", "/databases/new/rename", {"name": "taken"}), 409, "AlreadyExists")


def test_undelete_database_by_id(client: Any) -> None:
    now = client.sim.clock.now()
    old = client.sim.add_database("d", max_tables=3, deleted_at=now)
    client.sim.add_table(old, "t")
    other = client.sim.add_database("d", deleted_at=now)
    answer = client.ok("PUT", f"/databases/{old.id}/undelete")
    assert (answer["id"], answer["name"], answer["maxTables"]) == (old.id, "d", 3)
    assert old.deleted_at is None
    assert client.sim.state.table(old, "t") is not None
    assert_error(client("PUT", f"/databases/{other.id}/undelete"), 400, "AlreadyExists")
    assert_error(client("PUT", f"/databases/{old.id}/undelete"), 404, "NotFound")
    assert_error(client("PUT", "/databases/999/undelete"), 404, "NotFound")
    assert client("PUT", "/databases/d/undelete").status_code == 400


def test_tables(client: Any) -> None:
    database = client.sim.add_database("d", partition_template=TEMPLATE)
    names = {**ids(client), "databaseName": "d"}
    assert client.ok("POST", "/databases/d/tables", {"name": "t"}) == {**names, "name": "t"}
    answer = client.ok("POST", "/databases/d/tables", {"name": "u", "partitionTemplate": TEMPLATE})
    assert answer == {**names, "name": "u", "partitionTemplate": TEMPLATE}
    assert_error(client("POST", "/databases/d/tables", {"name": "t"}), 409, "AlreadyExists")
    assert_error(client("POST", "/databases/x/tables", {"name": "t"}), 404, "NotFound")

    table = client.sim.state.table(database, "t")
    renamed = client.ok("PUT", "/databases/d/tables/t/rename", {"name": "v"})
    assert renamed == {**names, "id": table.id, "name": "v"}
    assert_error(client("PUT", "/databases/d/tables/v/rename", {"name": "u"}), 409, "AlreadyExists")
    assert client.ok("PUT", "/databases/d/tables/t/rename", {"name": "w"})["id"] == table.id, "the old name is routed"

    assert client("DELETE", "/databases/d/tables/w").status_code == 204
    assert_error(client("DELETE", "/databases/d/tables/w"), 404, "NotFound")
    assert client.ok("PUT", f"/databases/d/tables/{table.id}/undelete") == {**names, "id": table.id, "name": "w"}
    assert_error(client("PUT", f"/databases/d/tables/{table.id}/undelete"), 404, "NotFound")
    client("DELETE", "/databases/d/tables/w")
    client.ok("POST", "/databases/d/tables", {"name": "w"})
    assert_error(client("PUT", f"/databases/d/tables/{table.id}/undelete"), 400, "AlreadyExists")
    assert_error(client("PUT", "/databases/d/tables/999/undelete"), 404, "NotFound")
    client.sim.add_database("other")
    assert_error(client("PUT", f"/databases/other/tables/{table.id}/undelete"), 404, "NotFound")


def test_tokens(client: Any) -> None:
    permissions = [{"action": "write", "resource": "*"}, {"action": "read", "resource": "a/b"}]
    body = {"description": "d", "permissions": permissions, "expiresAt": "2999-01-02T03:04:05+01:00"}
    created = client.ok("POST", "/tokens", body)
    secret = created.pop("accessToken")
    assert set(created) == {*ids(client), "id", "description", "permissions", "createdAt", "expiresAt"}
    assert created["permissions"] == permissions
    assert created["expiresAt"] == "2999-01-02T02:04:05.000Z"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", created["createdAt"])
    assert client.ok("GET", "/tokens") == [created]
    assert client.ok("GET", f"/tokens/{created['id']}") == created

    assert secret.startswith("apiv1_")
    assert len(base64.b64decode(secret.removeprefix("apiv1_"), validate=True)) == 64
    assert secret in client.sim.secrets

    answer = client.ok("PATCH", f"/tokens/{created['id']}", {"description": ""})
    assert answer == {**created, "description": ""}
    assert client.ok("PATCH", f"/tokens/{created['id']}", {"permissions": []}) == {**answer, "permissions": []}

    assert client("DELETE", f"/tokens/{created['id']}").status_code == 204
    revoked = client.ok("GET", f"/tokens/{created['id']}")
    assert datetime.fromisoformat(revoked["revokedAt"]) <= client.sim.clock.now()
    assert client.ok("GET", "/tokens") == [revoked]
    client.sim.clock.advance(60)
    client("DELETE", f"/tokens/{created['id']}")
    assert client.ok("GET", "/tokens") == [revoked], "the first revocation counts"


def test_tokens_without_permissions_and_with_equal_descriptions(client: Any) -> None:
    answers = [client.ok("POST", "/tokens", {"description": "same"}) for _attempt in range(2)]
    assert answers[0]["permissions"] == []
    assert answers[0]["id"] != answers[1]["id"]
    assert answers[0]["accessToken"] != answers[1]["accessToken"]


@pytest.mark.parametrize(("method", "body"), [("GET", None), ("PATCH", {"description": "x"}), ("DELETE", None)])
def test_unknown_token(client: Any, method: str, body: object) -> None:
    assert_error(client(method, "/tokens/55555555-5555-4555-8555-555555555555", body), 404, "NotFound")
    assert client(method, "/tokens/5555", body).status_code == 400
    assert "'5555' in a path is not a UUID" in client.sim.violations


def test_a_path_segment_is_decoded_exactly_once(client: Any) -> None:
    for name, path in (("a/b", "a%2Fb"), ("a%2Fb", "a%252Fb"), ("ä b", "%C3%A4%20b"), ("..", "%2E%2E")):
        client.sim.add_database(name)
        raw = f"{client.base}/databases/{path}"
        prepared = client.session.prepare_request(requests.Request("DELETE", raw, headers=client.sim.headers))
        prepared.url = raw
        assert client.session.send(prepared, verify=client.session.verify).status_code == 204, name
        assert client.sim.state.database(name) is None
        assert client.sim.requests[-1].raw_path.endswith(path)


def test_the_verb_decides_between_a_name_and_an_id(client: Any) -> None:
    deleted = client.sim.add_database("x", deleted_at=client.sim.clock.now())
    client.sim.add_database(str(deleted.id))
    client.ok("PUT", f"/databases/{deleted.id}/rename", {"name": "digits"})
    client.ok("PUT", f"/databases/{deleted.id}/undelete")
    assert client.sim.state.database("digits") is not None
    assert deleted.deleted_at is None


@pytest.mark.parametrize("form", ["long_api", "dedicated_api"])
def test_the_wrong_ids_are_not_found(request: pytest.FixtureRequest, form: str) -> None:
    client = request.getfixturevalue(form)
    path = "/api/v0/accounts/{}/clusters/{}/tokens"
    for account, cluster, status in (
        ("55555555-5555-4555-8555-555555555555", client.sim.cluster_id, 404),
        (client.sim.account_id, "55555555-5555-4555-8555-555555555555", 404),
        ("undefined", client.sim.cluster_id, 400),
    ):
        url = client.sim.url + path.format(account, cluster)
        assert client.session.get(url, headers=client.sim.headers).status_code == status


def test_dedicated_has_no_short_form(dedicated_api: Any) -> None:
    dedicated_api.long = False
    response = dedicated_api("GET", "/databases")
    assert (response.status_code, response.text) == (404, "404 page not found\n")


def test_ids_of_the_products(sim: Any, dedicated: Any) -> None:
    constant = "11111111-1111-1111-1111-111111111111"
    assert (sim.account_id, sim.cluster_id) == (constant, constant)
    assert len({dedicated.account_id, dedicated.cluster_id, constant}) == 3
