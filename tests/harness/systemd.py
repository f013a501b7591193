# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A stand-in of systemctl and of telegraf on a host: a real process with the environment of its unit, that writes.

systemctl knows the one unit `telegraf.service` and its part in `etc/systemd/system/telegraf.service.d` of the host's
home. telegraf takes its token from the environment when it starts, writes a line to the data plane over and over, and
notes every status in `telegraf.log`. So a token that is revoked while telegraf still has it shows there.
"""

from __future__ import annotations

import json
import stat
import sys
from pathlib import Path

from fleet.host import Host
from simulator import Simulator

_SYSTEMCTL = r"""
import json, os, pathlib, re, signal, subprocess, sys, time

home = pathlib.Path(__file__).resolve().parents[1]
number = home / "telegraf.pid"


def running():
    try:
        return number.exists() and b"telegraf" in pathlib.Path(f"/proc/{number.read_text()}/cmdline").read_bytes()
    except OSError:
        return False


def environment():
    found = {"HOME": str(home)}
    for part in sorted((home / "etc/systemd/system/telegraf.service.d").glob("*.conf")):
        for path in re.findall(r"^EnvironmentFile=(.*)$", part.read_text(), re.M):
            for line in pathlib.Path(path.replace("{{ etc }}", f"{home}/etc")).read_text().splitlines():
                name, _equals, value = line.partition("=")
                found[name] = value
    return found


def stop():
    if running():
        pid = int(number.read_text())
        os.kill(pid, signal.SIGTERM)
        while running():
            time.sleep(0.01)


word = sys.argv[1]
if word == "show":
    print("LoadState=loaded")
    print(f"ActiveState={'active' if running() else 'inactive'}")
elif word in ("start", "restart"):
    if (home / "broken").exists():
        sys.exit("Job for telegraf.service failed.")
    stop()
    program = [sys.executable, str(home / "bin" / "telegraf"), str(home)]
    with open(os.devnull, "r+b") as nowhere:
        process = subprocess.Popen(
            program, env=environment(), stdin=nowhere, stdout=nowhere, stderr=nowhere, start_new_session=True
        )
    number.write_text(str(process.pid))
"""
_TELEGRAF = r"""
import json, os, pathlib, ssl, sys, time, urllib.error, urllib.request

home = pathlib.Path(sys.argv[1])
settings = json.loads((home / "telegraf.json").read_text())
context = ssl.create_default_context(cafile=settings["ca"]) if settings["ca"] else None
url = settings["url"] + "/api/v2/write?bucket=metrics&precision=ns"
while True:
    headers = {"Authorization": "Bearer " + os.environ["INFLUX_TOKEN"], "Content-Type": "text/plain"}
    request = urllib.request.Request(url, data=b"cpu used=1", headers=headers, method="POST")
    try:
        with urllib.request.urlopen(request, context=context) as response:
            status = response.status
    except urllib.error.HTTPError as error:
        status = error.code
    except OSError:
        status = 0
    with open(home / "telegraf.log", "a") as log:
        log.write(f"{status}\n")
    time.sleep(0.1)
"""
_SUDO = 'while [ "$1" != /bin/sh ]; do shift; done\nexec "$@"\n'


def install(host: Host, sim: Simulator) -> None:
    """Install systemctl, telegraf and a sudo that changes nobody on a host."""
    for name, code in (("systemctl", _SYSTEMCTL), ("telegraf", _TELEGRAF)):
        _program(host.home / "bin" / name, f"#!{sys.executable} -I\n{code}")
    _program(host.home / "bin" / "sudo", f"#!/bin/sh\n{_SUDO}")
    settings = {"url": sim.url, "ca": str(sim.ca_path) if sim.tls else None}
    (host.home / "telegraf.json").write_text(json.dumps(settings))


def _program(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(stat.S_IRWXU)


def statuses(host: Host) -> list[int]:
    """Return the statuses of the answers to all writes of telegraf so far, 0 for a write without an answer."""
    log = host.home / "telegraf.log"
    return [int(line) for line in log.read_text().splitlines()] if log.exists() else []


def refused(host: Host) -> list[int]:
    """Return the statuses of the writes that were refused, or that got no answer (0)."""
    return [status for status in statuses(host) if status != 204]


def token_in_use(host: Host) -> str | None:
    """Return the secret in the environment of the running telegraf, None where it doesn't run."""
    number = host.home / "telegraf.pid"
    try:
        variables = Path(f"/proc/{number.read_text()}/environ").read_bytes().split(b"\0")
    except OSError:
        return None
    return next((one.partition(b"=")[2].decode() for one in variables if one.startswith(b"INFLUX_TOKEN=")), None)


def allow_restart(host: Host, *, allowed: bool) -> None:
    """Have telegraf's unit fail to start from now on, or start again."""
    broken = host.home / "broken"
    broken.unlink(missing_ok=True) if allowed else broken.touch()
