# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fixtures of the tests over SSH."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fleet import Fleet
from harness.db_rotation import DbRotation
from harness.playbook import Ansible
from harness.rotation import Rotation
from simulator import Simulator


@pytest.fixture
def db_rotation(ansible: Ansible, sim: Simulator) -> Iterator[DbRotation]:
    """Three hosts that hold no database token yet."""
    with Fleet(size=3) as fleet:
        yield DbRotation(ansible, sim, fleet)


@pytest.fixture
def rotation(ansible: Ansible, sim: Simulator) -> Iterator[Rotation]:
    """Three hosts that hold no token yet."""
    with Fleet(size=3) as fleet:
        yield Rotation(ansible, sim, fleet)
