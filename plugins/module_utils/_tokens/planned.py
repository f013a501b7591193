# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One token of many, as `_cluster` plans and applies it: a plan that is a value, and a saga of one that applies it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable

from .._core.interface import Result
from . import secret_file
from .backend import Backend, Proof
from .decision import Decision
from .entry import Entry
from .index import TokenIndex
from .report import one_result
from .saga import Saga
from .secret_file import Secret
from .wishes import Order


@dataclass(frozen=True)
class Kept:
    """What is kept of one token on this machine: its secret file's content, and the nonces in the file's journal."""

    held: Secret | None = None
    nonces: tuple[str, ...] = ()


@dataclass(frozen=True)
class TokenPlan:
    """What is decided about one token, and what that was decided from; `index` has all tokens of the server.

    `foretold` is the result of the plan, as check mode shows it.
    """

    order: Order
    proof: Proof | None
    kept: Kept
    index: TokenIndex
    decision: Decision
    foretold: Result


def read_kept(order: Order, conceal: Callable[[str], None]) -> Kept:
    """Read what is kept of the token; its secret is concealed from now on. Raises SecretFileError."""
    entry = Entry(order)
    entry.read(conceal)
    return Kept(entry.held, tuple(entry.nonces))


def plan_order(order: Order, proof: Proof | None, kept: Kept, index: TokenIndex, backend: Backend) -> TokenPlan:
    """Return the plan for an order. Sends nothing; looks at the place for the secret. Raises Influxdb3Error."""
    entry = Entry(order, proof, kept.held, kept.nonces)
    decision = entry.decide(index, backend)
    adjusted = order.path is not None and secret_file.adjust(order.path, order.owner, dry=True)
    return TokenPlan(order, proof, kept, index, decision, one_result(entry, backend.kind, adjusted=adjusted))


def apply_plan(plan: TokenPlan, backend: Backend, conceal: Callable[[str], None]) -> Result:
    """Do what is planned. Where another run has been at work with the secret file, plan this token anew before.

    Raises Influxdb3Error.
    """
    decision = plan.decision
    entry = Entry(
        plan.order,
        plan.proof,
        plan.kept.held,
        plan.kept.nonces,
        decision=decision,
        token=decision.token,
        secret=decision.secret,
        warnings=list(decision.warnings),
    )
    saga = Saga(backend, [entry], conceal, plan.index)
    saga.carry_out()
    return one_result(entry, backend.kind, adjusted=saga.adjust(dry=False))
