# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Injected faults, refused writes, and what is recorded."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import requests

from simulator import Fault

COMMITTED = {"drop_after", "truncate", "slow"}


def create(api: Any, name: str = "d") -> requests.Response:
    response: requests.Response = api("POST", "/databases", {"name": name})
    return response


def test_a_status_with_headers_and_body(api: Any) -> None:
    api.sim.faults += [
        Fault("status", status=429, headers={"Retry-After": "7"}),
        Fault("status", at=2, status=418, body="teapot"),
    ]
    first, second = create(api), create(api)
    assert (first.status_code, first.headers["retry-after"]) == (429, "7")
    assert first.json() == {"code": 429, "message": "injected fault"}
    assert (second.status_code, second.text) == (418, "teapot")
    assert api.sim.state.databases == []
    assert create(api).status_code == 200


def test_the_page_of_an_ingress(api: Any) -> None:
    api.sim.faults.append(Fault("html", status=502))
    response = create(api)
    assert response.status_code == 502
    assert response.headers["content-type"].startswith("text/html")
    assert "<h1>502 Bad Gateway</h1>" in response.text
    assert api.sim.state.databases == []


@pytest.mark.parametrize("action", ["drop_before", "drop_after"])
def test_dropped_connections(api: Any, action: Any) -> None:
    api.sim.faults.append(Fault(action))
    with pytest.raises(requests.ConnectionError):
        create(api)
    record = api.sim.requests[-1]
    assert (record.status, record.fault, record.committed) == (None, action, action in COMMITTED)
    assert (api.sim.state.database("d") is not None) == (action in COMMITTED)


def test_a_truncated_answer(api: Any) -> None:
    api.sim.faults.append(Fault("truncate"))
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        create(api)
    assert api.sim.state.database("d") is not None


def test_a_slow_answer_is_committed_and_waits_for_its_release(api: Any) -> None:
    fault = Fault("slow")
    api.sim.faults.append(fault)
    answers: list[requests.Response] = []
    thread = threading.Thread(target=lambda: answers.append(create(api)))
    thread.start()
    while api.sim.state.database("d") is None:
        assert thread.is_alive()
    assert answers == []
    fault.release()
    thread.join()
    assert answers[0].status_code == 200


def test_commit_can_be_overridden(api: Any) -> None:
    api.sim.faults += [Fault("html", status=504, commit=True), Fault("slow", at=2, seconds=0, commit=False)]
    assert create(api, "a").status_code == 504
    assert api.sim.state.database("a") is not None
    create(api, "b")
    assert api.sim.state.database("b") is None


def test_which_requests_are_struck(api: Any) -> None:
    fault = Fault("status", at=2, times=2, match=lambda request: request.method == "POST")
    api.sim.faults.append(fault)
    statuses = []
    for name in "abcd":
        statuses += [api("GET", "/databases").status_code, create(api, name).status_code]
    assert statuses == [200, 200, 200, 503, 200, 503, 200, 200]
    assert (fault.seen, fault.fired) == (4, 2)


def test_for_ever_and_by_kind(api: Any) -> None:
    api.sim.faults += [Fault("status", times=0, kind="data"), Fault("status", status=500, times=0, kind="influxctl")]
    assert [api.session.get(api.sim.url + "/ping").status_code for _attempt in range(3)] == [503] * 3
    assert api.session.post(api.sim.url + "/_influxctl/management/list", json={}).status_code == 500
    assert api("GET", "/databases").status_code == 200


def test_refused_writes_change_nothing_and_are_recorded(api: Any) -> None:
    sim = api.sim
    database = sim.add_database("d")
    token = sim.add_db_token("t")
    sim.refuse_writes = True
    for method, path, body in (
        ("POST", "/databases", {"name": "e"}),
        ("PATCH", "/databases/d", {"maxTables": 1}),
        ("PUT", "/databases/d/rename", {"name": "e"}),
        ("DELETE", "/databases/d", None),
        ("DELETE", f"/tokens/{token.id}", None),
    ):
        response = api(method, path, body)
        assert response.status_code == 403
        assert "simulator refuses writes" in response.json()["message"]
    assert api("GET", "/databases").status_code == 200
    assert [request.refused for request in sim.requests] == [True] * 5 + [False]
    assert sim.writes == sim.requests[:5]
    assert (database.name, database.max_tables, database.deleted_at, token.revoked_at) == ("d", 500, None, None)


def test_what_is_recorded(api: Any) -> None:
    api("POST", "/databases", {"name": "a/b"}, params={"x": "1"})
    api("DELETE", "/databases/a%2Fb")
    first, second = api.sim.requests
    assert (first.method, first.path, first.query, first.body) == ("POST", "/api/v0/databases", "x=1", {"name": "a/b"})
    assert (second.path, second.raw_path) == ("/api/v0/databases/a/b", "/api/v0/databases/a%2Fb")
    assert (second.body, second.status, second.kind) == (None, 404, "api")
    assert first.headers["authorization"] == f"Bearer {api.sim.admin_token}"
    assert api.sim.admin_token not in repr(api.sim.requests)
