# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The floor: a bare Python program that sends the same requests with the same number of workers, and nothing else.

`python -m bench.floor URL TOKEN NUMBER WORKERS databases|tables`. It lists the databases once and sends only what is
needed, over one connection per worker; it knows no errors, no retries, no options and no result. It creates all tables,
because they can't be listed.
"""

from __future__ import annotations

import http.client
import json
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

from bench.world import DAYS, database_name, table_of

WANTED = DAYS * 86_400 * 10**9
PATH = "/api/v0/databases"


def main() -> None:
    """Make the databases that are lacking or differ, or all tables."""
    url, token, number, workers, kind = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5]
    headers = {
        "Accept": "application/json",
        "Authorization": f"Bearer {token}",
        "Content-Type": "application/json",
    }
    local = threading.local()

    def send(method: str, path: str, body: Any = None) -> Any:
        if not hasattr(local, "connection"):
            local.connection = http.client.HTTPConnection(urlsplit(url).netloc)
        local.connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = local.connection.getresponse()
        content = json.loads(answer.read())
        if answer.status != 200:
            raise SystemExit(content)
        return content

    there = {database["name"]: database["retentionPeriod"] for database in send("GET", PATH)}

    def make_or_change(name: str) -> None:
        if name not in there:
            send("POST", PATH, {"name": name, "retentionPeriod": WANTED})
        else:
            send("PATCH", f"{PATH}/{name}", {"retentionPeriod": WANTED})

    def make(table: int) -> None:
        database, name = table_of(table)
        send("POST", f"{PATH}/{database}/tables", {"name": name})

    if kind == "tables":
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(make, range(number)))
        return
    due = [name for name in map(database_name, range(number)) if there.get(name) != WANTED]
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(make_or_change, due))


if __name__ == "__main__":
    main()
