# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook `preflight` over SSH: one remote execution for each host, and no secret leaves one."""

from __future__ import annotations

from harness.rotation import CONFIG, Rotation
from harness.sweeps import assert_no_secret, snapshot
from simulator.influxctl import invocations


def test_a_host_costs_one_execution_and_tells_no_secret(rotation: Rotation) -> None:
    """One holds a token, one nothing yet, and one is away."""
    holder, bare, away = rotation.fleet.hosts
    rotation.give_old(holder, days=60)
    away.stop()
    before = rotation.configs(), snapshot(rotation.sim)
    run = rotation.play("preflight")
    assert (run.code, run.changed) == (2, [])
    assert (rotation.configs(), snapshot(rotation.sim), rotation.sim.writes) == (*before, [])
    report = run.result("Turn what was seen into checks")["ansible_facts"]["mgmt_token_preflight"]
    assert report["findings"] == {"reach": [away.name]}
    assert rotation.executions() == {holder.name: 1, bare.name: 1, away.name: 0}
    assert [one.argv[-2:] for one in invocations(holder.home / "bin" / "influxctl")] == [["database", "list"]]
    assert [one.argv[-1:] for one in invocations(bare.home / "bin" / "influxctl")] == [["version"]]
    assert not (bare.home / CONFIG).exists()
    secrets = rotation.sim.secrets
    assert_no_secret(run.output + "".join(rotation.fleet.answers(host) for host in rotation.fleet.hosts), secrets)
