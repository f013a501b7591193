# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waiting until a new token works, in the simulator's time."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.influxops.influxdb3.plugins.module_utils._core.connection import Connection, resolve
from ansible_collections.influxops.influxdb3.plugins.module_utils._core.errors import Influxdb3Error, OptionError
from ansible_collections.influxops.influxdb3.plugins.module_utils._core.throttle import Throttle
from ansible_collections.influxops.influxdb3.plugins.module_utils._tokens.activation import wait_until_active
from ansible_collections.influxops.influxdb3.plugins.module_utils._tokens.proof import (
    data_plane,
    readable_database,
)
from simulator import Fault, Simulator, Switches

READ = [{"action": "write", "resource": "b"}, {"action": "read", "resource": "*"}, {"action": "read", "resource": "a"}]


def connection_to(sim: Simulator) -> Connection:
    return resolve({"host": sim.url, "management_token": sim.admin_token})


def wait(sim: Simulator, seconds: float, permissions: Any = None, throttle: Throttle | None = None) -> None:
    permissions = permissions or READ
    made = sim.add_db_token("t", permissions)
    token = {"id": made.id, "permissions": permissions}

    def clock() -> float:
        return sim.clock.now().timestamp()

    wait_until_active(
        *(connection_to(sim), token, made.secret, seconds, throttle),
        pause=lambda throttle, seconds: sim.clock.advance(seconds),
        clock=clock,
    )


def test_it_asks_until_the_token_works(sim: Simulator) -> None:
    sim.switches = Switches(activation_delay=90)
    sim.add_database("a")
    start = sim.clock.now()
    wait(sim, 300)
    assert 90 <= (sim.clock.now() - start).total_seconds() < 96
    assert {(request.method, request.path, request.kind) for request in sim.requests} == {("GET", "/query", "data")}
    assert [request.status for request in sim.requests][-2:] == [401, 200]
    assert all("db=a&q=SHOW+MEASUREMENTS" in request.query for request in sim.requests)
    assert sim.admin_token not in str([request.headers for request in sim.requests])


def test_it_gives_up_when_the_run_is_to_stop(sim: Simulator) -> None:
    sim.switches = Switches(activation_delay=90)
    sim.add_database("a")
    throttle = Throttle()
    throttle.stopped = "was stopped by SIGINT"
    with pytest.raises(Influxdb3Error, match="when the run was stopped by SIGINT it didn't work yet"):
        wait(sim, 60, throttle=throttle)
    assert len(sim.requests) == 1


def test_it_gives_up_in_time(sim: Simulator) -> None:
    sim.switches = Switches(activation_delay=90)
    sim.add_database("a")
    start = sim.clock.now()
    with pytest.raises(Influxdb3Error, match="after 60 seconds it didn't work yet") as caught:
        wait(sim, 60)
    assert caught.value.code == "not_active"
    assert 60 <= (sim.clock.now() - start).total_seconds() < 62


def test_many_do_not_wait_one_after_the_other_in_vain(sim: Simulator) -> None:
    sim.switches = Switches(activation_delay=90)
    sim.add_database("a")
    throttle = Throttle()
    for asked in (True, False):
        sim.requests.clear()
        with pytest.raises(Influxdb3Error):
            wait(sim, 60, throttle=throttle)
        assert (len(sim.requests) > 1) is asked
    sim.switches = Switches()
    wait(sim, 60, throttle=throttle)
    assert throttle.silent == set()


@pytest.mark.parametrize("fault", [{"status": 403}, {"status": 404}, {"status": 429}, {"status": 503}])
def test_whatever_is_no_answer_means_not_yet(sim: Simulator, fault: dict[str, Any]) -> None:
    sim.add_database("a")
    sim.faults += [Fault("status", times=2, **fault), Fault("drop_before", at=3)]
    wait(sim, 300)
    assert len(sim.requests) == 4


def test_only_a_named_database_is_asked(sim: Simulator) -> None:
    assert readable_database(READ) == "a"
    assert readable_database(READ[:2]) is readable_database([]) is readable_database(None) is None
    with pytest.raises(OptionError, match="wait_active: it may not read a database"):
        wait(sim, 60, READ[:2])
    assert sim.requests == []


def test_where_the_data_plane_is(sim: Simulator) -> None:
    clustered = connection_to(sim)
    dedicated = clustered._replace(product="dedicated", cluster_id="c")
    assert data_plane(clustered, None) == sim.url
    assert data_plane(dedicated, None) == "https://c.a.influxdb.io"
    assert data_plane(dedicated, "q.example:8443") == "https://q.example:8443"
    with pytest.raises(OptionError, match="query_host: "):
        data_plane(clustered, "ftp://q.example")
