# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Measures one task for a whole cluster against loops and against a bare program; see `python -m bench --help`.

The contestants of a case take turns, so that none gains from what the machine does besides, and face the same server in
a process of its own. What is printed are medians. Everything takes hours, nearly all of them for the two loops at 1,000
databases: it can be measured in pieces, which --add puts together.
"""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.contestants import SCENARIOS, TASKS, WITH_TABLES, WITH_TOKENS, Contest, Measured, Server
from bench.report import Row, load, plot, save, table
from harness import install

FIXED = ("ping", "no-op", "empty cluster")
LOOPS = ("uri loop", "database loop")
IMAGES = install.CHECKOUT / "docs" / "images"


@dataclass(frozen=True)
class Case:
    """Something to be measured by its contestants, by each of them so many times."""

    milliseconds: int
    number: int
    scenario: str
    times: dict[str, int]


def numbers(text: str) -> list[int]:
    """The numbers of a list such as 50,200,1000."""
    return [int(one) for one in filter(None, text.split(","))]


def words(text: str) -> list[str]:
    """The words of a list such as create,no change."""
    return text.split(",")


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    """What the words ask for, which are those of the command line if none are given."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one small size, one latency: under two minutes")
    parser.add_argument("--sizes", type=numbers, default=[50, 200, 1000], help="numbers of databases")
    parser.add_argument("--latencies", type=numbers, default=[0, 20, 50], help="of the server, in milliseconds")
    parser.add_argument("--times", type=int, default=3, help="runs of each, of which the median counts")
    parser.add_argument("--loop-times", type=int, default=3, help="the same for the two loops, which take long")
    parser.add_argument("--contestants", type=words, default=list(TASKS), help="some of them")
    parser.add_argument(
        "--largest", type=numbers, default=[2000, 5000, 10000], help="sizes that only cluster is run at"
    )
    parser.add_argument("--scenarios", type=words, default=list(SCENARIOS), help="some of the three")
    parser.add_argument("--add", action="store_true", help="keep what build/bench.json holds")
    parser.add_argument("--output", type=Path, help="directory for bench.txt and bench.png; default: docs/images")
    options = parser.parse_args(given)
    # What the README shows is no quick look.
    options.output = options.output or (install.CHECKOUT / "build" / "bench" if options.quick else IMAGES)
    if options.quick:
        options.sizes, options.latencies, options.largest, options.loop_times = [20], [0], [], 1
    return options


def cases(options: argparse.Namespace) -> Iterator[Case]:
    """What is to be measured, at the largest size with the fixed costs."""
    for milliseconds in options.latencies:
        for number in options.sizes:
            for scenario in options.scenarios:
                fixed = FIXED if number == max(options.sizes) else ()
                tokens = WITH_TOKENS if scenario == "no change" else ()
                # The bare program can only make tables, because it can't list them.
                tables = {"create": WITH_TABLES, "no change": WITH_TABLES[:3]}.get(scenario, ()) if fixed else ()
                yield case(
                    options, milliseconds, number, scenario, (*fixed, *tokens, *tables, "cluster", "floor", *LOOPS)
                )
    for number in options.largest:
        for scenario in ("create", "no change"):
            yield case(options, 0, number, scenario, ("cluster",))


def case(
    options: argparse.Namespace, milliseconds: int, number: int, scenario: str, contestants: Sequence[str]
) -> Case:
    """One case, with those of the contestants that are asked for."""
    chosen = [name for name in TASKS if name in contestants and name in options.contestants]
    times = {name: options.loop_times if name in LOOPS else options.times for name in chosen}
    return Case(milliseconds, number, scenario, times)


def measure(options: argparse.Namespace, workdir: Path) -> Iterator[Row]:
    """Measure all cases, and say after each how it went."""
    collections = install.install(install.build(workdir / "build"), workdir / "collections")
    contest = Contest(collections, workdir)
    for case in cases(options):
        with Server(case.milliseconds / 1000) as server:
            runs: dict[str, list[Measured]] = {name: [] for name in case.times}
            for turn in range(max(case.times.values(), default=0)):
                order = list(runs) if turn % 2 == 0 else list(reversed(runs))
                for name in order:
                    if turn < case.times[name]:
                        runs[name].append(contest.run(name, server, case.number, case.scenario))
        for name, found in runs.items():
            row = Row(case.milliseconds, case.number, case.scenario, name, found)
            print(row, flush=True)
            yield row


def main() -> None:
    """Measure, print, draw."""
    options = arguments()
    options.output.mkdir(parents=True, exist_ok=True)
    # Every single run, for --add: too much to keep in the repository.
    runs = install.CHECKOUT / "build" / "bench.json"
    runs.parent.mkdir(exist_ok=True)
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
