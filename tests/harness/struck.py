# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Does something to a run at the moment at which the simulator's fault strikes it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from simulator import Fault


@contextmanager
def once_struck(fault: Fault, times: int, act: Callable[[], None]) -> Iterator[None]:
    """Call `act` in a thread as soon as the fault has struck so often, while the block runs.

    A block that ends before that has nothing done to it, so that the test goes on and fails by what it asserts.
    """
    over = threading.Event()

    def watch() -> None:
        while fault.fired < times:
            if over.wait(0.005):
                return
        act()

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
