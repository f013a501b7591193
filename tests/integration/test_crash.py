# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Database tokens survive any end of a run: afterwards one token lives whose secret is in the file, and no other.

`make crash` tries every point; otherwise a sample is tried, whose seed (CRASH_SEED) pytest prints in its header.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import stat
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from harness.crash import Attempt, Case, Point, kill_all, killing, points, strike
from harness.modules import Modules
from harness.playbook import Ansible
from harness.plays import connection, local_play
from harness.sample import sample
from harness.sweeps import assert_no_secret
from simulator import DbToken, Simulator, Switches

# Other points in each run; `make crash` tries them all.
SAMPLE = 6
PERMISSIONS = [{"action": "read", "resource": "metrics"}]
STRANGER = f"telegraf [pending {'0' * 32}]"


class TokenWorld:
    """A cluster, a directory for the secret file, and tokens of others, which no run may touch."""

    def __init__(
        self,
        sim: Simulator,
        directory: Path,
        *,
        keep: bool,
        renew: bool,
        switches: Switches | None = None,
        more: dict[str, Any] | None = None,
    ) -> None:
        self.sim, self.directory, self.keep, self.renew, self.switches = sim, directory, keep, renew, switches
        self.more = more or {}
        self.path = directory / "secrets" / "telegraf.json"

    def prepare(self) -> dict[str, Any]:
        """A new cluster, for which the token is missing or due for renewal."""
        self.sim.reset(self.switches)
        shutil.rmtree(self.directory, ignore_errors=True)
        self.sim.add_database("metrics")
        self.others = [self.sim.add_db_token("grafana"), self.sim.add_db_token(STRANGER)]
        options: dict[str, Any] = {**connection(self.sim), "description": "telegraf", "permissions": PERMISSIONS}
        options |= {"expires_in": "90d", "renew_before": "14d", "revoke_superseded": True, "retries": 1, **self.more}
        if self.keep:
            options["secret_file"] = str(self.path)
        if self.renew:
            now = self.sim.clock.now()
            old = self.sim.add_db_token("telegraf", PERMISSIONS, expires_at=now + timedelta(days=7))
            if self.keep:
                self.path.parent.mkdir(parents=True, mode=0o700)
                self.path.write_text(json.dumps({"id": old.id, "token": old.secret}))
                self.path.chmod(0o600)
        return options

    def alive(self) -> list[DbToken]:
        """The tokens that work and aren't the others'."""
        return [t for t in self.sim.state.db_tokens if t.revoked_at is None and t not in self.others]

    def meanwhile(self) -> list[str]:
        """The file, if there is one, holds a secret that works, also before anything is repaired."""
        if not self.path.exists():
            return ["the secret file is gone"] if self.keep and self.renew else []
        held = json.loads(self.path.read_text())
        return [] if held["token"] in [token.secret for token in self.alive()] else ["the file's secret is dead"]

    def check(self, attempt: Attempt) -> list[str]:
        problems = [f"{o.description} was revoked" for o in self.others if o.revoked_at is not None]
        problems += self.sim.violations
        for outcome in (attempt.disturbed, attempt.repaired):
            assert_no_secret(outcome.output, self.sim.secrets)
            problems += [f"a traceback: {outcome.output}"] if "Traceback" in outcome.output else []
        final = [token for token in reversed(self.alive()) if token.description == "telegraf"]
        rest = [token for token in self.alive() if token not in final]
        if not self.keep:
            # Whose secret isn't at hand can't be proved to work, so what it supersedes is left.
            final, rest = final[:1], [*rest, *final[1:]]
        if len(final) != 1 or final[0].permissions != PERMISSIONS:
            problems.append(f"there is not one token but {final}")
        if final and (final[0].expires_at is None or final[0].expires_at < self.later()):
            problems.append("the token was not renewed")
        return problems + (self.check_file(final, rest) if self.keep else self.check_rest(attempt, rest))

    def later(self) -> datetime:
        return self.sim.clock.now() + timedelta(days=14)

    def check_file(self, final: list[DbToken], rest: list[DbToken]) -> list[str]:
        """The file is private and holds the one token; nothing else lives or lies about."""
        problems = [f"tokens are left: {rest}"] if rest else []
        held = json.loads(self.path.read_text())
        if [(held["id"], held["token"], held["description"])] != [(t.id, t.secret, t.description) for t in final]:
            problems.append("the file holds something else")
        if stat.S_IMODE(self.path.stat().st_mode) != 0o600:
            problems.append("the file is not private")
        # A journal may stay for a day: a token that the server makes late is revoked by a later run.
        others = set(os.listdir(self.path.parent)) - {"telegraf.json", ".telegraf.json.pending"}
        return problems + ([f"files are left: {others}"] if others else [])

    def check_rest(self, attempt: Attempt, rest: list[DbToken]) -> list[str]:
        """Without a file a token whose secret is lost may be left, but never silently."""
        said = json.dumps(attempt.repaired.result.get("warnings", []))
        if not attempt.killed:
            said = json.dumps(attempt.disturbed.result)
            given = attempt.disturbed.result.get("db_token", {}).get("access_token")
            if attempt.disturbed.code == 0 and given not in [token.secret for token in self.alive()]:
                return ["it has handed out a secret that is dead"]
        return [f"nobody names {token}" for token in rest if token.id not in said and (nonce(token) or "?") not in said]


def nonce(token: DbToken) -> str:
    """What the description of a pending token holds."""
    return token.description.partition("[pending ")[2].rstrip("]")


CASES: dict[str, dict[str, Any]] = {
    f"{'renew' if renew else 'create'} {'with' if keep else 'without'} a file": {"keep": keep, "renew": renew}
    for renew in (False, True)
    for keep in (True, False)
}
CASES["force with a file"] = {"keep": True, "renew": True, "more": {"force": True}}
CASES["renew on a server that forgets what is revoked"] = {
    "keep": True,
    "renew": True,
    "switches": Switches(revoked_listed=False, revoked_token_delete=404, revoked_token_get=404),
}
CASES["renew on a server that minds what is revoked"] = {
    "keep": True,
    "renew": True,
    "switches": Switches(revoked_token_delete=400, url_forms="long"),
}


def case(name: str, sim: Simulator, directory: Path) -> Case:
    world = TokenWorld(sim, directory, **CASES[name])
    return Case(name, "db_token", world.prepare, world.check, world.meanwhile)


@pytest.mark.parametrize("name", CASES)
def test_a_sample_of_points(name: str, sim: Simulator, modules: Modules, tmp_path: Path) -> None:
    one = case(name, sim, tmp_path / "world")
    found = points(one, sim, modules)
    report(found, tried(one, random.Random(os.environ["CRASH_SEED"]).sample(found, SAMPLE), sim, modules))


@pytest.mark.crash
@pytest.mark.parametrize("name", CASES)
def test_every_point(name: str, sim: Simulator, modules: Modules, tmp_path: Path) -> None:
    one = case(name, sim, tmp_path / "world")
    found = points(one, sim, modules)
    report(found, tried(one, found, sim, modules))


def tried(one: Case, chosen: list[Point], sim: Simulator, modules: Modules) -> list[str]:
    """Strike the points, and return what doesn't hold."""
    return [problem for point in chosen for problem in strike(one, point, sim, modules)]


def report(found: list[Point], problems: list[str]) -> None:
    kills = sum("kill" in point.what for point in found)
    print(f"{kills} kill points, {len(found) - kills} fault points; violations: {len(problems)}")
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize("number", sample([2, 3, 4], lambda _number, value: value == 3))
def test_a_playbook_that_is_killed(number: int, sim: Simulator, ansible: Ansible, tmp_path: Path) -> None:
    """The same through ansible-playbook, all of whose processes end at once."""
    world = TokenWorld(sim, tmp_path / "world", keep=True, renew=True)
    task = {"name": "token", "influxops.influxdb3.db_token": world.prepare()}
    sim.faults.append(killing(number, lambda: kill_all(ansible.home), action="drop_after"))
    assert ansible.playbook(local_play([task], {})).code == -9
    sim.faults.clear()
    assert world.meanwhile() == []
    run = ansible.playbook(local_play([task], {}))
    assert run.code == 0, run.output
    final = [token for token in world.alive() if token.description == "telegraf"]
    assert world.check_file(final, [token for token in world.alive() if token not in final]) == []
    assert len(final) == 1
    assert all(other.revoked_at is None for other in world.others)


def test_the_crash_test_sees_a_lost_token(sim: Simulator, modules: Modules, tmp_path: Path) -> None:
    """A world that forgets the journal breaks the promise, and the crash test must say so."""
    world = TokenWorld(sim, tmp_path / "world", keep=True, renew=False)

    def forget() -> list[str]:
        shutil.rmtree(world.directory)
        return []

    one = Case("forgetful", "db_token", world.prepare, world.check, forget)
    assert "tokens are left" in "".join(strike(one, Point(2, "kill after the commit"), sim, modules))
