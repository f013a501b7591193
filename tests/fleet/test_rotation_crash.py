# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A rotation survives any end of a run: nobody is ever cut off, and the next run leaves one live token for each holder.

`make crash` tries every point; otherwise a sample is tried, whose seed (CRASH_SEED) pytest prints in its header. Each
invocation of influxctl is met at its requests: it does nothing before the first and after the last.
"""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from fleet.host import Host
from harness.crash import KILLS, killing, processes_of
from harness.playbook import Run
from harness.rotation import Prober, Rotation
from harness.sample import sample
from harness.sweeps import assert_no_secret

SAMPLE = 1
STRATEGIES = ("per_host", "shared")
# What befalls a run when a host is asked for a command, and when the command has ended.
SSH = ("kill", "cut", "away")


class Point(NamedTuple):
    """The n-th request to the cluster, or the n-th begin or end of a command on a host, and what happens there."""

    number: int
    what: str

    def __str__(self) -> str:
        where = "request" if self.what in KILLS else "moment of SSH"
        return f"{self.what} at {where} {self.number}"


class World:
    """Three hosts: one whose token ends soon, one without any, one with a good token and another that was left over."""

    def __init__(self, rotation: Rotation, strategy: str, directory: Path) -> None:
        self.rotation, self.strategy, self.store = rotation, strategy, directory / "shared.json"
        self.moments = 0
        # Held while a run is killed, so that no other one begins.
        self.killing = threading.Lock()
        self.befall: Callable[[Host], None] = lambda host: None
        rotation.variables["mgmt_token_strategy"] = strategy
        if strategy == "shared":
            rotation.variables["mgmt_token_secret_file"] = str(self.store)
        for host in rotation.fleet.hosts:
            # mypy infers no type for a lambda with a default.
            host.sshd.observer = lambda host=host: self._observe(host)  # type: ignore[misc]

    def _observe(self, host: Host) -> None:
        self.moments += 1
        self.befall(host)

    def prepare(self) -> None:
        """Make the world anew."""
        rotation, sim = self.rotation, self.rotation.sim
        sim.reset()
        for host in rotation.fleet.hosts:
            shutil.rmtree(host.home / ".config", ignore_errors=True)
        if self.strategy == "per_host":
            rotation.give_old(rotation.fleet.hosts[0])
            rotation.give_old(rotation.fleet.hosts[2], days=50)
            rotation.give_old(rotation.fleet.hosts[2], days=60)
        else:
            self._share()
        self.moments = 0

    def _share(self) -> None:
        """Two hosts hold a token that the store knows and that ends soon; a run has left another one over."""
        sim, hosts = self.rotation.sim, self.rotation.fleet.hosts
        self.rotation.give_old(hosts[0], days=5, description="influxctl")
        old = self.rotation.give_old(hosts[1], days=7, description="influxctl")
        self.rotation.give(hosts[0], old)
        self.store.write_text(
            f'{{"id": "{old.id}", "description": "influxctl", "token": "{old.secret}",'
            f' "created_at": "{old.created_at.isoformat()}", "expires_at": "{old.expires_at}"}}'
        )
        self.store.chmod(0o600)
        assert sim.core.may_manage(old.secret)

    def kill(self) -> None:
        """End the whole run at once, and what it has begun meanwhile."""
        with self.killing:
            while found := processes_of(self.rotation.ansible.home):
                for pid in found:
                    kill(pid)

    def cut(self) -> None:
        """End the connections of the run."""
        for pid in processes_of(self.rotation.ansible.home):
            if Path(f"/proc/{pid}/comm").exists() and Path(f"/proc/{pid}/comm").read_text() == "ssh\n":
                kill(pid)

    def points(self) -> list[Point]:
        """Run undisturbed, and return every point at which a run can be struck."""
        self.prepare()
        run = self.rotation.rotate()
        assert run.code == 0, run.output
        assert self.amiss() == []
        requests = [Point(n, what) for n in range(1, len(self.rotation.sim.requests) + 1) for what in KILLS]
        return requests + [Point(n, what) for n in range(1, self.moments + 1) for what in SSH]

    def strike(self, point: Point) -> list[str]:
        """Run with the point struck, then undisturbed; return what doesn't hold."""
        sim, hosts = self.rotation.sim, self.rotation.fleet.hosts
        self.prepare()
        struck: list[Point] = []
        stopping: list[asyncio.Future[None]] = []

        def end() -> None:
            struck.append(point)
            self.kill()

        def befall(host: Host) -> None:
            if self.moments != point.number or struck:
                return
            if point.what == "kill":
                end()
                return
            struck.append(point)
            if point.what == "cut":
                self.cut()
            else:
                stopping.append(asyncio.ensure_future(host.sshd.stop()))

        if point.what in KILLS:
            sim.faults.append(killing(point.number, end, **KILLS[point.what]))
        else:
            self.befall = befall
        with self.prober() as prober:
            disturbed = self.rotation.rotate()
            with self.killing:
                pass
            self.befall = lambda host: None
            sim.faults.clear()
            for host in hosts if stopping else []:
                host.stop()
                host.start()
            repaired = self.rotation.rotate()
        problems = [] if struck else ["it was not struck"]
        if "kill" in point.what and disturbed.code != -signal.SIGKILL:
            problems.append(f"the run was not killed: {disturbed.code}")
        problems += [*self.after(repaired), *sorted(set(prober.gaps))]
        assert_no_secret(disturbed.output + repaired.output, sim.secrets)
        return [f"{self.strategy}, {point}: {problem}" for problem in problems]

    def prober(self) -> Any:
        """Who uses what the hosts hold while the runs go on."""
        return Prober(self.rotation)

    def after(self, run: Run) -> list[str]:
        """What doesn't hold after a clean run."""
        return [f"the next run fails: {run.output[-3000:]}"] if run.code else self.amiss()

    def amiss(self) -> list[str]:
        """What is wrong with who holds what: each holds the only live token of its description, and no more live."""
        rotation, sim = self.rotation, self.rotation.sim
        hosts = rotation.fleet.hosts
        names = [rotation.description(host) if self.strategy == "per_host" else "influxctl" for host in hosts]
        problems = [
            f"{host.name} holds {str(rotation.held(host))[:9]}, alive are {[one[:9] for one in rotation.alive(name)]}"
            for host, name in zip(hosts, names, strict=True)
            if [rotation.held(host)] != rotation.alive(name)
        ]
        live = [token for token in sim.state.mgmt_tokens if sim.core.alive(token) and token.secret != sim.admin_token]
        orphans = [token.description for token in live if token.secret not in map(rotation.held, hosts)]
        return problems + ([f"orphans: {orphans}"] if orphans else [])


def kill(pid: int) -> None:
    """End a process that may have ended."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def tried(world: World, chosen: list[Point]) -> None:
    """Strike the points, and fail with what doesn't hold."""
    problems = []
    for point in chosen:
        found = world.strike(point)
        print(f"{world.strategy}, {point}: {len(found)} violations", flush=True)
        problems += found
    kills = sum("kill" in point.what for point in chosen)
    print(
        f"{len(world.rotation.fleet.hosts)} hosts, {kills} kill points, {len(chosen) - kills} cut connections;"
        f" violations: {len(problems)}"
    )
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize("strategy", sample(STRATEGIES, lambda number, _strategy: number == 0))
def test_a_sample_of_points(strategy: str, rotation: Rotation, tmp_path: Path) -> None:
    world = World(rotation, strategy, tmp_path)
    tried(world, random.Random(os.environ["CRASH_SEED"]).sample(world.points(), SAMPLE))


@pytest.mark.crash
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_every_point(strategy: str, rotation: Rotation, tmp_path: Path) -> None:
    world = World(rotation, strategy, tmp_path)
    tried(world, world.points())
