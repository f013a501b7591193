# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Management tokens survive any end of a run: the next one leaves one token for each description, its secret in a file.

`make crash` tries every point; otherwise a sample is tried, whose seed (CRASH_SEED) pytest prints in its header. A
management token can't be marked, so `on_lost_secret` and `revoke_superseded` say what the next run does.
By default it may fail because a secret is lost, and for no other reason; with these options it always succeeds.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import stat
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from harness.crash import Attempt, Case, Point, points, strike
from harness.fixtures import MakeSimulator, manages_tokens
from harness.modules import Modules
from harness.plays import connection
from harness.sample import sample
from harness.sweeps import assert_no_secret
from simulator import MgmtToken, Simulator
from simulator.influxctl import install

pytestmark = manages_tokens

# Other points in each run; `make crash` tries them all.
SAMPLE = 3
CASES = {
    f"{'renew' if renew else 'create'} {' and '.join(names)}{' by default' if default else ''}": (names, renew, default)
    for names in (["a"], ["a", "b"])
    for renew in (False, True)
    for default in (False, True)
}
REMEDY = {"on_lost_secret": "reissue", "revoke_superseded": True}


@pytest.fixture
def sim(make_simulator: MakeSimulator) -> Simulator:
    """A Clustered server over plain HTTP, which starts processes sooner."""
    return make_simulator(tls=False)


class World:
    """A cluster, secret files, and a token of somebody else's, which no run may touch. Two names are one batch."""

    def __init__(
        self, sim: Simulator, modules: Modules, directory: Path, names: list[str], renew: bool, default: bool
    ) -> None:
        self.sim, self.modules, self.directory = sim, modules, directory
        self.names, self.renew, self.default = names, renew, default
        self.program = install(directory.parent)

    def path(self, name: str) -> Path:
        return self.directory / f"{name}.json"

    def prepare(self) -> dict[str, Any]:
        """A new cluster, for which the tokens are missing or due for renewal."""
        self.sim.reset()
        for directory in (self.directory, *self.modules.temporary.iterdir()):
            shutil.rmtree(directory, ignore_errors=True)
        self.other = self.sim.add_mgmt_token("other")
        if self.renew:
            self.directory.mkdir(mode=0o700)
            for name in self.names:
                old = self.sim.add_mgmt_token(name, self.sim.clock.now() + timedelta(days=7))
                self.path(name).write_text(json.dumps({"id": old.id, "token": old.secret}))
                self.path(name).chmod(0o600)
        wanted = [
            {"description": n, "secret_file": str(self.path(n)), "expires_in": "90d", "renew_before": "14d"}
            for n in self.names
        ]
        options = wanted[0] if len(wanted) == 1 else {"tokens": wanted, "concurrency": 1}
        common = {**connection(self.sim), "influxctl_path": str(self.program), **({} if self.default else REMEDY)}
        self.options = {**common, **options}
        return self.options

    def alive(self, name: str) -> list[MgmtToken]:
        return [t for t in self.sim.state.mgmt_tokens if t.description == name and t.revoked_at is None]

    def meanwhile(self) -> list[str]:
        """A file that is there holds a secret that works, also before anything is repaired."""
        problems = []
        for name in self.names:
            if self.path(name).exists():
                held = json.loads(self.path(name).read_text())["token"]
                if held not in [token.secret for token in self.alive(name)]:
                    problems.append(f"the secret in {name}'s file is dead")
            elif self.renew:
                problems.append(f"{name}'s file is gone")
        return problems

    def check(self, attempt: Attempt) -> list[str]:
        problems = [] if self.other.revoked_at is None else ["somebody else's token was revoked"]
        # What a kill leaves is Ansible's to remove.
        configs = [] if attempt.killed else [path.name for path in self.modules.temporary.iterdir()]
        problems += [f"temporary configs are left: {configs}"] if configs else []
        outcomes = [attempt.disturbed, attempt.repaired]
        if self.default:
            outcomes.append(self.modules.run("mgmt_token", {**self.options, **REMEDY}))
            problems += [f"the remedy fails: {outcomes[-1].output}"] if outcomes[-1].code else []
        for outcome in outcomes:
            assert_no_secret(outcome.output, self.sim.secrets)
            problems += [f"a traceback: {outcome.output}"] if "Traceback" in outcome.output else []
        for name in self.names:
            held = json.loads(self.path(name).read_text())
            if [(held["id"], held["token"])] != [(token.id, token.secret) for token in self.alive(name)]:
                problems.append(f"{name}'s file and the active tokens differ: {self.alive(name)}")
            if stat.S_IMODE(self.path(name).stat().st_mode) != 0o600:
                problems.append(f"{name}'s file is not private")
        kept = {f".{name}.json.pending" for name in self.names} | {f"{name}.json" for name in self.names}
        left = set(os.listdir(self.directory)) - kept
        return problems + ([f"files are left: {left}"] if left else [])


def found_in(name: str, sim: Simulator, modules: Modules, directory: Path) -> tuple[Case, list[Point]]:
    """The case and its points, but for answers that are late: no time is short enough to tell them from a start."""
    world = World(sim, modules, directory, *CASES[name])
    refusals = ("lost_secret",) if world.default else ()
    case = Case(name, "mgmt_token", world.prepare, world.check, world.meanwhile, refusals)
    return case, [point for point in points(case, sim, modules) if point.what != "slow"]


def tried(case: Case, chosen: list[Point], sim: Simulator, modules: Modules) -> None:
    """Strike the points, and fail with what doesn't hold."""
    problems = [problem for point in chosen for problem in strike(case, point, sim, modules)]
    kills = sum("kill" in point.what for point in chosen)
    print(f"{kills} kill points, {len(chosen) - kills} fault points; violations: {len(problems)}")
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize("name", sample(list(CASES), lambda number, _name: number in (0, 3, 5, 6)))
def test_a_sample_of_points(name: str, sim: Simulator, modules: Modules, tmp_path: Path) -> None:
    case, found = found_in(name, sim, modules, tmp_path / "world")
    tried(case, random.Random(os.environ["CRASH_SEED"]).sample(found, SAMPLE), sim, modules)


@pytest.mark.crash
@pytest.mark.parametrize("name", CASES)
def test_every_point(name: str, sim: Simulator, modules: Modules, tmp_path: Path) -> None:
    case, found = found_in(name, sim, modules, tmp_path / "world")
    tried(case, found, sim, modules)
