# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lets ``with`` blocks clean up on SIGTERM and SIGHUP as they do on Ctrl-C, and finish once they have begun."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import FrameType
from typing import NoReturn

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def _exit(number: int, frame: FrameType | None) -> NoReturn:
    raise SystemExit(128 + number)


@contextmanager
def _handlers(chosen: dict[signal.Signals, object]) -> Iterator[None]:
    # What signal.signal returned is what it takes; its type has no name.
    before = {number: signal.signal(number, handler) for number, handler in chosen.items()}  # type: ignore[arg-type]
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _may_set() -> bool:
    # Python runs handlers, and lets them be set, in the main thread alone.
    return threading.current_thread() is threading.main_thread()


@contextmanager
def termination_as_exit() -> Iterator[None]:
    """SIGTERM and SIGHUP raise SystemExit(128 + number), unless the program already does something with them."""
    free = [number for number in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(number) is signal.SIG_DFL]
    with _handlers(dict.fromkeys(free, _exit) if _may_set() else {}):
        yield


@contextmanager
def orderly_exit() -> Iterator[ExitStack]:
    """An ExitStack that the three signals unwind, and that they can't interrupt once it unwinds."""
    with termination_as_exit():
        stack = ExitStack()
        try:
            yield stack
        finally:
            with undisturbed():
                stack.close()


@contextmanager
def undisturbed() -> Iterator[None]:
    """SIGINT, SIGTERM and SIGHUP have no effect: an impatient second Ctrl-C must not cut a clean-up short."""
    with _handlers(dict.fromkeys(_ENDING, signal.SIG_IGN) if _may_set() else {}):
        yield
