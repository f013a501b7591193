# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The world of a molecule scenario: three hosts behind SSH, a simulated cluster, a mirror with releases of influxctl.

`world.py start DIRECTORY` returns when all of it runs and DIRECTORY/world.yml says how to reach it, as an inventory
with variables; `world.py stop DIRECTORY` returns when all of it has ended.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "tests"))

from fleet import Fleet
from fleet.packages import archive, checksum, web_server
from harness.plays import connection
from simulator import Simulator
from simulator.influxctl import install

VERSION = "2.12.0"
READY = b"ready\n"


def start(directory: Path) -> None:
    """Run `serve` in the background, and wait until it is ready."""
    with (directory / "world.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, __file__, "serve", str(directory)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
        )
    assert process.stdout is not None
    if process.stdout.readline() != READY:
        sys.exit((directory / "world.log").read_text() or "the world has ended before it began")
    (directory / "world.pid").write_text(str(process.pid))


def serve(directory: Path) -> None:
    """Run the world until SIGTERM, which ends the fleet in good order."""
    with ExitStack() as stack:
        fleet = stack.enter_context(Fleet(size=3))
        sim = stack.enter_context(Simulator())
        mirror = fleet.directory / "mirror"
        mirror.mkdir()
        server = stack.enter_context(web_server(mirror))
        for host in fleet.hosts:
            install(host.home / "bin")
        release = archive(mirror, VERSION)
        inventory = json.loads(fleet.inventory.read_text())
        # In the group of all, so that the controller has them as well.
        inventory["all"] = {"vars": variables(sim, fleet, f"{server.url}/{release.name}", checksum(release))}
        (directory / "world.yml").write_text(json.dumps(inventory, indent=2))
        os.write(sys.stdout.fileno(), READY)
        signal.pause()


def variables(sim: Simulator, fleet: Fleet, archive_url: str, archive_checksum: str) -> dict[str, Any]:
    """What the playbooks of the scenarios need to know of the world."""
    issuer = fleet.directory / "issuer"
    issuer.mkdir()
    return {
        "world_archive": {"url": archive_url, "checksum": archive_checksum, "version": VERSION},
        "world_connection": connection(sim),
        "world_issuer_influxctl": str(install(issuer)),
        "world_profile": {
            "product": "clustered",
            "host": sim.host,
            "port": sim.port,
            "tls": {"ca": str(sim.ca_path)},
        },
        "world_secret_dir": str(fleet.directory / "secrets"),
    }


def stop(directory: Path) -> None:
    """End what `start` has begun, and wait until it has ended."""
    pid = int((directory / "world.pid").read_text())
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        handle = None
    # After a crash, the number may belong to somebody else.
    if handle is not None and str(directory).encode() in Path(f"/proc/{pid}/cmdline").read_bytes():
        signal.pidfd_send_signal(handle, signal.SIGTERM)
        select.select([handle], [], [])
    for name in ("world.pid", "world.yml"):
        (directory / name).unlink()


if __name__ == "__main__":
    {"start": start, "serve": serve, "stop": stop}[sys.argv[1]](Path(sys.argv[2]))
