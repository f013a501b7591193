# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""cluster survives any end of a run: afterwards all is as stated, and each token's secret is in its file.

`make crash` tries every point; otherwise a sample is tried, whose seed (CRASH_SEED) pytest prints in its header.
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

from harness.crash import Attempt, Case, points, strike
from harness.fixtures import every_operation, own_errors
from harness.modules import Modules
from harness.plays import connection
from harness.sweeps import assert_no_secret
from simulator import DbToken, Simulator

SAMPLE = 25
STRANGER = f"made 1 [pending {'0' * 32}]"
READ = [{"action": "read", "resource": "new"}]
DESCRIPTIONS = ["made 1", "made 2", "renewed"]


class ClusterWorld:
    """A cluster in which something of each kind is to be done, and tokens of others, which no run may touch."""

    def __init__(self, sim: Simulator, directory: Path, concurrency: int) -> None:
        self.sim, self.directory, self.concurrency = sim, directory, concurrency

    def prepare(self) -> dict[str, Any]:
        sim = self.sim
        sim.reset()
        shutil.rmtree(self.directory, ignore_errors=True)
        self.directory.mkdir(mode=0o700)
        for name in ("old", "changed", "gone"):
            sim.add_database(name)
        soon = sim.clock.now() + timedelta(days=7)
        held = sim.add_db_token("renewed", READ, expires_at=soon)
        self.path("renewed").write_text(json.dumps({"id": held.id, "token": held.secret}))
        self.path("renewed").chmod(0o600)
        sim.add_db_token("unstated")
        self.others = [sim.add_db_token("_other"), sim.add_db_token(STRANGER)]
        wish = {"permissions": READ, "expires_in": "90d", "renew_before": "14d", "revoke_superseded": True}
        return {
            **connection(sim),
            "retries": 1,
            "databases": [
                {"name": "new"},
                {"name": "renamed", "rename_from": "old"},
                {"name": "changed", "retention_period": "30d"},
            ],
            "db_tokens": [{"description": description, **wish} for description in DESCRIPTIONS],
            "prune": {"databases": True, "db_tokens": True},
            "secret_dir": str(self.directory),
            "concurrency": self.concurrency,
        }

    def path(self, description: str) -> Path:
        return self.directory / f"{description.replace(' ', '_')}.json"

    def alive(self) -> list[DbToken]:
        """The tokens that work and aren't the others'."""
        return [t for t in self.sim.state.db_tokens if t.revoked_at is None and t not in self.others]

    def meanwhile(self) -> list[str]:
        """Every file that is there holds a secret that works, also before anything is repaired."""
        secrets = {token.secret for token in self.alive()}
        files = [path for path in self.directory.glob("*.json") if not path.name.startswith(".")]
        dead = [path.name for path in files if json.loads(path.read_text())["token"] not in secrets]
        return [f"the secrets of {dead} are dead"] if dead else []

    def check(self, attempt: Attempt) -> list[str]:
        problems = [f"{o.description} was revoked" for o in self.others if o.revoked_at is not None]
        problems += self.sim.violations
        for outcome in (attempt.disturbed, attempt.repaired):
            assert_no_secret(outcome.output, self.sim.secrets)
            problems += [f"a traceback: {outcome.output}"] if "Traceback" in outcome.output else []
        if sorted(token.description for token in self.alive()) != DESCRIPTIONS:
            problems.append(f"there are {self.alive()}")
        for token in self.alive():
            held = json.loads(self.path(token.description).read_text())
            if (held["id"], held["token"]) != (token.id, token.secret):
                problems.append(f"the file of {token.description} holds something else")
            if stat.S_IMODE(self.path(token.description).stat().st_mode) != 0o600:
                problems.append(f"the file of {token.description} is not private")
            if token.expires_at is None or token.expires_at < self.sim.clock.now() + timedelta(days=14):
                problems.append(f"{token.description} was not renewed")
        databases = sorted(d.name for d in self.sim.state.databases if d.deleted_at is None)
        left = {name for name in os.listdir(self.directory) if not name.endswith(".pending")}
        problems += [] if databases == ["changed", "new", "renamed"] else [f"there are {databases}"]
        return problems + ([] if left == {self.path(d).name for d in DESCRIPTIONS} else [f"files are left: {left}"])


@pytest.mark.parametrize("concurrency", [pytest.param(1, marks=pytest.mark.complete), 4])
@every_operation
@own_errors
def test_a_sample_of_points(sim: Simulator, modules: Modules, tmp_path: Path, concurrency: int) -> None:
    one = case(sim, tmp_path / "world", concurrency)
    chosen = random.Random(os.environ["CRASH_SEED"]).sample(points(one, sim, modules), SAMPLE)
    problems = [problem for point in chosen for problem in strike(one, point, sim, modules)]
    assert not problems, "\n".join(problems)


@pytest.mark.crash
@pytest.mark.parametrize("concurrency", [1, 4])
def test_every_point(sim: Simulator, modules: Modules, tmp_path: Path, concurrency: int) -> None:
    one = case(sim, tmp_path / "world", concurrency)
    found = points(one, sim, modules)
    problems = [problem for point in found for problem in strike(one, point, sim, modules)]
    print(f"{len(found)} points; violations: {len(problems)}")
    assert not problems, "\n".join(problems)


def case(sim: Simulator, directory: Path, concurrency: int) -> Case:
    world = ClusterWorld(sim, directory, concurrency)
    return Case(f"cluster by {concurrency}", "cluster", world.prepare, world.check, world.meanwhile)
