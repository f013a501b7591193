# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From measured runs to a table and a plot."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.contestants import Measured
from bench.medians import Medians

COLOURS = {
    "uri loop": "#b5651d",
    "database loop": "#8a8a8a",
    "cluster": "#1f6fb4",
    "floor": "#2a9d5c",
    "ping": "#c9c9c9",
}


@dataclass(frozen=True)
class Row(Medians):
    """What one contestant has done in one case; its figures are medians."""

    milliseconds: int
    number: int
    scenario: str
    contestant: str
    runs: list[Measured]

    @property
    def requests(self) -> float:
        return self.median("requests")

    @property
    def key(self) -> tuple[int, int, str, str]:
        return self.milliseconds, self.number, self.scenario, self.contestant

    def __str__(self) -> str:
        return (
            f"{self.milliseconds:3} ms {self.number:6} {self.scenario:13} {self.contestant:17} {self.seconds:9.2f} s"
            f" {self.processor:9.2f} s of processors"
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

    def get(self, milliseconds: int, number: int, scenario: str, contestant: str) -> Row | None:
        """What one contestant has done in one case, None if that was not measured."""
        return self._by_key.get((milliseconds, number, scenario, contestant))


def table(rows: list[Row], machine: str) -> str:
    """The table as text: medians, for each contestant how many times as long as `cluster` it took, and the goals."""
    found = Rows(rows)
    lines = [
        f"Medians of n runs. {machine}.",
        "x cluster: how many times as long as cluster. processor: seconds of all processors, which other work on the",
        "machine changes less. no-op: a module that takes the same lists as cluster and does nothing.",
        "",
        f"{'ms':>3} {'number':>6}  {'scenario':13} {'contestant':17} {'seconds':>9} {'processor':>9} {'requests':>8}"
        f" {'MB':>5} {'n':>2} {'x cluster':>10}",
    ]
    for row in sorted(rows, key=lambda row: (row.milliseconds, row.number, row.scenario)):
        cluster = found.get(row.milliseconds, row.number, row.scenario, "cluster")
        lines.append(
            f"{row.milliseconds:3} {row.number:6}  {row.scenario:13} {row.contestant:17} {row.seconds:9.2f}"
            f" {row.processor:9.2f} {row.requests:8.0f} {row.memory:5.0f} {len(row.runs):2}"
            + (f" {row.seconds / cluster.seconds:10.2f}" if cluster else "")
        )
    return "\n".join([*lines, "", *goals(rows)]) + "\n"


def goals(rows: list[Row]) -> list[str]:
    """What was aimed at, and what is reached, of all that was measured; in seconds over each of the fixed costs."""
    found, lines = Rows(rows), []
    for row in rows:
        case = (row.milliseconds, row.number, row.scenario)
        same_lists = row.contestant.replace("cluster", "no-op").replace("tables + lookup", "tables")
        fixed = {name: found.get(*case, name) for name in ("ping", "empty cluster", same_lists)}
        over = {name: row.seconds - other.seconds for name, other in fixed.items() if other}
        floor, cluster = found.get(*case, "floor"), found.get(*case, "cluster")
        what = f"{row.milliseconds} ms, {row.number}, {row.scenario}, {row.contestant}:"
        if row.contestant == "cluster + tokens" and "ping" in over:
            told = ", ".join(f"{seconds:.2f} s over {name}" for name, seconds in over.items())
            lines.append(f"{what} {row.requests:.0f} requests (goal: 2), {told} (goal: 0.3)")
        if row.contestant == "cluster" and row.scenario == "create" and floor and over:
            told = ", ".join(f"{seconds / floor.seconds:.2f} over {name}" for name, seconds in over.items())
            lines.append(f"{what} seconds over the fixed cost by the floor's: {told} (goal: 1.2)")
        floor_of_tables = found.get(*case, "floor tables")
        if row.contestant.startswith("cluster tables") and over:
            told = ", ".join(f"{seconds:.2f} s over {name}" for name, seconds in over.items())
            lines.append(f"{what} {row.requests:.0f} requests, those of influxctl among them, {told}")
        if row.contestant == "cluster tables" and row.scenario == "create" and floor_of_tables and over:
            told = ", ".join(f"{seconds / floor_of_tables.seconds:.2f} over {name}" for name, seconds in over.items())
            lines.append(f"{what} seconds over the fixed cost by the floor's: {told} (goal: 1.2)")
        if row.contestant == "uri loop" and row.scenario == "create" and cluster:
            lines.append(f"{what} {row.seconds / cluster.seconds:.0f} times cluster (goal at 1000: 100)")
    largest = max(
        (row for row in rows if row.contestant.startswith("cluster")), key=lambda row: row.memory, default=None
    )
    if largest:
        lines.append(f"most memory of cluster: {largest.memory:.0f} MB, at {largest.number} (goal: 150)")
    return sorted(lines)


def plot(rows: list[Row], path: Path) -> None:
    """Draw seconds over the number of databases: of all contestants at one latency, and of cluster to its largest."""
    # Not before all is measured: a process starts with its parent's peak of memory. mypy's environment doesn't have it.
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
