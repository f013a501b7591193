# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of a profile's proof, and the error of a profile that isn't proved. The proof itself is in proof.py."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .._core import errors, interface

PROVE_OPTIONS: interface.Spec = {
    "influxctl_path": {"type": "path", "default": "influxctl"},
    "retries": {"type": "int", "default": 5},
    "delay": {"type": "float", "default": 2.0},
    "timeout": {"type": "float", "default": 60.0},
}
# The longest delay and timeout, in seconds: an hour.
_LONGEST = 3600.0


class NotProved(errors.InfluxctlError):
    """influxctl doesn't work with the profile, or isn't there to prove it."""

    code = "not_proved"


@dataclass(frozen=True)
class Trials:
    """How a profile is tried.

    Attributes:
        program: the influxctl program, a path or a name that is looked for.
        retries: how often a trial that fails is repeated.
        delay: the seconds before each repetition.
        timeout: the seconds that one run of the program may take.
    """

    program: str
    retries: int
    delay: float
    timeout: float


def trials(options: Mapping[str, Any]) -> Trials:
    """Return the option `prove` as a value. Raises OptionError."""
    retries, delay, timeout = options["retries"], options["delay"], options["timeout"]
    problems = []
    if retries < 0:
        problems.append("prove.retries must be 0 or more")
    if not 0 <= delay <= _LONGEST:
        problems.append(f"prove.delay must be between 0 and {_LONGEST:.0f} seconds")
    if not 0 < timeout <= _LONGEST:
        problems.append(f"prove.timeout must be more than 0 and at most {_LONGEST:.0f} seconds")
    if problems:
        raise errors.OptionError("; ".join(problems) + ".")
    return Trials(options["influxctl_path"], retries, delay, timeout)
