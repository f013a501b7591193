# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fixtures: the simulator, influxctl's stand-in on the PATH, and Ansible in a home of its own."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fleet import Fleet
from harness.modules import Modules
from harness.playbook import Ansible
from harness.warm import Warm
from simulator import Simulator, Switches
from simulator.influxctl import install

REPORT = "PROBE"
"""The environment variable that names a report of the module `probe`, to run the tests as on that cluster."""

# What tests presume of a cluster: that it can rename, restore and delete tables; that its errors are the API's own; and
# that a management token may list, make and revoke others.
every_operation = pytest.mark.presumes(old_server=False, missing_operations="")
manages_tokens = pytest.mark.presumes(mgmt_token_may_manage=True)
own_errors = pytest.mark.presumes(error_bodies="json")

COMPILED = Path(__file__).parent / "compiled"

MakeSimulator = Callable[..., Simulator]


def reported_switches() -> Switches:
    """The server of the report that PROBE names, the likeliest without one."""
    path = os.environ.get(REPORT)
    return Switches.from_probe(json.loads(Path(path).read_text())) if path else Switches()


def usual_switches() -> Switches:
    """The server that tests have unless they state another one.

    With both forms of URL, because many tests count requests, and looking for the form costs one. The scenarios have
    the form of the report.
    """
    return replace(reported_switches(), url_forms=Switches().url_forms)


def unmet(presumed: Mapping[str, Any]) -> str:
    """Why a test that presumes values of switches can't run on the usual server; empty where it can."""
    switches = usual_switches()
    found = [
        f"{name} is {getattr(switches, name)!r}" for name, value in presumed.items() if getattr(switches, name) != value
    ]
    return f"it can't be done on the cluster of the report: {', '.join(found)}" if found else ""


@pytest.fixture
def signals_arrive() -> Iterator[None]:
    """Lets the programs that a test starts receive SIGINT and SIGHUP.

    Programs inherit which signals pytest ignores: SIGHUP under nohup, and SIGINT in the background of a script.
    """
    usual: dict[int, Any] = {signal.SIGINT: signal.default_int_handler, signal.SIGHUP: signal.SIG_DFL}
    before = {number: signal.signal(number, handler) for number, handler in usual.items()}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def make_simulator() -> Iterator[MakeSimulator]:
    """Starts simulators that end with the test: arguments of Simulator, and switches by their names.

    What isn't stated is as on the usual server, or on the one that `like` stands for.
    """
    with ExitStack() as stack:

        def make(
            product: Any = "clustered",
            *,
            tls: bool = True,
            mutual: bool = False,
            like: Switches | None = None,
            **switches: Any,
        ) -> Simulator:
            chosen = replace(like or usual_switches(), **switches)
            sim = Simulator(product, tls=tls, require_client_cert=mutual, switches=chosen)
            return stack.enter_context(sim)

        yield make


@pytest.fixture
def sim(make_simulator: MakeSimulator) -> Simulator:
    """A Clustered server over TLS with the likeliest switches."""
    return make_simulator()


@pytest.fixture(scope="module")
def modules(collection_root: Path) -> Iterator[Modules]:
    """A process that runs modules for all tests of a file."""
    with Modules(collection_root) as running:
        yield running


@pytest.fixture(scope="session")
def compiled(collection_root: Path) -> dict[str, str]:
    """Variables with which Python compiles what it finds in zip files once in the whole run, instead of every time.

    The hosts of a fleet have them, too.
    """
    directory = collection_root.parent / "compiled"
    directory.mkdir(mode=0o700, exist_ok=True)
    Fleet.variables = {"PYTHONPATH": str(COMPILED), "COMPILED": str(directory)}
    return dict(Fleet.variables)


@pytest.fixture(scope="session")
def warm(compiled: dict[str, str]) -> Iterator[Warm]:
    """A process of which Ansible's programs are forks."""
    with Warm({**os.environ, **compiled}) as running:
        yield running


@pytest.fixture
def ansible(collection_root: Path, tmp_path: Path, compiled: dict[str, str], warm: Warm) -> Ansible:
    """Ansible with influxctl's stand-in on its PATH."""
    programs = tmp_path / "bin"
    programs.mkdir()
    install(programs)
    environment = {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}", **compiled}
    return Ansible(collection_root, tmp_path, environment, warm=warm)
