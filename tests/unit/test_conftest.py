# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What holds for every test: a limit of time, and examples that can be repeated."""

from __future__ import annotations

import pytest
from hypothesis import settings

from harness.install import CHECKOUT


def test_no_test_can_hang_for_ever(request: pytest.FixtureRequest) -> None:
    """Neither one that waits, which a signal ends, nor one that doesn't listen to signals."""
    config = request.config
    everyone = float(config.getini("timeout"))
    assert config.pluginmanager.hasplugin("timeout")
    assert 0 < everyone < config.getini("faulthandler_timeout")
    assert config.getini("faulthandler_exit_on_timeout")
    for item in request.session.items:
        marker = item.get_closest_marker("timeout")
        assert marker is None or 0 < marker.args[0] < config.getini("faulthandler_timeout"), item.nodeid


def test_examples_are_the_same_unless_a_seed_is_given(request: pytest.FixtureRequest) -> None:
    """Which is printed then, with all else that a failure is repeated with."""
    config = request.config
    seed = config.getoption("--hypothesis-seed")
    usual, nightly = (settings.get_profile(name) for name in ("influxdb3", "nightly"))
    assert settings().derandomize == (seed is None)
    assert (usual.derandomize, nightly.derandomize, nightly.print_blob) == (True, False, True)
    assert nightly.max_examples > 30
    header = config.pluginmanager.getplugin(str(CHECKOUT / "tests" / "conftest.py")).pytest_report_header(config)
    assert any(line.endswith("always the same" if seed is None else f"--hypothesis-seed={seed}") for line in header)


def test_the_nightly_run_gives_a_seed() -> None:
    """Each session that is only in `make test-all` and runs examples."""
    noxfile = (CHECKOUT / "noxfile.py").read_text(encoding="utf-8")
    assert noxfile.count("other_examples()") == 4, "the definition, each cell of the matrix, and two complete sessions"
