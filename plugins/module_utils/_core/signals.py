# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The signals that ask a run to end. Callers say what the first one does."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Callable, NoReturn

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class _Hold:
    """Whether signals wait, and what to do about one that came meanwhile."""

    def __init__(self) -> None:
        self.is_on = False
        self.late: Callable[[], None] | None = None


_HOLD = _Hold()


@contextmanager
def first_signal(handler: Callable[[int], None], afterwards: signal.Handlers) -> Iterator[None]:
    """Have the first signal that asks the process to end call `handler`; further ones are treated as `afterwards` says.

    An ignored signal stays ignored: whoever starts a run under nohup wants that.
    """
    previous = {number: signal.getsignal(number) for number in _ENDING}
    handled = [number for number, old in previous.items() if old is not signal.SIG_IGN]

    def handle(number: int, frame: Any) -> None:
        for other in handled:
            signal.signal(other, afterwards)
        if _HOLD.is_on:
            _HOLD.late = lambda: handler(number)
        else:
            handler(number)

    for number in handled:
        signal.signal(number, handle)
    try:
        yield
    finally:
        for number in handled:
            signal.signal(number, previous[number])


@contextmanager
def held_back() -> Iterator[None]:
    """Have signals wait for the end of the block, so that none comes between the making of a thing and its keeping.

    Only the main thread handles signals, so nothing is done in another one.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    _HOLD.is_on = True
    try:
        yield
    finally:
        _HOLD.is_on = False
        late, _HOLD.late = _HOLD.late, None
        if late is not None:
            late()


def orderly_end() -> AbstractContextManager[None]:
    """Have signals end the process through the finally clauses, which nothing interrupts."""
    return first_signal(_end, signal.SIG_IGN)


def _end(number: int) -> NoReturn:
    """Leave through the finally clauses."""
    raise SystemExit(128 + number)
