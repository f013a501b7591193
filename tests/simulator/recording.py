# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The record of a request, and the faults that tests inject."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["api", "influxctl", "data"]
Action = Literal["status", "drop_before", "drop_after", "truncate", "slow", "html"]

_COMMITS = {"drop_after", "truncate", "slow"}
_INFLUXCTL_WRITES = ("/_influxctl/management/create", "/_influxctl/management/revoke")


@dataclass
class Request:
    """One recorded request.

    `path` is decoded, `raw_path` as it came. `body` is the parsed JSON, the bytes where they are no JSON, or None.
    `status` is None while the request is in progress, and when no answer was sent. `fault` names the injected action,
    None without one. `refused` says that `refuse_writes` applied to it. `committed` says that the request reached its
    handler, which may have answered with an error.
    """

    method: str
    path: str
    raw_path: str
    query: str
    body: Any
    kind: Kind
    headers: dict[str, str] = field(repr=False)
    status: int | None = None
    answer: bytes = field(default=b"", repr=False)
    answer_type: str = ""
    refused: bool = False
    committed: bool = False
    fault: str | None = None

    @property
    def is_write(self) -> bool:
        if self.kind == "api":
            return self.method not in ("GET", "HEAD", "OPTIONS")
        return self.kind == "influxctl" and self.path in _INFLUXCTL_WRITES


@dataclass
class Fault:
    """A failure of the `at`-th to the (`at` + `times` - 1)-th request that it looks at.

    It looks at the requests of its `kind` (all by default) for which `match` holds, counted from 1 since the fault was
    put into `Simulator.faults`. `times=0` means for ever. The actions:

    - `status`: answers `status` with `headers` and `body` (default: an error body of the API). Nothing is committed.
    - `html`: the same with an ingress' HTML page. Nothing is committed.
    - `drop_before`, `drop_after`: closes the connection without an answer; committed only in the latter.
    - `truncate`: committed; half of the body under the full Content-Length, then the connection is closed.
    - `slow`: committed; answers after `seconds`, or after `release()` when `seconds` is None.

    `commit` overrides what the action says about committing.
    """

    action: Action
    at: int = 1
    times: int = 1
    match: Callable[[Request], bool] | None = None
    kind: Kind | None = None
    status: int = 503
    headers: dict[str, str] = field(default_factory=dict)
    body: str | None = None
    seconds: float | None = None
    commit: bool | None = None
    seen: int = 0
    fired: int = 0
    released: threading.Event = field(default_factory=threading.Event, repr=False)

    @property
    def commits(self) -> bool:
        return self.action in _COMMITS if self.commit is None else self.commit

    def release(self) -> None:
        """Have the requests answered that this `slow` fault holds."""
        self.released.set()

    def strikes(self, request: Request) -> bool:
        """Return whether this fault strikes a request; count the request where it matches."""
        if self.kind not in (None, request.kind) or (self.match is not None and not self.match(request)):
            return False
        self.seen += 1
        hit = self.seen >= self.at and (self.times == 0 or self.seen < self.at + self.times)
        self.fired += hit
        return hit
