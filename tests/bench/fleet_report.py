# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From measured runs over a fleet to a table, the goals and a plot."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.medians import Medians

# What is plotted, with its colour and what it is called there.
CONTESTANTS = {
    "forced": ("#a3540f", "forced"),
    "forced db tokens": ("#8a4fa3", "forced, db"),
    "preflight": ("#b3261e", "preflight"),
    "audit of both": ("#5d7a1c", "audit, both"),
    "audit": ("#1c7a45", "audit"),
    "nothing to do": ("#1f6fb4", "nothing to do"),
    "copy": ("#767676", "copy"),
    "ping": ("#4a4a4a", "ping"),
}
# How many times the processor seconds of ping they may take.
GOALS = {"nothing to do": 1.4, "audit": 1.4, "preflight": 1.5, "forced": 3.0, "forced db tokens": 3.0}
MEMORY_GOAL = 300


@dataclass(frozen=True)
class Measured:
    """One run: seconds by the clock and of all processors, MB of its largest process, and lines that it printed."""

    seconds: float
    processor: float
    memory: float
    lines: int


@dataclass(frozen=True)
class Row(Medians):
    """What one contestant has done on so many hosts; its figures are medians."""

    hosts: int
    contestant: str
    runs: list[Measured]

    @property
    def key(self) -> tuple[int, str]:
        return self.hosts, self.contestant

    @property
    def lines(self) -> float:
        return self.median("lines")


Rows = dict[tuple[int, str], Row]


def save(rows: Rows, path: Path) -> None:
    """Write all runs down, so that a later measurement can add to them."""
    path.write_text(json.dumps([asdict(row) for row in rows.values()], indent=1) + "\n")


def load(path: Path) -> Rows:
    """Return what was written down; nothing if there is no file."""
    if not path.exists():
        return {}
    rows = [Row(**{**row, "runs": [Measured(**run) for run in row["runs"]]}) for row in json.loads(path.read_text())]
    return {row.key: row for row in rows}


def text(rows: Rows, machine: str) -> str:
    """The table: medians, and how many times as much as ping; below it the goals."""
    lines = [
        f"A fleet over local connections; medians of n runs. {machine}.",
        "x ping: how many times the processor seconds of ansible.builtin.ping of the same hosts.",
        "",
        f"{'hosts':>5}  {'contestant':16} {'seconds':>8} {'processor':>9} {'x ping':>6} {'MB':>5}"
        f" {'lines':>6} {'n':>2}",
    ]
    for row in sorted(rows.values(), key=lambda row: row.hosts):
        ping = rows.get((row.hosts, "ping"))
        times = f"{row.processor / ping.processor:6.2f}" if ping else f"{'':6}"
        lines.append(
            f"{row.hosts:5}  {row.contestant:16} {row.seconds:8.1f} {row.processor:9.1f} {times} {row.memory:5.0f}"
            f" {row.lines:6.0f} {len(row.runs):2}"
        )
    return "\n".join([*lines, "", *goals(rows)]) + "\n"


def goals(rows: Rows) -> list[str]:
    """What was aimed at, and what is reached."""
    lines, sizes = [], sorted({row.hosts for row in rows.values()})
    for (hosts, contestant), row in sorted(rows.items()):
        ping = rows.get((hosts, "ping"))
        if contestant in GOALS and ping:
            lines.append(
                f"{hosts} hosts, {contestant}: {row.processor / ping.processor:.2f} ping (goal: {GOALS[contestant]})"
            )
    for contestant in GOALS:
        ends = [rows[key] for key in ((sizes[0], contestant), (sizes[-1], contestant)) if key in rows] if sizes else []
        if len(ends) == 2 and sizes[0] < sizes[-1]:
            few, many = ends
            growth = (many.processor / many.hosts) / (few.processor / few.hosts)
            lines.append(
                f"{contestant}: a host costs {growth:.2f} times as much of {many.hosts} as of {few.hosts} (goal: 1)"
            )
    if rows:
        largest = max(rows.values(), key=lambda row: row.memory)
        lines.append(
            f"most memory of a process: {largest.memory:.0f} MB, {largest.contestant}, {largest.hosts} hosts"
            f" (goal: {MEMORY_GOAL})"
        )
    return lines


# --- the plot ------------------------------------------------------------------------------------

# A phone shows 350 pixels of it: letters of 14 are 12 pixels high there.
WIDTH, HEIGHT = 400, 330
LEFT, TOP, RIGHT, BOTTOM = 58, 56, 282, 270
STYLE = 'font-family="system-ui, -apple-system, Segoe UI, Helvetica, Arial, sans-serif" font-size="14"'
# REUSE-IgnoreStart: it is the licence of the picture.
LICENSE = "\n".join(
    (
        "<!-- Copyright (c) 2026, influxops contributors",
        "GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)",
        "SPDX-License-Identifier: GPL-3.0-or-later",
        "-->",
    )
)
# REUSE-IgnoreEnd


def scale(values: Sequence[float], begin: float, end: float) -> Callable[[float], float]:
    """Return the function that lays values, the least of which is at `begin`, on a logarithmic axis."""
    low, high = math.log(min(values)), math.log(max(values))
    span = (high - low) or 1.0
    return lambda value: begin + (math.log(value) - low) / span * (end - begin)


def svg(rows: Rows) -> str:
    """Draw the processor seconds over the number of hosts, both logarithmic, on a white ground."""
    sizes = sorted({row.hosts for row in rows.values()})
    low, high = min(row.processor for row in rows.values()), max(row.processor for row in rows.values())
    x, y = scale([float(size) for size in sizes], LEFT, RIGHT), scale([low, high], BOTTOM, TOP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}"'
        f' role="img" {STYLE}>',
        LICENSE,
        "<title>What a fleet costs the controller</title>",
        f"<desc>Processor seconds over the number of hosts: {'; '.join(described(rows, sizes[-1]))}.</desc>",
        f'<rect x="1" y="1" width="{WIDTH - 2}" height="{HEIGHT - 2}" rx="12" fill="#ffffff" stroke="#d0d7de"/>',
        '<text x="16" y="30" fill="#57606a">Processor seconds of a run (lower is better)</text>',
        f'<text x="{RIGHT}" y="{BOTTOM + 42}" fill="#57606a" text-anchor="end">hosts</text>',
    ]
    for tick in (10**power for power in range(6) if low <= 10**power <= high):
        parts.append(f'<path d="M{LEFT} {y(tick):.0f}H{RIGHT}" stroke="#eaeef2"/>')
        parts.append(f'<text x="{LEFT - 10}" y="{y(tick) + 5:.0f}" fill="#57606a" text-anchor="end">{tick:,}</text>')
    for size in sizes:
        parts.append(f'<text x="{x(size):.0f}" y="{BOTTOM + 20}" fill="#57606a" text-anchor="middle">{size:,}</text>')
    below = 0.0
    for name in by_height(rows):
        colour, label = CONTESTANTS[name]
        points = [(x(size), y(rows[size, name].processor)) for size in sizes if (size, name) in rows]
        line = " ".join(f"{across:.1f},{down:.1f}" for across, down in points)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{across:.1f}" cy="{down:.1f}" r="3" fill="{colour}"/>' for across, down in points]
        # Names that would lie over each other are moved down.
        below = max(points[-1][1] + 5, below + 17)
        parts.append(f'<text x="{RIGHT + 10}" y="{below:.0f}" fill="{colour}">{label}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def by_height(rows: Rows) -> list[str]:
    """The contestants from the dearest to the cheapest, by their largest fleets."""
    last = {name: row.processor for (_hosts, name), row in sorted(rows.items()) if name in CONTESTANTS}
    return sorted(last, key=lambda name: -last[name])


def described(rows: Rows, hosts: int) -> list[str]:
    """What the plot shows, in words, for its largest fleet."""
    found = [(label, rows[hosts, name]) for name, (_colour, label) in CONTESTANTS.items() if (hosts, name) in rows]
    return [f"{label} {row.processor:.0f} for {hosts:,} hosts" for label, row in found]
