# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The part of a long table that `make test` tries; `make test-all` tries the whole table (the marker `complete`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from _pytest.mark.structures import ParameterSet


def sample(values: Sequence[Any], chosen: Callable[[int, Any], bool]) -> list[ParameterSet]:
    """Parameters for a test: all values, those that `chosen` (position, value) turns down marked `complete`."""
    return [
        pytest.param(value, marks=() if chosen(number, value) else pytest.mark.complete)
        for number, value in enumerate(values)
    ]


def part_or_all(step: int) -> list[ParameterSet]:
    """Parameters for a test that takes a step through a table of its own: a part of it, and under `complete` all."""
    return [pytest.param(step, id="sample"), pytest.param(1, id="all", marks=pytest.mark.complete)]
