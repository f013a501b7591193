# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plan for a token: it reaches its goal in one step, touches nothing unstated, and cuts no access."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from ansible_collections.influxops.influxdb3.plugins.module_utils._core.entities import DB_TOKEN, State
from ansible_collections.influxops.influxdb3.plugins.module_utils._core.errors import (
    Influxdb3Error,
    OptionError,
    Refused,
)
from ansible_collections.influxops.influxdb3.plugins.module_utils._tokens.plan import (
    TokenChange,
    TokenWish,
    alive,
    check_wish,
    mark,
    newest_first,
    plan_token,
    plan_token_absent,
    unmarked,
)

NOW = datetime(2026, 11, 23, 12, 0, 0, 250_000, tzinfo=UTC)
SECOND = 1_000_000_000
DAY = 86_400 * SECOND
days = st.integers(-30, 30).map(lambda number: NOW + timedelta(days=number))
PERMISSIONS = [[], [{"action": "read", "resource": "*"}], [{"action": "write", "resource": "a"}]]


def token(name: str = "a", **more: Any) -> State:
    base = {"id": name, "description": "mine", "permissions": [], "created_at": NOW - timedelta(days=1)}
    return {**base, "expires_at": None, "revoked_at": None, **more}


def wish(**more: Any) -> TokenWish:
    return TokenWish(**{"description": "mine", **more})


@st.composite
def token_lists(draw: st.DrawFn) -> list[State]:
    count = draw(st.integers(0, 5))
    return [
        {
            "id": f"id{number}",
            "description": draw(st.sampled_from(["mine", "mine", "other"])),
            "permissions": draw(st.sampled_from(PERMISSIONS)),
            "created_at": draw(st.integers(0, 60).map(lambda age: NOW - timedelta(days=age))),
            "expires_at": draw(st.none() | days),
            "revoked_at": draw(st.none() | st.none() | st.just(NOW - timedelta(days=1))),
        }
        for number in range(count)
    ]


@st.composite
def wishes(draw: st.DrawFn) -> TokenWish:
    """Wishes that name a description and pass the check."""
    expiry: dict[str, Any] = draw(
        st.sampled_from([{}, {"expires_at": NOW + timedelta(days=20)}, {"expires_in": 20 * DAY}])
    )
    wish = TokenWish(
        description="mine",
        permissions=draw(st.none() | st.sampled_from(PERMISSIONS)),
        renew_before=draw(st.none() | st.sampled_from([1, DAY, 19 * DAY])),
        max_age=draw(st.none() | st.sampled_from([SECOND, DAY, 40 * DAY])),
        force=draw(st.integers(0, 9)) == 0,
        **expiry,
    )
    check_wish(wish, NOW)
    return wish


@st.composite
def cases(draw: st.DrawFn) -> tuple[list[State], TokenWish, dict[str, Any]]:
    tokens = draw(token_lists())
    held = st.sampled_from([*(token["id"] for token in tokens), "gone"])
    how = {
        "held_id": draw(st.none() | held),
        "need_secret": draw(st.booleans()),
        "on_lost_secret": draw(st.sampled_from(["reissue", "reissue", "ignore", "fail"])),
        "revoke_superseded": draw(st.booleans()),
    }
    return tokens, draw(wishes()), how


def planned_token(tokens: list[State], wish: TokenWish, how: dict[str, Any]) -> TokenChange:
    """The plan; an example that is refused for a lost secret doesn't count."""
    try:
        return plan_token(tokens, wish, NOW, **how)
    except Refused as error:
        assume(error.code != "lost_secret")
        raise


def applied_tokens(tokens: list[State], wish: TokenWish, change: TokenChange) -> list[State]:
    """The server's list after the change: created, updated, revoked."""
    revoked = {token["id"] for token in change.revoke}
    listed = [{**token, "revoked_at": NOW} if token["id"] in revoked else token for token in tokens]
    if change.create:
        made = {
            "id": "new",
            "description": wish.description,
            "permissions": wish.permissions or [],
            "created_at": NOW.replace(microsecond=0),
            "expires_at": wish.expiry(NOW),
            "revoked_at": None,
        }
        return [*listed, made]
    current = change.current
    assert current is not None
    return [{**token, **change.update} if token["id"] == current["id"] else token for token in listed]


@given(cases())
def test_current_token_is_never_a_dead_or_foreign_one(case: tuple[list[State], TokenWish, dict[str, Any]]) -> None:
    tokens, wish, how = case
    change = planned_token(tokens, wish, how)
    for token in [change.current] if change.current else []:
        assert token["revoked_at"] is None
        assert token["expires_at"] is None or token["expires_at"] > NOW
        assert token["description"] == "mine"


@given(cases())
def test_second_token_plan_changes_nothing(case: tuple[list[State], TokenWish, dict[str, Any]]) -> None:
    tokens, wish, how = case
    wish = wish._replace(force=False)
    change = planned_token(tokens, wish, how)
    held = "new" if change.create else how["held_id"]
    later = applied_tokens(tokens, wish, change)
    again = plan_token(later, wish, NOW, **{**how, "held_id": held})
    assert not again.changed
    assert again.current is not None
    assert again.current["id"] == ("new" if change.create else (change.current or {})["id"])


@given(cases())
def test_revoked_tokens_are_never_the_one_in_use(case: tuple[list[State], TokenWish, dict[str, Any]]) -> None:
    tokens, wish, how = case
    change = planned_token(tokens, wish, how)
    revoked = [token["id"] for token in change.revoke]
    assert len(revoked) == len(set(revoked))
    assert change.revoke == (change.superseded if how["revoke_superseded"] else ())
    mine = [token["id"] for token in tokens if token["description"] == "mine" and alive(token, NOW)]
    kept = [] if change.create or change.current is None else [change.current["id"]]
    assert sorted([token["id"] for token in change.superseded] + kept) == sorted(mine), "all others are superseded"
    if not change.create:
        assert change.current is not None
        assert change.current["id"] not in revoked
        assert change.current not in change.superseded
    remaining = [token for token in applied_tokens(tokens, wish, change) if alive(token, NOW)]
    assert any(token["description"] == "mine" for token in remaining)


@given(cases())
def test_token_update_holds_only_what_is_stated_and_differs(
    case: tuple[list[State], TokenWish, dict[str, Any]],
) -> None:
    tokens, wish, how = case
    change = planned_token(tokens, wish, how)
    if wish.permissions is None or change.create:
        assert change.update == {}
    else:
        assert change.current is not None
        differs = wish.permissions != change.current["permissions"]
        assert change.update == ({"permissions": wish.permissions} if differs else {})


@st.composite
def held_cases(draw: st.DrawFn) -> tuple[list[State], TokenWish, dict[str, Any]]:
    """Cases in which at least two tokens work, and one of them is held: a list drawn freely hardly ever has that."""
    tokens, wish, how = draw(cases())
    ages = draw(st.lists(st.integers(0, 60), min_size=2, max_size=2))
    tokens += [token(f"live{n}", created_at=NOW - timedelta(days=age)) for n, age in enumerate(ages)]
    live = [one["id"] for one in tokens if one["description"] == "mine" and alive(one, NOW)]
    return tokens, wish, {**how, "held_id": draw(st.sampled_from(live))}


OLD = token("held", created_at=NOW - timedelta(days=9))


@given(cases() | held_cases())
@example(([token("new"), OLD], wish(), {"held_id": "held"}))
def test_held_token_stays_current_while_it_is_alive(case: tuple[list[State], TokenWish, dict[str, Any]]) -> None:
    tokens, wish, how = case
    change = planned_token(tokens, wish, how)
    mine = [token for token in tokens if alive(token, NOW) and token["description"] == "mine"]
    held = [token for token in mine if token["id"] == how["held_id"]]
    expected = held or newest_first(mine)[:1]
    assert change.current == (expected[0] if expected else None)


@pytest.mark.parametrize(
    ("wanted", "current", "reason"),
    [
        ({}, None, "no active token"),
        ({}, token(), ""),
        ({"force": True}, token(), "forced"),
        ({"expires_at": NOW + timedelta(days=9)}, token(), "expires_at differs"),
        ({"expires_at": NOW + timedelta(days=9)}, token(expires_at=NOW + timedelta(days=8)), "expires_at differs"),
        ({"expires_at": NOW + timedelta(days=9)}, token(expires_at=NOW + timedelta(days=9, microseconds=-5)), ""),
        ({"renew_before": 2 * DAY}, token(expires_at=NOW + timedelta(days=1)), "ends within renew_before"),
        ({"renew_before": 2 * DAY}, token(expires_at=NOW.replace(microsecond=0) + timedelta(days=2)), "ends within"),
        ({"renew_before": 2 * DAY}, token(expires_at=NOW + timedelta(days=3)), ""),
        ({"renew_before": 2 * DAY}, token(), ""),
        ({"expires_in": 2 * DAY}, token(expires_at=NOW + timedelta(days=1)), ""),
        ({"max_age": DAY // 2}, token(), "older than max_age"),
        ({"max_age": DAY}, token(created_at=NOW.replace(microsecond=0) - timedelta(days=1)), "older than max_age"),
        ({"max_age": 2 * DAY}, token(), ""),
    ],
)
def test_reasons_for_a_new_token(wanted: dict[str, Any], current: State | None, reason: str) -> None:
    change = plan_token([current] if current else [], wish(**wanted), NOW)
    assert reason in change.create
    assert bool(change.create) == bool(reason)


def test_nothing_is_revoked_unless_that_is_said() -> None:
    change = plan_token([token(), token("b")], wish(force=True), NOW)
    assert (len(change.superseded), change.revoke) == (2, ())


@pytest.mark.parametrize(
    "kind", [{"create": "why"}, {"update": {"description": "a"}}, {"revoke": (token(),)}, {"orphans": (token(),)}]
)
def test_each_kind_of_token_change_counts(kind: dict[str, Any]) -> None:
    """What is only superseded, or a stranger, doesn't."""
    idle = TokenChange(token(), superseded=(token("b"),), strangers=(token("c"),))
    assert idle.changed is False
    assert idle._replace(**kind).changed is True


def test_lost_secret_is_refused_reissued_or_ignored() -> None:
    with pytest.raises(Refused, match="its secret is not at hand") as caught:
        plan_token([token()], wish(), NOW, need_secret=True)
    assert caught.value.code == "lost_secret"
    reissued = plan_token([token()], wish(), NOW, need_secret=True, on_lost_secret="reissue")
    assert reissued.create == "its secret is lost"
    assert reissued.superseded == (token(),)
    assert not plan_token([token()], wish(), NOW, need_secret=True, on_lost_secret="ignore").changed
    assert not plan_token([token()], wish(), NOW, need_secret=True, held_id="a").changed
    # A renewal that is due anyway needs no decision.
    assert plan_token([token()], wish(force=True), NOW, need_secret=True).create == "a new one is forced"


def test_token_by_id_may_get_another_description() -> None:
    change = plan_token([token(), token("b")], wish(id="a", description="yours"), NOW)
    assert change.current == token()
    assert change.update == {"description": "yours"}
    assert change.superseded == ()


@pytest.mark.parametrize("dead", [{"revoked_at": NOW}, {"expires_at": NOW}])
def test_id_of_a_dead_token_is_refused(dead: State) -> None:
    with pytest.raises(Refused, match="No active token has the id a"):
        plan_token([token(**dead)], wish(id="a"), NOW)


def test_newest_is_decided_by_creation_then_by_end_and_then_by_id() -> None:
    """Where times are whole seconds, a renewal may be as old as what it supersedes."""
    old, one, two = token("z", created_at=NOW - timedelta(days=9)), token("a"), token("b")
    soon = token("y", expires_at=NOW + timedelta(days=7))
    assert newest_first([old, one, soon, two]) == [two, one, soon, old]


def test_expiry_of_a_new_token() -> None:
    assert wish().expiry(NOW) is None
    assert wish(expires_at=NOW).expiry(NOW) == NOW
    assert wish(expires_in=DAY).expiry(NOW) == NOW.replace(microsecond=0) + timedelta(days=1)


@pytest.mark.parametrize(
    ("wanted", "problem"),
    [
        ({"expires_in": 0}, "expires_in: an infinite duration"),
        ({"max_age": 0}, "max_age: must be longer"),
        ({"expires_at": NOW}, "expires_at: 2026-11-23T12:00:00.250000Z is in the past"),
        ({"expires_in": SECOND // 10}, "expires_in: 100000000ns is less than a second.*in the past"),
        ({"expires_in": DAY, "renew_before": DAY}, "renew_before: a new token would end at 2026-11-24T12:00:00Z"),
        ({"expires_at": NOW + timedelta(days=1), "renew_before": 2 * DAY}, "within 2d"),
    ],
)
def test_wishes_that_never_come_to_rest_are_refused(wanted: dict[str, Any], problem: str) -> None:
    with pytest.raises(OptionError, match=problem):
        check_wish(wish(**wanted), NOW)


def test_an_expiry_at_this_very_second_is_that_of_expires_in() -> None:
    with pytest.raises(OptionError, match=r"^expires_in: "):
        check_wish(wish(expires_in=SECOND // 10), NOW.replace(microsecond=0))


def test_expiry_after_the_calendar_is_refused() -> None:
    with pytest.raises(OptionError, match="expires_in: the time lies after the year 9999"):
        check_wish(wish(expires_in=DAY), datetime(9999, 12, 31, tzinfo=UTC))


@pytest.mark.parametrize("wanted", [{}, {"renew_before": DAY}, {"expires_in": 2 * DAY, "renew_before": DAY}])
def test_good_wishes_pass(wanted: dict[str, Any]) -> None:
    check_wish(wish(**wanted), NOW)


@given(token_lists(), st.booleans())
def test_absent_revokes_all_that_works_or_asks_which(tokens: list[State], every: bool) -> None:
    working = [token for token in tokens if alive(token, NOW) and token["description"] == "mine"]
    outcome: TokenChange | Influxdb3Error
    try:
        outcome = plan_token_absent(tokens, wish(), NOW, all_matching=every)
    except Refused as error:
        outcome = error
    if isinstance(outcome, Refused):
        assert len(working) > 1
        assert not every
        assert outcome.code == "ambiguous_token"
        assert all(token["id"] in str(outcome) for token in working)
        return
    assert isinstance(outcome, TokenChange)
    assert every or len(working) <= 1
    assert list(outcome.revoke) == newest_first(working)
    assert outcome.changed == bool(working)
    later = [{**token, "revoked_at": NOW} if token in outcome.revoke else token for token in tokens]
    assert not plan_token_absent(later, wish(), NOW, all_matching=every).changed


def test_absent_asks_which_unless_all_are_meant() -> None:
    with pytest.raises(Refused):
        plan_token_absent([token("a"), token("b")], wish(), NOW)
    assert plan_token_absent([token("a"), token("b")], wish(), NOW, all_matching=True).current == token("b")
    assert plan_token_absent([], wish(), NOW).current is None


def test_absent_by_id_takes_that_one_only() -> None:
    assert plan_token_absent([token("a"), token("b")], wish(id="b"), NOW).revoke == (token("b"),)
    assert not plan_token_absent([token("a")], wish(id="x"), NOW).changed


def test_renewal_by_id_is_refused_because_it_would_never_end() -> None:
    with pytest.raises(Refused, match="Identify the token by its description instead of id"):
        plan_token([token()], wish(id="a", max_age=DAY // 2), NOW)
    assert not plan_token([token()], wish(id="a", max_age=2 * DAY), NOW).changed


# Tokens of runs that were cut off

NONCE, OTHER = "0123456789abcdef" * 2, "f" * 32


@given(st.text(), st.sampled_from([NONCE, OTHER]))
def test_mark_is_read_back(description: str, nonce: str) -> None:
    assert unmarked({"description": mark(description, nonce)}) == (description, nonce)


@pytest.mark.parametrize(
    "text", ["mine", "", f"mine [pending {NONCE[1:]}]", f"mine [pending {NONCE}] x", f"[pending {NONCE}]"]
)
def test_other_descriptions_bear_no_mark(text: str) -> None:
    assert unmarked({"description": text}) == (text, "")
    assert unmarked({}) == ("", "")


@pytest.mark.parametrize(("nonces", "kind"), [([NONCE], "orphans"), ([OTHER], "strangers"), ([], "strangers")])
def test_marked_token_is_never_current_and_is_told_by_its_nonce(nonces: list[str], kind: str) -> None:
    marked = token(description=mark("mine", NONCE))
    change = plan_token([marked, token("b")], wish(), NOW, nonces=nonces)
    assert change.current == token("b")
    assert change.superseded == ()
    assert {"orphans": change.orphans, "strangers": change.strangers} == {
        "orphans": (),
        "strangers": (),
        kind: (marked,),
    }
    assert change.changed == (kind == "orphans")
    assert plan_token([marked], wish(), NOW, nonces=nonces).create == "there is no active token"


@pytest.mark.parametrize("dead", [{"revoked_at": NOW}, {"expires_at": NOW}])
def test_dead_marked_token_is_nothing_to_do(dead: State) -> None:
    change = plan_token([token("b"), token(description=mark("mine", NONCE), **dead)], wish(), NOW, nonces=[NONCE])
    assert (change.orphans, change.strangers, change.changed) == ((), (), False)


def test_strangers_of_other_descriptions_are_not_told() -> None:
    change = plan_token([token("b"), token(description=mark("other", NONCE))], wish(), NOW)
    assert change.strangers == ()


def test_held_marked_token_is_current_and_loses_its_mark() -> None:
    marked = token(description=mark("mine", NONCE))
    how: dict[str, Any] = {"held_id": "a", "need_secret": True, "nonces": [NONCE]}
    change = plan_token([marked], wish(), NOW, **how)
    assert (change.current, change.update, change.orphans) == (marked, {"description": "mine"}, ())
    assert not plan_token([{**marked, **change.update}], wish(), NOW, **how).changed
    # The secret of a marked token of another description proves nothing about this one.
    assert plan_token([token(description=mark("other", NONCE))], wish(), NOW, **how).create


def test_permissions_compare_in_the_form_that_both_sides_have() -> None:
    permissions = [{"action": "write", "resource": "a"}, {"action": "read", "resource": "a"}]
    stated = DB_TOKEN.parse({"permissions": permissions})["permissions"]
    listed = DB_TOKEN.from_api({"permissions": [*permissions, *permissions]})["permissions"]
    assert not plan_token([token(permissions=listed)], wish(permissions=stated), NOW).changed
