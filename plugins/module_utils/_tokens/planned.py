# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans and applies one token of many for `_cluster`: a plan is a value, and a saga over one entry applies it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Callable, NamedTuple

from .._core import entities
from . import secret_text
from .backend import Backend, Kind, Proof
from .decision import Decision
from .entry import Entry
from .index import TokenIndex
from .wishes import Order


class Brief(NamedTuple):
    """The outcome of one token of many: its ID, and those of the tokens that it supersedes.

    `before` and `after` are the two sides of the diff, empty where nothing changes. `secret` is None where the result
    shall not hold it.
    """

    changed: bool
    id: str | None
    superseded: tuple[str, ...] = ()
    before: Mapping[str, Any] = entities.NOTHING
    after: Mapping[str, Any] = entities.NOTHING
    secret: str | None = None
    warnings: tuple[str, ...] = ()


class TokenPlan(NamedTuple):
    """The decision about one token, and the values that it was made from; `tokens` are all tokens of the server.

    `foretold` is the outcome of the plan, as check mode shows it.
    """

    order: Order
    proof: Proof | None
    kept: secret_text.Kept
    tokens: TokenIndex
    decision: Decision
    foretold: Brief


def plan_order(
    order: Order, proof: Proof | None, kept: secret_text.Kept, index: TokenIndex, backend: Backend
) -> TokenPlan:
    """Return the plan for an order. Sends nothing, and only looks at the secret file. Raises Influxdb3Error."""
    entry = Entry(order, proof, kept)
    decision = entry.decide(index, backend)
    return TokenPlan(order, proof, kept, index, decision, _brief(entry, backend.kind, adjusted=kept.differs))


def apply_plan(plan: TokenPlan, backend: Backend, conceal: Callable[[str], None]) -> Brief:
    """Carry the plan out. Where another run has been at work with the secret file, plan this token anew before.

    Raises Influxdb3Error.
    """
    # A run that changes nothing is most frequent, and Python compiles this code anew for every task.
    from .saga import Saga

    decision = plan.decision
    entry = Entry(
        plan.order,
        plan.proof,
        plan.kept,
        decision=decision,
        token=decision.token,
        secret=decision.secret,
        warnings=list(decision.warnings),
    )
    saga = Saga(backend, [entry], conceal, plan.tokens)
    saga.carry_out()
    return _brief(entry, backend.kind, adjusted=saga.adjust(dry=False))


def _brief(entry: Entry, kind: Kind, *, adjusted: bool) -> Brief:
    """Return the outcome of an entry. Raises the entry's error, if it has one."""
    if entry.error:
        raise entry.error
    brief = Brief(
        entry.change.changed or adjusted,
        (entry.token or {}).get("id"),
        tuple(old["id"] for old in entry.change.superseded),
        secret=entry.secret if entry.order.reveals else None,
        warnings=tuple(entry.warnings),
    )
    if not brief.changed:
        return brief
    from .report import sides

    before, after = sides(entry, kind)
    return brief._replace(before=before, after=after)
