# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The SSH server of one host: runs commands in the host's environment and moves files."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import asyncssh

_CHUNK = 65536  # bytes


@dataclass
class Sshd:
    """Serves one host on a loopback port that stays its own from `reserve` to `release`.

    Attributes:
        home: where commands start and what relative paths of file transfers begin at.
        environment: all that commands find in their environment.
        host_key: what the host proves itself with; user_key: the public key that is let in, under any user name.
        executions: every command asked for, oldest first; "" stands for a shell.
        answers: all that commands have written to stdout and stderr.
        observer: called before a command starts and after it has ended.
    """

    home: Path
    environment: Mapping[str, str]
    host_key: asyncssh.SSHKey
    user_key: asyncssh.SSHKey
    executions: list[str] = field(default_factory=list)
    answers: bytearray = field(default_factory=bytearray, repr=False)
    observer: Callable[[], None] = lambda: None
    _reservation: socket.socket | None = None
    _acceptor: asyncssh.SSHAcceptor | None = None
    _connections: set[asyncssh.SSHServerConnection] = field(default_factory=set)
    _sessions: set[asyncio.Task[None]] = field(default_factory=set)

    def reserve(self) -> int:
        """Take a free port and return it. Bound without listening, it refuses connections and nobody else gets it."""
        self._reservation = _bound_socket(0)
        return self.port

    def release(self) -> None:
        """Give the port back."""
        if self._reservation is not None:
            self._reservation.close()

    @property
    def port(self) -> int:
        """The port taken by `reserve`."""
        assert self._reservation is not None
        port: int = self._reservation.getsockname()[1]
        return port

    async def start(self) -> None:
        """Listen; does nothing when it already does."""
        if self._acceptor is not None:
            return
        self._acceptor = await asyncssh.listen(
            sock=_bound_socket(self.port),
            server_factory=lambda: _Login(self),
            server_host_keys=[self.host_key],
            process_factory=self._session,
            sftp_factory=lambda channel: _HomeSFTP(channel, self.home),
            encoding=None,
            line_editor=False,
            # Both ends share two cores, and nothing is gained by compressing for the loopback device.
            compression_algs=["none"],
        )

    async def stop(self) -> None:
        """Close the port, cut the connections and kill what they run; returns when all of it has ended."""
        if self._acceptor is None:
            return
        self._acceptor.close()
        for connection in list(self._connections):
            connection.abort()
        await self._acceptor.wait_closed()
        await asyncio.gather(*(connection.wait_closed() for connection in self._connections))
        await asyncio.gather(*self._sessions, return_exceptions=True)
        self._acceptor = None

    async def _session(self, process: asyncssh.SSHServerProcess[bytes]) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._sessions.add(task)
        task.add_done_callback(self._sessions.discard)
        self.executions.append(process.command or "")
        self.observer()
        child = await self._spawn(process)
        returncode = await _outcome(process, child, self.answers)
        self.observer()
        if returncode < 0:
            process.exit_with_signal(signal.Signals(-returncode).name.removeprefix("SIG"))
        else:
            process.exit(returncode)
        await process.wait_closed()

    async def _spawn(self, process: asyncssh.SSHServerProcess[bytes]) -> asyncio.subprocess.Process:
        """Start what the client asks for as the leader of a session of its own.

        Who asks for a terminal gets none, but finds stderr in stdout as a terminal has it.
        """
        command = ["/bin/sh", "-c", process.command] if process.command else ["/bin/sh"]
        return await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE if process.term_type is None else asyncio.subprocess.STDOUT,
            cwd=self.home,
            env=self.environment,
            start_new_session=True,
        )


# asyncssh's own redirection is not used: it loses the end of a stream that it had to pause, and drops the connection
# of a command that doesn't read all of its stdin.
async def _outcome(
    process: asyncssh.SSHServerProcess[bytes], child: asyncio.subprocess.Process, answers: bytearray
) -> int:
    """The child's return code, after its last output; its process group is killed when the channel closes first."""

    async def end() -> None:
        streams = ((child.stdout, process.stdout), (child.stderr, process.stderr))
        await asyncio.gather(*(_send(output, channel, answers) for output, channel in streams))
        await child.wait()

    feeding = asyncio.create_task(_feed(process.stdin, child.stdin))
    ended = asyncio.create_task(end())
    cut = asyncio.create_task(process.channel.wait_closed())
    await asyncio.wait({ended, cut}, return_when=asyncio.FIRST_COMPLETED)
    if cut.done():
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
    for task in (feeding, ended, cut):
        task.cancel()
    # A broken pipe is among the exceptions, where a command doesn't read all of its stdin.
    await asyncio.gather(feeding, ended, cut, return_exceptions=True)
    return await child.wait()


async def _feed(channel: asyncssh.SSHReader[bytes], stdin: asyncio.StreamWriter | None) -> None:
    assert stdin is not None
    while data := await channel.read(_CHUNK):
        stdin.write(data)
        await stdin.drain()
    stdin.close()


async def _send(output: asyncio.StreamReader | None, channel: asyncssh.SSHWriter[bytes], answers: bytearray) -> None:
    while output is not None and (data := await output.read(_CHUNK)):
        answers += data
        channel.write(data)
        await channel.drain()


@dataclass
class _Login(asyncssh.SSHServer):
    """Lets in whoever holds the user key, and notes the connection."""

    sshd: Sshd

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn
        self.sshd._connections.add(conn)

    def connection_lost(self, exc: Exception | None) -> None:
        self.sshd._connections.discard(self._connection)

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        return key.public_data == self.sshd.user_key.public_data


class _HomeSFTP(asyncssh.SFTPServer):
    """Relative paths begin at the host's home, as they do on a machine with one user."""

    def __init__(self, channel: asyncssh.SSHServerChannel[bytes], home: Path) -> None:
        super().__init__(channel)
        self._home = os.fsencode(home)

    def map_path(self, path: bytes) -> bytes:
        return os.path.join(self._home, path)

    def exit(self) -> None:
        # scp reports a failure when the server ends without a status, as asyncssh's does.
        self.channel.exit(0)


def _bound_socket(port: int) -> socket.socket:
    bound = socket.socket()
    # SO_REUSEADDR lets a listening socket join the one that reserves the port.
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind(("127.0.0.1", port))
    return bound
