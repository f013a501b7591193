# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The benchmark still runs: every contestant does its work and sends the requests that it has to, and no more."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.__main__ import arguments, measure
from bench.report import load, save, table
from harness.install import CHECKOUT

CREATE = {
    **{"ping": 0, "no-op": 0, "empty cluster": 0, "cluster": 1 + 5, "floor": 1 + 5},
    **{"uri loop": 1 + 5, "database loop": 2 * 5},
}
NO_CHANGE = {"cluster": 1, "cluster + tokens": 2, "no-op + tokens": 0, "uri loop": 1, "database loop": 5}


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
