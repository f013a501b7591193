# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The figures that all benchmarks have in common."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any


class Medians:
    """Medians of runs; for a row that has `runs`, each with seconds by the clock and of all processors, and with MB."""

    runs: Sequence[Any]

    def median(self, figure: str) -> float:
        """The median of one figure of the runs."""
        return float(statistics.median(getattr(run, figure) for run in self.runs))

    @property
    def seconds(self) -> float:
        return self.median("seconds")

    @property
    def processor(self) -> float:
        return self.median("processor")

    @property
    def memory(self) -> float:
        return self.median("memory")
