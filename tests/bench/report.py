# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From measured runs to a table and a plot."""

from __future__ import annotations

import json
import statistics
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.contestants import Measured

COLOURS = {
    "uri loop": "#b5651d",
    "database loop": "#8a8a8a",
    "cluster": "#1f6fb4",
    "floor": "#2a9d5c",
    "ping": "#c9c9c9",
}


@dataclass(frozen=True)
class Row:
    """What one contestant has done in one case; its figures are medians."""

    milliseconds: int
    number: int
    scenario: str
    contestant: str
    runs: list[Measured]

    @property
    def seconds(self) -> float:
        return statistics.median(run.seconds for run in self.runs)

    @property
    def requests(self) -> float:
        return statistics.median(run.requests for run in self.runs)

    @property
    def memory(self) -> float:
        return statistics.median(run.memory for run in self.runs)

    @property
    def key(self) -> tuple[int, int, str, str]:
        return self.milliseconds, self.number, self.scenario, self.contestant

    def __str__(self) -> str:
        return (
            f"{self.milliseconds:3} ms {self.number:6} {self.scenario:13} {self.contestant:17} {self.seconds:9.2f} s"
            f" {self.requests:7.0f} requests {self.memory:5.0f} MB  n={len(self.runs)}"
        )


def save(rows: list[Row], path: Path) -> None:
    """Write all runs down, so that a later measurement can add to them."""
    path.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n")


def load(path: Path) -> list[Row]:
    """Return what was written down; nothing if there is no file."""
    if not path.exists():
        return []
    return [Row(**{**row, "runs": [Measured(**run) for run in row["runs"]]}) for row in json.loads(path.read_text())]


class Rows:
    """Rows by what they are about."""

    def __init__(self, rows: list[Row]) -> None:
        self._by_key = {row.key: row for row in rows}

    def seconds(self, row: Row, contestant: str) -> float | None:
        """The seconds of another contestant in a row's case."""
        found = self._by_key.get((row.milliseconds, row.number, row.scenario, contestant))
        return found.seconds if found else None


def table(rows: list[Row], machine: str) -> str:
    """The table as text: medians, and for each contestant how many times as long as `cluster` it took."""
    found = Rows(rows)
    lines = [
        f"Medians of n runs. {machine}.",
        "x cluster: how many times as long as cluster. over: seconds over the fixed cost (empty cluster), for cluster;",
        "x floor: that, divided by the floor's seconds.",
        "",
        f"{'ms':>3} {'number':>6}  {'scenario':13} {'contestant':17} {'seconds':>9} {'requests':>8} {'MB':>5} {'n':>2}"
        f" {'x cluster':>10} {'over':>7} {'x floor':>8}",
    ]
    for row in sorted(rows, key=lambda row: (row.milliseconds, row.number, row.scenario)):
        cluster, fixed = found.seconds(row, "cluster"), found.seconds(row, "empty cluster")
        floor = found.seconds(row, "floor")
        times = f"{row.seconds / cluster:10.2f}" if cluster else " " * 10
        over = row.seconds - fixed if fixed and row.contestant.startswith("cluster") else None
        lines.append(
            f"{row.milliseconds:3} {row.number:6}  {row.scenario:13} {row.contestant:17} {row.seconds:9.2f}"
            f" {row.requests:8.0f} {row.memory:5.0f} {len(row.runs):2} {times}"
            + (f" {over:7.2f}" if over is not None else "")
            + (f" {over / floor:8.2f}" if over is not None and floor else "")
        )
    return "\n".join(line.rstrip() for line in lines) + "\n"


def plot(rows: list[Row], path: Path) -> None:
    """Draw seconds over the number of databases: of all contestants at one latency, and of cluster to its largest."""
    # Not before all is measured: a process starts with its parent's peak of memory.
    import matplotlib  # type: ignore[import-not-found,unused-ignore]

    matplotlib.use("Agg")
    from matplotlib import pyplot  # type: ignore[import-not-found,unused-ignore]

    figure, axes = pyplot.subplots(1, 3, figsize=(13, 4.2), layout="constrained")
    latencies = [row.milliseconds for row in rows if row.contestant == "uri loop"]
    latency = max(set(latencies), default=0)
    for axis, scenario in zip(axes, ("create", "no change"), strict=False):
        for contestant, colour in COLOURS.items():
            points = sorted(
                (row.number, row.seconds)
                for row in rows
                if (row.milliseconds, row.scenario, row.contestant) == (latency, scenario, contestant)
            )
            if points:
                axis.plot(*zip(*points, strict=True), marker="o", color=colour, label=contestant)
        axis.set(xscale="log", yscale="log", title=f"{scenario}, {latency} ms latency")
    for scenario, style in (("create", "-"), ("no change", "--")):
        points = sorted(
            (row.number, row.seconds)
            for row in rows
            if (row.milliseconds, row.scenario, row.contestant) == (0, scenario, "cluster")
        )
        if points:
            axes[2].plot(*zip(*points, strict=True), style, marker="o", color=COLOURS["cluster"], label=scenario)
    axes[2].set(title="cluster, no latency")
    for axis in axes:
        axis.set(xlabel="databases", ylabel="seconds")
        axis.grid(alpha=0.3)
        if axis.get_legend_handles_labels()[0]:
            axis.legend()
    figure.savefig(path, dpi=110)
    pyplot.close(figure)
