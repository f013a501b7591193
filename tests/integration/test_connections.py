# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the connection comes from (option, environment, profile, module_defaults), and the ways that it takes."""

from __future__ import annotations

import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from harness.playbook import Ansible
from harness.plays import local_play
from harness.sweeps import assert_no_secret
from simulator import Simulator
from simulator.recording import Request

INFO = "influxops.influxdb3.database_info"


@dataclass
class Way:
    """Options and environment of one task that lists databases, and what the server must see of them."""

    name: str
    options: dict[str, Any] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    token: str = ""
    host: str = ""

    def task(self) -> dict[str, Any]:
        return {"name": self.name, INFO: self.options, "environment": self.environment}


def walk(
    ansible: Ansible,
    sim: Simulator,
    ways: list[Way],
    defaults: dict[str, Any],
    environment: dict[str, str] | None = None,
) -> list[Request]:
    """Run all ways as tasks of one play; return the requests, one per way.

    `environment` is that of ansible-playbook: of a task's own, Ansible prints secrets at -vvv.
    """
    sim.requests.clear()
    run = ansible.playbook(local_play([way.task() for way in ways], defaults), environment=environment)
    assert run.code == 0, run.output
    assert_no_secret(run.output, sim.secrets)
    assert sim.violations == []
    assert len(sim.requests) == len(ways)
    for way, request in zip(ways, sim.requests, strict=True):
        assert request.headers["authorization"] == f"Bearer {way.token or sim.admin_token}", way
        assert way.host in ("", request.headers["host"]), way
    return sim.requests


@pytest.mark.complete
def test_option_goes_before_environment_before_profile(ansible: Ansible, sim: Simulator, tmp_path: Path) -> None:
    by_option, by_environment, by_profile, by_other = (sim.add_mgmt_token(str(n)).secret for n in range(4))
    config = tmp_path / "config.toml"
    content = (
        f'[[profile]]\nname = "default"\nproduct = "clustered"\nhost = "localhost"\nport = "{sim.port}"\n'
        f'mgmt_token = "{by_profile}"\n[profile.tls]\nca = "{sim.ca_path}"\n'
    )
    other = content.replace("default", "other").replace(by_profile, by_other)
    config.write_text(content)
    standard = tmp_path / "influxctl" / "config.toml"
    standard.parent.mkdir()
    standard.write_text(other)
    profile = {"config_path": str(config)}
    environment = {"INFLUXDB3_HOST": f"https://[::1]:{sim.port}", "INFLUXDB3_MANAGEMENT_TOKEN": by_environment}
    option = {"host": f"https://127.0.0.1:{sim.port}", "management_token": by_option}
    hosts = {name: f"{host}:{sim.port}" for name, host in [("o", "127.0.0.1"), ("e", "[::1]"), ("p", "localhost")]}
    ways = [
        Way("all three", profile | option, {}, by_option, hosts["o"]),
        Way("environment and profile", profile, {}, by_environment, hosts["e"]),
    ]
    walk(ansible, sim, ways, {}, environment)
    ways = [
        Way("profile", profile, {}, by_profile, hosts["p"]),
        Way("each from elsewhere", profile | {"host": "127.0.0.1"}, {}, by_profile, hosts["o"]),
        Way("profile of influxctl's own config", {"profile": "other"}, {"XDG_CONFIG_HOME": str(tmp_path)}, by_other),
    ]
    walk(ansible, sim, ways, {})
    defaults = {"ca_path": str(sim.ca_path), "host": f"localhost:{sim.port}", "management_token": by_other}
    ways = [
        Way("defaults go before the environment", {}, {}, by_other, hosts["p"]),
        Way("option goes before defaults", option, {}, by_option, hosts["o"]),
        Way("name and port apart", {"host": "127.0.0.1", "port": sim.port}, {}, by_other, hosts["o"]),
        Way("port goes before the URL's", {"host": "https://[::1]:9", "port": sim.port}, {}, by_other, hosts["e"]),
        Way("bare IPv6 address", {"host": "::1", "port": sim.port}, {}, by_other, hosts["e"]),
    ]
    walk(ansible, sim, ways, defaults, environment)


def test_dedicated_takes_account_and_cluster_from_everywhere(
    ansible: Ansible, make_simulator: Callable[..., Simulator], tmp_path: Path
) -> None:
    sim = make_simulator("dedicated")
    config = tmp_path / "config.toml"
    config.write_text(
        f'[[profile]]\nname = "default"\nproduct = "dedicated"\nmgmt_token = "{sim.admin_token}"\n'
        f'account_id = "{sim.account_id}"\ncluster_id = "{sim.cluster_id}"\nhost = "data-plane.invalid"\n'
    )
    environment = {"INFLUXDB3_ACCOUNT_ID": sim.account_id, "INFLUXDB3_CLUSTER_ID": sim.cluster_id}
    token = {"management_token": sim.admin_token}
    wrong = {"INFLUXDB3_ACCOUNT_ID": "wrong", "INFLUXDB3_CLUSTER_ID": "wrong"}
    ids = {"account_id": sim.account_id, "cluster_id": sim.cluster_id}
    ways = [
        Way("profile", {"config_path": str(config)}),
        Way("environment", {"product": "dedicated", **token}, environment),
        Way("options", {"product": "dedicated", **token, **ids}, wrong),
    ]
    requests = walk(ansible, sim, ways, {"host": sim.url, "ca_path": str(sim.ca_path)})
    assert {r.path for r in requests} == {f"/api/v0/accounts/{sim.account_id}/clusters/{sim.cluster_id}/databases"}


@pytest.mark.complete
def test_tls_client_certificates_proxies_and_paths(
    ansible: Ansible, make_simulator: Callable[..., Simulator], tmp_path: Path
) -> None:
    sim = make_simulator(mutual=True)
    plain = make_simulator(tls=False)
    both = tmp_path / "both.pem"
    both.write_text(sim.client_cert_path.read_text() + sim.client_key_path.read_text())
    pair = {"client_cert": str(sim.client_cert_path), "client_key": str(sim.client_key_path)}
    trust = {"ca_path": str(sim.ca_path)}
    with proxy(plain.port) as (port, seen):
        proxied = {name: f"http://127.0.0.1:{port}" for name in ("HTTPS_PROXY", "HTTP_PROXY")} | {"NO_PROXY": ""}
        direct = proxied | {"NO_PROXY": "127.0.0.1"}
        ways = [
            Way("private CA and client certificate", trust | pair),
            Way("certificate and key in one file", {**trust, "client_cert": str(both)}),
            Way("unchecked", {"validate_certs": False, **pair}),
            Way("unchecked in spite of a CA", {"validate_certs": False, "ca_path": str(both), **pair}),
            Way("CA of the option, not of the environment", trust | pair, {"REQUESTS_CA_BUNDLE": str(both)}),
            Way("through a proxy", trust | pair, proxied),
            Way("without the proxy", trust | pair, direct),
        ]
        walk(ansible, sim, ways, {"host": sim.url, "management_token": sim.admin_token})
        # HTTP/1.0 until Python 3.11, then 1.1.
        assert [line.rpartition(" ")[0] for line in seen] == [f"CONNECT 127.0.0.1:{sim.port}"]

        seen.clear()
        ways = [
            Way("plain HTTP", {"host": plain.url}),
            Way("plain HTTP through a proxy", {"host": plain.url}, proxied),
            Way("URL with a path", {"host": f"http://127.0.0.1:{port}/influx/"}),
            Way("URL of the API itself", {"host": f"http://127.0.0.1:{port}/influx/api/v0"}),
        ]
        walk(ansible, plain, ways, {"management_token": plain.admin_token})
        own = "GET /influx/api/v0/databases HTTP/1.1"
        assert seen == [f"GET {plain.url}/api/v0/databases HTTP/1.1", own, own]


@contextmanager
def proxy(backend: int) -> Iterator[tuple[int, list[str]]]:
    """A proxy for the environment's variables, and for what lies below the path /influx an ingress of the backend.

    Yields its port and the list of the first lines that it has seen.
    """
    seen: list[str] = []

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            first = self.rfile.readline().decode()
            seen.append(first.strip())
            method, target, version = first.split()
            url = urlsplit(f"//{target}" if method == "CONNECT" else target)
            with socket.create_connection((url.hostname or "127.0.0.1", url.port or backend)) as upstream:
                if method == "CONNECT":
                    while self.rfile.readline().strip():
                        pass
                    self.wfile.write(b"HTTP/1.1 200 Connected\r\n\r\n")
                else:
                    upstream.sendall(f"{method} {url.path.removeprefix('/influx')} {version}\r\n".encode())
                back = threading.Thread(target=self.copy_back, args=(upstream,), daemon=True)
                back.start()
                while chunk := self.rfile.read1():
                    upstream.sendall(chunk)
                upstream.shutdown(socket.SHUT_WR)
                back.join()

        def copy_back(self, upstream: socket.socket) -> None:
            while chunk := upstream.recv(65536):
                self.wfile.write(chunk)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.server_address[1], seen
        finally:
            server.shutdown()
            thread.join()
