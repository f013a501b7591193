# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One token of many, as `_cluster` asks for it: a saga of one, with what was read for all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable

from .._core.entities import State
from .._core.interface import Result
from . import secret_file
from .backend import Backend, Kind, Proof
from .entry import Entry
from .index import TokenIndex
from .report import one_result
from .saga import Saga
from .wishes import Order, order_of

__all__ = ["Known", "Order", "Proof", "Work", "carry_out", "order_of", "read_file"]


@dataclass
class Known:
    """What a caller with many orders has read for all of them: the file's secret, then the tokens that concern it."""

    held: secret_file.Secret | None
    tokens: list[State]


@dataclass
class Work:
    """What one run works with."""

    order: Order
    kind: Kind
    backend: Backend
    check_mode: bool
    conceal: Callable[[str], None]
    proof: Proof | None = None
    known: Known | None = None


def read_file(order: Order, conceal: Callable[[str], None]) -> secret_file.Secret | None:
    """Return what the secret file holds, its secret concealed from now on. Raises SecretFileError."""
    entry = Entry(order)
    entry.read(conceal)
    return entry.held


def carry_out(work: Work) -> Result:
    """Bring one token to the stated state; in check mode, only say what would be done."""
    entry = Entry(work.order, work.proof)
    saga = Saga(work.backend, [entry], work.conceal)
    if work.known:
        entry.held = work.known.held
        entry.nonces = secret_file.nonces(work.order.path) if work.order.path else ()
        saga.decide(TokenIndex(work.known.tokens))
    else:
        saga.plan()
    if not work.check_mode:
        saga.carry_out()
    return one_result(entry, work.kind, adjusted=saga.adjust(dry=work.check_mode))
