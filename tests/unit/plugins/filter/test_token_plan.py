# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The decision about one host's management token, from what mgmt_token_info returned."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.influxops.influxdb3.plugins.filter.token_plan import FilterModule, token_plan
from ansible_collections.influxops.influxdb3.plugins.module_utils.durations import format_instant
from ansible_collections.influxops.influxdb3.plugins.module_utils.entities import MGMT_TOKEN

HELD = "M.V1.a1b2"


def token(name: str = "a", *, age: int = 10, ends: int | None = 30, **more: Any) -> dict[str, Any]:
    """A token as the module returns it; `age` and `ends` in days from now."""
    now = datetime.now(UTC)
    state = {
        "id": name,
        "description": "influxctl web1",
        "token_prefix": HELD,
        "created_at": now - timedelta(days=age),
        "expires_at": None if ends is None else now + timedelta(days=ends),
    }
    shown = MGMT_TOKEN.present({key: value for key, value in state.items() if value is not None})
    assert shown is not None
    return {**shown, **more}


def decide(tokens: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    return token_plan(tokens, **{"description": "influxctl web1", "held_prefix": HELD, **more})


def test_filter_has_its_name() -> None:
    assert FilterModule().filters() == {"token_plan": token_plan}


def test_held_token_is_kept() -> None:
    held = token()
    assert decide([held]) == {"held": held, "create": "", "superseded": []}


def test_other_tokens_of_the_description_are_superseded() -> None:
    listed = [token("a"), token("b", age=1, token_prefix="M.V1.zzzz"), token("c", description="influxctl web2")]
    plan = decide(listed)
    assert plan["held"]["id"] == "a"
    assert plan["superseded"] == ["b"]


@pytest.mark.parametrize("prefix", ["", None, "M.V1.none"])
def test_host_without_a_token_gets_a_new_one(prefix: str | None) -> None:
    plan = decide([token()], held_prefix=prefix)
    assert plan == {"held": None, "create": "its secret is lost", "superseded": ["a"]}


def test_prefix_of_a_token_of_another_description_is_not_held() -> None:
    assert decide([token(description="influxctl web2")]) == {
        "held": None,
        "create": "there is no active token",
        "superseded": [],
    }


def test_two_tokens_of_one_prefix_prove_nothing() -> None:
    assert decide([token("a"), token("b")])["create"] == "its secret is lost"


@pytest.mark.parametrize(
    ("listed", "options", "reason"),
    [
        (token(ends=-1), {}, "there is no active token"),
        (token(revoked_at=format_instant(datetime.now(UTC))), {}, "there is no active token"),
        (token(ends=10), {"renew_before": "14d"}, "it ends within renew_before"),
        (token(ends=10), {"renew_before": "7d"}, ""),
        (token(ends=10), {"renew_before": ""}, ""),
        (token(), {"max_age": "9d"}, "it is older than max_age"),
        (token(), {"max_age": "11d"}, ""),
        (token(), {"expires_in": "90d"}, ""),
        (token(ends=None), {"expires_in": "90d", "renew_before": "14d"}, ""),
        (token(), {"force": True}, "a new one is forced"),
    ],
)
def test_reasons(listed: dict[str, Any], options: dict[str, Any], reason: str) -> None:
    plan = decide([listed], **options)
    assert plan["create"] == reason
    assert (plan["held"] is None) == bool(reason)


@pytest.mark.parametrize(
    ("tokens", "options", "problem"),
    [
        ([], {"expires_in": "90 d"}, "'90 d' is not a duration"),
        ([], {"expires_in": "7d", "renew_before": "14d"}, "renew_before: a new token would end"),
        ([{"id": "a"}], {}, "token_plan"),
        ([token(created_at="yesterday")], {}, "'yesterday' is not an RFC 3339 time"),
        ([5], {}, "token_plan"),
    ],
)
def test_wrong_input_is_a_sentence(tokens: Any, options: dict[str, Any], problem: str) -> None:
    with pytest.raises(AnsibleFilterError, match=problem):
        decide(tokens, **options)
