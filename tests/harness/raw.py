# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A server whose answers break the rules of HTTP."""

from __future__ import annotations

import contextlib
import socket
import threading


class Raw:
    """A server that sends bytes as they are. It repeats an endless part until the client closes the connection.

    `pause` is in seconds between two repetitions. `sent` counts their bytes, `connections` the connections.
    """

    def __init__(self, first: bytes, endless: bytes = b"", pause: float = 0) -> None:
        self.first, self.endless, self.pause = first, endless, pause
        self.sent, self.connections = 0, 0
        self._ended = threading.Event()
        self._server = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.getsockname()[1]}"

    def __enter__(self) -> Raw:
        self._thread.start()
        return self

    def __exit__(self, *_problem: object) -> None:
        self._ended.set()
        with contextlib.suppress(OSError), socket.create_connection(self._server.getsockname()):
            pass
        self._thread.join()
        self._server.close()

    def _serve(self) -> None:
        while not self._ended.is_set():
            connection, _address = self._server.accept()
            self.connections += 1
            with connection, contextlib.suppress(OSError):
                # All of it: what is left unread when a connection is closed makes it a reset.
                request = part = connection.recv(65536)
                while part and b"POST" in request and not request.endswith(b"{}"):
                    part = connection.recv(65536)
                    request += part
                connection.sendall(self.first)
                while self.endless and not self._ended.wait(self.pause):
                    connection.sendall(self.endless)
                    self.sent += len(self.endless)
