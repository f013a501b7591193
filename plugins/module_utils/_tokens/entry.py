# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One token of a run: what is wanted, what its secret file holds, what is decided, and what has become of it.

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

    `held` is what its secret file keeps, `nonces` are those of runs that were cut off, as the file's journal has them.
    `slot` is there while this run alone may replace the file. `token` is what there is in the end, in check mode what
    there would be, and `secret` its secret if that is at hand. `error` says why something that was wanted isn't so. An
    entry that has an error, or that `rests`, is left as it is.
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
    rests: bool = False

    @property
    def change(self) -> TokenChange:
        """What is to be done; nothing before that is decided."""
        return self.decision.change if self.decision else TokenChange(None)

    @contextmanager
    def failing_alone(self) -> Iterator[None]:
        """Keep an error to this entry."""
        try:
            yield
        except Influxdb3Error as error:
            self.fail(error)

    def fail(self, error: Influxdb3Error) -> None:
        """Note that it failed. A token that was only predicted is none then."""
        self.error = error
        if self.token and "id" not in self.token:
            self.token = None

    def fall_short(self, error: Influxdb3Error) -> None:
        """Note that what comes after the making of a token failed, and leave the rest.

        Where failing would lose the only copy of a new secret, that is a warning.
        """
        if self.order.path is not None or not self.change.create:
            self.fail(error)
            return
        left = ", ".join(old["id"] for old in self.change.revoke)
        self.warnings.append(f"{error}{f' The superseded tokens are not all revoked: {left}.' if left else ''}")
        self.rests = True

    def read(self, conceal: Callable[[str], None]) -> None:
        """Read the secret file and its journal. The secret is concealed from now on. Raises SecretFileError."""
        path = self.order.path
        if path is None:
            return
        from . import secret_file

        self.nonces = self.slot.nonces if self.slot else secret_file.nonces(path)
        self.held = secret_file.read(path, self.order.owner)
        if self.held and self.held["token"]:
            conceal(self.held["token"])

    def decide(self, index: TokenIndex, backend: Backend) -> Decision:
        """Decide what is to be done, and find out whether the file can be replaced. Nothing is changed.

        Raises Influxdb3Error.
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
        """Take the right to replace the secret file; return whether other runs have been at work with it.

        A run that lives is waited for. Then this one has to read the file and the server again.
        """
        from . import secret_file

        planned, nonces = self.held, self.nonces
        self.slot = stack.enter_context(secret_file.Slot(str(self.order.path), self.order.owner))
        return bool(nonces or self.slot.nonces) or secret_file.read(str(self.order.path), self.order.owner) != planned

    def prove(self) -> None:
        """Wait until the token works, where something hinges on it. Raises Influxdb3Error."""
        proof, secret = self.proof, self.secret
        due = self.change.revoke or (proof and proof.asked and self.change.changed)
        if proof and due and secret and self.token and not proof.doubt(self.token):
            proof.run(self.token, secret)
