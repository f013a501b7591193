# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the summary says of hosts that came to the end, and of those that did not."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.influxops.influxdb3.plugins.plugin_utils._fleet.summary import summarize

ENDS = "2027-01-30T12:00:00Z"


def outcome(**differently: Any) -> dict[str, Any]:
    return {
        "outcome": "renewed",
        "id": "new",
        "description": "fleet a",
        "expires_at": ENDS,
        "old": [{"id": "gone", "expires_at": ENDS}, {"id": "kept", "expires_at": None}],
        "revoked": ["gone"],
        **differently,
    }


def test_the_old_tokens_of_a_host_that_came_to_the_end_are_those_that_were_not_revoked() -> None:
    assert summarize(["a"], {"a": outcome()}, None, {}) == [
        {
            "host": "a",
            "outcome": "renewed",
            "token_id": "new",
            "expires_at": ENDS,
            "old_tokens": [{"id": "kept", "expires_at": None}],
        }
    ]


def test_what_one_host_revoked_is_old_for_none() -> None:
    rows = summarize(["a", "b"], {"a": outcome(), "b": outcome(revoked=["kept"])}, None, {})
    assert [row["old_tokens"] for row in rows] == [[], []]


@pytest.mark.parametrize(("begun", "state"), [(None, "not finished"), (["a"], "not finished"), ([], "not asked")])
def test_a_host_without_an_outcome_may_hold_any_of_its_tokens(begun: list[str] | None, state: str) -> None:
    tokens = [
        {"id": "1", "description": "fleet a", "expires_at": ENDS, "revoked_at": None},
        {"id": "2", "description": "fleet a", "expires_at": None, "revoked_at": ENDS},
        {"id": "3", "description": "fleet b", "expires_at": None, "revoked_at": None},
    ]
    (row,) = summarize(["a"], {}, tokens, {"a": "fleet a"}, begun)
    assert (row["outcome"], row["token_id"], row["old_tokens"]) == (state, None, [{"id": "1", "expires_at": ENDS}])


def test_without_a_list_nobody_knows_what_the_others_hold() -> None:
    (row,) = summarize(["a"], {}, None, {"a": "fleet a"})
    assert row["old_tokens"] is None


def test_tokens_without_a_description_are_no_hosts() -> None:
    (row,) = summarize(["a"], {}, [{"id": "1", "revoked_at": None}], {"a": "fleet a"})
    assert row["old_tokens"] == []
