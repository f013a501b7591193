# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans the changes of tokens: pure functions from the server's tokens and a wish to a change. No clock."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from .._core import entities, errors
from .._core.durations import after, format_duration, format_instant, same_instant


class TokenWish(NamedTuple):
    """The fields of a token that the user states, None for the others. Durations are in nanoseconds."""

    description: str | None
    id: str | None = None
    permissions: list[dict[str, str]] | None = None
    expires_at: datetime | None = None
    expires_in: int | None = None
    renew_before: int | None = None
    max_age: int | None = None
    force: bool = False

    def expiry(self, now: datetime) -> datetime | None:
        """Return when a token ends that is created now, None for never. Raises ValueError beyond the calendar."""
        return self.expires_at if self.expires_in is None else after(now, self.expires_in)


class TokenChange(NamedTuple):
    """The change of the tokens of one description.

    `current` is the token that is in use before the change. `create` says why a new one is made, empty where none is.
    `update` has the fields to send. `superseded` are the other active tokens of that description, and the one that the
    new token replaces. `revoke` are those to revoke, after the new one's secret is safe. `orphans` are tokens that a
    run has made which was cut off, and whose secret is gone: they are revoked first. `strangers` bear the mark of an
    unknown run.
    """

    current: entities.State | None
    create: str = ""
    update: Mapping[str, Any] = entities.NOTHING
    superseded: tuple[entities.State, ...] = ()
    revoke: tuple[entities.State, ...] = ()
    orphans: tuple[entities.State, ...] = ()
    strangers: tuple[entities.State, ...] = ()

    @property
    def changed(self) -> bool:
        """Whether there is anything to send. Other superseded tokens and strangers are only reported."""
        return bool(self.create or self.update or self.revoke or self.orphans)


_MARK = re.compile(r"(.*) \[pending ([0-9a-f]{32})\]", re.DOTALL)


def mark(description: str, nonce: str) -> str:
    """Return the description that a new token bears until its secret is safe.

    No run takes a token with such a description for current, and only a run that knows the nonce can claim it: the API
    has no idempotency key (facts.md#no-idempotency-key).
    """
    return f"{description} [pending {nonce}]"


def unmarked(token: entities.State) -> tuple[str, str]:
    """Return a token's description and its nonce, which is empty for a token that isn't marked."""
    description = token.get("description") or ""
    if not description.endswith("]"):  # for speed: most have no mark, and a run looks at thousands several times
        return description, ""
    found = _MARK.fullmatch(description)
    return (found[1], found[2]) if found else (description, "")


def alive(token: entities.State, now: datetime) -> bool:
    """Return whether a token works: neither revoked nor expired."""
    ends = token.get("expires_at")
    return token.get("revoked_at") is None and (ends is None or ends > now)


def dead_when_made(token: entities.State) -> bool:
    """Return whether a token had ended when it was made; both times are by the server's clock."""
    made, ends = token.get("created_at"), token.get("expires_at")
    return made is not None and ends is not None and bool(ends <= made)


def newest_first(tokens: Sequence[entities.State]) -> list[entities.State]:
    """Return tokens by creation, the newest first."""
    return list(tokens) if len(tokens) < 2 else sorted(tokens, key=age, reverse=True)


def age(token: entities.State) -> tuple[datetime, bool, datetime, str]:
    """Return what sorts tokens by creation.

    Some servers show whole seconds only. So of two that were made at the same time, the one that ends later counts as
    the newer one: a renewal mostly does. Then the ID decides, so that every run sees the same.
    """
    made, ends = token["created_at"], token.get("expires_at")
    return made, ends is None, ends or made, token["id"]


def _active(
    tokens: Sequence[entities.State], wish: TokenWish, now: datetime, held_id: str | None
) -> list[entities.State]:
    """Return the working tokens that the wish is about, the newest first: by ID if it states one.

    A marked token is one of them only when its secret is at hand: what is left to do is to take the mark away.
    """

    def meant(token: entities.State) -> bool:
        if wish.id is not None:
            return bool(token["id"] == wish.id)
        held = token["id"] == held_id and unmarked(token)[0] == wish.description
        return held or token.get("description") == wish.description

    return newest_first([token for token in tokens if alive(token, now) and meant(token)])


def _marked(
    tokens: Sequence[entities.State], wish: TokenWish, now: datetime, held_id: str | None, nonces: Collection[str]
) -> tuple[tuple[entities.State, ...], tuple[entities.State, ...]]:
    """Return the orphans and the strangers, as TokenChange has them."""
    others = [token for token in tokens if alive(token, now) and token["id"] not in (held_id, wish.id)]
    orphans = tuple(token for token in others if unmarked(token)[1] in nonces)
    strangers = [token for token in others if unmarked(token)[1] and token not in orphans]
    return orphans, tuple(token for token in strangers if unmarked(token)[0] == wish.description)


def check_wish(wish: TokenWish, now: datetime) -> None:
    """Raise OptionError where a new token would have ended, or be due for renewal, as soon as it is made."""
    try:
        ends = wish.expiry(now)
    except ValueError as error:
        raise errors.OptionError(f"expires_in: {error}.") from None
    if wish.expires_in == 0:
        raise errors.OptionError("expires_in: an infinite duration is written by leaving expires_in out.")
    if wish.max_age == 0:
        raise errors.OptionError("max_age: must be longer than nothing; leave it out to accept any age.")
    if ends is None:
        return
    if ends <= now and wish.expires_in is not None:
        raise errors.OptionError(
            f"expires_in: {format_duration(wish.expires_in)} is less than a second, so that a new token would end in"
            " the past."
        )
    if ends <= now:
        raise errors.OptionError(f"expires_at: {format_instant(ends)} is in the past.")
    if wish.renew_before and after(now, wish.renew_before) >= ends:
        raise errors.OptionError(
            f"renew_before: a new token would end at {format_instant(ends)}, within"
            f" {format_duration(wish.renew_before)}, and be renewed at every run. Choose a shorter renew_before or a"
            " later expiry."
        )


def plan_token(
    tokens: Sequence[entities.State],
    wish: TokenWish,
    now: datetime,
    *,
    held_id: str | None = None,
    nonces: Collection[str] = (),
    claims_marked: bool = False,
    need_secret: bool = False,
    on_lost_secret: str = "fail",
    revoke_superseded: bool = False,
) -> TokenChange:
    """Return the change by which one current token meets the wish.

    `held_id` is the ID of the token whose secret is at hand, if any. That token is current while it is alive, otherwise
    the newest is. `nonces` are those of runs that were cut off. `claims_marked` says that no journal keeps them, so
    that a marked token is superseded like any other. `need_secret` says that a token without its secret is of no use:
    then `on_lost_secret` (`fail`, `reissue`, `ignore`) decides. Raises Refused.
    """
    active = _active(tokens, wish, now, held_id)
    if wish.id is not None and not active:
        raise errors.Refused(f"No active token has the id {wish.id}: it doesn't exist, is revoked or has expired.")
    active.sort(key=lambda token: token["id"] != held_id)
    current = active[0] if active else None
    reason = _why_renew(current, wish, now)
    if current is not None and not reason and need_secret and current["id"] != held_id:
        reason = _why_reissue(current, wish, on_lost_secret)
    if reason and wish.id is not None:
        raise errors.Refused(
            f"The token {wish.id} would have to be replaced, because {reason}; but a new token has another id, so that"
            " every further run would make one more. Identify the token by its description instead of id."
        )
    orphans, strangers = _marked(tokens, wish, now, held_id, nonces)
    superseded = tuple(active if reason else active[1:])
    if claims_marked:
        superseded, strangers = (*superseded, *strangers), ()
    return TokenChange(
        current,
        reason,
        _updates(current, wish) if current is not None and not reason else {},
        superseded,
        superseded if revoke_superseded else (),
        orphans,
        strangers,
    )


def _why_reissue(current: entities.State, wish: TokenWish, on_lost_secret: str) -> str:
    """Return why a token is made in place of one whose secret is lost, empty where none is made. Raises Refused."""
    if on_lost_secret == "fail":
        raise errors.Refused(
            f"The token {wish.description!r} exists on the server with the id {current['id']}, but its secret is not at"
            " hand, and the server shows it only once. Put the secret file back, or set on_lost_secret to reissue"
            " (makes a new token) or to ignore (leaves all as it is).",
            code="lost_secret",
        )
    return "its secret is lost" if on_lost_secret == "reissue" else ""


def _updates(current: entities.State, wish: TokenWish) -> entities.State:
    """Return the fields that the wish states and that differ in the current token."""
    wanted = {"description": wish.description, "permissions": wish.permissions}
    return {name: value for name, value in wanted.items() if value is not None and value != current.get(name)}


def _why_renew(current: entities.State | None, wish: TokenWish, now: datetime) -> str:
    """Return why the current token won't do; empty when it does."""
    if current is None:
        return "there is no active token"
    if wish.force:
        return "a new one is forced"
    ends = current.get("expires_at")
    if wish.expires_at is not None and not same_instant(ends, wish.expires_at):
        return "its expires_at differs, and the API can't change that"
    if wish.renew_before and ends is not None and after(now, wish.renew_before) >= ends:
        return "it ends within renew_before"
    if wish.max_age and current["created_at"] <= after(now, -wish.max_age):
        return "it is older than max_age"
    return ""


def plan_token_absent(
    tokens: Sequence[entities.State],
    wish: TokenWish,
    now: datetime,
    *,
    held_id: str | None = None,
    nonces: Collection[str] = (),
    all_matching: bool = False,
) -> TokenChange:
    """Return the change after which no active token has the description (or the ID).

    Raises Refused when several have it and neither `id` nor `all_matching` says which.
    """
    found = _active(tokens, wish, now, held_id)
    if len(found) > 1 and not all_matching:
        listed = ", ".join(token["id"] for token in found)
        raise errors.Refused(
            f"{len(found)} active tokens have the description {wish.description!r}: {listed}. Say which with id, or"
            " set all_matching to revoke them all.",
            code="ambiguous_token",
        )
    marked = _marked(tokens, wish, now, held_id, nonces)
    current = found[0] if found else None
    return TokenChange(
        current, superseded=tuple(found[1:]), revoke=tuple(found), orphans=marked[0], strangers=marked[1]
    )
