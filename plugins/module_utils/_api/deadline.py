# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An HTTP answer that is there, head and body, at an instant: the timeout of a socket begins anew with each byte.

For whatever HTTP library builds on Python's own. Needs the standard library only.
"""

from __future__ import annotations

import http.client
import io
import socket
import threading
import time
from typing import Any


class _Deadline(threading.local):
    """When the answer that a thread waits for must be there, on the monotonic clock. Each thread waits for one."""

    until: float | None = None


DEADLINE = _Deadline()


class _TimedStream(io.RawIOBase):
    """What comes over a socket until an instant: the timeout of a socket begins anew with each byte."""

    def __init__(self, stream: io.RawIOBase, sock: socket.socket, until: float) -> None:
        super().__init__()
        self._stream, self._sock, self._until = stream, sock, until

    def readable(self) -> bool:
        """Say that this can be read."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Read what is there, or wait for it until the instant."""
        left = self._until - time.monotonic()
        if left <= 0:
            raise socket.timeout("the answer was not complete in time")
        self._sock.settimeout(left)
        return self._stream.readinto(buffer)

    def close(self) -> None:
        """Close the stream, and with it what keeps the socket open."""
        self._stream.close()
        super().close()


class TimedResponse(http.client.HTTPResponse):
    """An answer, head and body, that ends at the thread's deadline."""

    def __init__(self, sock: socket.socket, *arguments: Any, **options: Any) -> None:
        super().__init__(sock, *arguments, **options)
        until = DEADLINE.until
        if until is not None:
            raw: Any = self.fp.detach()
            self.fp: Any = io.BufferedReader(_TimedStream(raw, sock, until))
