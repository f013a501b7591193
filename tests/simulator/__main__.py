# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`python -m simulator`: a server that stands alone until it is interrupted."""

from __future__ import annotations

import argparse
import json
import os
import signal
from pathlib import Path
from typing import Any

from simulator.influxctl import install
from simulator.server import Simulator
from simulator.switches import Switches


def _switches(settings: list[str]) -> Switches:
    """Return the switches of settings `NAME=VALUE`; a value is JSON, or else a bare word."""
    values: dict[str, Any] = {}
    for setting in settings:
        name, _separator, text = setting.partition("=")
        try:
            values[name] = json.loads(text)
        except ValueError:
            values[name] = text
    return Switches(**values)


def _epilog() -> str:
    lines = [f"  {s.name}={'|'.join(map(str, s.values))}  {s.fact}: {s.about}" for s in Switches.catalogue()]
    return "switches (the first value is the default):\n" + "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m simulator", description=__doc__, epilog=_epilog(), formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--product", choices=("clustered", "dedicated"), default="clustered")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0: any free port")
    parser.add_argument("--no-tls", action="store_true")
    parser.add_argument("--require-client-cert", action="store_true")
    parser.add_argument("--facts", type=Path, help="write what is printed into this file as well, and the process's ID")
    parser.add_argument("--influxctl", type=Path, help="lay influxctl's stand-in into this directory")
    parser.add_argument("--switch", action="append", default=[], metavar="NAME=VALUE")
    options = parser.parse_args()
    stop = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, stop)
    with Simulator(
        options.product,
        tls=not options.no_tls,
        switches=_switches(options.switch),
        host=options.host,
        port=options.port,
        require_client_cert=options.require_client_cert,
    ) as simulator:
        facts: dict[str, str | None] = {"url": simulator.url, "admin_token": simulator.admin_token}
        facts |= {"account_id": simulator.account_id, "cluster_id": simulator.cluster_id}
        facts |= {"ca_path": None if options.no_tls else str(simulator.ca_path)}
        print(json.dumps(facts), flush=True)
        if options.influxctl:
            install(options.influxctl)
        if options.facts:
            # Atomically, so that a program that waits for the file finds all of it.
            beside = options.facts.with_suffix(".new")
            beside.write_text(json.dumps({**facts, "pid": os.getpid()}), encoding="utf-8")
            beside.replace(options.facts)
        signal.sigwait(stop)


if __name__ == "__main__":
    main()
