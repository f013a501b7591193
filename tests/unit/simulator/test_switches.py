# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every switch changes something that a client can see: one probe per switch, run under all of its values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
import requests

from harness import facts
from simulator import Switches, SwitchInfo
from simulator.influxctl import CliSwitches

DAY = 86_400
TIME = {"type": "time", "value": "%Y"}
TAG = {"type": "tag", "value": "a"}
Probe = Callable[[Any], object]
PROBES: dict[str, Probe] = {}


def probe(function: Probe) -> Probe:
    """Registers the probe of the switch of this name."""
    PROBES[function.__name__] = function
    return function


def seen(response: requests.Response) -> tuple[int, str, bytes]:
    return response.status_code, response.headers.get("content-type", ""), response.content


@probe
def url_forms(api: Any) -> object:
    short = api("GET", "/databases").status_code
    api.long = True
    return short, api("GET", "/databases").status_code


@probe
def clustered_ids(api: Any) -> object:
    url = f"{api.base}/accounts/{'5' * 8}-5555-4555-8555-{'5' * 12}/clusters/{api.sim.cluster_id}/databases"
    return api.session.get(url, headers=api.sim.headers).status_code


@probe
def unknown_route_body(api: Any) -> object:
    return seen(api("GET", "/nothing"))


@probe
def default_max_tables(api: Any) -> object:
    return api.ok("POST", "/databases", {"name": "d"})["maxTables"]


@probe
def default_max_columns(api: Any) -> object:
    return api.ok("POST", "/databases", {"name": "d"})["maxColumnsPerTable"]


@probe
def duplicate_create(api: Any) -> object:
    database = api.sim.add_database("d")
    api.sim.add_table(database, "t")
    answers = api("POST", "/databases", {"name": "d"}), api("POST", "/databases/d/tables", {"name": "t"})
    assert all("code = AlreadyExists" in answer.json()["message"] for answer in answers)
    return [answer.status_code for answer in answers]


def revoked(api: Any) -> str:
    token = api.sim.add_db_token("t", revoked_at=api.sim.clock.now())
    return f"/tokens/{token.id}"


@probe
def revoked_listed(api: Any) -> object:
    revoked(api)
    return len(api.ok("GET", "/tokens"))


@probe
def revoked_token_get(api: Any) -> object:
    return api("GET", revoked(api)).status_code


@probe
def revoked_token_patch(api: Any) -> object:
    response = api("PATCH", revoked(api), {"description": "new"})
    assert (api.sim.state.db_tokens[0].description == "new") == (response.status_code == 200)
    return response.status_code


@probe
def revoked_token_delete(api: Any) -> object:
    return api("DELETE", revoked(api)).status_code


@probe
def undelete_conflict(api: Any) -> object:
    database = api.sim.add_database("d", deleted_at=api.sim.clock.now())
    active = api.sim.add_database("d")
    table = api.sim.add_table(active, "t", deleted_at=api.sim.clock.now())
    api.sim.add_table(active, "t")
    paths = f"/databases/{database.id}/undelete", f"/databases/d/tables/{table.id}/undelete"
    return [api("PUT", path).status_code for path in paths]


@probe
def undelete_active(api: Any) -> object:
    database = api.sim.add_database("d")
    table = api.sim.add_table(database, "t")
    paths = f"/databases/{database.id}/undelete", f"/databases/d/tables/{table.id}/undelete"
    return [api("PUT", path).status_code for path in paths]


@probe
def short_retention(api: Any) -> object:
    api.sim.add_database("e")
    for retention in (0, 3_600_000_000_000):
        assert api("PATCH", "/databases/e", {"retentionPeriod": retention}).status_code == 200
    short = {"retentionPeriod": 3_599_999_999_999}
    return api("POST", "/databases", {"name": "d", **short}).status_code, api(
        "PATCH", "/databases/e", short
    ).status_code


@probe
def max_buckets(api: Any) -> object:
    def status(number: int) -> int:
        bucket = {"type": "bucket", "value": {"tagName": "a", "numberOfBuckets": number}}
        return int(api("POST", "/databases", {"name": str(number), "partitionTemplate": [bucket]}).status_code)

    assert status(1_000) == 200
    return status(1_001)


@probe
def unknown_fields(api: Any) -> object:
    status = api("POST", "/tokens", {"description": "d", "expirationType": "noExpiration"}).status_code
    assert len(api.sim.violations) == 1
    return status


@probe
def empty_template(api: Any) -> object:
    status = api("POST", "/databases", {"name": "d", "partitionTemplate": []}).status_code
    assert api.sim.violations
    return status


@probe
def time_part(api: Any) -> object:
    assert api("POST", "/databases", {"name": "e", "partitionTemplate": [TIME, TAG]}).status_code == 200
    return api("POST", "/databases", {"name": "d", "partitionTemplate": [TAG]}).status_code


@probe
def missing_operations(api: Any) -> object:
    return old_server(api), api("POST", "/databases/d/tables", {"name": "new"}).status_code


@probe
def clock_skew(api: Any) -> object:
    ahead = parsedate_to_datetime(api("GET", "/databases").headers["date"]) - datetime.now(UTC)
    assert abs((api.sim.clock.now() - datetime.now(UTC) - ahead).total_seconds()) < 60
    return ahead.total_seconds() > 60


@probe
def old_server(api: Any) -> object:
    database = api.sim.add_database("d")
    for name in "tuv":
        api.sim.add_table(database, name)
    deleted = api.sim.add_database("e", deleted_at=api.sim.clock.now())
    gone = api.sim.add_table(database, "w", deleted_at=api.sim.clock.now())
    return [
        api("PUT", "/databases/d/tables/t/rename", {"name": "x"}).status_code,
        api("DELETE", "/databases/d/tables/u").status_code,
        api("PUT", f"/databases/d/tables/{gone.id}/undelete").status_code,
        api("PUT", "/databases/d/rename", {"name": "f"}).status_code,
        api("PUT", f"/databases/{deleted.id}/undelete").status_code,
    ]


@probe
def burst_503(api: Any) -> object:
    return [api("GET", "/databases").status_code for _attempt in range(3)]


def query(api: Any, secret: str) -> int:
    response = api.session.get(f"{api.sim.url}/query?db=d&q=x", headers={"Authorization": f"Bearer {secret}"})
    return int(response.status_code)


@probe
def activation_delay(api: Any) -> object:
    api.sim.add_database("d")
    token = api.sim.add_db_token("t", [{"action": "read", "resource": "d"}])
    first = query(api, token.secret)
    api.sim.clock.advance(90)
    assert query(api, token.secret) == 200
    return first


@probe
def revocation_delay(api: Any) -> object:
    api.sim.add_database("d")
    now = api.sim.clock.now()
    token = api.sim.add_db_token("t", [{"action": "read", "resource": "d"}], revoked_at=now)
    management = api.sim.add_mgmt_token("m", revoked_at=now)
    headers = {"Authorization": f"Bearer {management.secret}"}
    first = query(api, token.secret), api("GET", "/tokens", headers=headers).status_code
    api.sim.clock.advance(90)
    assert (query(api, token.secret), api("GET", "/tokens", headers=headers).status_code) == (401, 401)
    return first


@probe
def patch_echoes_template(api: Any) -> object:
    api.sim.add_database("d", partition_template=[TIME])
    return api.ok("PATCH", "/databases/d", {"maxTables": 1}).get("partitionTemplate")


@probe
def rename_echoes_retention(api: Any) -> object:
    deleted = api.sim.add_database("e", deleted_at=api.sim.clock.now())
    api.sim.add_database("d")
    renamed = api.ok("PUT", "/databases/d/rename", {"name": "f"})
    return "retentionPeriod" in renamed, "retentionPeriod" in api.ok("PUT", f"/databases/{deleted.id}/undelete")


@probe
def encoded_slash(api: Any) -> object:
    api.sim.add_database("a/b")
    status = api("DELETE", "/databases/a%2Fb").status_code
    assert api.sim.violations == []
    return status


@probe
def delete_connection_close(api: Any) -> object:
    api.sim.add_database("d")
    return api("DELETE", "/databases/d").headers.get("connection")


@probe
def delete_cut(api: Any) -> object:
    api.sim.add_database("d")
    try:
        status = api("DELETE", "/databases/d").status_code
    except requests.exceptions.ChunkedEncodingError:
        status = 0
    assert api.sim.state.database("d") is None
    assert api("GET", "/databases").status_code == 200
    return status


@probe
def write_parses_first(api: Any) -> object:
    return api.session.post(f"{api.sim.url}/api/v2/write?bucket=d", data="no line").status_code


@probe
def empty_write(api: Any) -> object:
    api.sim.add_database("d")
    secret = api.sim.add_db_token("t", [{"action": "write", "resource": "d"}]).secret
    headers = {"Authorization": f"Bearer {secret}"}
    status = api.session.post(f"{api.sim.url}/api/v2/write?bucket=d", data="", headers=headers).status_code
    assert api.sim.state.tables == []
    return status


@probe
def timestamps(api: Any) -> object:
    moment = api.sim.clock.now().replace(year=2031, microsecond=0)
    api.sim.add_db_token("t", created_at=moment, expires_at=moment, revoked_at=moment)
    token = api.ok("GET", "/tokens")[0]
    assert token["createdAt"] == token["expiresAt"] == token["revokedAt"]
    return token["createdAt"].partition(":")[2][5:]


@probe
def past_expiry(api: Any) -> object:
    return api("POST", "/tokens", {"description": "d", "expiresAt": "2001-01-01T00:00:00Z"}).status_code


@probe
def permissions_echo(api: Any) -> object:
    read, write = ({"action": action, "resource": "d"} for action in ("read", "write"))
    created = api.ok("POST", "/tokens", {"description": "d", "permissions": [write, write, read]})["permissions"]
    token = api.sim.state.db_tokens[0]
    assert api.ok("PATCH", f"/tokens/{token.id}", {"permissions": [write, write, read]})["permissions"] == created
    return created


@probe
def empty_patch(api: Any) -> object:
    api.sim.add_database("d")
    token = api.sim.add_db_token("t")
    answers = api("PATCH", "/databases/d", {}), api("PATCH", f"/tokens/{token.id}", {})
    assert len(api.sim.violations) == 2
    return [answer.status_code for answer in answers]


@probe
def error_bodies(api: Any) -> object:
    return seen(api("DELETE", "/databases/d")), seen(api("GET", "/tokens", headers={"Authorization": None}))


@probe
def empty_lists(api: Any) -> object:
    answers = [api.ok("GET", "/databases"), api.ok("GET", "/tokens")]
    api.sim.add_db_token("t")
    return [*answers, api.ok("GET", "/tokens")[0]["permissions"]]


@probe
def infinite_retention(api: Any) -> object:
    api.sim.add_database("d")
    answers = [api.ok("GET", "/databases")[0], api.ok("POST", "/databases", {"name": "e"})]
    assert api.ok("PATCH", "/databases/d", {"retentionPeriod": 5})["retentionPeriod"] == 5
    return [answer.get("retentionPeriod", "absent") for answer in answers]


@probe
def no_instant(api: Any) -> object:
    api.sim.add_db_token("t")
    token = api.ok("GET", "/tokens")[0]
    return [token.get(key, "absent") for key in ("expiresAt", "revokedAt")]


@probe
def wrapped_lists(api: Any) -> object:
    api.sim.add_database("d")
    return str(api.ok("GET", "/databases")).partition("name")[0], api.ok("GET", "/tokens")


@probe
def error_wording(api: Any) -> object:
    api.sim.switches = replace(api.sim.switches, duplicate_create=400)
    api.sim.add_database("d")
    answers = api("DELETE", "/databases/e"), api("POST", "/databases", {"name": "d"})
    errors = [answer.json() for answer in answers]
    assert [error["code"] for error in errors] == [404, 400]
    assert "code = AlreadyExists" in errors[1]["message"]
    return [error["message"] for error in errors]


@probe
def table_inherits_template(api: Any) -> object:
    api.sim.add_database("d", partition_template=[TIME])
    own = api.ok("POST", "/databases/d/tables", {"name": "own", "partitionTemplate": [TAG]})
    assert own["partitionTemplate"] == [TAG]
    return api.ok("POST", "/databases/d/tables", {"name": "t"}).get("partitionTemplate")


@probe
def renamed_table_name(api: Any) -> object:
    api.sim.add_table(api.sim.add_database("d"), "t")
    api.ok("PUT", "/databases/d/tables/t/rename", {"name": "u"})
    return api("POST", "/databases/d/tables", {"name": "t"}).status_code


@probe
def recovery_days(api: Any) -> object:
    now = api.sim.clock.now()
    old = api.sim.add_database("d", deleted_at=now - timedelta(days=7))
    young = api.sim.add_database("e", deleted_at=now - timedelta(days=6))
    assert api("PUT", f"/databases/{young.id}/undelete").status_code == 200
    return api("PUT", f"/databases/{old.id}/undelete").status_code


@probe
def query_forbidden(api: Any) -> object:
    api.sim.add_database("d")
    return query(api, api.sim.add_db_token("t", [{"action": "write", "resource": "d"}]).secret)


def influxctl_call(api: Any, command: str, secret: str, **body: object) -> int:
    url = f"{api.sim.url}/_influxctl/management/{command}"
    headers = {"Authorization": f"Bearer {secret}"}
    response = api.session.post(url, json={"account_id": "", "cluster_id": "", **body}, headers=headers)
    return int(response.status_code)


@probe
def mgmt_token_may_manage(api: Any) -> object:
    assert influxctl_call(api, "list", api.sim.session_token) == 200
    return influxctl_call(api, "list", api.sim.admin_token)


@probe
def mgmt_revoke_again(api: Any) -> object:
    token = api.sim.add_mgmt_token("t", revoked_at=api.sim.clock.now())
    return influxctl_call(api, "revoke", api.sim.admin_token, id=token.id)


def test_a_burst_begins_with_a_change_of_switches(api: Any) -> None:
    assert api("GET", "/databases").status_code == 200
    api.sim.switches = Switches(burst_503=1)
    assert [api("GET", "/databases").status_code for _attempt in range(2)] == [503, 200]


def test_every_switch_has_a_probe() -> None:
    catalogue = Switches.catalogue()
    assert set(PROBES) == {info.name for info in catalogue}
    assert all(info.about and len(set(info.values)) > 1 for info in catalogue)


# Points that no request shows.
SILENT = {"descriptions"}


def test_all_that_is_open_has_a_switch() -> None:
    switched = {info.fact for info in (*Switches.catalogue(), *CliSwitches.catalogue())}
    open_facts = {anchor for anchor, text in facts.chapters().items() if "**open**" in text}
    assert open_facts - switched - SILENT == set()


@pytest.mark.parametrize("info", Switches.catalogue(), ids=lambda info: info.name)
def test_every_value_of_a_switch_can_be_told_apart(api: Any, info: SwitchInfo) -> None:
    assert info.values[0] == info.default == getattr(Switches(), info.name)
    observations = []
    for value in info.values:
        api.sim.reset(Switches(**{info.name: value}))
        api.long = False
        observation = PROBES[info.name](api)
        assert observation not in observations, f"{info.name}={value} shows nothing new"
        observations.append(observation)
