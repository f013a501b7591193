# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The simulator's traffic against our OpenAPI document, and our document against InfluxData's."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from simulator import Fault, Request, contract, openapi
from simulator.core import Product

STRICTER = [
    (r"\.(maxTables|maxColumnsPerTable) maximum", "the official format int32 as a limit"),
    (r"( tableId|\.retentionPeriod|\.id| databaseId) maximum", "the official format int64 as a limit"),
    (r"( tableId|\.id) minimum: 1", "the official limit of a database's ID, for tables too"),
    (r"<\w+>(\.\w+)* required", "the official parts of a template require no field; no part can lack one"),
    (r"<time>\.value pattern", "the guide allows no other time format (facts.md#partition-templates)"),
    (r"\.permissions\[\]\.(action|resource) required", "a permission without one permits nothing"),
    (r"\.permissions\[\]\.action one of", "the guide knows no other action (facts.md#permissions)"),
]
"""What our document states beyond InfluxData's, each with the reason."""

LEFT_OUT = [(r"\.permissions\[\]\.resource one of \['\*'\]", "`*` has a database name's form as well")]
"""What InfluxData's documents state and ours doesn't, each with the reason."""


@pytest.fixture(params=["api", "long_api", "dedicated_api"])
def client(request: pytest.FixtureRequest) -> Any:
    return request.getfixturevalue(request.param)


def exercise(api: Any) -> None:
    """All operations with their usual errors."""
    template = [{"type": "time", "value": "%Y"}, {"type": "bucket", "value": {"tagName": "a", "numberOfBuckets": 5}}]
    database = api.sim.add_database("gone", partition_template=template, deleted_at=api.sim.clock.now())
    api("POST", "/databases", {"name": "a/b", "partitionTemplate": template})
    api("POST", "/databases", {"name": "a/b"})
    api("GET", "/databases")
    api("PATCH", "/databases/a%2Fb", {"maxTables": 1})
    api("PATCH", "/databases/none", {"maxTables": 1})
    api("PUT", "/databases/a%2Fb/rename", {"name": "d"})
    api("PUT", f"/databases/{database.id}/undelete")
    api("DELETE", "/databases/gone")
    api("POST", "/databases/d/tables", {"name": "t", "partitionTemplate": template})
    api("PUT", "/databases/d/tables/t/rename", {"name": "u"})
    api("DELETE", "/databases/d/tables/u")
    api("PUT", f"/databases/d/tables/{api.sim.state.tables[0].id}/undelete")
    body = {
        "description": "t",
        "permissions": [{"action": "read", "resource": "d"}],
        "expiresAt": "2999-01-01T00:00:00Z",
    }
    token = api("POST", "/tokens", body).json()["id"]
    api("PATCH", f"/tokens/{token}", {"permissions": []})
    api("DELETE", f"/tokens/{token}")
    api("GET", f"/tokens/{token}")
    api("GET", "/tokens")
    api("GET", "/tokens", headers={"Authorization": None})


def test_all_operations_are_as_documented(client: Any) -> None:
    exercise(client)
    assert len({request.status for request in client.sim.requests} & {200, 204, 401, 404, 409}) == 5
    assert contract.check(client.sim.requests) == []


def test_the_checker_sees_deviations(api: Any) -> None:
    api.ok("POST", "/databases", {"name": "d"})
    api.ok("GET", "/databases")
    api("DELETE", "/databases/d")
    created, listed, deleted = api.sim.requests

    def changed(request: Request, **values: Any) -> list[str]:
        return contract.check([replace(request, **values)])

    assert changed(created) == changed(listed) == changed(deleted) == []
    assert changed(created, body={"name": ""}) == ["POST /api/v0/databases: $.name fails `minLength`"]
    assert changed(created, body=None) == ["POST /api/v0/databases: $ fails `type`"]
    assert changed(created, answer=b"{}")[0] == "POST /api/v0/databases: $ fails `required`"
    assert changed(created, status=201) == ["POST /api/v0/databases: status 201 is not declared"]
    assert changed(created, answer_type="text/html")
    assert changed(listed, body={}) == ["GET /api/v0/databases: the document has no body here"]
    assert changed(listed, answer=b'[{"name": 1}]')
    assert changed(deleted, answer=b"{}") == ["DELETE /api/v0/databases/d: status 204 has a body"]
    assert changed(deleted, method="GET") == ["GET /api/v0/databases/d: the document has no such operation"]
    assert changed(deleted, raw_path="/api/v0/tokens/5") == ["DELETE /api/v0/tokens/5: $ fails `format`"]
    assert changed(created, answer=b"{}", fault="truncate") == []
    assert changed(created, kind="data", body=5) == []
    token = {"description": "d", "expiresAt": "tomorrow"}
    assert changed(created, raw_path="/api/v0/tokens", body=token, fault="slow")[0].endswith(
        "$.expiresAt fails `format`"
    )


def test_our_document_is_the_one_that_the_models_make() -> None:
    assert openapi.PATH.read_text(encoding="utf-8") == openapi.text(), "run `python -m simulator.openapi` in tests/"


@pytest.mark.parametrize("product", ["clustered", "dedicated"])
def test_our_document_states_what_influxdatas_states(product: Product) -> None:
    if contract.folder() is None and not os.environ.get("CI"):
        pytest.skip("InfluxData's OpenAPI documents are not there (INFLUXDB3_CONTRACT)")
    ours = contract.statements(openapi.document(product))
    theirs = contract.statements(contract.official(product))
    assert len(theirs) > 1000
    for beyond, reasons in ((ours - theirs, STRICTER), (theirs - ours, LEFT_OUT)):
        unexplained = [fact for fact in beyond if not any(re.search(pattern, fact) for pattern, _reason in reasons)]
        assert unexplained == []
        unused = [pattern for pattern, _reason in reasons if not any(re.search(pattern, fact) for fact in beyond)]
        assert unused == []


def test_a_difference_between_documents_is_seen() -> None:
    clustered, dedicated = (contract.statements(openapi.document(product)) for product in ("clustered", "dedicated"))
    assert "POST /databases body .name maxLength: 64" in clustered
    assert "POST /databases body .name required" in clustered
    assert "GET /databases 200 [].partitionTemplate[]<bucket>.value.numberOfBuckets maximum: 100000" in clustered
    assert clustered & dedicated == set()


def test_answers_made_by_faults_are_not_held_against_the_simulator(api: Any) -> None:
    api.sim.faults.append(Fault("html", status=502))
    api("GET", "/databases")
    assert contract.check(api.sim.requests) == []


def test_where_the_documents_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INFLUXDB3_CONTRACT", str(tmp_path))
    assert contract.folder() is None
    (tmp_path / "clustered-management-openapi.yml").touch()
    assert contract.folder() == tmp_path
