# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The switches of the server: one for each point that the documentation leaves open (facts.md calls it open)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from simulator.catalogue import Catalogue, SwitchInfo, switch

__all__ = ["SwitchInfo", "Switches"]

_ACCEPTED = {"accepted": "accepted", "refused": "rejected"}
# For each question of a probe whose answer is the value of a switch: the switch, and its value by the answer, or None
# where it is the answer itself.
FROM_PROBE: dict[str, tuple[str, dict[Any, Any] | None]] = {
    "url_form": ("url_forms", None),
    "duplicate_status": ("duplicate_create", None),
    "default_max_tables": ("default_max_tables", None),
    "default_max_columns": ("default_max_columns", None),
    "revoked_listed": ("revoked_listed", None),
    "revoked_get": ("revoked_token_get", None),
    "revoked_patch": ("revoked_token_patch", None),
    "revoked_delete": ("revoked_token_delete", None),
    "undelete_with_namesake": ("undelete_conflict", None),
    "short_retention": ("short_retention", _ACCEPTED),
    "buckets_over_1000": ("max_buckets", {"accepted": 100_000, "refused": 1_000}),
    "unknown_fields": ("unknown_fields", {"accepted": "ignored", "refused": "rejected"}),
    "empty_template": ("empty_template", _ACCEPTED),
    "empty_patch": ("empty_patch", _ACCEPTED),
    "past_expiry": ("past_expiry", _ACCEPTED),
    "encoded_slash": ("encoded_slash", {"works": "kept", "fails": "decoded"}),
    "patch_echoes_template": ("patch_echoes_template", None),
    "permissions_echo": (
        "permissions_echo",
        {"plain": "as_sent", "sorted": "normalized", "reversed": "reversed", "deduplicated": "deduplicated"},
    ),
    "error_body": ("error_bodies", {"json": "json", "other": "html"}),
    "influxctl_manages_tokens": ("mgmt_token_may_manage", None),
}
# The operations that a server may lack, and those that came with 20251218 (facts.md#releases-of-the-server).
OPERATIONS = (
    *("rename_database", "undelete_database", "create_table"),
    *("delete_table", "rename_table", "undelete_table"),
)
RECENT = {*OPERATIONS} - {"create_table"}


@dataclass(frozen=True)
class Switches(Catalogue):
    """`Switches()` is the likeliest server; `Switches.catalogue()` lists all points with their values."""

    url_forms: str = switch(
        "url-forms", "both", "short", "long", about="URL forms that Clustered serves; Dedicated has the long one only"
    )
    clustered_ids: str = switch(
        "url-forms", "checked", "any", about="long form on Clustered: only the constant 1111... IDs, or any UUIDs"
    )
    unknown_route_body: str = switch(
        "releases-of-the-server",
        "text",
        "json",
        "html",
        "empty",
        about="body of the 404 for a path that the server does not have",
    )
    default_max_tables: int = switch("limits", 500, 1_000, about="maxTables when the creation names none")
    default_max_columns: int = switch("limits", 250, 200, about="maxColumnsPerTable when the creation names none")
    duplicate_create: int = switch(
        "already-exists", 409, 400, about="status for creating what exists (gRPC AlreadyExists text)"
    )
    revoked_listed: bool = switch("revocation", True, False, about="GET /tokens lists revoked tokens")
    revoked_token_get: int = switch("revocation", 200, 404, about="status of GET for a revoked token")
    revoked_token_patch: int = switch("revocation", 409, 200, 400, 404, about="status of PATCH for a revoked token")
    revoked_token_delete: int = switch("revocation", 204, 404, 400, about="status of DELETE for a revoked token")
    undelete_conflict: int = switch(
        "deleting-and-restoring", 400, 409, 500, about="status of undelete with an active namesake"
    )
    undelete_active: int = switch(
        "deleting-and-restoring", 404, 400, 200, about="status of undelete for an object that is not deleted"
    )
    short_retention: str = switch(
        "retention", "accepted", "rejected", about="retention below one hour, and not infinite"
    )
    max_buckets: int = switch("partition-templates", 100_000, 1_000, about="highest numberOfBuckets")
    unknown_fields: str = switch(
        "unknown-points-of-bodies", "rejected", "ignored", about="unknown fields of a body (always a violation)"
    )
    empty_template: str = switch(
        "unknown-points-of-bodies", "rejected", "accepted", about="partitionTemplate: [] (always a violation)"
    )
    time_part: str = switch(
        "partition-templates", "optional", "required", about="partition template without a time part"
    )
    old_server: bool = switch(
        "releases-of-the-server",
        False,
        True,
        about="server before 20251218: no rename, undelete or table deletion over HTTP (404)",
    )
    missing_operations: str = switch(
        "releases-of-the-server",
        "",
        "rename_database undelete_table",
        "undelete_database delete_table",
        "create_table rename_table",
        about="operations that the server hasn't (404), beside those of old_server, with blanks between them",
    )
    clock_skew: int = switch("expiry", 0, 120, about="seconds by which the server's clock is ahead")
    burst_503: int = switch(
        "error-form", 0, 2, about="how many requests are answered 503 after the start, a reset or a change of switches"
    )
    activation_delay: int = switch(
        "activation", 0, 90, about="seconds in which the data plane answers 401 to a new token"
    )
    revocation_delay: int = switch(
        "revocation", 0, 90, about="seconds for which a revoked token of either kind still works"
    )
    patch_echoes_template: bool = switch(
        "unknown-points-of-bodies", False, True, about="PATCH of a database echoes partitionTemplate"
    )
    rename_echoes_retention: bool = switch(
        "unknown-points-of-bodies", True, False, about="rename and undelete of a database echo retentionPeriod"
    )
    encoded_slash: str = switch(
        "encoded-slash",
        "kept",
        "decoded",
        "rejected",
        about="%2F in a path: one segment, split by the ingress, or 400 by it",
    )
    delete_connection_close: bool = switch("requests-and-answers", False, True, about="204 carries Connection: close")
    delete_cut: bool = switch(
        "requests-and-answers",
        False,
        True,
        about="the connection is cut behind the head of a 204, which announces a body",
    )
    write_parses_first: bool = switch(
        "writes", False, True, about="data plane: a line that can't be parsed is refused before the token is looked at"
    )
    empty_write: str = switch(
        "writes", "refused", "accepted", about="data plane: a write without a line is answered 400, or 204"
    )
    timestamps: str = switch(
        "unknown-points-of-bodies",
        "millis",
        "seconds",
        "micros",
        "offset",
        about="2025-01-02T03:04:05 then .000Z, Z, .000000Z or +00:00",
    )
    past_expiry: str = switch("expiry", "rejected", "accepted", about="creation of a token that has expired already")
    permissions_echo: str = switch(
        "permissions",
        "as_sent",
        "normalized",
        "reversed",
        "deduplicated",
        about="permissions as sent; sorted and without duplicates; in reverse order; or only without duplicates",
    )
    empty_patch: str = switch(
        "unknown-points-of-bodies", "rejected", "accepted", about="PATCH with {} (always a violation)"
    )
    error_bodies: str = switch(
        "error-form", "json", "html", "empty", about="bodies of all errors: the API's or an ingress'"
    )
    empty_lists: str = switch("requests-and-answers", "array", "null", about="lists without items: [] or null")
    infinite_retention: str = switch("retention", "zero", "null", "absent", about="how retentionPeriod says for ever")
    no_instant: str = switch(
        "expiry",
        "absent",
        "null",
        "empty",
        "epoch",
        "year_one",
        about="how expiresAt and revokedAt say never",
    )
    wrapped_lists: str = switch(
        "requests-and-answers", "no", "named", "data", "result",
        about="lists as arrays, or as InfluxData's client also takes them: {databases: []}, alone or in an object",
    )  # fmt: skip
    error_wording: str = switch(
        "error-form", "grpc", "plain", "terse", "misleading",
        about="what an error's message says: a gRPC error, its description, nothing, or what isn't the case; a"
        " duplicate's 400 always has the gRPC code",
    )  # fmt: skip
    table_inherits_template: bool = switch(
        "partition-templates", False, True, about="POST of a table without a template echoes the database's"
    )
    renamed_table_name: str = switch(
        "names-bind-tokens", "free", "taken", about="creating a table under the former name of a renamed one"
    )
    recovery_days: int = switch(
        "deleting-and-restoring", 0, 7, about="days in which undelete is possible; 0 = for ever"
    )
    query_forbidden: int = switch("queries", 401, 403, about="data plane: status for a valid token without permission")
    mgmt_token_may_manage: bool = switch(
        "management-tokens", True, False, about="a management token may create, list and revoke management tokens"
    )
    mgmt_revoke_again: str = switch(
        "revoking-several", "accepted", "rejected", about="revoking a revoked management token"
    )

    @classmethod
    def from_probe(cls, report: Mapping[str, Any]) -> Switches:
        """Return the switches by a report of the module `probe`; those that it leaves open stay the likeliest.

        Raises ValueError for a report of another form, and for an answer that no question has.
        """
        if report.get("schema") != 1:
            raise ValueError(f"this is no report of the schema 1, but of {report.get('schema')!r}")
        answers = {name: value for name, value in report["answers"].items() if value is not None}
        if report["product"] == "dedicated":
            answers.pop("url_form", None)
        values: dict[str, Any] = {}
        for question, (name, by_answer) in FROM_PROBE.items():
            if question in answers:
                values[name] = (
                    answers[question] if by_answer is None else _value(question, answers[question], by_answer)
                )
        missing = {name for name in OPERATIONS if answers.get(name) is False}
        values["old_server"] = missing >= RECENT
        values["missing_operations"] = " ".join(sorted(missing - RECENT if values["old_server"] else missing))
        if "timestamp_digits" in answers:
            digits = int(answers["timestamp_digits"])
            values["timestamps"] = "seconds" if digits == 0 else "millis" if digits <= 3 else "micros"
        for question, name in (("activation_seconds", "activation_delay"), ("clock_skew_seconds", "clock_skew")):
            if question in answers:
                values[name] = round(answers[question])
        return cls(**values)


def _value(question: str, answer: Any, by_answer: dict[Any, Any]) -> Any:
    if answer not in by_answer:
        raise ValueError(f"{question}: {answer!r} is none of {', '.join(by_answer)}")
    return by_answer[answer]
