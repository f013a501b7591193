# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook `rotate_db_tokens` over SSH: nobody is cut off, whatever happens, and a later run goes on from there."""

from __future__ import annotations

from typing import Any

from harness.db_rotation import DbProber, DbRotation
from harness.playbook import Run
from harness.sweeps import sweep


def summary(run: Run) -> list[str]:
    """The table at the end of a run."""
    return list(run.result("Show who was renewed, and who may still hold an old token")["lines"])


def test_tokens_that_end_soon_are_renewed(db_rotation: DbRotation) -> None:
    """Through the sweeps; and nothing to do costs one list, and one result and one execution per host."""
    rotation, hosts, sim = db_rotation, db_rotation.fleet.hosts, db_rotation.sim
    old = [rotation.give_old(host) for host in hosts[:2]]
    kept = rotation.give_old(hosts[2], days=60)

    def play(*flags: str) -> Any:
        rotation.forget_commands()
        return rotation.rotate(*flags)

    with DbProber(rotation) as prober:
        first = sweep(play, sim, files=rotation.files)

    assert prober.gaps == []
    assert prober.uses > 0
    assert all(token.revoked_at for token in old)
    assert rotation.issued(hosts[2]) == kept.secret
    assert len({rotation.issued(host) for host in hosts}) == 3
    table = summary(first)
    assert [line.split()[:2] for line in table[1:4]] == [
        ["host1", "renewed"],
        ["host2", "renewed"],
        ["host3", "unchanged"],
    ]
    assert rotation.asked() == ["GET tokens"], "of the second run"
    assert rotation.executions() == {"host1": 1, "host2": 1, "host3": 1}
