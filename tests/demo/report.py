# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the demo shows of a run and of the fleet: pure text, from what Ansible printed and what the cluster holds."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from fleet import Host
from simulator import MgmtToken, Simulator

CONFIG = Path(".config/influxctl/config.toml")
HEADINGS = ("HOST", "PROFILE", "TOKEN ID", "DESCRIPTION", "CREATED", "EXPIRES", "STATE")


class Recap(NamedTuple):
    """One host's line under PLAY RECAP: how many tasks changed something, and how many failed or didn't reach it."""

    text: str
    changed: int
    failed: int


def recaps(output: str) -> dict[str, Recap]:
    """The recap by host, without its last two counters for the terminal's width; empty without a recap."""
    recap = output.partition("PLAY RECAP *")[2]
    lines: dict[str, Recap] = {}
    for text in re.findall(r"^\S+ +: ok=.*skipped=\d+", recap, re.MULTILINE):
        count = {name: int(number) for name, number in re.findall(r"(\w+)=(\d+)", text)}
        lines.setdefault(text.split()[0], Recap(text, count["changed"], count["failed"] + count["unreachable"]))
    return lines


def masked(text: str, secrets: Iterable[str]) -> str:
    """The text with each secret reduced to the nine characters by which `influxctl management list` names it."""
    for secret in secrets:
        text = text.replace(secret, f"{secret[:9]}{'*' * 12}")
    return text


def token_table(sim: Simulator, hosts: Iterable[Host]) -> str:
    """A row for each profile on each host, with the cluster's token that has the prefix of the profile's."""
    rows = [HEADINGS]
    for host in hosts:
        for profile in tomllib.loads((host.home / CONFIG).read_text())["profile"]:
            prefix = profile["mgmt_token"][:9]
            token = next((token for token in sim.state.mgmt_tokens if token.prefix == prefix), None)
            rows.append((host.name, profile["name"], *_columns(token, sim.clock.now())))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


def _columns(token: MgmtToken | None, now: datetime) -> tuple[str, str, str, str, str]:
    if token is None:
        return ("-", "-", "-", "-", "unknown")
    expires = f"{token.expires_at:%Y-%m-%d}" if token.expires_at else "never"
    return (token.id, token.description, f"{token.created_at:%Y-%m-%d}", expires, _state(token, now))


def _state(token: MgmtToken, now: datetime) -> str:
    if token.revoked_at:
        return "revoked"
    return "expired" if token.expires_at and token.expires_at <= now else "ok"
