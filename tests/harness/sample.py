# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Chooses the part of a long table that `make test` tries; `make test-all` tries all of it (the marker `complete`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from _pytest.mark.structures import ParameterSet


def sample(values: Sequence[Any], chosen: Callable[[int, Any], bool]) -> list[ParameterSet]:
    """Return parameters for a test: all values, those that `chosen` (position, value) refuses marked `complete`."""
    return [
        pytest.param(value, marks=() if chosen(number, value) else pytest.mark.complete)
        for number, value in enumerate(values)
    ]


def part_or_all(step: int) -> list[ParameterSet]:
    """Return parameters for a test that takes a step through a table of its own: `step`, and under `complete` 1."""
    return [pytest.param(step, id="sample"), pytest.param(1, id="all", marks=pytest.mark.complete)]
