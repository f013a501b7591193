# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes one management token through the collection's code for influxctl, which makes lists of tokens."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ansible_collections.influxops.influxdb3.plugins.module_utils._core.entities import State
from ansible_collections.influxops.influxdb3.plugins.module_utils._core.errors import InfluxctlError
from ansible_collections.influxops.influxdb3.plugins.module_utils._influxctl.influxctl import Influxctl


def create_one(influxctl: Influxctl, description: str, expires_at: datetime | None, before: Sequence[State]) -> State:
    """Make a token and return it with its secret. Raises InfluxctlError."""
    (created,) = influxctl.create_tokens([(description, expires_at)], before, 1)
    if isinstance(created, InfluxctlError):
        raise created
    return created
