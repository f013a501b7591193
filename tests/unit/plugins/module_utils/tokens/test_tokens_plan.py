# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tokens that bear the mark of a run: which of them is ours, which is an orphan, and which is left alone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.influxops.influxdb3.plugins.module_utils._core.entities import DB_TOKEN, State
from ansible_collections.influxops.influxdb3.plugins.module_utils._core.errors import OptionError, Refused
from ansible_collections.influxops.influxdb3.plugins.module_utils._tokens.backend import Proof
from ansible_collections.influxops.influxdb3.plugins.module_utils._tokens.decision import spare_unproved
from ansible_collections.influxops.influxdb3.plugins.module_utils._tokens.plan import (
    TokenChange,
    TokenWish,
    mark,
    plan_token,
    plan_token_absent,
    unmarked,
)

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
OURS, THEIRS = "a1" * 16, "b2" * 16


def token(identity: str, description: str, **more: Any) -> State:
    return {"id": identity, "description": description, "created_at": NOW, **more}


@given(st.text(), st.text("0123456789abcdef", min_size=32, max_size=32))
def test_a_mark_is_read_back(description: str, nonce: str) -> None:
    assert unmarked({"description": mark(description, nonce)}) == (description, nonce)


@pytest.mark.parametrize("description", ["", "a", "a [pending]", "a [pending xyz]", f"a [pending {OURS}] b"])
def test_what_is_no_mark(description: str) -> None:
    assert unmarked({"description": description}) == (description, "")
    assert unmarked({}) == ("", "")


def test_a_marked_token_is_never_current_nor_superseded() -> None:
    change = plan_token([token("x", mark("a", THEIRS))], TokenWish("a"), NOW, revoke_superseded=True)
    assert change.create
    assert (change.current, change.superseded, change.revoke, change.orphans) == (None, (), (), ())
    assert [stranger["id"] for stranger in change.strangers] == ["x"]


def test_a_token_of_our_nonce_is_an_orphan_whatever_its_description() -> None:
    tokens = [token("x", mark("a", OURS)), token("y", mark("b", OURS)), token("z", mark("b", THEIRS))]
    change = plan_token([*tokens, token("c", "a")], TokenWish("a"), NOW, nonces=[OURS])
    assert [orphan["id"] for orphan in change.orphans] == ["x", "y"]
    assert change.strangers == ()
    assert change.changed
    assert not change.create


def test_dead_marked_tokens_count_for_nothing() -> None:
    tokens = [token("x", mark("a", OURS), revoked_at=NOW), token("y", mark("a", THEIRS), expires_at=NOW)]
    change = plan_token([*tokens, token("c", "a")], TokenWish("a"), NOW, nonces=[OURS])
    assert not change.changed
    assert change.strangers == ()


def test_a_marked_token_whose_secret_is_held_is_finished() -> None:
    tokens = [token("x", mark("a", OURS)), token("c", "a")]
    change = plan_token(
        tokens, TokenWish("a"), NOW, held_id="x", nonces=[OURS], need_secret=True, revoke_superseded=True
    )
    assert change.update == {"description": "a"}
    assert change.orphans == ()
    assert [old["id"] for old in change.revoke] == ["c"]


def test_absent_takes_what_is_held_and_what_is_orphaned() -> None:
    tokens = [token("x", mark("a", OURS)), token("y", mark("a", THEIRS)), token("z", mark("a", "c3" * 16))]
    change = plan_token_absent(tokens, TokenWish("a"), NOW, held_id="x", nonces=[THEIRS])
    assert [t["id"] for t in change.revoke] == ["x"]
    assert [t["id"] for t in change.orphans] == ["y"]
    assert [t["id"] for t in change.strangers] == ["z"]


def test_a_marked_token_can_be_revoked_by_its_id() -> None:
    change = plan_token_absent([token("x", mark("a", THEIRS))], TokenWish(None, id="x"), NOW)
    assert [t["id"] for t in change.revoke] == ["x"]


@pytest.mark.parametrize(
    ("wish", "options"),
    [
        (TokenWish("a", id="c", force=True), {}),
        (TokenWish("a", id="c"), {"need_secret": True, "on_lost_secret": "reissue"}),
    ],
)
def test_a_token_by_id_is_never_replaced(wish: TokenWish, options: dict[str, Any]) -> None:
    with pytest.raises(Refused, match="by its description instead of id"):
        plan_token([token("c", "a")], wish, NOW, **options)


def test_an_extra_id_in_the_echo_of_permissions_means_nothing() -> None:
    echo = [{"id": "0", "action": "write", "resource": "b"}, {"id": "0", "action": "read", "resource": "a"}]
    current = DB_TOKEN.from_api(
        {"id": "c", "description": "a", "createdAt": "2026-01-01T00:00:00Z", "permissions": [*echo, echo[0]]}
    )
    wanted = DB_TOKEN.parse({"permissions": [{key: p[key] for key in ("action", "resource")} for p in echo]})
    assert not plan_token([current], TokenWish("a", permissions=wanted["permissions"]), NOW).changed


@given(
    revoke=st.booleans(),
    create=st.booleans(),
    known=st.booleans(),
    doubt=st.sampled_from(["", "it may only write"]),
    asked=st.booleans(),
    waived=st.booleans(),
)
def test_nothing_is_revoked_in_doubt(
    revoke: bool, create: bool, known: bool, doubt: str, asked: bool, waived: bool
) -> None:
    """A proof that can be had is had before: `tokens` runs it. What is left in doubt only goes where that is waived."""
    old = token("old", "a")
    change = TokenChange(None if create else token("new", "a"), "there is none" if create else "")
    change = change._replace(superseded=(old,), revoke=(old,) if revoke else ())
    proof = Proof(lambda _token: doubt, lambda _token, _secret: None, asked=asked, waived=waived)
    if doubt and asked and create:
        with pytest.raises(OptionError, match="wait_active"):
            spare_unproved(proof, change, token("new", "a"), has_secret=known)
        return
    spared, warnings = spare_unproved(proof, change, token("new", "a"), has_secret=known)
    provable = not doubt and (create or known)
    assert spared.revoke == ((old,) if revoke and (provable or waived) else ())
    assert bool(warnings) == (spared.revoke != change.revoke) == any("old" in warning for warning in warnings)
    assert spared.superseded == change.superseded
    assert spare_unproved(None, change, token("new", "a"), has_secret=known) == (change, [])
