# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Does something to runs at the moment at which the simulator's fault strikes them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from simulator import Fault

Result = TypeVar("Result")


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


def together(fault: Fault, runs: Sequence[Callable[[], Result]]) -> list[Result]:
    """Make runs at once, none of which goes on before the fault, which holds them, has struck each; return the results.

    They come in the order in which the runs end. If one ends before that, the others go on, and the test fails by what
    it asserts.
    """
    results: list[Result] = []
    threads = [threading.Thread(target=lambda run: results.append(run()), args=(run,)) for run in runs]
    for thread in threads:
        thread.start()
    while fault.fired < len(threads) and all(map(threading.Thread.is_alive, threads)):
        threads[0].join(0.005)
    fault.release()
    for thread in threads:
        thread.join()
    return results
