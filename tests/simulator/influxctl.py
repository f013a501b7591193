# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Installs the `influxctl` stand-in: one executable file that tests put on a PATH or name in `influxctl_path`."""

from __future__ import annotations

import json
import marshal
import os
import shlex
import sys
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from simulator.catalogue import Catalogue, switch

_SCRIPT = Path(__file__).with_name("influxctl_cli.py")
_SETTINGS_LINE = "SETTINGS: dict[str, Any] = {}\n"


@dataclass(frozen=True)
class CliSwitches(Catalogue):
    """The points about influxctl that the documentation leaves open (facts.md), and its faults."""

    warn_lines: str = switch(
        "output-of-create", "stderr", "stdout", about="where the two `warn` lines of a table-format create go"
    )
    create_json: str = switch(
        "output-of-create",
        "token",
        "access_token",
        "nested",
        "list",
        "string",
        "no_secret",
        "refused",
        about="management create --format json: the entry with `token` or `access_token`, "
        '{"token": entry, "secret": ...}, a list of one entry with `token`, just the string, '
        "the entry without its secret, or an error, because there is no --format",
    )
    list_json: str = switch(
        "output-of-list", "array", "lines", about="management list --format json: an array, or an object a line"
    )
    never_expires: str = switch(
        "output-of-list", "1970", "blank", about="EXPIRES AT of a token that never expires, in tables"
    )
    prompt: str = switch("revoking-several", "fail", "hang", about="revoke without --force and without a terminal")
    config_error_quotes: bool = switch(
        "unknown-keys", False, True, about="errors about config.toml quote it, secrets and all"
    )
    env_profile: str = switch("environment", "path", "name", about="what INFLUXCTL_PROFILE overrides (from 2.10.1)")
    cached_login: str = switch(
        "how-it-speaks", "", "session", about="a session token from an earlier login (no prompt then)"
    )
    database_id_key: str = switch(
        "lists-of-other-things", "id", "database_id", about="key of the ID in database list --format json"
    )
    list_wrapping: str = switch(
        "lists-of-other-things",
        "no",
        "named",
        "data",
        "lines",
        "each",
        about="lists of databases, tables, users and clusters as arrays; in an object, as {tables: []} or"
        " {data: {tables: []}}; an object a line; or an array of {table: {...}}",
    )
    list_keys: str = switch(
        "lists-of-other-things",
        "snake",
        "camel",
        "go",
        "short",
        about="keys of these lists: table_name, tableName, TableName, or just name",
    )
    list_numbers: str = switch(
        "lists-of-other-things", "number", "text", about="IDs and retention periods in these lists, as protobuf may do"
    )
    list_times: str = switch(
        "lists-of-other-things", "protobuf", "text", about="times in these lists: {seconds, nanos}, or RFC 3339"
    )
    list_nothing: str = switch(
        "lists-of-other-things", "absent", "null", about="what isn't set in these lists: no key, or null"
    )
    deleted_at: bool = switch(
        "lists-of-other-things", True, False, about="lists of deleted objects show since when they are"
    )
    shown_templates: str = switch(
        "lists-of-other-things",
        "no",
        "api",
        "parts",
        "go",
        about="partition templates in lists: not at all, as the API shows them, or as protobuf messages"
        " ({parts: [{tag_value: t}]}), or as Go prints those ({parts: [{Part: {TagValue: t}}]})",
    )
    user_names: str = switch(
        "lists-of-other-things", "split", "whole", "none", about="names in user list: first and last, one, or none"
    )
    users: str = switch("a-user-by-a-login", "listed", "refused", about="may a management token list the users")
    token_permissions: str = switch("permissions", "array", "object", about="permissions in token list --format json")
    version_style: str = switch(
        "how-it-speaks",
        "name",
        "bare",
        "long",
        about="`influxctl 2.12.0`, `2.12.0` or `influxctl version v2.12.0 (...)`",
    )
    error_exit_code: int = switch("how-it-speaks", 1, 2, about="exit code of every error")
    noise: str = switch(
        "how-it-speaks", "none", "stderr", "stdout", about="where the GTK atk-bridge warning goes, if it comes"
    )
    management_url: str = switch(
        "profile-keys",
        "",
        "https://127.0.0.1:1",
        about="where Dedicated is (really console.influxdata.com); empty: the profile's host and port, if any",
    )
    hang: bool = switch("fault", False, True, about="waits for ever before it does anything")
    slow: float = switch("fault", 0.0, 0.2, about="seconds to wait before it does anything")
    after_create: str = switch(
        "fault",
        "nothing",
        "fail",
        "print and fail",
        "print and hang",
        about="creates a token, then goes wrong, before or after printing it",
    )
    crash_in_revoke: int = switch("fault", 0, 1, about="dies after this many revocations of one invocation")
    failures: int = switch("fault", 0, 1, about="how many invocations the faults above strike; 0 = all")


@dataclass(frozen=True)
class Invocation:
    """`exit_code` is None while it runs, and when it was killed; `fault` names the fault that struck, if any."""

    argv: list[str]
    env: list[str]
    pid: int
    exit_code: int | None
    fault: str | None


def install(directory: Path | str, version: str = "2.12.0", python: str = sys.executable, **switches: Any) -> Path:
    """Writes the executable `influxctl` into `directory`; installing again replaces it and keeps its log.

    `python` (absolute, 3.11 or newer) runs it, in isolated mode. The file is self-contained: a copy works anywhere. It
    is compiled already for this process's own Python, since the real program starts without compiling anything.
    """
    settings = json.dumps({"version": version, **asdict(CliSwitches(**switches))})
    source = _SCRIPT.read_text()
    if _SETTINGS_LINE not in source:
        raise RuntimeError(f"{_SCRIPT} lacks the line {_SETTINGS_LINE!r}")
    source = source.replace(_SETTINGS_LINE, f"SETTINGS: dict[str, Any] = json.loads({settings!r})\n")
    # A shebang cannot hold a path with spaces: the shell reads the first two lines, Python takes them for a string.
    launcher = f"#!/bin/sh\n'''exec' {shlex.quote(python)} -IS \"$0\" \"$@\"\n' '''"
    if python == sys.executable:
        text = f"{launcher}\nimport marshal\nexec(marshal.loads({_compiled(source)!r}))\n"
    else:
        text = launcher + " \\\n" + source[source.index('"""') :]
    target = Path(directory).absolute() / "influxctl"
    temporary = target.with_suffix(".new")
    temporary.write_text(text)
    temporary.chmod(0o755)
    os.replace(temporary, target)
    return target


@cache
def _compiled(source: str) -> bytes:
    return marshal.dumps(compile(source, "influxctl", "exec", dont_inherit=True))


def invocations(path: Path | str) -> list[Invocation]:
    """All invocations of an installed stand-in, in the order in which they began."""
    log = Path(f"{path}.log")
    merged: dict[str, dict[str, Any]] = {}
    for line in log.read_text().splitlines() if log.exists() else []:
        record = json.loads(line)
        merged.setdefault(record["id"], {}).update(record)
    return [Invocation(r["argv"], r["env"], r["pid"], r.get("exit_code"), r.get("fault")) for r in merged.values()]
