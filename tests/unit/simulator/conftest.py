# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One simulator per product for all tests, reset before each; a small client; the stand-in run in this process."""

from __future__ import annotations

import runpy
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests

from simulator import Simulator
from simulator.influxctl import install


@dataclass
class Api:
    """Sends correct requests to the short form, or to the long one; headers and raw bodies can be spoilt."""

    sim: Simulator
    long: bool = False
    session: requests.Session = field(default_factory=requests.Session)

    def __post_init__(self) -> None:
        # The environment's CA bundle would replace `verify`.
        self.session.trust_env = False
        self.session.verify = str(self.sim.ca_path)

    @property
    def base(self) -> str:
        ids = f"/accounts/{self.sim.account_id}/clusters/{self.sim.cluster_id}" if self.long else ""
        return f"{self.sim.url}/api/v0{ids}"

    def __call__(
        self, method: str, path: str, json: object = None, headers: dict[str, str | None] | None = None, **more: Any
    ) -> requests.Response:
        merged: dict[str, str | None] = {**self.sim.headers, **(headers or {})}
        return self.session.request(method, self.base + path, json=json, headers=merged, timeout=30, **more)

    def ok(self, method: str, path: str, json: object = None) -> Any:
        """The answer to a request that must succeed."""
        response = self(method, path, json)
        assert response.status_code == 200, response.text
        return response.json()


@pytest.fixture(scope="session")
def _clustered() -> Iterator[Simulator]:
    with Simulator() as sim:
        yield sim


@pytest.fixture(scope="session")
def _dedicated() -> Iterator[Simulator]:
    with Simulator("dedicated") as sim:
        yield sim


@pytest.fixture
def sim(_clustered: Simulator) -> Simulator:
    _clustered.reset()
    return _clustered


@pytest.fixture
def dedicated(_dedicated: Simulator) -> Simulator:
    _dedicated.reset()
    return _dedicated


@pytest.fixture
def api(sim: Simulator) -> Iterator[Api]:
    client = Api(sim)
    with client.session:
        yield client


@pytest.fixture
def long_api(sim: Simulator) -> Iterator[Api]:
    client = Api(sim, long=True)
    with client.session:
        yield client


@pytest.fixture
def dedicated_api(dedicated: Simulator) -> Iterator[Api]:
    client = Api(dedicated, long=True)
    with client.session:
        yield client


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str


@dataclass
class Influxctl:
    """Runs an installed stand-in within this process: starting an interpreter each time would take most of the time."""

    directory: Path
    sim: Simulator
    capsys: pytest.CaptureFixture[str]
    monkeypatch: pytest.MonkeyPatch
    switches: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.config = self.directory / "config.toml"
        self.write_config()

    @property
    def path(self) -> Path:
        return self.directory / "influxctl"

    def write_config(self, text: str = "", **profile: object) -> None:
        """`text` follows the profile's keys; `None` leaves a key out."""
        keys = {
            "name": "default",
            "product": self.sim.product,
            "host": self.sim.host,
            "port": str(self.sim.port),
            "mgmt_token": self.sim.admin_token,
            **profile,
        }
        lines = [f"{key} = {self.toml(value)}" for key, value in keys.items() if value is not None]
        tls = f'[profile.tls]\nca = "{self.sim.ca_path}"' if self.sim.tls else "[profile.tls]\ndisable = true"
        self.config.write_text("\n".join(["[[profile]]", *lines, text or tls]) + "\n")

    @staticmethod
    def toml(value: object) -> str:
        return f'"{value}"' if isinstance(value, str) else str(value).lower()

    def __call__(self, arguments: str, version: str = "2.12.0") -> Outcome:
        """`arguments` are split at spaces, and preceded by --config unless they contain it."""
        install(self.directory, version, **self.switches)
        argv = arguments.split()
        if "--config" not in argv and self.config.exists():
            argv = ["--config", str(self.config), *argv]
        self.monkeypatch.setattr(sys, "argv", [str(self.path), *argv])
        self.capsys.readouterr()
        with pytest.raises(SystemExit) as exit_info:
            runpy.run_path(str(self.path), run_name="__main__")
        output = self.capsys.readouterr()
        assert isinstance(exit_info.value.code, int)
        return Outcome(exit_info.value.code, output.out, output.err)


@pytest.fixture
def influxctl(
    sim: Simulator, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Influxctl:
    return Influxctl(tmp_path, sim, capsys, monkeypatch)


@pytest.fixture
def influxctl_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[[Simulator], Influxctl]:
    return lambda sim: Influxctl(tmp_path, sim, capsys, monkeypatch)
