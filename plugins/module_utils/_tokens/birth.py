# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A token that is to be made. Apart from backend.py, because only a run that makes one needs it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .._core import entities

if TYPE_CHECKING:
    from .secret_slot import Slot


@dataclass
class Birth:
    """A token that is to be made: `wanted` are its fields, `slot` the place for its secret if that is a file.

    `nonce` is what its description bears until its secret is safe, empty for a kind of token without such a mark.
    """

    wanted: entities.State
    slot: Slot | None
    nonce: str = ""

    def begin(self, nonce: str) -> None:
        """Make the nonce durable, before a token is asked for that bears it. Raises SecretFileError."""
        self.nonce = nonce
        if self.slot:
            self.slot.begin(nonce)

    def settle(self) -> None:
        """Note that nobody has to look for the token by its nonce any more."""
        if self.slot:
            self.slot.settle([self.nonce])
