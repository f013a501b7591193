# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A program that may neither print without end nor take longer than its time. Knows nothing of influxctl."""

from __future__ import annotations

import os
import selectors
import subprocess
import time

# Bytes that a program may print on both streams together. The list of 20,000 tokens has some 8 MB.
MOST = 20_000_000
# How much of the beginning of each stream is kept of a program that prints more.
_KEPT = 1_000_000
_BLOCK = 65_536


class TooMuchOutput(Exception):
    """The program printed more than it may. `stdout` and `stderr` hold the beginning."""

    def __init__(self, stdout: bytes, stderr: bytes) -> None:
        super().__init__(f"more than {MOST} bytes")
        self.stdout, self.stderr = stdout, stderr


class Process(subprocess.Popen[bytes]):
    """A program with pipes for both of its streams, which nobody else reads.

    Unlike its parent's, `communicate` reads no further once it has more than MOST bytes, and its timeout covers the
    whole time until the last byte is read and the program has ended.
    """

    _printed: tuple[bytearray, bytearray] | None = None

    def communicate(self, input: bytes | None = None, timeout: float | None = None) -> tuple[bytes, bytes]:
        """Return what the program printed on stdout and stderr. `timeout` is in seconds, None for no end.

        `input` is there because the parent has it; nothing is ever sent. Raises TooMuchOutput, and TimeoutExpired,
        after which this may be called again.
        """
        self._printed = self._printed or (bytearray(), bytearray())
        ends = time.monotonic() + (timeout if timeout is not None else float("inf"))
        with selectors.DefaultSelector() as selector:
            for pipe, printed in zip((self.stdout, self.stderr), self._printed):
                if pipe is not None and not pipe.closed:
                    selector.register(pipe, selectors.EVENT_READ, printed)
            while selector.get_map():
                for key, _events in selector.select(self._left(ends, timeout)):
                    block = os.read(key.fd, _BLOCK)
                    key.data.extend(block)
                    if not block:
                        selector.unregister(key.fileobj)
                        key.fileobj.close()  # type: ignore[union-attr]
                    if sum(map(len, self._printed)) > MOST:
                        raise TooMuchOutput(*(bytes(printed[:_KEPT]) for printed in self._printed))
        try:
            self.wait(self._left(ends, timeout))
        except subprocess.TimeoutExpired:
            self._left(float("-inf"), timeout)
        stdout, stderr = map(bytes, self._printed)
        return stdout, stderr

    def let_go(self) -> None:
        """Close the pipes, also where somebody keeps their other ends open."""
        for pipe in filter(None, (self.stdout, self.stderr)):
            pipe.close()

    def _left(self, ends: float, timeout: float | None) -> float | None:
        """Return the seconds that are left, None for no end. Raises TimeoutExpired where none are left."""
        if timeout is None:
            return None
        left = ends - time.monotonic()
        if left <= 0:
            raise subprocess.TimeoutExpired(self.args, timeout, *map(bytes, self._printed or ()))
        return left
