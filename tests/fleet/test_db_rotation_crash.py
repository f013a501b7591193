# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A rotation of database tokens survives any end of a run: nobody is ever cut off, and the next run leaves one live
token for each holder, which what uses it has taken up.

`make crash` tries every point; otherwise a sample is tried, whose seed (CRASH_SEED) pytest prints in its header.
"""

from __future__ import annotations

import json
import os
import random
import shutil
from pathlib import Path

import pytest

from fleet.test_db_rotation import restarts, used
from fleet.test_rotation_crash import STRATEGIES, World, tried
from harness.db_rotation import DbProber, DbRotation
from harness.sample import sample

SAMPLE = 1


class DbWorld(World):
    """Three hosts: one whose token ends soon, one without any, one with a good token and another that was left over.

    On each, a service reads its token at a restart, which the user's tasks do.
    """

    def __init__(self, rotation: DbRotation, strategy: str, directory: Path) -> None:
        self.db = rotation
        rotation.variables["db_token_strategy"] = strategy
        rotation.variables["db_token_changed_tasks"] = restarts(rotation)
        if strategy == "shared":
            rotation.variables["db_token_secret_file"] = str(directory / "shared.json")
        super().__init__(rotation, strategy, directory)  # type: ignore[arg-type]

    def prepare(self) -> None:
        """Make the world anew."""
        rotation, sim = self.db, self.db.sim
        sim.reset()
        sim.add_database("metrics")
        for host in rotation.fleet.hosts:
            shutil.rmtree(host.home / "influxdb3", ignore_errors=True)
            (host.home / "used").unlink(missing_ok=True)
        if self.strategy == "per_host":
            rotation.give_old(rotation.fleet.hosts[0])
            rotation.give_old(rotation.fleet.hosts[2], days=50)
            rotation.give_old(rotation.fleet.hosts[2], days=60)
        else:
            self._share()
        for host in rotation.fleet.hosts:
            if (host.home / "influxdb3/token.env").exists():
                shutil.copy(host.home / "influxdb3/token.env", host.home / "used")
        self.moments = 0

    def _share(self) -> None:
        """Two hosts hold a token that the store knows and that ends soon; a run has left another one over."""
        hosts = self.db.fleet.hosts
        self.db.give_old(hosts[0], days=5, description="telegraf")
        old = self.db.give_old(hosts[1], days=7, description="telegraf")
        self.db.give(hosts[0], old)
        for path in self.store.parent.glob(f".{self.store.name}*"):
            path.unlink()
        shutil.copy(hosts[0].home / "influxdb3/token.json", self.store)
        assert json.loads(self.store.read_text())["token"] == old.secret

    def prober(self) -> DbProber:
        """Who uses what the hosts hold, and what their services have read."""
        return DbProber(self.db, used)

    def amiss(self) -> list[str]:
        """What is wrong with who holds what: each holds and uses the only live token, and no more live."""
        rotation, sim = self.db, self.db.sim
        hosts = rotation.fleet.hosts
        names = [rotation.description(host) if self.strategy == "per_host" else "telegraf" for host in hosts]
        problems = []
        for host, name in zip(hosts, names, strict=True):
            held = {"file": rotation.held(host), "variable": rotation.variable(host), "service": used(host)}
            alive = rotation.alive(name)
            problems += [
                f"the {what} of {host.name} has {str(secret)[:12]}, alive are {[one[:12] for one in alive]}"
                for what, secret in held.items()
                if [secret] != alive
            ]
        orphans = [
            token.description
            for token in sim.state.db_tokens
            if sim.core.alive(token) and token.secret not in map(rotation.held, hosts)
        ]
        left = [path.name for host in hosts for path in (host.home / "influxdb3").iterdir() if path.suffix == ".unused"]
        return problems + ([f"orphans: {orphans}"] if orphans else []) + left


@pytest.mark.parametrize("strategy", sample(STRATEGIES, lambda number, _strategy: number == 0))
def test_a_sample_of_points(strategy: str, db_rotation: DbRotation, tmp_path: Path) -> None:
    world = DbWorld(db_rotation, strategy, tmp_path)
    tried(world, random.Random(os.environ["CRASH_SEED"]).sample(world.points(), SAMPLE))


@pytest.mark.crash
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_every_point(strategy: str, db_rotation: DbRotation, tmp_path: Path) -> None:
    world = DbWorld(db_rotation, strategy, tmp_path)
    tried(world, world.points())
