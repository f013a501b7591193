# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a stop does to items that wait; the rest of the module `cluster` is tested as users run it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ansible_collections.influxops.influxdb3.plugins.module_utils._api.endpoints import ManagementApi
from ansible_collections.influxops.influxdb3.plugins.module_utils._cluster.apply import Cluster
from ansible_collections.influxops.influxdb3.plugins.module_utils._cluster.databases import Wish
from ansible_collections.influxops.influxdb3.plugins.module_utils._cluster.items import CREATED, SKIPPED, DatabaseItem
from ansible_collections.influxops.influxdb3.plugins.module_utils._core.connection import resolve
from ansible_collections.influxops.influxdb3.plugins.module_utils._core.throttle import Throttle
from simulator import Simulator


def test_what_waits_for_a_pause_to_end_is_not_begun_after_a_stop(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    throttle = Throttle()
    api = ManagementApi(
        resolve({"host": sim.url, "management_token": sim.admin_token}), lambda secret: None, 2, throttle
    )
    items = [DatabaseItem(f"db{i}", True, wish=Wish("present", {"name": f"db{i}"}, "", 0)) for i in range(4)]
    cluster = Cluster(api, datetime.now(UTC), throttle, 2, lambda secret: None, items, [])
    cluster.read(True, False)
    for item in items:
        cluster.bring(item, dry=True)
        assert item.outcome == CREATED

    def stop(throttle: Throttle, seconds: float) -> None:
        throttle.stopped = "was stopped"

    monkeypatch.setattr(Throttle, "nap", stop)
    throttle.hold(3600)
    cluster.carry_out([items])
    assert [item.outcome for item in items] == [SKIPPED] * 4
    assert sim.writes == []
