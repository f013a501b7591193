# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A description's tokens are kept in one file of a host, or in one store, however often a run uses the role."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from ansible_collections.influxops.influxdb3.plugins.plugin_utils._fleet import files, steps
from ansible_collections.influxops.influxdb3.plugins.plugin_utils._fleet.planning import Member


def look(description: str, path: str, store: str | None = None, **way: Any) -> dict[str, Any]:
    """What is found at the host web1, whose files are known by their paths."""
    member = Member("web1", "", description, path, path.replace("/link/", "/etc/"))
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
    for other in (first, look("telegraf", "/etc/a", "/srv/b.json", host="another")):
        assert refused(first, other) == []
