# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a request must be like: authorization, headers, bodies, values (facts.md#requests-and-answers)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from simulator import Simulator, Switches
from simulator.api import OPERATIONS

UUID = "55555555-5555-4555-8555-555555555555"


def _concrete(path: str) -> str:
    for name in ("databaseName", "tableName", "databaseId", "tableId", "tokenId"):
        path = path.replace(f"{{{name}:segment}}", UUID if name == "tokenId" else "1")
    return path


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda o: f"{o.method} {o.path}")
def test_every_operation_demands_a_live_token(api: Any, operation: Any) -> None:
    sim = api.sim
    now = sim.clock.now()
    dead = (
        sim.add_mgmt_token("expired", now - timedelta(seconds=1)),
        sim.add_mgmt_token("revoked", revoked_at=now),
        sim.add_db_token("a database token", [{"action": "read", "resource": "*"}]),
    )
    for value in (None, "Bearer", "Bearer ", "Bearer nonsense", *(f"Bearer {token.secret}" for token in dead)):
        response = api(operation.method, _concrete(operation.path), headers={"Authorization": value})
        assert response.status_code == 401
        assert response.json()["code"] == 401
        assert isinstance(response.json()["message"], str)
    assert not any(request.committed for request in sim.requests)


def test_tokens_are_accepted_until_they_expire(api: Any) -> None:
    token = api.sim.add_mgmt_token("t", api.sim.clock.now() + timedelta(seconds=60))
    headers = {"Authorization": f"Bearer {token.secret}"}
    assert api("GET", "/tokens", headers=headers).status_code == 200
    api.sim.clock.advance(60)
    assert api("GET", "/tokens", headers=headers).status_code == 401


def test_a_session_of_a_login_is_accepted(api: Any) -> None:
    headers = {"Authorization": f"Bearer {api.sim.session_token}"}
    assert api("GET", "/tokens", headers=headers).status_code == 200


@pytest.mark.parametrize("scheme", ["Token", "bearer", "Basic"])
def test_other_schemes_are_violations(api: Any, scheme: str) -> None:
    response = api("GET", "/tokens", headers={"Authorization": f"{scheme} {api.sim.admin_token}"})
    assert response.status_code == 401
    assert api.sim.violations == ["GET /api/v0/tokens: Authorization must be `Bearer` and the token"]


@pytest.mark.parametrize("accept", [None, "*/*", "application/json, text/plain", "text/html"])
def test_accept_must_be_json(api: Any, accept: str | None) -> None:
    api.session.headers.clear()
    response = api("GET", "/databases", headers={"Accept": accept})
    assert response.status_code == 406
    assert api.sim.violations == ["GET /api/v0/databases: Accept must be application/json"]


def test_a_deletion_needs_no_accept(api: Any) -> None:
    api.sim.add_database("d")
    assert api("DELETE", "/databases/d", headers={"Accept": "*/*"}).status_code == 204
    assert api.sim.violations == []


@pytest.mark.parametrize("content_type", [None, "text/plain", "application/json; charset=utf-8"])
def test_content_type_must_be_exactly_json(api: Any, content_type: str | None) -> None:
    response = api("POST", "/databases", headers={"Content-Type": content_type}, data=b'{"name": "d"}')
    assert response.status_code == 415
    assert api.sim.violations == ["POST /api/v0/databases: Content-Type must be application/json"]


JSON = {"Content-Type": "application/json"}


NO_JSON = [b"", b"{", b'{"name": "a", "name": "b"}', b'{"name": "\xff"}', b'{"name": "a", "maxTables": NaN}']


@pytest.mark.parametrize("raw", [*NO_JSON, b"[]", b'"name"', b"null"])
def test_bodies_must_be_strict_json_objects(api: Any, raw: bytes) -> None:
    response = api("POST", "/databases", headers=JSON, data=raw)
    assert response.status_code == 400
    assert response.json()["code"] == 400
    text = "the body must be an object" if raw in (b"[]", b'"name"') else "the body is not strict JSON"
    assert api.sim.violations == [f"POST /api/v0/databases: {text}"]
    assert api.sim.state.databases == []


# test_contract.py compares our OpenAPI document with InfluxData's, and schemathesis sends bodies that it forbids. These
# are the rules beyond it: no coercion, no null for a field that is left out, and rules over several parts.
BAD_DATABASES: list[dict[str, Any]] = [
    {"name": "d", "maxTables": "1"},
    {"name": "d", "maxTables": 1.0},
    {"name": "d", "maxTables": True},
    {"name": "d", "maxTables": None},
]
BAD_TEMPLATES: list[Any] = [
    None,
    [{"type": "time", "value": "%d %b %Y"}],
    [{"type": "tag", "value": "time"}],
    [{"type": "tag", "value": "a"}, {"type": "tag", "value": "a"}],
    [{"type": "time", "value": "%Y"}, {"type": "time", "value": "%Y"}],
    [{"type": "tag", "value": "a"}, {"type": "bucket", "value": {"tagName": "a", "numberOfBuckets": 1}}],
    [{"type": "bucket", "value": '{"tagName": "a", "numberOfBuckets": 1}'}],
]


@pytest.mark.parametrize(
    "body", BAD_DATABASES + [{"name": "d", "partitionTemplate": t} for t in BAD_TEMPLATES], ids=str
)
def test_bad_databases_are_refused(api: Any, body: dict[str, Any]) -> None:
    response = api("POST", "/databases", body)
    assert response.status_code == 400
    assert api.sim.violations
    assert api.sim.state.databases == []


@pytest.mark.parametrize(
    "body",
    [
        {"description": None},
        {"description": "d", "permissions": None},
        {"description": "d", "expiresAt": None},
        {"description": "d", "expiresAt": ""},
        {"description": "d", "expiresAt": "2999-01-02"},
        {"description": "d", "expiresAt": "2999-01-02T03:04:05"},
        {"description": "d", "expiresAt": "2999-01-02T03:04:05+0000"},
        {"description": "d", "expiresAt": "2999-13-02T03:04:05Z"},
    ],
    ids=str,
)
def test_bad_tokens_are_refused(api: Any, body: dict[str, Any]) -> None:
    assert api("POST", "/tokens", body).status_code == 400
    assert api.sim.violations
    assert api.sim.state.db_tokens == []


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "/databases/d", {}),
        ("PUT", "/databases/1/undelete", {"name": "x"}),
        ("DELETE", "/databases/d", {"force": True}),
        ("GET", "/databases?limit=1", None),
    ],
)
def test_bad_requests_are_refused(api: Any, method: str, path: str, body: object) -> None:
    database = api.sim.add_database("d", deleted_at=None)
    api.sim.add_table(database, "t")
    assert api(method, path, body).status_code == 400
    assert len(api.sim.violations) == 1
    assert database.name == "d"
    assert database.deleted_at is None


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/databases/", 404),
        ("POST", "/databases/d/tables/", 404),
        ("GET", "/databases/d", 405),
        ("GET", "/databases/d/tables", 405),
        ("PUT", "/tokens", 405),
        ("GET", "/nothing", 404),
    ],
)
def test_there_is_nothing_else(api: Any, method: str, path: str, status: int) -> None:
    api.sim.switches = Switches(unknown_route_body="json")
    api.sim.add_database("d")
    response = api(method, path)
    assert response.status_code == status
    assert response.json()["code"] == status
    assert len(api.sim.violations) == 1


def test_paths_must_be_utf8(api: Any) -> None:
    assert api("DELETE", "/databases/%FF").status_code == 400


@pytest.mark.parametrize(
    "settings", [{"nonsense": 1}, {"url_forms": "medium"}, {"short_retention": True}, {"max_buckets": "1"}]
)
def test_switches_are_strict(settings: dict[str, Any]) -> None:
    with pytest.raises((TypeError, ValueError)):
        Switches(**settings)


def test_what_correct_clients_send_is_no_violation(api: Any, sim: Simulator) -> None:
    api.ok(
        "POST",
        "/databases",
        {"name": "d", "retentionPeriod": 5, "partitionTemplate": [{"type": "time", "value": "%Y%m%d"}]},
    )
    token = api.ok("POST", "/tokens", {"description": "", "permissions": []})
    api.ok("PATCH", f"/tokens/{token['id'].upper()}", {"description": "x"})
    assert sim.violations == []
