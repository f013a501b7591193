# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A description's tokens are kept in one place, and a place keeps one token, however often a run uses the role."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

import pytest

from ansible_collections.influxops.influxdb3.plugins.plugin_utils._fleet import files, profiles, steps
from ansible_collections.influxops.influxdb3.plugins.plugin_utils._fleet.planning import Member
from ansible_collections.influxops.influxdb3.plugins.plugin_utils._fleet.settling import Applied, proof_name


def look(description: str, path: str, store: str | None = None, **way: Any) -> dict[str, Any]:
    """What is found at the host web1, whose files are known by their paths."""
    return found(Member("web1", "", description, path, path.replace("/link/", "/etc/")), store, **way)


def found(member: Member, store: str | None = None, *, is_loaded: bool = False, **way: Any) -> dict[str, Any]:
    """What is found at any host. With `is_loaded`, tasks of the user's keep the token that it shares."""
    options = {"host": "cluster", "management_token": "canary", **way}
    return {
        "member": asdict(member),
        "way": {"issuer": "localhost", "options": options, "is_in_inventory": False},
        "is_shared": store is not None or is_loaded,
        "store": store,
        "sharing": "all",
        "is_loaded": is_loaded,
    }


def refused(*looks: dict[str, Any], loaded: Any = "") -> list[str]:
    """Why the last of several uses of the role in one run is refused; what is kept of them holds no secret."""
    progress: dict[str, Any] = {}
    for one in looks:
        planned = steps.plan_batch(files.KIND, [one], progress, loaded, leader=one["member"]["host"])
        progress = planned["progress"]
    assert "canary" not in json.dumps(progress)
    return list(planned["refused"].values())


def test_each_host_has_one_file_for_a_description() -> None:
    first = look("telegraf web1", "/etc/a")
    (why,) = refused(first, look("telegraf web1", "/etc/b"))
    assert "db_token_description_prefix" in why
    assert "/etc/a already" in why
    assert "/etc/b" in why
    for other in (
        first,
        look("grafana web1", "/etc/b"),
        look("telegraf web1", "/etc/b", host="another"),
        look("telegraf web1", "/link/a"),
    ):
        assert refused(first, other) == []


def test_a_cluster_is_known_however_its_address_is_written() -> None:
    """Also where it can't be read, as a module refuses it then."""
    first = look("telegraf web1", "/etc/a")
    for same in (
        {"host": "https://CLUSTER/"},
        {"host": "cluster:443"},
        {"port": 443},
        {"host": "https://cluster/api/v0"},
    ):
        assert len(refused(first, look("telegraf web1", "/etc/b", **same))) == 1
        assert refused(look("fleet", "/etc/a", "/srv/a.json"), look("fleet", "/etc/a", "/srv/a.json", **same)) == []
    for other in ({"host": "http://cluster"}, {"port": 8443}, {"host": "cluster/b"}, {"host": ""}, {"host": "a://b"}):
        assert refused(first, look("telegraf web1", "/etc/b", **other)) == []
        assert (
            len(refused(look("fleet", "/etc/a", "/srv/a.json"), look("fleet", "/etc/a", "/srv/a.json", **other))) == 1
        )


def test_a_store_keeps_one_token() -> None:
    first = look("telegraf", "/etc/a", "/srv/a.json", host="https://ops:canary@cluster")
    for other in (
        look("telegraf", "/etc/a", "/srv/a.json", host="another"),
        look("grafana", "/etc/a", "/srv/a.json"),
    ):
        (why,) = refused(first, other)
        assert "db_token_secret_file" in why
    (why,) = refused(first, look("telegraf", "/etc/a", "/srv/b.json"))
    assert "/srv/a.json already" in why
    for other in (first, look("telegraf", "/etc/b", "/srv/b.json", host="another")):
        assert refused(first, other) == []


def test_a_file_keeps_one_token() -> None:
    first = Member("web1", "", "telegraf web1", "/etc/a", "/etc/a", second_path="/env", second_identity="/env")
    for path, other in (
        ("/etc/a", look("grafana web1", "/etc/a")),
        ("/etc/a", look("telegraf web1", "/etc/a", host="another")),
        ("/etc/a", look("grafana", "/etc/a", "/srv/b.json")),
        ("/env", found(replace(first, path="/etc/b", file_identity="/etc/b", description="grafana web1"))),
    ):
        (why,) = refused(found(first), other)
        assert why.startswith(f"{path} gets a token of another cluster or description")
        assert "a file of its own" in why
    assert refused(found(first), found(first)) == []
    ops, dev = Member("web1", "", "ops web1", "/toml", "1", "ops"), Member("web1", "", "dev web1", "/toml", "1", "dev")
    assert refused(found(ops), found(dev)) == []
    assert len(refused(found(ops), found(replace(dev, entry="ops")))) == 1


def test_a_token_in_a_store_of_the_users_has_a_file_of_its_own_as_well() -> None:
    """Whatever the tasks are that keep it."""
    first = Member("web1", "", "telegraf", "/etc/a", "1")
    (why,) = refused(found(first, is_loaded=True), found(replace(first, description="grafana"), is_loaded=True))
    assert why.startswith("/etc/a gets a token of another cluster or description")
    in_turn = found(replace(first, file_identity="/etc/a"), is_loaded=True)
    assert len(refused(look("telegraf web1", "/etc/a"), in_turn)) == 1
    assert refused(found(first, is_loaded=True), found(first, is_loaded=True)) == []


@pytest.mark.parametrize("kept", [{"store": "/srv/a.json"}, {"is_loaded": True}])
def test_a_host_has_one_file_for_a_shared_token(kept: dict[str, Any]) -> None:
    """A second one would go on with the old token when the first use revokes that."""
    first = Member("web1", "", "fleet", "/etc/a", "1", "default")
    (why,) = refused(found(first, **kept), found(replace(first, path="/etc/b", file_identity="2"), **kept))
    assert "are kept in /etc/a already" in why
    another_host = replace(first, host="web2", path="/etc/b")
    for other in (first, replace(first, entry="prod"), replace(first, path="/link/a"), another_host):
        assert refused(found(first, **kept), found(other, **kept)) == []


def test_what_is_refused_once_is_refused_again() -> None:
    """Also where a play goes on with the host, and uses the role a third time."""
    first, other = look("telegraf web1", "/etc/a"), look("telegraf web1", "/etc/b")
    assert len(refused(first, other, other)) == 1
    alias = {**first, "member": {**first["member"], "host": "alias", "refusal": "broken"}}
    assert refused(alias, first) == [], "who is refused has no file"


def test_hosts_that_share_a_token_state_the_same_permissions() -> None:
    """In one batch or in several: each would change what the other's token may do."""
    read, write = ({"action": action, "resource": "metrics"} for action in ("read", "write"))
    both = Member("web1", "", "fleet", "/etc/a", "1", wish={"permissions": [read, write]})
    less = replace(both, host="web2", file_identity="2", wish={"permissions": [read]})
    same = replace(less, wish={"permissions": [write, read]})
    looks = [found(one, "/srv/a.json") for one in (both, less, same)]
    (why,) = steps.plan_batch(files.KIND, looks[:2], {}, None, leader="web1")["refused"].items()
    assert why[0] == "web2"
    assert "db_token_permissions" in why[1]
    assert len(refused(*looks[:2])) == 1
    assert refused(looks[0], looks[2]) == []
    assert refused(found(replace(both, description="fleet web1")), found(replace(less, description="fleet web2"))) == []


def test_a_machine_with_two_names_has_each_file_once() -> None:
    first = Member("web1", "", "telegraf web1", "/etc/a", "1", second_path="/etc/env", second_identity="2")
    alias = Member("alias", "", "telegraf alias", "/etc/b", "3", second_path="/etc/env", second_identity="2")
    both = [found(first), found(alias)]
    assert steps.plan_batch(files.KIND, both, {}, None, leader="web1")["refused"].keys() == {"alias"}
    (why,) = refused(*both)
    assert why.startswith("web1 and alias are one machine with one file /etc/env.")
    assert refused(found(first), found(replace(alias, second_identity="4"))) == []
    shared = [found(replace(one, description="telegraf"), "/srv/a.json") for one in (first, alias)]
    assert refused(*shared) == []


def test_each_clusters_shared_token_is_forced_once() -> None:
    """Also where one description names a token of each cluster, and the hosts come one batch after the other."""
    progress: dict[str, Any] = {}
    forced = []
    for number, cluster in enumerate(["one", "one", "another", "another"]):
        member = Member(f"web{number}", "", "telegraf", "/etc/a", str(number), wish={"force": True})
        looks = [found(member, f"/srv/{cluster}.json", host=cluster)]
        planned = steps.plan_batch(files.KIND, looks, progress, None, leader=member.host)
        (request,) = planned["requests"]
        forced += [token["force"] for token in request["tokens"]]
        token = {"description": "telegraf", "id": "new", "created": True, "superseded": [], "expires_at": None}
        issued = {"results": [{"db_tokens": [token]}]}
        progress = steps.decide(files.KIND, planned, issued, None, is_check=False)["progress"]
    assert forced == [True, False, True, False]


OLD = {"id": "old", "token_prefix": "apiv1_old", "expires_at": None}
NEW = {
    "id": "new",
    "token_prefix": "apiv1_new",
    "expires_at": None,
    "created": True,
    "superseded": [OLD],
    "failure": None,
}


def use(
    progress: dict[str, Any], looks: Sequence[dict[str, Any]], applied: dict[str, Applied], sharers: Sequence[str]
) -> tuple[list[str], dict[str, Any]]:
    """What one use of the role for a batch revokes, and the notes for the next ones; "new" is its new token."""
    planned = steps.plan_batch(profiles.KIND, looks, progress, None, leader=looks[0]["member"]["host"])
    made = [[{**NEW, "description": one["description"]} for one in each["tokens"]] for each in planned["requests"]]
    issued = {"results": [{"mgmt_tokens": tokens} for tokens in made]}
    decided = steps.decide(profiles.KIND, planned, issued, None, is_check=False)
    done = {host: asdict(one) for host, one in applied.items()}
    settled = steps.settle(planned, decided, done, sharers=sharers, doubt="")
    revoked = [token_id for one in settled["revocations"] for token_id in one["ids"]]
    answers = {"results": [{"mgmt_tokens": [{"id": token_id}]} for token_id in revoked]}
    return revoked, steps.finish(profiles.KIND, planned, settled, done, answers, is_check=False)["progress"]


PROVED = Applied(proved=True, is_seen=True, holds="apiv1_new")


def test_batches_in_which_a_host_has_two_tokens_to_share() -> None:
    """Each is proved by itself: what a host proves of one says nothing of the other."""
    hosts, progress = ("web1", "web2"), dict[str, Any]()
    revoked = []
    for number, host in enumerate(hosts):
        for description in ("ops", "dev"):
            member = Member(host, "", description, "/toml", str(number), description)
            went, progress = use(progress, [found(member, f"/srv/{description}.json")], {host: PROVED}, hosts)
            revoked += went
    assert revoked == ["old", "old"]
    other = {"proved": {proof_name("web1", "another"): True}}
    second = [found(Member("web2", "", "ops", "/toml", "2"), "/srv/ops.json")]
    assert use(other, second, {"web2": PROVED}, hosts)[0] == []


def test_a_host_of_an_earlier_batch_that_holds_the_old_token_in_another_profile() -> None:
    """It has proved the new one in the first profile only."""
    hosts = ("web1", "web2")
    looks = [found(Member(host, "", "ops", "/toml", host, "default"), "/srv/ops.json") for host in hosts]
    beside = replace(PROVED, beside=("apiv1_old",))
    assert use({}, looks[:1], {"web1": beside}, hosts)[0] == []
    _went, progress = use({}, looks[:1], {"web1": beside}, hosts)
    assert use(progress, looks[1:], {"web2": PROVED}, hosts)[0] == []
    _went, progress = use({}, looks[:1], {"web1": PROVED}, hosts)
    assert use(progress, looks[1:], {"web2": PROVED}, hosts)[0] == ["old"]


def test_hosts_that_share_a_token_and_state_two_ways_to_the_cluster() -> None:
    """Only one of the requests forces a new token, and the old one goes when the hosts of both have proved it."""
    hosts = ("web1", "web2")
    looks = [
        found(Member(host, "", "ops", "/toml", host, wish={"force": True}), "/srv/ops.json", timeout=number)
        for number, host in enumerate(hosts)
    ]
    planned = steps.plan_batch(profiles.KIND, looks, {}, None, leader="web1")
    assert [token["force"] for request in planned["requests"] for token in request["tokens"]] == [True, False]
    assert use({}, looks, dict.fromkeys(hosts, PROVED), hosts)[0] == ["old", "old"]
    assert use({}, looks, {"web1": PROVED}, hosts)[0] == []
