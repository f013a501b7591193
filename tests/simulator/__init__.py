# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A stand-in for the Management API of InfluxDB 3 Clustered and Cloud Dedicated, for tests and the demo.

Start reading at `Simulator` (server.py). Facts are those of facts.md; what it leaves open is a switch (switches.py).
"""

from __future__ import annotations

from simulator.recording import Fault, Request
from simulator.server import Simulator
from simulator.state import Database, DbToken, MgmtToken, State, Table
from simulator.switches import Switches, SwitchInfo

__all__ = [
    "Database",
    "DbToken",
    "Fault",
    "MgmtToken",
    "Request",
    "Simulator",
    "State",
    "SwitchInfo",
    "Switches",
    "Table",
]
