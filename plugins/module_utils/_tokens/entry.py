# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One token of a run, from its order and its secret file over the decision to the outcome.

The code of secret files is only imported for a token that has one, because Python compiles it anew for every task.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Callable

from .._core.entities import State
from .._core.errors import Influxdb3Error
from .backend import Backend, Proof
from .decision import Decision, decide
from .index import TokenIndex
from .plan import TokenChange
from .secret_text import Secret
from .wishes import Order

if TYPE_CHECKING:
    from .secret_file import Slot


@dataclass
class Entry:
    """One token that is wanted, and what has become of it.

    `held` is the content of its secret file, `nonces` are those in the file's journal: of runs that were cut off.
    `slot` is there while this run alone may replace the file. `token` is the token at the end of the run, in check mode
    the one that would be there, and `secret` its secret if that is at hand. `error` says why the order isn't fulfilled.
    The run leaves an entry as it is that has an error or is finished.
    """

    order: Order
    proof: Proof | None = None
    held: Secret | None = None
    nonces: Sequence[str] = ()
    slot: Slot | None = None
    decision: Decision | None = None
    token: State | None = None
    secret: str | None = None
    warnings: list[str] = field(default_factory=list)
    error: Influxdb3Error | None = None
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
        except Influxdb3Error as error:
            self.fail(error)

    def fail(self, error: Influxdb3Error) -> None:
        """Note that the entry failed. A token that was only predicted isn't there then."""
        self.error = error
        if self.token and "id" not in self.token:
            self.token = None

    def fail_after_creation(self, error: Influxdb3Error) -> None:
        """Note that a step after the making of a token failed, and finish the entry.

        Where the result has the only copy of a new secret, the error becomes a warning, so that the secret isn't lost.
        """
        if self.order.path is not None or not self.change.create:
            self.fail(error)
            return
        left = ", ".join(old["id"] for old in self.change.revoke)
        self.warnings.append(f"{error}{f' The superseded tokens are not all revoked: {left}.' if left else ''}")
        self.is_finished = True

    def read(self, conceal: Callable[[str], None]) -> None:
        """Read the secret file and its journal, and call `conceal` with the secret. Raises SecretFileError."""
        path = self.order.path
        if path is None:
            return
        from . import secret_file

        self.nonces = self.slot.nonces if self.slot else secret_file.nonces(path)
        self.held = secret_file.read(path, self.order.owner)
        if self.held and self.held["token"]:
            conceal(self.held["token"])

    def decide(self, index: TokenIndex, backend: Backend) -> Decision:
        """Decide what is to be done, and look whether the file can be replaced where a new token needs that.

        Changes nothing. Raises Influxdb3Error.
        """
        order = self.order
        tokens = index.about(order.wish, self.held["id"] if self.held else None, self.nonces)
        self.decision = decide(order, tokens, self.held, self.nonces, backend, self.proof)
        self.token, self.secret = self.decision.token, self.decision.secret
        self.warnings = list(self.decision.warnings)
        if order.path is not None and self.slot is None and self.change.create:
            from .secret_file import check_writable

            check_writable(order.path)
        return self.decision

    def lock(self, stack: ExitStack) -> bool:
        """Take the right to replace the secret file, and return whether another run has been at work with it.

        Waits for a run that is at work. Where the result is True, this run has to read the file and the server again.
        Raises SecretFileError.
        """
        from . import secret_file

        planned, nonces = self.held, self.nonces
        self.slot = stack.enter_context(secret_file.Slot(str(self.order.path), self.order.owner))
        return bool(nonces or self.slot.nonces) or secret_file.read(str(self.order.path), self.order.owner) != planned

    def prove(self) -> None:
        """Wait until the token works, where old tokens are revoked for it or the task asks for it.

        Raises Influxdb3Error.
        """
        proof, secret = self.proof, self.secret
        due = self.change.revoke or (proof and proof.asked and self.change.changed)
        if proof and due and secret and self.token and not proof.doubt(self.token):
            proof.run(self.token, secret)
