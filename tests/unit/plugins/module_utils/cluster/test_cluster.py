# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a stop does to items that wait; the rest of the module `cluster` is tested as users run it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ansible_collections.influxops.influxdb3.plugins.module_utils._api.endpoints import ManagementApi
from ansible_collections.influxops.influxdb3.plugins.module_utils._cluster.databases import DatabaseWish
from ansible_collections.influxops.influxdb3.plugins.module_utils._cluster.items import DatabaseItem, Wanted
from ansible_collections.influxops.influxdb3.plugins.module_utils._cluster.outcome import CREATED, SKIPPED
from ansible_collections.influxops.influxdb3.plugins.module_utils._cluster.plan import plan_cluster
from ansible_collections.influxops.influxdb3.plugins.module_utils._cluster.workers import Workers
from ansible_collections.influxops.influxdb3.plugins.module_utils._cluster.world import Server, read_world
from ansible_collections.influxops.influxdb3.plugins.module_utils._core.connection import resolve
from ansible_collections.influxops.influxdb3.plugins.module_utils._core.throttle import Throttle
from simulator import Simulator


def test_what_waits_for_a_pause_to_end_is_not_begun_after_a_stop(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    throttle = Throttle()
    connection = resolve({"host": sim.url, "management_token": sim.admin_token})
    server = Server(ManagementApi(connection, lambda secret: None, 2, throttle))
    workers = Workers(server, throttle, 2, lambda secret: None)
    items = tuple(DatabaseItem(DatabaseWish("present", {"name": f"db{i}"})) for i in range(4))
    world = read_world(server, [], [], lambda secret: None, need_databases=True, need_tokens=False, concurrency=2)
    prune = {"databases": False, "db_tokens": False}
    plan = plan_cluster(Wanted(items, (), ()), world, prune, datetime.now(UTC), server.backend)
    assert [step.foretold.word for step in plan.steps] == [CREATED] * 4

    def stop(throttle: Throttle, seconds: float) -> None:
        throttle.stopped = "was stopped"

    monkeypatch.setattr(Throttle, "nap", stop)
    throttle.hold(3600)
    assert [outcome.word for outcome in workers.apply(plan)] == [SKIPPED] * 4
    assert sim.writes == []
