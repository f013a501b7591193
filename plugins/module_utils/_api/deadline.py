# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An HTTP answer with a deadline for head and body: the timeout of a socket begins anew with each byte.

For all HTTP libraries that build on Python's own. Needs the standard library only.
"""

from __future__ import annotations

import http.client
import io
import socket
import threading
import time
from typing import Any


class _Deadline(threading.local):
    """The instant, on the monotonic clock, at which a thread stops waiting for its answer. Each thread has its own."""

    until: float | None = None


DEADLINE = _Deadline()


class _TimedStream(io.RawIOBase):
    """The bytes of a socket until an instant: the timeout of a socket begins anew with each byte."""

    def __init__(self, stream: io.RawIOBase, sock: socket.socket, until: float) -> None:
        super().__init__()
        self._stream, self._sock, self._until = stream, sock, until

    def readable(self) -> bool:
        """Say that this can be read."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Read the bytes that have arrived, or wait for some until the instant."""
        left = self._until - time.monotonic()
        if left <= 0:
            raise socket.timeout("the answer was not complete in time")
        self._sock.settimeout(left)
        return self._stream.readinto(buffer)

    def close(self) -> None:
        """Close the stream, so that nothing keeps the socket open."""
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
