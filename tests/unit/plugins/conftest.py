# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The simulator that the tests of single files share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from simulator import Simulator


@pytest.fixture(scope="session")
def _clustered() -> Iterator[Simulator]:
    with Simulator(tls=False) as sim:
        yield sim


@pytest.fixture
def sim(_clustered: Simulator) -> Simulator:
    """A Clustered Management API over plain HTTP, empty; whoever finds a violation of the contract fails."""
    _clustered.reset()
    return _clustered
