# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A stand-in for the `influxctl` CLI that follows facts.md, over the simulator's private HTTP paths.

Needs only Python 3.11 and its standard library. `simulator.influxctl.install` makes an executable of it. Fleets start
it hundreds of times, and a compiled program starts in no time. So what takes long to load (pathlib, http.client,
dataclasses, ssl) is loaded where it is needed, or not at all.
"""

from __future__ import annotations

import json
import os
import re
import signal
import sys
import time
import tomllib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

if TYPE_CHECKING:
    import ssl

SETTINGS: dict[str, Any] = {}

LOG = os.path.abspath(sys.argv[0] + ".log")
RUN = os.urandom(16).hex()
RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII)
DURATION = re.compile(r"(\d+(?:\.\d*)?)(ns|us|µs|ms|s|m|h)", re.ASCII)
SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
# Nothing says how many tokens one run revokes: each takes its time, and whoever waits for the run has a timeout.
MOST_REVOKED = 50
ZERO_UUID = "00000000-0000-0000-0000-000000000000"


class Failure(Exception):
    """Ends in `error<TAB>message` on stderr and a non-zero exit."""


def since(version: str) -> bool:
    """Whether the version that is imitated is at least this one."""
    ours, theirs = (tuple(int(n) for n in v.split(".")) for v in (SETTINGS["version"], version))
    return ours >= theirs


# --- the log of invocations, and faults ---------------------------------------------------------


def log(**record: Any) -> None:
    line = json.dumps({"id": RUN, **record}) + "\n"
    handle = os.open(LOG, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(handle, line.encode())
    finally:
        os.close(handle)


def struck(name: str) -> bool:
    """Whether the fault of this name strikes now; it is logged if so."""
    if not SETTINGS[name]:
        return False
    with open(LOG, encoding="utf-8") as lines:
        earlier = sum("fault" in json.loads(line) for line in lines)
    if SETTINGS["failures"] and earlier >= SETTINGS["failures"]:
        return False
    log(fault=name)
    return True


def wait_for_ever() -> NoReturn:
    while True:
        signal.pause()


# --- flags in the style of Go -------------------------------------------------------------------


class Flag(NamedTuple):
    """`kind`: string, bool, duration or time."""

    kind: str = "string"
    default: Any = ""
    choices: tuple[str, ...] = ()
    since: str = "0"


def value_of(name: str, flag: Flag, text: str) -> Any:
    if flag.kind == "bool":
        if text not in ("true", "false"):
            raise Failure(f"invalid boolean value {text!r} for -{name}: parse error")
        return text == "true"
    if flag.kind == "duration":
        parts = DURATION.findall(text)
        if not parts or "".join(number + unit for number, unit in parts) != text:
            raise Failure(f"invalid value {text!r} for flag -{name}: parse error")
        return sum(float(number) * SECONDS[unit] for number, unit in parts)
    if flag.kind == "time" and not RFC3339.fullmatch(text):
        raise Failure(f"invalid value {text!r} for flag -{name}: not an RFC3339 time")
    if flag.choices and text not in flag.choices:
        raise Failure(f"invalid value {text!r} for flag -{name}: must be one of {', '.join(flag.choices)}")
    return text


def parse_flags(argv: list[str], flags: dict[str, Flag]) -> tuple[dict[str, Any], list[str]]:
    """Return the values of the flags, and the other arguments. Flags end at `--` or before the first other argument."""
    supported = {name: flag for name, flag in flags.items() if since(flag.since)}
    values = {name: flag.default for name, flag in supported.items()}
    rest = list(argv)
    while rest and rest[0].startswith("-") and rest[0] != "-":
        argument = rest.pop(0)
        if argument == "--":
            break
        name, equals, text = argument.removeprefix("-").removeprefix("-").partition("=")
        if name not in supported:
            raise Failure(f"flag provided but not defined: -{name}")
        if not equals and supported[name].kind == "bool":
            text = "true"
        elif not equals:
            if not rest:
                raise Failure(f"flag needs an argument: -{name}")
            text = rest.pop(0)
        values[name] = value_of(name, supported[name], text)
    return values, rest


# --- config.toml (facts.md#profile-keys) -------------------------------------------------------------------

TEXT, FLAG, TEXTS, TABLE = str, bool, list, dict


def profile_keys() -> dict[str, Any]:
    """The keys that this version knows; anything else in the file is an error (2.0.1)."""
    oauth2 = {"client_id": TEXT, "scopes": TEXTS, "parameters": TABLE, "token_url": TEXT, "device_url": TEXT}
    tls = {"disable": FLAG, "cert": TEXT, "key": TEXT, "ca": TEXT}
    names = ("name", "product", "host", "port", "database", "token", "account_id", "cluster_id")
    keys: dict[str, Any] = dict.fromkeys(names, TEXT)
    if not since("2.9.8"):
        oauth2["client_secret"] = TEXT
    if since("2.8.0"):
        tls["insecure"] = FLAG
    if since("2.6.0"):
        keys["mgmt_token"] = TEXT
    return {**keys, "tls": tls, "auth": {"oauth2": oauth2, "token": {"token_file": TEXT}}}


def check_table(where: str, table: Any, keys: dict[str, Any]) -> None:
    if not isinstance(table, dict):
        raise ValueError(f"toml: cannot decode {where} into a table")
    for name, value in table.items():
        kind = keys.get(name)
        if kind is None:
            raise ValueError(f"strict mode: fields in the document are missing in the target struct: {where}.{name}")
        if isinstance(kind, dict):
            check_table(f"{where}.{name}", value, kind)
        elif value.__class__ is not kind or (kind is TEXTS and not all(isinstance(item, str) for item in value)):
            raise ValueError(f"toml: cannot decode TOML {type(value).__name__} into {where}.{name}: {kind.__name__}")


def check_profile(profile: dict[str, Any]) -> None:
    name, product = profile.get("name"), profile.get("product")
    needed = {"clustered": ("host",), "dedicated": ("account_id", "cluster_id")}.get(str(product))
    if needed is None:
        raise ValueError(f"profile {name!r}: product must be one of clustered, dedicated")
    for key in needed:
        if not profile.get(key):
            raise ValueError(f"profile {name!r}: {key} is required for product {product}")


def config_path(option: str) -> str:
    override = os.environ.get("INFLUXCTL_PROFILE", "")
    if option:
        return option
    if override and SETTINGS["env_profile"] == "path" and since("2.10.1"):
        return override
    base = os.environ.get("XDG_CONFIG_HOME") or os.path.join(os.environ.get("HOME", "/"), ".config")
    return os.path.join(base, "influxctl", "config.toml")


def profile_name(option: str) -> str:
    override = os.environ.get("INFLUXCTL_PROFILE", "")
    if not option and override and SETTINGS["env_profile"] == "name" and since("2.10.1"):
        return override
    return option or "default"


def load_profile(path: str, name: str) -> dict[str, Any]:
    try:
        with open(path, "rb") as file:
            content = file.read()
    except OSError as error:
        raise Failure(f"failed to read config file: open {path}: {error.strerror}") from None
    try:
        document = tomllib.loads(content.decode())
        profiles = document.pop("profile", [])
        check_table("config", document, {})
        if not isinstance(profiles, list):
            raise ValueError("toml: profile must be an array of tables")
        for profile in profiles:
            check_table("profile", profile, profile_keys())
        found: dict[str, Any] | None = next((p for p in profiles if p.get("name") == name), None)
        if found is not None:
            check_profile(found)
    except ValueError as error:
        quoted = "\n" + content.decode(errors="replace") if SETTINGS["config_error_quotes"] else ""
        raise Failure(f"failed to parse config file {path}: {error}{quoted}") from None
    if found is None:
        raise Failure(f"profile {name!r} not found in {path}")
    return found


# --- the connection -----------------------------------------------------------------------------


class Client:
    """Calls the private paths of the simulator; errors read like those of gRPC."""

    def __init__(self, profile: dict[str, Any], account: str, cluster: str, timeout: float) -> None:
        self.profile, self.account, self.cluster, self.timeout = profile, account, cluster, timeout
        self.secret = ""

    def login(self) -> None:
        """The credential of the profile; without one, the browser login that nobody confirms."""
        auth = self.profile.get("auth", {})
        self.secret = self.profile.get("mgmt_token", "")
        token_file = auth.get("token", {}).get("token_file")
        if not self.secret and token_file:
            try:
                with open(token_file, encoding="utf-8") as file:
                    self.secret = file.read().strip()
            except OSError as error:
                raise Failure(f"failed to read token file: open {token_file}: {error.strerror}") from None
        self.secret = self.secret or SETTINGS["cached_login"]
        if not self.secret:
            url = auth.get("oauth2", {}).get("device_url") or "https://auth.influxdata.com/activate"
            print(f"info\tplease open this URL in a browser to log in: {url}?user_code=ABCD-EFGH", file=sys.stderr)
            sys.stderr.flush()
            wait_for_ever()

    def address(self) -> tuple[str, int, bool]:
        """Host, port and whether TLS is on. For Dedicated, the real one goes to the console, whatever the profile."""
        tls = not self.profile.get("tls", {}).get("disable", False)
        host, port = self.profile.get("host", ""), self.profile.get("port") or "443"
        if self.profile["product"] == "dedicated":
            host = host or "console.influxdata.com"
            if SETTINGS["management_url"]:
                from urllib.parse import urlsplit

                url = urlsplit(SETTINGS["management_url"])
                return url.hostname or "", url.port or 443, url.scheme == "https"
        if "/" in host or not port.isdecimal():
            raise Failure(f"invalid address {host}:{port}: host must be a name or an address, port a number")
        return host.strip("[]"), int(port), tls

    def context(self) -> ssl.SSLContext:
        import ssl

        tls = self.profile.get("tls", {})
        try:
            context = ssl.create_default_context(cafile=tls.get("ca") or None)
            if tls.get("insecure"):
                context.check_hostname = False
                context.verify_mode = ssl.CERT_NONE
            if tls.get("cert"):
                context.load_cert_chain(tls["cert"], tls.get("key") or None)
        except OSError as error:
            raise Failure(f"failed to set up TLS: {error}") from None
        return context

    def call(self, group: str, command: str, **body: Any) -> Any:
        host, port, tls = self.address()
        payload = json.dumps({"account_id": self.account, "cluster_id": self.cluster, **body}).encode()
        head = (
            f"POST /_influxctl/{group}/{command} HTTP/1.1",
            f"Host: {host}",
            "Connection: close",
            f"Authorization: Bearer {self.secret}",
            "Content-Type: application/json",
            f"Content-Length: {len(payload)}",
        )
        try:
            return result_of(self.exchange(host, port, tls, "\r\n".join(head).encode() + b"\r\n\r\n" + payload))
        except TimeoutError:
            raise rpc("DeadlineExceeded", "context deadline exceeded") from None
        except OSError as error:
            if hasattr(error, "verify_message"):  # ssl.SSLCertVerificationError
                raise rpc("Unavailable", f"authentication handshake failed: x509: {error.verify_message}") from None
            raise rpc("Unavailable", f"dial tcp {host}:{port}: {error.strerror or error}") from None

    def exchange(self, host: str, port: int, tls: bool, request: bytes) -> bytes:
        import socket

        connection = socket.create_connection((host, port), self.timeout)
        try:
            if tls:
                connection = self.context().wrap_socket(connection, server_hostname=host)
            connection.sendall(request)
            return b"".join(iter(lambda: connection.recv(65536), b""))
        finally:
            connection.close()


def rpc(code: str, description: str) -> Failure:
    return Failure(f"rpc error: code = {code} desc = {description}")


def result_of(answer: bytes) -> Any:
    head, _blank, content = answer.partition(b"\r\n\r\n")
    first, *fields = head.decode("latin-1").split("\r\n")
    length = next((field.split(":")[1] for field in fields if field.lower().startswith("content-length:")), "0")
    if not first.startswith("HTTP/") or len(content) < int(length):
        raise rpc("Unavailable", "error reading from server: EOF")
    _version, status, *reason = first.split(" ", 2)
    try:
        result = json.loads(content)
    except ValueError:
        result = None
    if status == "200" and result is not None:
        return result
    if isinstance(result, dict) and {"code", "message"} <= set(result) and isinstance(result["code"], str):
        raise rpc(result["code"], result["message"])
    said = f"{status} ({' '.join(reason)})"
    raise rpc("Unavailable", f"unexpected HTTP status code received from server: {said}")


# --- output -------------------------------------------------------------------------------------


def show_json(value: Any) -> None:
    print(json.dumps(value, indent=2, ensure_ascii=False))


def bordered(rows: list[list[str]], header: list[str] | None, right: tuple[int, ...] = ()) -> None:
    """A table with borders; `right`: the columns that are aligned to the right."""
    lines = [header, *rows] if header else rows
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    rule = "+" + "+".join("-" * (width + 2) for width in widths) + "+"

    def show(line: list[str]) -> None:
        cells = [
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        print("| " + " | ".join(cells) + " |")

    print(rule)
    if header:
        show(header)
        print(rule)
    for row in rows:
        show(row)
    if rows:
        print(rule)


def time_text(moment: dict[str, int] | None) -> str:
    return datetime.fromtimestamp(moment["seconds"], UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment else ""


def expiry_text(moment: dict[str, int] | None) -> str:
    never = "1970-01-01T00:00:00Z" if SETTINGS["never_expires"] == "1970" else ""
    return time_text(moment) or never


UNITS = (("d", 86_400_000_000_000), ("h", 3_600_000_000_000), ("m", 60_000_000_000), ("s", 1_000_000_000))


def retention_text(nanoseconds: int) -> str:
    """Up to days (2.5.0); 0 is infinite."""
    text, rest = "", nanoseconds
    for unit, size in (
        ("d", 86_400_000_000_000),
        ("h", 3_600_000_000_000),
        ("m", 60_000_000_000),
        ("s", 1_000_000_000),
    ):
        number, rest = divmod(rest, size)
        text += f"{number}{unit}" if number else ""
    return text + (f"{rest}ns" if rest else "") or "infinite"


ENTRY_KEYS = (
    "id",
    "account_id",
    "token_prefix",
    "expires_at",
    "revoked_at",
    "created_at",
    "description",
    "created_by",
)


def entry(token: dict[str, Any]) -> dict[str, Any]:
    """A management token as JSON: times without `nanos` when 0, absent when not set (facts.md#output-of-list)."""
    result: dict[str, Any] = {}
    for key in ENTRY_KEYS:
        value = token[key]
        if isinstance(value, dict):
            value = {name: number for name, number in value.items() if name == "seconds" or number}
        if value is not None:
            result[key] = value
    return result


# --- commands -----------------------------------------------------------------------------------

Options = dict[str, Any]


def created_json(token: dict[str, Any]) -> Any:
    fields, secret = entry(token), token["token"]
    shapes: dict[str, Any] = {
        "token": {**fields, "token": secret},
        "access_token": {**fields, "access_token": secret},
        "nested": {"token": fields, "secret": secret},
        "list": [{**fields, "token": secret}],
        "string": secret,
        "no_secret": fields,
    }
    return shapes[SETTINGS["create_json"]]


def management_create(client: Client, options: Options, arguments: list[str]) -> None:
    if options["format"] == "json" and SETTINGS["create_json"] == "refused":
        raise Failure("flag provided but not defined: -format")
    if since("2.10.0") and not options["description"]:
        raise Failure("management token description must be a non-empty string")
    body = {"description": options["description"], "expires_at": options.get("expires-at", "")}
    token = client.call("management", "create", **body)
    fault = SETTINGS["after_create"]
    if fault == "fail" and struck("after_create"):
        raise Failure("internal error")
    show_created(token, options["format"])
    sys.stdout.flush()
    if fault.startswith("print") and struck("after_create"):
        if fault == "print and hang":
            wait_for_ever()
        raise Failure("internal error")


def show_created(token: dict[str, Any], style: str) -> None:
    if style == "json":
        show_json(created_json(token))
        return
    if since("2.11.0"):
        rows = [
            ["id", token["id"]],
            ["description", token["description"]],
            ["expires at", time_text(token["expires_at"])],
            ["revoked at", time_text(token["revoked_at"])],
        ]
        bordered(rows, None, right=(0,))
    warnings = sys.stdout if SETTINGS["warn_lines"] == "stdout" else sys.stderr
    print("warn\tcopy the token below and keep it in a safe place", file=warnings)
    print("warn\tthis is the only time that you will see it", file=warnings)
    print(token["token"])


SORT_KEYS = {
    "created": "created_at",
    "id": "id",
    "description": "description",
    "prefix": "token_prefix",
    "expires": "expires_at",
    "revoked": "revoked_at",
}


def sort_value(value: Any) -> tuple[int, int, str]:
    if isinstance(value, dict):
        return value["seconds"], value["nanos"], ""
    return 0, 0, value or ""


def management_list(client: Client, options: Options, arguments: list[str]) -> None:
    tokens = client.call("management", "list")
    key = SORT_KEYS[options.get("sort", "created")]
    tokens.sort(key=lambda token: sort_value(token[key]))
    if options["format"] == "json" and SETTINGS["list_json"] == "lines":
        print("\n".join(json.dumps(entry(token)) for token in tokens))
        return
    if options["format"] == "json":
        show_json([entry(token) for token in tokens])
        return
    rows = [
        [
            token["id"],
            token["description"],
            token["token_prefix"],
            time_text(token["created_at"]),
            expiry_text(token["expires_at"]),
            time_text(token["revoked_at"]),
        ]
        for token in tokens
    ]
    bordered(rows, ["ID", "DESCRIPTION", "PREFIX", "CREATED AT", "EXPIRES AT", "REVOKED AT"])


def confirm(question: str) -> None:
    print(f"{question} [y/N] ", end="", flush=True)
    if not sys.stdin.isatty():
        if SETTINGS["prompt"] == "hang":
            wait_for_ever()
        raise Failure("failed to read the confirmation: EOF")
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise Failure("aborted")


def management_revoke(client: Client, options: Options, arguments: list[str]) -> None:
    """Goes on with the other IDs after an error from 2.9.8 on (facts.md#revoking-several)."""
    if not options["force"]:
        confirm(f"Revoke {len(arguments)} management token(s)? This cannot be undone.")
    errors = []
    for number, token_id in enumerate(arguments, start=1):
        try:
            client.call("management", "revoke", id=token_id)
            print(f"successfully revoked management token {token_id}", flush=True)
        except Failure as error:
            errors.append(f"failed to revoke {token_id}: {error}")
            if not since("2.9.8"):
                break
        if number == SETTINGS["crash_in_revoke"] and struck("crash_in_revoke"):
            os.kill(os.getpid(), signal.SIGKILL)
    if errors:
        raise Failure("; ".join(errors))


def time_json(moment: dict[str, int]) -> Any:
    if SETTINGS["list_times"] == "text":
        return time_text(moment)
    return {name: number for name, number in moment.items() if name == "seconds" or number}


def template_json(parts: list[dict[str, Any]] | None) -> Any:
    style = SETTINGS["shown_templates"]
    if style == "api":
        return parts or []
    shown = []
    for part in parts or []:
        name = {"time": "time_format", "tag": "tag_value", "bucket": "bucket"}[part["type"]]
        value = part["value"]
        if name == "bucket":
            value = {"tag_name": value["tagName"], "num_buckets": value["numberOfBuckets"]}
        shown.append({"Part": {pascal(name): value}} if style == "go" else {name: value})
    return {"parts": shown} if shown else {}


def pascal(key: str) -> str:
    return "".join(word.upper() if word == "id" else word.capitalize() for word in key.split("_"))


def key_of(key: str, noun: str) -> str:
    style = SETTINGS["list_keys"]
    if style == "short":
        return key.removeprefix(f"{noun}_")
    if style == "go":
        return pascal(key)
    return key[:1] + pascal(key)[1:] if style == "camel" else key


def listed_json(entry: dict[str, Any], noun: str) -> dict[str, Any]:
    """An entry of a list whose form is open (facts.md#lists-of-other-things)."""
    shown = dict(entry)
    if SETTINGS["shown_templates"] == "no":
        shown.pop("partition_template", None)
    elif "partition_template" in shown:
        shown["partition_template"] = template_json(shown["partition_template"])
    if not SETTINGS["deleted_at"]:
        shown.pop("deleted_at", None)
    for key, value in entry.items():
        if key.endswith("_at") and value is not None and key in shown:
            shown[key] = time_json(value)
        elif isinstance(value, int) and SETTINGS["list_numbers"] == "text" and not key.startswith("max_"):
            shown[key] = str(value)
    kept = {key: value for key, value in shown.items() if value is not None or SETTINGS["list_nothing"] == "null"}
    return {key_of(key, noun): value for key, value in kept.items()}


def show_listed(entries: list[dict[str, Any]], noun: str) -> None:
    shown = [listed_json(entry, noun) for entry in entries]
    wrapping = SETTINGS["list_wrapping"]
    if wrapping == "lines" and shown:
        for entry in shown:
            print(json.dumps(entry, ensure_ascii=False))
        return
    plural = {f"{noun}s": shown or None}
    shapes: dict[str, Any] = {"named": plural, "data": {"data": plural}, "each": [{noun: entry} for entry in shown]}
    show_json(shapes.get(wrapping, shown))


def database_list(client: Client, options: Options, arguments: list[str]) -> None:
    databases = client.call("database", "list", filter_status=options.get("filter-status", "active"))
    with_id = since("2.10.3")
    for database in databases:
        number = database.pop("id")
        if with_id:
            database[SETTINGS["database_id_key"]] = number
    if options["format"] == "json":
        show_listed(databases, "database")
        return
    header = ["DATABASE NAME", "RETENTION PERIOD", "MAX TABLES", "MAX COLUMNS PER TABLE"]
    rows = []
    for database in databases:
        limits = [str(database["max_tables"]), str(database["max_columns_per_table"])]
        row = [database["database_name"], retention_text(database["retention_period_ns"]), *limits]
        rows.append([str(database[SETTINGS["database_id_key"]]), *row] if with_id else row)
    bordered(rows, ["ID", *header] if with_id else header)


def table_list(client: Client, options: Options, arguments: list[str]) -> None:
    status = options.get("filter-status", "active")
    tables = client.call("table", "list", database=arguments[0], filter_status=status)
    if options["format"] == "json":
        for table in tables:
            table["table_id"] = table.pop("id")
        show_listed(tables, "table")
        return
    bordered([[str(table["id"]), table["table_name"]] for table in tables], ["ID", "TABLE NAME"])


def user_list(client: Client, options: Options, arguments: list[str]) -> None:
    if SETTINGS["users"] == "refused":
        raise Failure("rpc error: code = PermissionDenied desc = the token may not list users")
    users = client.call("user", "list")
    for user in users:
        names = user.pop("first_name"), user.pop("last_name")
        if SETTINGS["user_names"] == "split":
            user["first_name"], user["last_name"] = names
        elif SETTINGS["user_names"] == "whole":
            user["name"] = " ".join(names)
    if options["format"] == "json":
        show_listed(users, "user")
        return
    bordered([[user["id"], user["email"]] for user in users], ["ID", "EMAIL"])


CLUSTER_HEADER = ["CLUSTER ID", "NAME", "URL", "STATE", "CREATED AT"]


def cluster_row(cluster: dict[str, Any]) -> list[str]:
    return [*(cluster[key] for key in ("cluster_id", "name", "url", "state")), time_text(cluster["created_at"])]


def cluster_list(client: Client, options: Options, arguments: list[str]) -> None:
    clusters = client.call("cluster", "list")
    if options["format"] == "json":
        show_listed(clusters, "cluster")
        return
    bordered([cluster_row(cluster) for cluster in clusters], CLUSTER_HEADER)


def cluster_get(client: Client, options: Options, arguments: list[str]) -> None:
    cluster = client.call("cluster", "get", id=arguments[0])
    if options["format"] == "json":
        entry = listed_json(cluster, "cluster")
        show_json({"cluster": entry} if SETTINGS["list_wrapping"] == "named" else entry)
        return
    bordered([cluster_row(cluster)], CLUSTER_HEADER)


def token_list(client: Client, options: Options, arguments: list[str]) -> None:
    tokens = client.call("token", "list", include_revoked=options.get("include-revoked", False))
    key = options.get("sort", "id")
    tokens.sort(key=lambda token: str(token[key]))
    for token in tokens:
        listed = [{"id": ZERO_UUID, **permission} for permission in token["permissions"]]
        token["permissions"] = listed if SETTINGS["token_permissions"] == "array" else {}
    if options["format"] == "json":
        show_json(tokens)
        return
    bordered([[token["id"], token["description"]] for token in tokens], ["ID", "DESCRIPTION"])


class Command(NamedTuple):
    """`arguments`: least and most number of them."""

    run: Callable[[Client, Options, list[str]], None]
    flags: dict[str, Flag]
    arguments: tuple[int, int] = (0, 0)
    since: str = "0"


FORMAT = Flag(default="table", choices=("table", "json"))
GLOBAL_FLAGS = {
    "debug": Flag("bool", False),
    "trace": Flag("bool", False, since="2.4.4"),
    "account": Flag(),
    "cluster": Flag(),
    "config": Flag(),
    "profile": Flag(),
    "timeout": Flag("duration", 60.0, since="2.9.7"),
}
HELP_FLAGS = {"help": Flag("bool", False), "h": Flag("bool", False)}
COMMANDS = {
    ("management", "create"): Command(
        management_create,
        {"description": Flag(), "expires-at": Flag("time", since="2.10.0"), "format": FORMAT},
        since="2.6.0",
    ),
    ("management", "list"): Command(
        management_list,
        {"format": FORMAT, "sort": Flag(default="created", choices=tuple(SORT_KEYS), since="2.9.9")},
        since="2.6.0",
    ),
    ("management", "revoke"): Command(
        management_revoke, {"force": Flag("bool", False)}, (1, MOST_REVOKED), since="2.6.0"
    ),
    ("database", "list"): Command(
        database_list,
        {"format": FORMAT, "filter-status": Flag(default="active", choices=("active", "deleted"), since="2.10.4")},
    ),
    ("table", "list"): Command(
        table_list,
        {"format": FORMAT, "filter-status": Flag(default="active", choices=("active", "deleted"), since="2.10.4")},
        (1, 1),
        since="2.10.2",
    ),
    ("user", "list"): Command(user_list, {"format": FORMAT}),
    ("cluster", "list"): Command(cluster_list, {"format": FORMAT}),
    ("cluster", "get"): Command(cluster_get, {"format": FORMAT}, (1, 1)),
    ("token", "list"): Command(
        token_list,
        {
            "format": FORMAT,
            "sort": Flag(default="id", choices=("id", "description"), since="2.9.9"),
            "include-revoked": Flag("bool", False, since="2.10.0"),
        },
    ),
}


def show_help(group: str = "") -> None:
    print("NAME:\n   influxctl\n\nUSAGE:\n   influxctl [global options] command [command options] [arguments...]\n")
    print("COMMANDS:")
    for names, command in COMMANDS.items():
        if since(command.since) and group in ("", names[0]):
            print("   " + " ".join(names))
    print("   version\n   help")


def show_version() -> None:
    version = SETTINGS["version"]
    styles = {"name": f"influxctl {version}", "long": f"influxctl version v{version} (linux/amd64)", "bare": version}
    print(styles[SETTINGS["version_style"]])


def dispatch(argv: list[str]) -> None:
    options, rest = parse_flags(argv, GLOBAL_FLAGS | HELP_FLAGS)
    if options["help"] or options["h"] or not rest or rest == ["help"]:
        show_help()
        return
    if rest[0] == "version":
        if rest[1:]:
            raise Failure(f"unexpected arguments: {' '.join(rest[1:])}")
        show_version()
        return
    group, name = rest[0], (rest[1:] or [""])[0]
    if not any(names[0] == group and since(command.since) for names, command in COMMANDS.items()):
        raise Failure(f"unknown command {group!r} for influxctl")
    if name in ("", "help", "--help", "-h"):
        show_help(group)
        return
    command = COMMANDS.get((group, name))
    if command is None or not since(command.since):
        raise Failure(f"unknown command {name!r} for influxctl {group}")
    perform(command, options, rest[2:])


def perform(command: Command, options: Options, argv: list[str]) -> None:
    flags, arguments = parse_flags(argv, command.flags | HELP_FLAGS)
    if flags["help"] or flags["h"]:
        show_help()
        return
    least, most = command.arguments
    if not least <= len(arguments) <= most:
        raise Failure(f"unexpected number of arguments: {len(arguments)}")
    profile = load_profile(config_path(options["config"]), profile_name(options["profile"]))
    client = Client(
        profile,
        options["account"] or profile.get("account_id", ""),
        options["cluster"] or profile.get("cluster_id", ""),
        options.get("timeout", 60.0),
    )
    client.login()
    command.run(client, flags, arguments)


def main() -> int:
    log(argv=sys.argv[1:], env=sorted(os.environ), pid=os.getpid())
    if SETTINGS["noise"] != "none":
        stream = getattr(sys, SETTINGS["noise"])
        print('Gtk-Message: 12:00:00.000: Not loading module "atk-bridge": it is built in', file=stream, flush=True)
    if struck("hang"):
        wait_for_ever()
    if struck("slow"):
        time.sleep(SETTINGS["slow"])
    code = 0
    try:
        dispatch(sys.argv[1:])
    except Failure as error:
        print(f"error\t{error}", file=sys.stderr)
        code = SETTINGS["error_exit_code"]
    sys.stdout.flush()
    log(exit_code=code)
    return code


if __name__ == "__main__":
    sys.exit(main())
