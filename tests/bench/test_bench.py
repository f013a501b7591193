# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The benchmark still runs: every contestant does its work and sends the requests that it has to, and no more."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from bench.__main__ import arguments, measure
from bench.fleet import ORDER
from bench.fleet import measure as measure_fleet
from bench.fleet_report import Measured, Row, goals, svg, text
from bench.fleet_report import load as load_fleet
from bench.fleet_report import save as save_fleet
from bench.report import load, save, table
from harness.install import CHECKOUT

CREATE = {
    # The collection looks for tokens that a new database's name gives access to it.
    **{"ping": 0, "no-op": 0, "empty cluster": 0, "cluster": 1 + 5 + 1, "floor": 1 + 5},
    **{"uri loop": 1 + 5, "database loop": 3 * 5},
    # With influxctl, the tables of five databases are listed.
    **{"no-op tables": 0, "cluster tables": 1 + 5, "cluster tables + lookup": 1 + 5 + 5, "floor tables": 1 + 5},
}
NO_CHANGE = {
    "cluster tables": 1 + 5,
    "cluster tables + lookup": 1 + 5,
    "cluster": 1,
    "cluster + tokens": 2,
    "no-op + tokens": 0,
    "uri loop": 1,
    "database loop": 5,
}


@pytest.mark.complete
def test_every_contestant_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(CHECKOUT / "tests"))
    options = arguments(["--sizes", "5", "--latencies", "0", "--times", "1", "--loop-times", "1", "--largest", ""])
    rows = list(measure(options, tmp_path))
    requests = {(row.scenario, row.contestant): row.requests for row in rows}
    assert {name: requests["create", name] for name in CREATE} == CREATE
    assert {name: requests["no change", name] for name in NO_CHANGE} == NO_CHANGE
    save(rows, tmp_path / "bench.json")
    assert json.loads((tmp_path / "bench.json").read_text())
    assert load(tmp_path / "bench.json") == rows
    assert "0 ms, 5, create, uri loop:" in table(rows, "here")


@pytest.mark.complete
def test_every_contestant_of_a_fleet_runs(tmp_path: Path, collection_root: Path) -> None:
    rows = measure_fleet(2, 1, 2, collection_root, tmp_path)
    assert {row.contestant for row in rows.values()} == set(ORDER)
    save_fleet(rows, tmp_path / "fleet.json")
    assert load_fleet(tmp_path / "fleet.json") == rows


def test_a_fleet_s_figures_are_told_and_drawn() -> None:
    seconds = {"ping": 1.0, "copy": 2.0, "nothing to do": 1.2, "audit": 1.3, "forced": 3.5, "forced db tokens": 3.0}
    rows = {
        (size, name): Row(size, name, [Measured(size * cost, size * cost, 50.0 + size / 10, size)])
        for size in (50, 200, 1000)
        for name, cost in seconds.items()
    }
    assert "200 hosts, forced: 3.50 ping (goal: 3.0)" in goals(rows)
    assert "forced: a host costs 1.00 times as much of 1000 as of 50 (goal: 1)" in goals(rows)
    assert "  200  forced              700.0     700.0   3.50" in text(rows, "here")
    picture = ET.fromstring(svg(rows))
    lines = picture.findall("{http://www.w3.org/2000/svg}polyline")
    assert [len(line.attrib["points"].split()) for line in lines] == [3] * 6
    assert svg({key: row for key, row in rows.items() if key[0] == 50})
