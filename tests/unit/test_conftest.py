# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What holds for every test: a limit of time."""

from __future__ import annotations

import pytest


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
