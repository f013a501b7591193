# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Computes the answers of a probe from the switches of a simulator, and watches the objects that it must not touch."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from simulator import Simulator, Switches
from simulator.switches import FROM_PROBE, OPERATIONS, RECENT

PREFIX = "influxops-probe"
# Names of the owner's, some of which look like those of a probe.
FOREIGN = ("canary-of-the-owner", f"{PREFIX}-canary", f"{PREFIX}-0123456700000000-limits", PREFIX)
DIGITS = {"seconds": 0, "offset": 0, "millis": 3, "micros": 6}
# Seconds between two attempts to use a new token.
STEP = 5


@dataclass(frozen=True)
class Program:
    """An influxctl: its version and the switches of the stand-in."""

    version: str = "2.12.0"
    create_json: str = "token"
    list_json: str = "array"


def expected(product: str, switches: Switches, program: Program | None) -> dict[str, Any]:
    """Return the expected answers of a probe with writes, None for a question that stays open on such a server."""
    by_switch = {name: _answer(question, switches) for question, name in _switched().items() for name in [question]}
    answers = {**by_switch, **_operations(switches), **_management(switches, program)}
    if product == "dedicated":
        answers["url_form"] = "long"
    if not (answers["rename_database"] and answers["undelete_database"]):
        answers["undelete_with_namesake"] = None
    answers["timestamp_digits"] = DIGITS[switches.timestamps]
    return answers


def _switched() -> dict[str, str]:
    return {
        question: name for question, (name, _values) in FROM_PROBE.items() if question != "influxctl_manages_tokens"
    }


def _answer(question: str, switches: Switches) -> Any:
    name, by_answer = FROM_PROBE[question]
    value = getattr(switches, name)
    if question == "error_body":
        return "json" if value == "json" else "other"
    if question == "encoded_slash":
        return "works" if value == "kept" else "fails"
    return value if by_answer is None else next(answer for answer, one in by_answer.items() if one == value)


def _operations(switches: Switches) -> dict[str, bool | None]:
    """Return whether there is each operation, None where that stays open.

    Without an object to try it on, a missing operation shows only where its 404 differs from the API's other ones.
    """
    missing = {*switches.missing_operations.split()} | (RECENT if switches.old_server else set())
    there: dict[str, bool | None] = {name: name not in missing for name in OPERATIONS}
    tellable = switches.error_bodies == "json" or switches.unknown_route_body == "json"
    unseen = []
    if not there["rename_database"]:
        unseen += ["undelete_database"]
    if not there["create_table"]:
        unseen += ["rename_table", "delete_table", "undelete_table"]
    elif not (there["rename_table"] and there["delete_table"]):
        unseen += ["undelete_table"]
    for name in unseen:
        there[name] = False if tellable and not there[name] else None
    return there


def _management(switches: Switches, program: Program | None) -> dict[str, Any]:
    if program is None:
        return dict.fromkeys(f"influxctl_{what}" for what in ("version", "list_json", "create_json", "manages_tokens"))
    found: dict[str, Any] = {"influxctl_version": program.version, "influxctl_create_json": None}
    if not switches.mgmt_token_may_manage:
        return {**found, "influxctl_list_json": None, "influxctl_manages_tokens": False}
    understood = program.list_json == "array"
    numbers = tuple(int(part) for part in program.version.split("."))
    if understood and numbers >= (2, 10):
        found["influxctl_create_json"] = program.create_json not in ("no_secret", "refused")
        return {**found, "influxctl_list_json": True, "influxctl_manages_tokens": True}
    return {**found, "influxctl_list_json": understood, "influxctl_manages_tokens": None}


def wrong(sim: Simulator, program: Program | None, report: Mapping[str, Any]) -> list[str]:
    """Return a sentence for each answer that differs from the expected one."""
    answers, switches = dict(report["answers"]), sim.switches
    wanted = expected(sim.product, switches, program)
    problems = []
    seconds = answers.pop("activation_seconds")
    if seconds is None or not switches.activation_delay <= seconds <= switches.activation_delay + STEP:
        problems.append(f"activation_seconds: {seconds}")
    skew = answers.pop("clock_skew_seconds")
    # On a busy machine, half a minute may lie between the answer and its being read.
    if skew is None or abs(skew - switches.clock_skew) > 30:
        problems.append(f"clock_skew_seconds: {skew}")
    days = answers.pop("tls_days_left")
    if (days is None) == sim.tls:
        problems.append(f"tls_days_left: {days}")
    assert set(answers) == set(wanted)
    problems += [
        f"{name}: {value!r}, not {wanted[name]!r} ({report['evidence'][name]})"
        for name, value in answers.items()
        if (value, type(value)) != (wanted[name], type(wanted[name]))
    ]
    return problems


def add_foreign(sim: Simulator) -> None:
    """Add objects of the owner's, whose names and secrets no report may hold."""
    now = sim.clock.now()
    for name in FOREIGN:
        database = sim.add_database(name)
        sim.add_table(database, f"{name}-table")
        sim.add_db_token(name, [{"action": "read", "resource": name}])
        sim.add_mgmt_token(name)
    sim.add_database(FOREIGN[0], deleted_at=now)
    sim.add_db_token(FOREIGN[0], revoked_at=now)


def is_foreign(name: str) -> bool:
    """Return whether an object isn't a probe's, by its name."""
    return not re.fullmatch(rf"{PREFIX}-[0-9a-f]{{16}}-[a-z]+", name) or name in FOREIGN


def foreign(sim: Simulator) -> str:
    """Return all objects that aren't a probe's as text, for comparison."""
    state = sim.state
    databases = [one for one in state.databases if is_foreign(one.name)]
    ids = {one.id for one in databases}
    tables = [one for one in state.tables if one.database_id in ids]
    db_tokens = [one for one in state.db_tokens if is_foreign(one.description)]
    mgmt_tokens = [one for one in state.mgmt_tokens if is_foreign(one.description)]
    return repr((databases, tables, db_tokens, mgmt_tokens))


def alive(sim: Simulator) -> set[tuple[str, str]]:
    """Return the active scratch objects, as pairs of kind and name."""
    state = sim.state
    found = {("database", one.name) for one in state.databases if one.deleted_at is None}
    found |= {("db_token", one.description) for one in state.db_tokens if one.revoked_at is None}
    found |= {("mgmt_token", one.description) for one in state.mgmt_tokens if one.revoked_at is None}
    return {one for one in found if not is_foreign(one[1])}


def private_texts(sim: Simulator) -> set[str]:
    """Return the texts that must not be in a report: names, IDs, addresses, secrets."""
    state = sim.state
    ids = {one.id for one in state.db_tokens} | {one.id for one in state.mgmt_tokens} | {sim.core.user_id}
    if sim.product == "dedicated":
        ids |= {sim.account_id, sim.cluster_id}
    return {*sim.secrets, *ids, FOREIGN[0], f"{PREFIX}-canary", sim.host, f":{sim.port}"}
