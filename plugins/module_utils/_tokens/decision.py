# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decides about one token, from the server's tokens and its secret file, before anything is done. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from .._core import entities, errors
from . import secret_text
from .backend import Backend, Proof
from .plan import TokenChange, alive, plan_token, plan_token_absent, unmarked
from .wishes import Order


class Decision(NamedTuple):
    """The change of one token, and its outcome.

    `token` is the token after the change, without an ID where it has to be made, None where there is none. `secret` is
    its secret where that is at hand. `warnings` are about tokens that are left as they are on purpose.
    """

    change: TokenChange
    token: entities.State | None
    secret: str | None = None
    warnings: tuple[str, ...] = ()


def decide(
    order: Order,
    tokens: Sequence[entities.State],
    held: secret_text.Secret | None,
    nonces: Collection[str],
    backend: Backend,
    proof: Proof | None,
) -> Decision:
    """Return the decision about an order.

    `tokens` are at least those of the server that matter for it. `held` is the content of its secret file, `nonces` are
    those in the file's journal. `proof` is None for a kind of token that isn't proved. Raises Refused or OptionError.
    """
    if not order.present:
        return _absent(order, tokens, held, nonces, backend)
    _refuse_foreign(order, tokens, held)
    change = plan_token(
        tokens,
        order.wish,
        order.at,
        held_id=held["id"] if held else _held_elsewhere(order, tokens),
        nonces=nonces,
        claims_marked=order.held_id is not None,
        need_secret=order.needs_secret,
        on_lost_secret=order.on_lost_secret,
        revoke_superseded=order.revoke_superseded,
    )
    _refuse_unkept(order, change)
    backend.check(change, order.wish)
    change, own = without_own(change, backend)
    token = _predicted(order, change)
    secret = held["token"] if held and not change.create and held["id"] == token["id"] else None
    change, unproved = spare_unproved(proof, change, token, has_secret=secret is not None)
    return Decision(change, token, secret, (*own, *_strangers(change), *unproved))


def _absent(
    order: Order,
    tokens: Sequence[entities.State],
    held: secret_text.Secret | None,
    nonces: Collection[str],
    backend: Backend,
) -> Decision:
    change = plan_token_absent(
        tokens,
        order.wish,
        order.at,
        held_id=held["id"] if held else None,
        nonces=nonces,
        all_matching=order.all_matching,
    )
    spared, own = without_own(change, backend)
    if own and not order.leaves_own:
        own_id = next(token["id"] for token in change.revoke if token not in spared.revoke)
        raise errors.Refused(
            f"The token {own_id} is the one that this module authenticates with; revoking it would cut off its own"
            " access. Use another token for this, or set allow_self_revoke: true.",
            code="self_revoke",
        )
    return Decision(spared, change.current, warnings=(*own, *_strangers(change)))


def _held_elsewhere(order: Order, tokens: Sequence[entities.State]) -> str | None:
    """Return the ID of the token that is held elsewhere. A prefix that several have proves nothing."""
    if order.held_id or not order.held_prefix:
        return order.held_id or None
    wanted = (order.held_prefix, order.wish.description)
    found: list[str] = [t["id"] for t in tokens if (t.get("token_prefix"), t.get("description")) == wanted]
    return found[0] if len(found) == 1 else None


def _refuse_foreign(order: Order, tokens: Sequence[entities.State], held: secret_text.Secret | None) -> None:
    """Raise Refused where the secret file keeps another active token's secret, which a new one would overwrite."""
    if held is None or order.wish.id is not None:
        return
    for token in tokens:
        if token["id"] == held["id"] and alive(token, order.at) and unmarked(token)[0] != order.wish.description:
            raise errors.Refused(
                f"secret_file {order.path} holds the secret of another active token, {token.get('description')!r}"
                f" ({token['id']}); choose another path, or move the file away."
            )


def _refuse_unkept(order: Order, change: TokenChange) -> None:
    if change.create and not order.kept:
        raise errors.Refused(
            f"The token {order.wish.description!r} would have to be made, because {change.create}, and nobody would"
            " keep its secret.",
            code="no_secret_place",
        )


def _predicted(order: Order, change: TokenChange) -> entities.State:
    """Return the token as it will be after the change."""
    current, wish = change.current or {}, order.wish
    if not change.create:
        return {**current, **change.update}
    state: entities.State = {"description": wish.description or current.get("description")}
    permissions = wish.permissions if wish.permissions is not None else current.get("permissions")
    if permissions is not None:
        state["permissions"] = permissions
    if wish.expiry(order.at) is not None:
        state["expires_at"] = wish.expiry(order.at)
    return state


def without_own(change: TokenChange, backend: Backend) -> tuple[TokenChange, list[str]]:
    """Return the change without the revocation of the token that the module authenticates with, and the warnings."""
    own = [old["id"] for old in change.revoke if backend.is_own(old)]
    if not own:
        return change, []
    warnings = [f"The token {token_id} is left, because this module authenticates with it." for token_id in own]
    return change._replace(revoke=tuple(old for old in change.revoke if old["id"] not in own)), warnings


def spare_unproved(
    proof: Proof | None, change: TokenChange, token: entities.State, *, has_secret: bool
) -> tuple[TokenChange, list[str]]:
    """Return the change and the warnings; nothing is revoked for a token that can't be proved to work.

    A new token takes seconds to minutes until it works (facts.md#activation), and one that nobody can try may never
    work. `token` is the token after the change, `has_secret` says that its secret is at hand although it isn't new.
    `proof` is None for a kind of token that isn't proved here. Raises OptionError where the task asks for a proof that
    is impossible.
    """
    if proof is None:
        return change, []
    doubt = proof.doubt(token)
    if doubt and proof.asked and (change.create or (change.update and has_secret)):
        raise errors.OptionError(f"wait_active: can't prove that the token works: {doubt}. Leave wait_active out.")
    doubt = doubt or ("" if change.create or has_secret else "its secret is not at hand")
    if not change.revoke or not doubt or proof.waived:
        return change, []
    left = ", ".join(old["id"] for old in change.revoke)
    return change._replace(revoke=()), [
        f"What the token {token['description']!r} supersedes is not revoked and stays valid: {left}. It can't be proved"
        f" that the token works: {doubt}. Revoke the others with id and state: absent when you know that it does, or"
        " set revoke_unproved: true."
    ]


def _strangers(change: TokenChange) -> list[str]:
    return [
        f"The token {token['id']} ({token['description']}) was begun by another run, which is still at work or was cut"
        " off. Nothing proves which, so it is left. If no run is at work, revoke it with id and state: absent."
        for token in change.strangers
    ]
