# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The signals that ask a run to end. Knows nothing of what is to be ended."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Callable

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def first_signal(handler: Callable[[int], None], afterwards: signal.Handlers) -> Iterator[None]:
    """Have the first signal that asks the process to end call `handler`; further ones are treated as `afterwards` says.

    One that is ignored stays so: who starts a run under nohup wants that.
    """
    previous = {number: signal.getsignal(number) for number in _ENDING}
    handled = [number for number, old in previous.items() if old is not signal.SIG_IGN]

    def handle(number: int, frame: Any) -> None:
        for other in handled:
            signal.signal(other, afterwards)
        handler(number)

    for number in handled:
        signal.signal(number, handle)
    try:
        yield
    finally:
        for number in handled:
            signal.signal(number, previous[number])
