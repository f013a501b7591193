# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""schemathesis drives the simulator with what our OpenAPI document allows, and with what it does not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, Phase, given, settings

from simulator import Simulator, openapi
from simulator.api import OPERATIONS

EXAMPLES = settings(
    max_examples=6,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
TOKEN_ID = "55555555-5555-4555-8555-555555555555"


@pytest.fixture(scope="module", params=["clustered", "dedicated"])
def plain(request: pytest.FixtureRequest) -> Iterator[Simulator]:
    with Simulator(request.param, tls=False) as sim:
        yield sim


def seed(sim: Simulator) -> dict[str, Any]:
    """Objects that exist, as path parameters: without them every generated name would just be unknown."""
    sim.reset()
    database = sim.add_database("d")
    deleted = sim.add_database("e", deleted_at=sim.clock.now())
    sim.add_table(database, "t")
    gone = sim.add_table(database, "u", deleted_at=sim.clock.now())
    sim.add_db_token("t").id = TOKEN_ID
    names = {"databaseName": "d", "tableName": "t", "databaseId": deleted.id, "tableId": gone.id, "tokenId": TOKEN_ID}
    return {**names, "accountId": sim.account_id, "clusterId": sim.cluster_id}


def drive(sim: Simulator, session: requests.Session, operation: Any, mode: str, existing: bool) -> set[int]:
    """Sends generated requests of one operation, and returns the statuses of the answers that passed all checks."""
    import schemathesis
    from schemathesis.checks import not_a_server_error
    from schemathesis.specs.openapi import checks

    statuses: set[int] = set()
    chosen = [
        not_a_server_error,
        checks.content_type_conformance,
        checks.response_schema_conformance,
        checks.status_code_conformance,
        checks.negative_data_rejection,
    ]
    always = {"accountId", "clusterId"}
    names = {parameter.name for parameter in operation.path_parameters if existing or parameter.name in always}
    fixed = {name: value for name, value in seed(sim).items() if name in names}
    strategy = operation.as_strategy(schemathesis.GenerationMode(mode), path_parameters=fixed or None)

    @EXAMPLES
    @given(case=strategy)
    def run(case: Any) -> None:
        seed(sim)
        base_url = sim.url + "/api/v0"
        response = case.call_and_validate(base_url=base_url, session=session, headers=sim.headers, checks=chosen)
        statuses.add(response.status_code)

    run()
    return statuses


@pytest.mark.parametrize(("mode", "existing"), [("positive", True), ("negative", False)])
def test_schemathesis(plain: Simulator, mode: str, existing: bool) -> None:
    import schemathesis

    schema = schemathesis.openapi.from_dict(openapi.document(plain.product))
    with requests.Session() as session:
        # An operation that can't be read is an error, whose ok() raises.
        operations = [result.ok() for result in schema.get_all_operations()]  # type: ignore[union-attr]
        statuses = {operation.label: drive(plain, session, operation, mode, existing) for operation in operations}
    assert len(statuses) == len(OPERATIONS)
    if existing:
        assert all(seen & {200, 204} for seen in statuses.values()), statuses
