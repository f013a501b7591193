# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One token of a run, from its order and its secret file over the decision to the outcome.

The code of secret files is only imported for a token that has one, because Python compiles it anew for every task.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Callable

from .._core import entities, errors
from . import secret_text
from .backend import Backend, Proof
from .decision import Decision, decide
from .index import TokenIndex
from .plan import TokenChange
from .wishes import Order

if TYPE_CHECKING:
    from .secret_slot import Slot


def read_kept(
    orders: Sequence[Order], conceal: Callable[[str], None]
) -> list[secret_text.Kept | errors.Influxdb3Error]:
    """Read the secret files of orders and their journals, and call `conceal` with each secret.

    An error stands in the place of what can't be read.
    """
    if all(order.path is None for order in orders):
        return [secret_text.NOTHING_KEPT] * len(orders)
    from .._core import durable
    from . import secret_file

    def read(order: Order, finder: durable.Finder) -> secret_text.Kept | errors.Influxdb3Error:
        if order.path is None:
            return secret_text.NOTHING_KEPT
        try:
            kept = secret_file.look(order.path, order.owner, finder)
        except errors.Influxdb3Error as error:
            return error
        if kept.held and kept.held["token"]:
            conceal(kept.held["token"])
        return kept

    with closing(durable.Finder()) as finder:
        return [read(order, finder) for order in orders]


@dataclass
class Entry:
    """One token that is wanted, and what has become of it.

    `kept` is what its secret file holds, with the nonces of the file's journal: of runs that were cut off. `slot` is
    there while this run alone may replace the file. `token` is the token at the end of the run, in check mode
    the one that would be there, and `secret` its secret if that is at hand. `error` says why the order isn't fulfilled.
    The run leaves an entry as it is that has an error or is finished.
    """

    order: Order
    proof: Proof | None = None
    kept: secret_text.Kept = secret_text.NOTHING_KEPT
    slot: Slot | None = None
    decision: Decision | None = None
    token: entities.State | None = None
    secret: str | None = None
    warnings: list[str] = field(default_factory=list)
    error: errors.Influxdb3Error | None = None
    is_finished: bool = False

    @property
    def change(self) -> TokenChange:
        """The decided change; an empty one before the decision."""
        return self.decision.change if self.decision else TokenChange(None)

    @contextmanager
    def failing_alone(self) -> Iterator[None]:
        """Note an Influxdb3Error of the work in between in this entry, so that it stops no other entry."""
        try:
            yield
        except errors.Influxdb3Error as error:
            self.fail(error)

    def fail(self, error: errors.Influxdb3Error) -> None:
        """Note that the entry failed. A token that was only predicted isn't there then."""
        self.error = error
        if self.token and "id" not in self.token:
            self.token = None

    def fail_after_creation(self, error: errors.Influxdb3Error) -> None:
        """Note that a step after the making of a token failed, and finish the entry.

        Where the result has the only copy of a new secret, the error becomes a warning, so that the secret isn't lost.
        """
        if self.order.path is not None or not self.change.create:
            self.fail(error)
            return
        left = ", ".join(old["id"] for old in self.change.revoke)
        self.warnings.append(f"{error}{f' The superseded tokens are not all revoked: {left}.' if left else ''}")
        self.is_finished = True

    def keep(self, read: secret_text.Kept | errors.Influxdb3Error) -> None:
        """Note what was read of the secret file and its journal. What this run has locked, it knows from its slot."""
        if isinstance(read, errors.Influxdb3Error):
            self.fail(read)
        else:
            self.kept = read._replace(nonces=tuple(self.slot.nonces)) if self.slot else read

    def decide(self, index: TokenIndex, backend: Backend) -> Decision:
        """Decide what is to be done, and look whether the file can be replaced where a new token needs that.

        Changes nothing. Raises Influxdb3Error.
        """
        order = self.order
        held, nonces = self.kept.held, self.kept.nonces
        tokens = index.about(order.wish, held["id"] if held else None, nonces)
        if order.apart:
            tokens = [token for token in tokens if token["id"] not in order.apart]
        self.decision = decide(order, tokens, held, nonces, backend, self.proof)
        self.token, self.secret = self.decision.token, self.decision.secret
        self.warnings = list(self.decision.warnings)
        if order.path is not None and self.slot is None and self.change.create:
            from .secret_slot import check_writable

            check_writable(order.path)
        return self.decision

    def lock(self, stack: ExitStack) -> bool:
        """Take the right to replace the secret file, and return whether another run has been at work with it.

        Waits for a run that is at work. Where the result is True, this run has to read the file and the server again.
        Raises SecretFileError.
        """
        from . import secret_file
        from .secret_slot import Slot

        path = str(self.order.path)
        self.slot = stack.enter_context(Slot(path, self.order.owner))
        return (
            bool(self.kept.nonces or self.slot.nonces)
            or secret_file.look(path, self.order.owner).held != self.kept.held
        )

    def prove(self) -> None:
        """Wait until the token works, where old tokens are revoked for it or the task asks for it.

        Raises Influxdb3Error.
        """
        proof, secret = self.proof, self.secret
        due = self.change.revoke or (proof and proof.asked and self.change.changed)
        if proof and due and secret and self.token and not proof.doubt(self.token):
            proof.run(self.token, secret)
