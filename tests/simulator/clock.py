# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The simulator's time: the real clock plus an offset, so that tests make tokens expire without waiting.

`skew` are the seconds by which the server's clock is ahead of all others, whatever the time is.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class Clock:
    def __init__(self) -> None:
        self._offset = timedelta()
        self.skew = 0

    def now(self) -> datetime:
        """An aware datetime in UTC."""
        return datetime.now(UTC) + self._offset + timedelta(seconds=self.skew)

    def advance(self, seconds: float) -> None:
        self._offset += timedelta(seconds=seconds)

    def reset(self) -> None:
        self._offset = timedelta()
