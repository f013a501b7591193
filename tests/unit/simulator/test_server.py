# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The server itself: TLS, addresses, reset, and standing alone."""

from __future__ import annotations

import json
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from simulator import Fault, Simulator, Switches

TESTS = Path(__file__).parents[2]


def test_the_certificate_holds_for_all_loopback_names(sim: Simulator) -> None:
    context = ssl.create_default_context(cafile=str(sim.ca_path))
    for name in ("localhost", "127.0.0.1", "::1"):
        with socket.create_connection((sim.host, sim.port)) as raw, context.wrap_socket(raw, server_hostname=name):
            pass
    with socket.create_connection((sim.host, sim.port)) as raw, pytest.raises(ssl.SSLCertVerificationError):
        context.wrap_socket(raw, server_hostname="other.example")
    with requests.Session() as session:
        session.trust_env = False
        with pytest.raises(requests.exceptions.SSLError):
            session.get(sim.url)


def test_client_certificates() -> None:
    with Simulator(require_client_cert=True) as sim, requests.Session() as session:
        session.trust_env = False
        session.verify = str(sim.ca_path)
        pair = (str(sim.client_cert_path), str(sim.client_key_path))
        assert session.get(sim.url + "/ping", cert=pair).status_code == 204
    with Simulator(require_client_cert=True) as sim, requests.Session() as session:
        session.trust_env = False
        session.verify = str(sim.ca_path)
        with pytest.raises(requests.exceptions.ConnectionError):
            session.get(sim.url + "/ping")


def test_plain_http_and_the_end() -> None:
    with Simulator(tls=False) as sim:
        assert sim.url == f"http://127.0.0.1:{sim.port}"
        assert requests.get(sim.url + "/ping", timeout=30).status_code == 204
        with pytest.raises(RuntimeError, match="tls=True"):
            str(sim.ca_path)
    with pytest.raises(requests.exceptions.ConnectionError):
        requests.get(sim.url + "/ping", timeout=30)


def test_the_files_are_private_and_go_away() -> None:
    with Simulator() as sim:
        directory = sim.ca_path.parent
        assert directory.stat().st_mode & 0o777 == 0o700
        assert sim.client_key_path.stat().st_mode & 0o777 == 0o600
    assert not directory.exists()


def test_a_held_answer_does_not_hold_the_end() -> None:
    with Simulator(tls=False) as sim:
        sim.faults.append(Fault("slow", kind="data"))
        connection = socket.create_connection((sim.host, sim.port))
        connection.sendall(b"GET /ping HTTP/1.1\r\nHost: x\r\n\r\n")
        while not sim.requests:
            time.sleep(0.002)
        assert sim.requests[0].status is None
    connection.close()
    # It was let go and came to its end. Uvicorn would have cut it off after a second.
    assert sim.requests[0].status == 204


def test_reset(api: Any) -> None:
    sim = api.sim
    before = sim.admin_token, sim.port, sim.ca_path
    sim.switches = Switches(old_server=True)
    sim.refuse_writes = True
    sim.faults.append(Fault("status", at=99))
    sim.clock.advance(1_000_000)
    token = sim.add_db_token("t")
    api("GET", "/nothing")
    sim.reset()
    assert (sim.admin_token, sim.port, sim.ca_path) == before
    assert sim.switches == Switches()
    assert [sim.requests, sim.faults, sim.violations, sim.state.db_tokens, sim.refuse_writes] == [[], [], [], [], False]
    assert (sim.clock.now() - token.created_at).total_seconds() < 0
    assert sim.add_database("d").id == 1
    assert api("GET", "/databases").status_code == 200
    assert {token.secret, sim.admin_token, sim.session_token} <= sim.secrets


def test_the_admin_token_is_an_entry_of_the_management_tokens(sim: Simulator) -> None:
    (admin,) = sim.state.mgmt_tokens
    assert (admin.secret, admin.prefix) == (sim.admin_token, sim.admin_token[:9])
    assert admin.prefix.startswith("M.V1.")
    assert sim.add_mgmt_token("x").secret in sim.secrets


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_standing_alone(stop: signal.Signals) -> None:
    command = [sys.executable, "-m", "simulator", "--product", "dedicated", "--switch", "unknown_route_body=text"]
    with subprocess.Popen(command, cwd=TESTS, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        facts = json.loads(process.stdout.readline())
        with requests.Session() as session:
            session.trust_env = False
            assert session.get(facts["url"] + "/x", verify=facts["ca_path"]).text == "404 page not found\n"
            path = f"/api/v0/accounts/{facts['account_id']}/clusters/{facts['cluster_id']}/tokens"
            headers = {"Authorization": f"Bearer {facts['admin_token']}", "Accept": "application/json"}
            assert session.get(facts["url"] + path, verify=facts["ca_path"], headers=headers).json() == []
        process.send_signal(stop)
        assert process.wait() == 0
    assert not Path(facts["ca_path"]).exists()


def test_the_data_plane(api: Any, sim: Simulator) -> None:
    sim.add_database("d")
    reader = sim.add_db_token("r", [{"action": "read", "resource": "d"}]).secret
    everything = sim.add_db_token("a", [{"action": "read", "resource": "*"}]).secret
    dead = sim.add_db_token("x", [{"action": "read", "resource": "*"}], expires_at=sim.clock.now()).secret

    def query(db: str, auth: tuple[str, str] | None = None, **more: Any) -> requests.Response:
        params = {"db": db, "q": "SHOW MEASUREMENTS", **more.pop("params", {})}
        answer: requests.Response = api.session.get(sim.url + "/query", params=params, auth=auth, **more)
        return answer

    def bearer(secret: str, scheme: str = "Bearer") -> dict[str, Any]:
        return {"headers": {"Authorization": f"{scheme} {secret}"}}

    assert api.session.get(sim.url + "/ping").headers["x-influxdb-version"] == "simulator"
    assert query("d", **bearer(reader)).json() == {"results": [{"statement_id": 0}]}
    good: list[Callable[[], requests.Response]] = [
        lambda: query("d", **bearer(everything)),
        lambda: query("d", **bearer(reader, "Token")),
        lambda: query("d", auth=("any", reader)),
        lambda: query("d", params={"p": reader}),
    ]
    assert [call().status_code for call in good] == [200] * len(good)
    denied = query("d", **bearer(dead))
    assert (denied.status_code, denied.json()["code"]) == (401, "unauthorized")
    assert query("d").status_code == query("d", **bearer(sim.admin_token)).status_code == 401
    assert query("d", **bearer("%%%", "Basic")).status_code == 401
    assert query("e", **bearer(reader)).status_code == 401
    assert query("e", **bearer(everything)).status_code == 404
    assert {request.kind for request in sim.requests} == {"data"}


def test_the_data_plane_takes_points_and_makes_their_tables(api: Any, sim: Simulator) -> None:
    database = sim.add_database("d")
    writer = sim.add_db_token("w", [{"action": "write", "resource": "d"}])
    reader = sim.add_db_token("r", [{"action": "read", "resource": "d"}])

    def write(lines: str, secret: str = writer.secret, bucket: str = "d") -> int:
        url = f"{sim.url}/api/v2/write?bucket={bucket}&precision=ns"
        return int(api.session.post(url, data=lines, headers={"Authorization": f"Token {secret}"}).status_code)

    assert api.session.get(sim.url + "/health").json()["status"] == "pass"
    assert write("cpu,host=a value=1.5 1700000000000000000\nmem free=2i\n") == 204
    assert write("cpu value=2") == 204
    assert [table.name for table in sim.state.tables_of(database)] == ["cpu", "mem"]
    statuses = (
        write("cpu"),
        write(""),
        write("cpu v=1", reader.secret),
        write("cpu v=1", "x"),
        write("cpu v=1", bucket="e"),
    )
    assert statuses == (400, 400, 401, 401, 401)
    sim.add_db_token("all", [{"action": "write", "resource": "*"}])
    assert write("cpu v=1", sim.state.db_tokens[-1].secret, "e") == 404
    assert sim.violations == []
