# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A description's tokens are kept in one place, and a place keeps one token, however often a run uses the role."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Any

from ansible_collections.influxops.influxdb3.plugins.plugin_utils._fleet import files, steps
from ansible_collections.influxops.influxdb3.plugins.plugin_utils._fleet.planning import Member


def look(description: str, path: str, store: str | None = None, **way: Any) -> dict[str, Any]:
    """What is found at the host web1, whose files are known by their paths."""
    return found(Member("web1", "", description, path, path.replace("/link/", "/etc/")), store, **way)


def found(member: Member, store: str | None = None, **way: Any) -> dict[str, Any]:
    """What is found at any host."""
    options = {"host": "cluster", "management_token": "canary", **way}
    return {
        "member": asdict(member),
        "way": {"issuer": "localhost", "options": options, "is_in_inventory": False},
        "is_shared": store is not None,
        "store": store,
        "is_loaded": False,
    }


def refused(*looks: dict[str, Any]) -> list[str]:
    """Why the last of several uses of the role in one run is refused; what is kept of them holds no secret."""
    progress: dict[str, Any] = {}
    for one in looks:
        planned = steps.plan_batch(files.KIND, [one], progress, None)
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


def test_a_machine_with_two_names_has_each_file_once() -> None:
    first = Member("web1", "", "telegraf web1", "/etc/a", "1", second_path="/etc/env", second_identity="2")
    alias = Member("alias", "", "telegraf alias", "/etc/b", "3", second_path="/etc/env", second_identity="2")
    both = [found(first), found(alias)]
    assert steps.plan_batch(files.KIND, both, {}, None)["refused"].keys() == {"alias"}
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
        planned = steps.plan_batch(files.KIND, [found(member, f"/srv/{cluster}.json", host=cluster)], progress, None)
        (request,) = planned["requests"]
        forced += [token["force"] for token in request["tokens"]]
        token = {"description": "telegraf", "id": "new", "created": True, "superseded": [], "expires_at": None}
        issued = {"results": [{"db_tokens": [token]}]}
        progress = steps.decide(files.KIND, planned, issued, None, is_check=False)["progress"]
    assert forced == [True, False, True, False]
