# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pauses between requests: before another attempt, and those that all workers share. Sends nothing."""

from __future__ import annotations

import contextlib
import threading
import time
from datetime import datetime
from email.utils import parsedate_to_datetime

_LONGEST_PAUSE = 60.0
# The seconds that a pause may go on after the run is to stop.
_GLANCE = 0.25


def pause(attempt: int, retry_after: str | None, now: datetime, jitter: float) -> float:
    """Return the seconds to wait before attempt number `attempt` + 1 (counted from 1).

    `retry_after` is the header's text (seconds or an HTTP date) and wins; otherwise the pause doubles from 0.2 s.
    `jitter` is between 0 and 1 and shortens the pause by up to a half. Never more than 60 s.
    """
    seconds: float = 0.2 * 2 ** min(attempt - 1, 16) * (1 - jitter / 2)
    if retry_after:
        try:
            seconds = float(retry_after)
        except ValueError:
            with contextlib.suppress(TypeError, ValueError, OverflowError):
                seconds = (parsedate_to_datetime(retry_after) - now).total_seconds()
    return min(max(0.0, seconds), _LONGEST_PAUSE)  # in this order, so that the header "nan" becomes 0


class Throttle:
    """The state that all workers of a run share: the pause that the server wants, its answers, and the stop.

    A server that refuses one request with 429 or 503 refuses the next one as well, whoever sends it. So nobody sends
    anything before the pause is over.
    """

    def __init__(self) -> None:
        self._until = 0.0
        self._lock = threading.Lock()
        self.answered = 0
        """The number of requests that the server did not refuse; callers only see whether it grows."""
        self.stopped = ""
        """The reason why the run is to stop. Pauses end at once then, and no request is sent again."""
        self.silent: set[str] = set()
        """Base URLs of data planes where a run has waited for a new token in vain."""

    def hold(self, seconds: float) -> None:
        """Have all workers wait for that time."""
        with self._lock:
            self._until = max(self._until, time.monotonic() + seconds)

    def wait(self) -> None:
        """Wait until the pause is over, also where it has been prolonged meanwhile."""
        while not self.stopped and (left := self._until - time.monotonic()) > 0:
            self.nap(left)

    def nap(self, seconds: float) -> None:
        """Sleep, unless the run is to stop."""
        while seconds > 0 and not self.stopped:
            part = min(seconds, _GLANCE)
            time.sleep(part)
            seconds -= part
