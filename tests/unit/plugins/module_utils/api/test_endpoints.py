# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The operations over real requests, and how the form of the URL is found without being told."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest

from ansible_collections.influxops.influxdb3.plugins.module_utils._api.endpoints import ManagementApi, long_form
from ansible_collections.influxops.influxdb3.plugins.module_utils._core.connection import CLUSTERED_ID, resolve
from ansible_collections.influxops.influxdb3.plugins.module_utils._core.errors import ApiError, Influxdb3Error, NotFound
from simulator import Fault, Request, Simulator, Switches

LONG = long_form(CLUSTERED_ID, CLUSTERED_ID)


def api(sim: Simulator, told: Callable[[str], None] = lambda secret: None, **options: Any) -> ManagementApi:
    return ManagementApi(resolve({"host": sim.url, "management_token": sim.admin_token, **options}), told)


def sent(sim: Simulator) -> list[str]:
    return [f"{request.method} {request.raw_path}" for request in sim.requests]


def test_databases_from_creation_to_restoration(sim: Simulator) -> None:
    client = api(sim)
    template = [{"type": "bucket", "tag_name": "h", "number_of_buckets": 3}, {"type": "time", "value": "%Y"}]
    created = client.create_database({"name": "a/b c", "retention_period": 0, "partition_template": template})
    assert created["partition_template"] == template
    assert client.list_databases() == [created]
    assert client.update_database("a/b c", {"max_tables": 7})["max_tables"] == 7
    assert client.rename_database("a/b c", "ü")["name"] == "ü"
    client.delete_database("ü")
    assert client.list_databases() == []
    assert client.restore_database(sim.state.databases[0].id)["name"] == "ü"
    assert sim.violations == []
    assert sent(sim)[2] == "PATCH /api/v0/databases/a%2Fb%20c"


def test_tables_from_creation_to_restoration(sim: Simulator) -> None:
    sim.add_database("d/1")
    client = api(sim)
    created = client.create_table({"database": "d/1", "name": "t"})
    assert created["database"] == "d/1"
    assert sim.requests[-1].body == {"name": "t"}
    assert client.rename_table("d/1", "t", "u")["name"] == "u"
    client.delete_table("d/1", "u")
    assert client.restore_table("d/1", sim.state.tables[0].id)["name"] == "u"
    assert sim.violations == []


def test_tokens_from_creation_to_revocation(sim: Simulator) -> None:
    told: list[str] = []
    client = api(sim, told.append)
    ends = datetime(2036, 1, 1, tzinfo=UTC)
    wanted = {"description": "d", "permissions": [{"action": "read", "resource": "*"}], "expires_at": ends}
    created = client.create_token(wanted)
    assert told == [created["access_token"]] == [sim.state.db_tokens[0].secret]
    assert created.items() >= wanted.items()
    updated = client.update_token(created["id"], {"permissions": []})
    assert updated["permissions"] == []
    assert client.get_token(created["id"]) == {k: v for k, v in updated.items() if k != "access_token"}
    client.revoke_token(created["id"])
    assert client.list_tokens()[0]["revoked_at"] is not None
    assert sim.violations == []


def test_short_form_is_tried_first(sim: Simulator) -> None:
    api(sim).list_databases()
    assert sent(sim) == ["GET /api/v0/databases"]


def test_long_form_is_taken_where_ids_are_given(sim: Simulator) -> None:
    api(sim, account_id=CLUSTERED_ID, cluster_id=CLUSTERED_ID).list_databases()
    assert sent(sim) == [f"GET {LONG}/databases"]
    assert long_form("a/b", "c d") == "/api/v0/accounts/a%2Fb/clusters/c%20d"


def test_dedicated_has_the_long_form_only() -> None:
    with Simulator("dedicated", tls=False) as sim:
        ids: dict[str, Any] = {"product": "dedicated", "account_id": sim.account_id, "cluster_id": sim.cluster_id}
        assert api(sim, **ids).list_databases() == []
        assert sim.violations == []


def test_list_finds_the_long_form_and_keeps_to_it(sim: Simulator) -> None:
    sim.switches = Switches(url_forms="long")
    client = api(sim)
    assert client.list_databases() == []
    assert client.list_tokens() == []
    assert sent(sim) == ["GET /api/v0/databases", f"GET {LONG}/databases", f"GET {LONG}/tokens"]


@pytest.mark.parametrize("form", ["short", "long"])
def test_write_finds_the_form_without_writing_twice(sim: Simulator, form: str) -> None:
    sim.switches = Switches(url_forms=form)
    sim.add_database("a")
    api(sim).delete_database("a")
    assert [database.deleted_at is not None for database in sim.state.databases] == [True]
    tries = ["DELETE /api/v0/databases/a", f"DELETE {LONG}/databases/a"]
    assert sent(sim) == (tries if form == "long" else tries[:1])


@pytest.mark.parametrize("form", ["short", "both", "long"])
def test_missing_object_costs_no_request_once_the_form_is_known(sim: Simulator, form: str) -> None:
    sim.switches = Switches(url_forms=form)
    client = api(sim)
    client.list_tokens()
    sim.requests.clear()
    for _attempt in range(2):
        with pytest.raises(NotFound):
            client.delete_database("none")
    assert sent(sim) == [f"DELETE {LONG if form == 'long' else '/api/v0'}/databases/none"] * 2


@pytest.mark.parametrize("body", ["text", "json", "html", "empty"])
@pytest.mark.parametrize("form", ["short", "both", "long"])
def test_deletion_is_never_taken_for_done_because_the_form_is_wrong(sim: Simulator, form: str, body: str) -> None:
    """Also as the first request, and where the server answers for an unknown path as for a missing table."""
    sim.switches = Switches(url_forms=form, unknown_route_body=body)
    table = sim.add_table(sim.add_database("a"), "t")
    client = api(sim)
    with pytest.raises(NotFound):
        client.delete_table("a", "none")
    client.delete_table("a", "t")
    assert table.deleted_at is not None
    assert client.list_tokens() == []
    assert sim.violations == []


@pytest.mark.parametrize("status", [404, 405, 415, 501])
def test_long_form_is_found_whatever_the_short_one_is_refused_with(sim: Simulator, status: int) -> None:
    sim.faults.append(Fault("status", times=0, status=status, match=lambda request: LONG not in request.path, body="?"))
    client = api(sim)
    assert client.list_databases() == client.list_databases() == []
    assert len(sim.requests) == 3


@pytest.mark.parametrize("form", ["short", "both", "long"])
def test_first_requests_may_be_sent_at_once(sim: Simulator, form: str) -> None:
    """Both answers to the short form are held until both requests have arrived, so neither knows of the other."""
    sim.switches = Switches(url_forms=form)
    client = api(sim)
    met = meeting(sim, 2)
    with ThreadPoolExecutor(2) as pool:
        lists = [pool.submit(client.list_databases), pool.submit(client.list_tokens)]
        assert [one.result() for one in lists] == [[], []]
    assert met.fired == 2
    assert client.list_databases() == []
    assert len(sim.requests) == (5 if form == "long" else 3)


def meeting(sim: Simulator, number: int) -> Fault:
    """Holds the first answers until so many requests have arrived."""
    arrived: list[Request] = []

    def is_first(request: Request) -> bool:
        arrived.append(request)
        if len(arrived) == number:
            fault.release()
        return len(arrived) <= number

    fault = Fault("slow", times=0, match=is_first)
    sim.faults.append(fault)
    return fault


@pytest.mark.parametrize("status", [404, 405, 415, 501])
def test_list_without_an_api_is_explained_by_the_product(sim: Simulator, status: int) -> None:
    sim.faults.append(Fault("status", times=0, status=status, body="404 page not found"))
    with pytest.raises(ApiError) as caught:
        api(sim).list_tokens()
    for said in ("20250508-1719206", "/api/v0", "Core and Enterprise", "product: dedicated", "console.influxdata.com"):
        assert said in str(caught.value)
    assert "name" not in str(caught.value)
    with pytest.raises(
        ApiError, match=r"console\.influxdata\.com \(leave host out\), not at the host of the data plane"
    ):
        api(sim, product="dedicated", account_id="a", cluster_id="b").list_databases()


@pytest.mark.parametrize("form", ["both", "long"])
def test_unclear_404_leaves_the_form_to_the_next_request(sim: Simulator, form: str) -> None:
    sim.switches = Switches(url_forms=form, error_bodies="html")
    client = api(sim)
    with pytest.raises(NotFound):
        client.delete_database("none")
    assert client.list_databases() == []
    lists = ["GET /api/v0/databases", f"GET {LONG}/databases"]
    deletions = ["DELETE /api/v0/databases/none", f"DELETE {LONG}/databases/none"]
    assert sent(sim) == deletions + (lists if form == "long" else lists[:1])


@pytest.mark.parametrize("slash", ["decoded", "rejected"])
def test_slash_that_does_not_arrive_is_named_as_the_cause(sim: Simulator, slash: str) -> None:
    sim.switches = Switches(encoded_slash=slash)
    with pytest.raises(ApiError, match="must hand it on undecoded") as caught:
        api(sim).delete_database("a/b")
    assert caught.value.code == "encoded_slash"
    assert not isinstance(caught.value, NotFound)


@pytest.mark.parametrize("wording", Switches.values("error_wording"))
def test_slash_is_not_blamed_for_a_missing_database(sim: Simulator, wording: str) -> None:
    sim.switches = Switches(error_wording=wording)
    with pytest.raises(NotFound):
        api(sim).delete_database("a/b")


def test_form_is_known_after_the_first_success(sim: Simulator) -> None:
    client = api(sim)
    client.list_databases()
    with pytest.raises(NotFound):
        client.delete_database("none")
    assert len(sim.requests) == 2


@pytest.mark.parametrize(
    "work",
    [
        lambda client: client.rename_database("a", "b"),
        lambda client: client.restore_database(1),
        lambda client: client.delete_table("a", "t"),
        lambda client: client.rename_table("a", "t", "u"),
        lambda client: client.restore_table("a", 2),
    ],
)
def test_old_server_is_named_as_a_cause(sim: Simulator, work: Callable[[ManagementApi], object]) -> None:
    sim.switches = Switches(old_server=True)
    sim.add_table(sim.add_database("a"), "t")
    with pytest.raises(NotFound, match="older than release 20251218"):
        work(api(sim))


@pytest.mark.parametrize("wording", Switches.values("error_wording"))
@pytest.mark.parametrize(
    "work",
    [
        lambda client: client.delete_database("none"),
        lambda client: client.rename_database("none", "b"),
        lambda client: client.restore_database(9),
        lambda client: client.delete_table("a", "none"),
        lambda client: client.rename_table("a", "none", "u"),
        lambda client: client.restore_table("a", 9),
    ],
)
def test_other_404_does_not_speak_of_old_servers(
    sim: Simulator, work: Callable[[ManagementApi], object], wording: str
) -> None:
    sim.switches = Switches(error_wording=wording)
    sim.add_database("a")
    with pytest.raises(NotFound) as caught:
        work(api(sim))
    assert "older" not in str(caught.value)


@pytest.mark.parametrize("switch", ["empty_lists", "infinite_retention", "no_instant", "wrapped_lists"])
def test_objects_are_the_same_whatever_the_server_leaves_out(sim: Simulator, switch: str) -> None:
    seen = []
    for value in Switches.values(switch):
        sim.reset(Switches(**{switch: value}))
        client = api(sim)
        assert client.list_databases() == client.list_tokens() == []
        made = client.create_database({"name": "d"})
        token = client.create_token({"description": "t"})
        assert client.list_databases() == [made]
        (listed,) = client.list_tokens()
        assert client.get_token(token["id"]) == listed
        assert (listed.get("expires_at"), listed.get("revoked_at"), listed["permissions"]) == (None, None, [])
        assert made["retention_period"] == 0
        assert client.update_database("d", {"retention_period": 5})["retention_period"] == 5
        assert client.update_database("d", {"retention_period": 0}) == made
        seen.append(made)
    assert seen == seen[:1] * len(seen)


@pytest.mark.parametrize(
    "body", ['{"databases": []}', '{"data": {"databases": []}}', '{"result": {"databases": null}}']
)
def test_list_is_taken_from_where_influxdatas_client_takes_it(sim: Simulator, body: str) -> None:
    sim.faults.append(Fault("status", status=200, body=body))
    assert api(sim).list_databases() == []


@pytest.mark.parametrize(
    "body", ['{"tokens": []}', '{"data": []}', "{}", '{"databases": {}}', '"x"', "[1]", '[{"name": null}]', "[null]"]
)
def test_list_of_another_shape_is_a_bad_answer(sim: Simulator, body: str) -> None:
    sim.faults.append(Fault("status", status=200, body=body))
    with pytest.raises(Influxdb3Error) as caught:
        api(sim).list_databases()
    assert caught.value.code == "bad_answer"


@pytest.mark.parametrize("body", ['{"id": "i"}', '{"accessToken": "apiv1_xxxxxxxxxxxx"}', "{}"])
def test_created_token_without_secret_or_id_is_a_bad_answer(sim: Simulator, body: str) -> None:
    sim.faults.append(Fault("status", status=200, body=body))
    with pytest.raises(Influxdb3Error, match="no secret or no id") as caught:
        api(sim).create_token({"description": "d"})
    assert caught.value.code == "bad_answer"


def test_secret_is_told_even_when_the_rest_cannot_be_understood(sim: Simulator) -> None:
    told: list[str] = []
    sim.faults.append(Fault("status", status=200, body='{"accessToken": "apiv1_xxxxxxxxxxxx", "createdAt": "never"}'))
    with pytest.raises(Influxdb3Error, match="createdAt can't be understood"):
        api(sim, told.append).create_token({"description": "d"})
    assert told == ["apiv1_xxxxxxxxxxxx"]
