# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Measures one task for a whole cluster against loops and against a bare program; see `python -m bench --help`.

The contestants take turns, so that none gains from what the machine does besides, and face the same server in a process
of its own. What is printed are medians.
"""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.contestants import SCENARIOS, TASKS, Contest, Measured, Server
from bench.report import Row, load, plot, save, table
from harness import install

FIXED = ("ping", "empty cluster")
LOOPS = ("uri loop", "database loop")
IMAGES = install.CHECKOUT / "docs" / "images"


@dataclass(frozen=True)
class Case:
    """Something to be measured by all of its contestants, so many times."""

    milliseconds: int
    number: int
    scenario: str
    contestants: tuple[str, ...]
    times: int


def numbers(text: str) -> list[int]:
    """The numbers of a list such as 50,200,1000."""
    return [int(one) for one in filter(None, text.split(","))]


def words(text: str) -> list[str]:
    """The words of a list such as create,no change."""
    return text.split(",")


def arguments() -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one small size, one latency: under two minutes")
    parser.add_argument("--long", action="store_true", help="the loop of database at all sizes: half an hour more")
    parser.add_argument("--sizes", type=numbers, default=[50, 200, 1000], help="numbers of databases")
    parser.add_argument("--latencies", type=numbers, default=[0, 20, 50], help="of the server, in milliseconds")
    parser.add_argument("--times", type=int, default=3, help="runs of each, of which the median counts")
    parser.add_argument("--loop-sizes", type=numbers, default=[50, 200, 1000], help="sizes for the two loops")
    parser.add_argument("--loop-latencies", type=numbers, default=[20], help="latencies for the two loops")
    parser.add_argument("--loop-times", type=int, default=3, help="runs of each loop below 200 databases; above, one")
    parser.add_argument(
        "--largest", type=numbers, default=[2000, 5000, 10000], help="sizes that only cluster is run at"
    )
    parser.add_argument("--scenarios", type=words, default=list(SCENARIOS), help="some of the three")
    parser.add_argument("--loops", type=words, default=list(LOOPS), help="one of the two")
    parser.add_argument("--add", action="store_true", help="keep what bench.json in the output directory holds")
    parser.add_argument("--output", type=Path, help="directory for bench.txt, .json and .png; default: docs/images")
    options = parser.parse_args()
    # What the README shows is no quick look.
    options.output = options.output or (install.CHECKOUT / "build" / "bench" if options.quick else IMAGES)
    if options.quick:
        options.sizes, options.latencies, options.largest = [20], [0], []
        options.loop_sizes, options.loop_latencies, options.loop_times = [20], [0], 1
    return options


def cases(options: argparse.Namespace) -> Iterator[Case]:
    """What is to be measured, at the largest size with the fixed costs."""
    for milliseconds in options.latencies:
        for number in options.sizes:
            for scenario in options.scenarios:
                fixed = FIXED if number == max(options.sizes) else ()
                tokens = ("no-op", "cluster + tokens") if scenario == "no change" else ()
                contestants = (*fixed, "cluster", *tokens, "floor")
                yield Case(milliseconds, number, scenario, contestants, options.times)
    for number in options.largest:
        for scenario in ("create", "no change"):
            yield Case(0, number, scenario, ("cluster",), options.times)
    for number in options.loop_sizes:
        for milliseconds in options.loop_latencies:
            for scenario in options.scenarios:
                loops = tuple(loop for loop in options.loops if options.long or is_worth_it(loop, number, scenario))
                yield Case(milliseconds, number, scenario, loops, options.loop_times if number < 200 else 1)


def is_worth_it(loop: str, number: int, scenario: str) -> bool:
    """Whether a loop is to be measured: that of `database` starts as many modules whatever there is to do."""
    return loop == "uri loop" or (scenario == "create" and number < 1000)


def measure(options: argparse.Namespace, workdir: Path) -> Iterator[Row]:
    """Measure all cases, and say after each how it went."""
    collections = install.install(install.build(workdir / "build"), workdir / "collections")
    contest = Contest(collections, workdir)
    for case in cases(options):
        with Server(case.milliseconds / 1000) as server:
            runs: dict[str, list[Measured]] = {name: [] for name in TASKS if name in case.contestants}
            for turn in range(case.times):
                order = list(runs) if turn % 2 == 0 else list(reversed(runs))
                for name in order:
                    runs[name].append(contest.run(name, server, case.number, case.scenario))
        for name, found in runs.items():
            row = Row(case.milliseconds, case.number, case.scenario, name, found)
            print(row, flush=True)
            yield row


def main() -> None:
    """Measure, print, draw."""
    options = arguments()
    options.output.mkdir(parents=True, exist_ok=True)
    runs = options.output / "bench.json"
    rows = {row.key: row for row in load(runs)} if options.add else {}
    with tempfile.TemporaryDirectory(prefix="influxdb3-bench-") as directory:
        for row in measure(options, Path(directory)):
            rows[row.key] = row
            # At once: who is interrupted after twenty minutes goes on with --add.
            save(list(rows.values()), runs)
    machine = f"Python {platform.python_version()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the end"
    text = table(list(rows.values()), machine)
    print(text)
    (options.output / "bench.txt").write_text(text)
    plot(list(rows.values()), options.output / "bench.png")


if __name__ == "__main__":
    main()
