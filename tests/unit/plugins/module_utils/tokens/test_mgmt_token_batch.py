# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The decision about each of many management tokens, from the prefix that somebody holds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from ansible_collections.influxops.influxdb3.plugins.module_utils._core.entities import MGMT_TOKEN
from ansible_collections.influxops.influxdb3.plugins.module_utils._core.errors import Refused
from ansible_collections.influxops.influxdb3.plugins.module_utils._influxctl.influxctl import Influxctl
from ansible_collections.influxops.influxdb3.plugins.module_utils._tokens.decision import decide
from ansible_collections.influxops.influxdb3.plugins.module_utils._tokens.index import TokenIndex
from ansible_collections.influxops.influxdb3.plugins.module_utils._tokens.many_wishes import MGMT_ENTRY, orders_of
from ansible_collections.influxops.influxdb3.plugins.module_utils._tokens.mgmt_tokens import InfluxctlTokens

NOW = datetime(2026, 11, 1, tzinfo=UTC)
HELD = "M.V1.a1b2"
OPTIONS = {
    **dict.fromkeys(["id", "owner", "group"]),
    **dict.fromkeys(["revoke_superseded", "all_matching", "return_secret"], False),
    "state": "present",
}


def token(name: str = "a", *, age: int = 10, ends: int = 30, **more: Any) -> dict[str, Any]:
    """A token of web1; `age` and `ends` in days."""
    times = {"created_at": NOW - timedelta(days=age), "expires_at": NOW + timedelta(days=ends)}
    return {"id": name, "description": "web1", "token_prefix": HELD, **times, **more}


def decided(tokens: list[dict[str, Any]], on_lost_secret: str = "reissue", **more: Any) -> tuple[str, list[str]]:
    """Why a token is made, and what that or others supersede."""
    stated = {**dict.fromkeys(MGMT_ENTRY), "description": "web1", "held_prefix": HELD, "force": False, **more}
    (order,) = orders_of({**OPTIONS, "on_lost_secret": on_lost_secret, "tokens": [stated]}, MGMT_TOKEN, NOW)
    backend = InfluxctlTokens(cast(Influxctl, None), None, allow_self_revoke=False)
    decision = decide(order, TokenIndex(tokens).about(order.wish, None), None, (), backend, None)
    assert decision.warnings == ()
    return decision.change.create, [old["id"] for old in decision.change.superseded]


def test_held_token_is_kept_and_others_of_the_description_are_superseded() -> None:
    others = [token("b", age=1, token_prefix="M.V1.zzzz"), token("c", description="web2")]
    assert decided([token(), *others]) == ("", ["b"])


@pytest.mark.parametrize("prefix", ["", "M.V1.none"])
def test_who_holds_no_token_gets_a_new_one(prefix: str) -> None:
    assert decided([token()], held_prefix=prefix) == ("its secret is lost", ["a"])
    assert decided([], held_prefix=prefix) == ("there is no active token", [])


def test_who_states_nothing_about_a_secret_needs_none() -> None:
    assert decided([token()], held_prefix=None) == ("", [])


def test_token_of_another_description_is_not_held() -> None:
    assert decided([token(description="web2")]) == ("there is no active token", [])


def test_two_tokens_of_one_prefix_prove_nothing() -> None:
    assert decided([token("a"), token("b")]) == ("its secret is lost", ["b", "a"])


def test_expired_and_revoked_tokens_are_not_held() -> None:
    assert decided([token(ends=-1), token("b", revoked_at=NOW)]) == ("there is no active token", [])


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"renew_before": "31d"}, "it ends within renew_before"),
        ({"renew_before": "29d"}, ""),
        ({"max_age": "10d"}, "it is older than max_age"),
        ({"max_age": "11d"}, ""),
        ({"force": True}, "a new one is forced"),
        ({"expires_at": "2030-01-01T00:00:00Z"}, "its expires_at differs, and the API can't change that"),
    ],
)
def test_times_ask_for_a_new_token(more: dict[str, Any], reason: str) -> None:
    assert decided([token()], **more) == (reason, ["a"] if reason else [])


def test_lost_secret_is_refused_or_ignored_as_stated() -> None:
    with pytest.raises(Refused, match="not at hand"):
        decided([token()], "fail", held_prefix="")
    assert decided([token()], "ignore", held_prefix="") == ("", [])
