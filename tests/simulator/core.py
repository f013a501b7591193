# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The parts that all of the server shares: the state, the clock, the switches and the list of secrets."""

from __future__ import annotations

import threading
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from simulator.clock import Clock
from simulator.state import DbToken, MgmtToken, State, User, mgmt_token_secret
from simulator.switches import Switches

Product = Literal["clustered", "dedicated"]

CLUSTERED_ID = "11111111-1111-1111-1111-111111111111"
"""Account and cluster ID that InfluxData's own clients use for Clustered (facts.md#url-forms)."""


class ApiError(Exception):
    """An error answer of the API. The texts follow the gRPC texts that real servers pass on (facts.md#error-form)."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


def grpc(operation: str, code: str, description: str) -> str:
    """The text of a gRPC error as the API embeds it in `message` (facts.md#error-form)."""
    words = "".join(" " + c.lower() if c.isupper() else c for c in operation).strip()
    return f"iox_proxy.app.{operation} failed to {words}: rpc error: code = {code} desc = {description}"


@dataclass
class Core:
    product: Product
    switches: Switches
    account_id: str = ""
    cluster_id: str = ""
    clock: Clock = field(default_factory=Clock)
    state: State = field(default_factory=State)
    secrets: set[str] = field(default_factory=set)
    violations: list[str] = field(default_factory=list)
    user_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    admin_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    admin_token: str = field(default_factory=mgmt_token_secret)
    session_token: str = field(default_factory=lambda: f"eyJhbGciOiJub25lIn0.{uuid.uuid4().hex}.{uuid.uuid4().hex}")
    burst_left: int = 0
    lock: threading.RLock = field(default_factory=threading.RLock)

    def __post_init__(self) -> None:
        for name in ("account_id", "cluster_id"):
            fixed = CLUSTERED_ID if self.product == "clustered" else str(uuid.uuid4())
            setattr(self, name, getattr(self, name) or fixed)
        self.reset()

    def reset(self) -> None:
        """Empty the cluster but for the admin, a user with a management token. `secrets` keeps growing."""
        self.clock.reset()
        self.clock.skew = self.switches.clock_skew
        self.state = State()
        self.violations.clear()
        self.burst_left = self.switches.burst_503
        self.secrets |= {self.admin_token, self.session_token}
        admin = MgmtToken("simulator admin", self.clock.now(), self.user_id, id=self.admin_id, secret=self.admin_token)
        self.state.mgmt_tokens.append(admin)
        self.state.users.append(User("Ada", "Admin", "ada@example.com", self.clock.now(), id=self.user_id))

    def bursting(self) -> bool:
        """Return whether this request gets one of the 503 answers that a start or a reset begins with; count it."""
        self.burst_left -= 1
        return self.burst_left >= 0

    def alive(self, token: DbToken | MgmtToken) -> bool:
        """Return whether a token is accepted now: a revocation may lag (facts.md#revocation), an expiry doesn't."""
        now = self.clock.now()
        lag = timedelta(seconds=self.switches.revocation_delay)
        if token.revoked_at is not None and token.revoked_at + lag <= now:
            return False
        return token.expires_at is None or token.expires_at > now

    def may_manage(self, secret: str) -> bool:
        """Return whether a secret opens the Management API: a working management token's, or a login's session."""
        if secret == self.session_token:
            return True
        return any(t.secret == secret and self.alive(t) for t in self.state.mgmt_tokens)

    def check_expiry(self, operation: str, expires_at: datetime | None) -> None:
        past = expires_at is not None and expires_at <= self.clock.now()
        if past and self.switches.past_expiry == "rejected":
            raise ApiError(400, grpc(operation, "InvalidArgument", "The expiration time must be in the future"))

    def keep(self, token: DbToken | MgmtToken) -> None:
        """Put a new token into the state, and its secret among `secrets`."""
        self.secrets.add(token.secret)
        if isinstance(token, DbToken):
            self.state.db_tokens.append(token)
        else:
            self.state.mgmt_tokens.append(token)
