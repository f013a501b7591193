# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The simulator in a process of its own, with a latency: `python -m bench.server SECONDS`.

On a line `{"databases": N, "changed": M, "tokens": K, "tables": L}` it becomes a new cluster that holds what `world`
describes, and answers with how many requests it has got since the last line. It ends with its standard input.
"""

from __future__ import annotations

import json
import sys

from bench.world import DAYS, database_name, permissions_of, table_of, token_description
from simulator import Fault, Simulator


def fill(sim: Simulator, databases: int, changed: int, tokens: int, tables: int) -> None:
    """A new cluster with databases, of which the first `changed` have another retention, with tokens and tables."""
    sim.reset()
    for number in range(databases):
        days = DAYS * 2 if number < changed else DAYS
        sim.add_database(database_name(number), retention_period=days * 86_400 * 10**9, max_tables=10**6)
    by_name = {database.name: database for database in sim.state.databases}
    for number in range(tables):
        database, name = table_of(number)
        sim.add_table(by_name[database], name)
    for number in range(tokens):
        sim.add_db_token(token_description(number), permissions_of(number))


def main() -> None:
    """Serve until the end of the standard input."""
    latency = float(sys.argv[1])
    with Simulator(tls=False) as sim:
        print(json.dumps({"url": sim.url, "token": sim.admin_token}), flush=True)
        for line in sys.stdin:
            answer = {"requests": len(sim.requests)}
            fill(sim, **json.loads(line))
            if latency:
                sim.faults.append(Fault("slow", times=0, seconds=latency))
            print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
