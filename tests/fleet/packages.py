# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What InfluxData's servers hold: release archives, made of influxctl's stand-in, on a web server."""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread

from simulator.influxctl import install

ARCHITECTURES = ("x86_64", "arm64")


def program(version: str, *, really: str | None = None) -> bytes:
    """The stand-in of a version; `really` is the one that it says it is."""
    with TemporaryDirectory() as directory:
        return install(directory, version=really or version).read_bytes()


def archive(directory: Path, version: str, architecture: str = "x86_64", *, content: bytes | None = None) -> Path:
    """Write an archive with the name and the layout of InfluxData's releases; return its path."""
    name = f"influxctl-v{version}-linux-{architecture}"
    path = directory / f"{name}.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        add(tar, f"{name}/README.md", b"influxctl\n", mode=0o644)
        add(tar, f"{name}/influxctl", program(version) if content is None else content)
    return path


def checksum(path: Path) -> str:
    """The checksum of a file as Ansible wants it."""
    return f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"


def add(tar: tarfile.TarFile, name: str, content: bytes, mode: int = 0o755) -> None:
    """Put a file into an archive."""
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), mode
    tar.addfile(entry, io.BytesIO(content))


class WebServer(ThreadingHTTPServer):
    """Serves a directory on the loopback device; `paths` are what it was asked for, in order."""

    def __init__(self, directory: Path) -> None:
        self.paths: list[str] = []
        super().__init__(("127.0.0.1", 0), partial(_Handler, directory=str(directory)))

    @property
    def url(self) -> str:
        """Its address, without a slash at the end."""
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(SimpleHTTPRequestHandler):
    server: WebServer

    def log_message(self, format: str, *args: object) -> None:
        """Keep the path instead of writing to stderr."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        self.server.paths.append(self.path)


@contextmanager
def web_server(directory: Path) -> Iterator[WebServer]:
    """Serve a directory until the end of the block."""
    with WebServer(directory) as server:
        thread = Thread(target=server.serve_forever, name="web server")
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
