# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is decided from the tokens that an index gives for a wish is what would be decided from all tokens."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.influxops.influxdb3.plugins.module_utils._core.entities import State
from ansible_collections.influxops.influxdb3.plugins.module_utils._core.errors import Refused
from ansible_collections.influxops.influxdb3.plugins.module_utils._tokens.index import TokenIndex
from ansible_collections.influxops.influxdb3.plugins.module_utils._tokens.plan import (
    TokenChange,
    TokenWish,
    mark,
    plan_token,
    plan_token_absent,
)

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
NONCES = ["a1" * 16, "b2" * 16]
NAMES = ["mine", "other"]
DESCRIPTIONS = [*NAMES, *(mark(name, nonce) for name in NAMES for nonce in NONCES)]


@st.composite
def token_lists(draw: st.DrawFn) -> list[State]:
    return [
        {
            "id": f"id{number}",
            "description": draw(st.sampled_from(DESCRIPTIONS)),
            "created_at": NOW - timedelta(days=draw(st.integers(0, 3))),
            "revoked_at": draw(st.none() | st.none() | st.just(NOW)),
        }
        for number in range(draw(st.integers(0, 6)))
    ]


IDS = st.sampled_from([f"id{number}" for number in range(6)])
WISHES = st.just(TokenWish("mine")) | st.builds(TokenWish, st.none() | st.just("mine"), IDS)


def outcome(plan: Callable[[], TokenChange]) -> object:
    """A plan without the order of what is equally old, or why there is none."""
    try:
        change = plan()
    except Refused as error:
        return str(error)
    found = (change.superseded, change.revoke, change.orphans, change.strangers)
    return change.current, change.create, change.update, [{token["id"] for token in tokens} for tokens in found]


@given(token_lists(), WISHES, st.none() | IDS, st.lists(st.sampled_from(NONCES), unique=True), st.booleans())
def test_the_index_leaves_out_nothing_that_matters(
    tokens: list[State], wish: TokenWish, held_id: str | None, nonces: list[str], revoke: bool
) -> None:
    index = TokenIndex(tokens)

    def decided(seen: list[State]) -> list[object]:
        return [
            outcome(lambda: plan_token(seen, wish, NOW, held_id=held_id, nonces=nonces, revoke_superseded=revoke)),
            outcome(lambda: plan_token_absent(seen, wish, NOW, held_id=held_id, nonces=nonces, all_matching=revoke)),
        ]

    assert decided(index.about(wish, held_id, nonces)) == decided(tokens)
    assert set(index.nonces) == {nonce for nonce in NONCES if nonce in str(tokens)}
    assert all(token["id"] in index for token in tokens)
    assert "gone" not in index
