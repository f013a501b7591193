# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The types between a module and the code that knows no Ansible: options, a view of the module, and its result."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone
from typing import Any, NamedTuple, Protocol

from . import errors

# An argument spec, as Ansible takes it.
Spec = dict[str, dict[str, Any]]


class ModuleView(Protocol):
    """The part of a module that the code below the modules uses."""

    params: dict[str, Any]
    check_mode: bool
    no_log_values: set[str]

    def log(self, msg: str) -> None:
        """Write a line to the system's log."""


class Result(NamedTuple):
    """The outcome of a module: `values` is the result, nested under the entity's name.

    `secrets` names the documented places where a secret may stand, each as the steps to it and the secret itself:
    (entity, key, secret), or (list, number, key, secret). With an `error` the module fails and still returns all of it.
    """

    changed: bool
    values: dict[str, Any]
    before: Any = None
    after: Any = None
    secrets: Sequence[tuple[Any, ...]] = ()
    warnings: Sequence[str] = ()
    error: errors.Influxdb3Error | None = None


def now() -> datetime:
    """Return the instant that a module plans with."""
    return datetime.now(timezone.utc)
