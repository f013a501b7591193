# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of the modules for tokens: options to orders, one run over them, and its report."""

from __future__ import annotations

from collections.abc import Sequence

from .._core import errors, interface
from .backend import Backend, Proof
from .entry import Entry
from .many_wishes import orders_of, orders_to_revoke
from .report import many_result, one_result, revoked_result
from .saga import Saga
from .wishes import Order, order_of


def manage_one(module: interface.ModuleView, backend: Backend, proof: Proof | None = None) -> interface.Result:
    """Bring one token to the stated state. `proof` is None for a kind of token that can't be proved here.

    The options are checked before the backend is asked. Raises Influxdb3Error, also the error of the token.
    """
    entry = Entry(order_of(module.params, backend.kind.entity, interface.now()), proof)
    adjusted = _run(module, backend, [entry])
    return one_result(entry, backend.kind, adjusted=adjusted)


def manage_many(module: interface.ModuleView, backend: Backend, proof: Proof | None = None) -> interface.Result:
    """Bring all tokens of the option `tokens` to the stated form.

    Raises Influxdb3Error for wrong options, and where the tokens can't be listed. The result holds the errors of single
    tokens.
    """
    entries = _entries(orders_of(module.params, backend.kind.entity, interface.now()), proof)
    adjusted = _run(module, backend, entries)
    return many_result(entries, backend.kind, adjusted=adjusted)


def revoke_ids(module: interface.ModuleView, backend: Backend) -> interface.Result:
    """Revoke the tokens of the option `ids` that are active, by one call of the backend. Raises Influxdb3Error."""
    if module.params["state"] != "absent":
        raise errors.OptionError("ids: many tokens by their IDs can only be revoked; set state: absent.")
    entries = _entries(orders_to_revoke(module.params["ids"], interface.now()))
    _run(module, backend, entries)
    return revoked_result(entries, backend.kind)


def _entries(orders: Sequence[Order], proof: Proof | None = None) -> list[Entry]:
    return [Entry(order, proof) for order in orders]


def _run(module: interface.ModuleView, backend: Backend, entries: Sequence[Entry]) -> bool:
    """Plan, and carry the plan out unless in check mode; return whether any secret file's attributes differed."""
    saga = Saga(backend, entries, module.no_log_values.add)
    saga.plan()
    if not module.check_mode:
        saga.carry_out()
    return saga.adjust(dry=module.check_mode)
