# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every point that the documentation leaves open (facts.md, section H, and the open points of A to G)."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.catalogue import Catalogue, SwitchInfo, switch

__all__ = ["SwitchInfo", "Switches"]


@dataclass(frozen=True)
class Switches(Catalogue):
    """`Switches()` is the likeliest server; `Switches.catalogue()` lists all points with their values."""

    url_forms: str = switch(
        "H1", "both", "short", "long", about="URL forms that Clustered serves; Dedicated has the long one only"
    )
    clustered_ids: str = switch(
        "H1", "checked", "any", about="long form on Clustered: only the constant 1111... IDs, or any UUIDs"
    )
    unknown_route_body: str = switch(
        "H11", "text", "json", "html", "empty", about="body of the 404 for a path that the server does not have"
    )
    default_max_columns: int = switch("H2", 250, 200, about="maxColumnsPerTable when the creation names none")
    duplicate_create: int = switch("H3", 409, 400, about="status for creating what exists (gRPC AlreadyExists text)")
    revoked_listed: bool = switch("H4", True, False, about="GET /tokens lists revoked tokens")
    revoked_token_get: int = switch("H5", 200, 404, about="status of GET for a revoked token")
    revoked_token_patch: int = switch("H5", 409, 200, 400, 404, about="status of PATCH for a revoked token")
    revoked_token_delete: int = switch("H5", 204, 404, 400, about="status of DELETE for a revoked token")
    undelete_conflict: int = switch("H6", 400, 409, 500, about="status of undelete with an active namesake")
    undelete_active: int = switch("H6", 404, 400, 200, about="status of undelete for an object that is not deleted")
    short_retention: str = switch("H7", "accepted", "rejected", about="retention below one hour, and not infinite")
    max_buckets: int = switch("H8", 100_000, 1_000, about="highest numberOfBuckets")
    unknown_fields: str = switch("H9", "rejected", "ignored", about="unknown fields of a body (always a violation)")
    empty_template: str = switch("H10", "rejected", "accepted", about="partitionTemplate: [] (always a violation)")
    time_part: str = switch("1.7", "optional", "required", about="partition template without a time part")
    old_server: bool = switch(
        "H11", False, True, about="server before 20251218: no rename, undelete or table deletion over HTTP (404)"
    )
    burst_503: int = switch(
        "H12", 0, 2, about="how many requests are answered 503 after the start, a reset or a change of switches"
    )
    activation_delay: int = switch("H12", 0, 90, about="seconds in which the data plane answers 401 to a new token")
    revocation_delay: int = switch("H12", 0, 90, about="seconds for which a revoked token of either kind still works")
    patch_echoes_template: bool = switch("H13", False, True, about="PATCH of a database echoes partitionTemplate")
    rename_echoes_retention: bool = switch(
        "H13", True, False, about="rename and undelete of a database echo retentionPeriod"
    )
    encoded_slash: str = switch(
        "H14", "kept", "decoded", "rejected", about="%2F in a path: one segment, split by the ingress, or 400 by it"
    )
    delete_connection_close: bool = switch("H15", False, True, about="204 carries Connection: close")
    delete_cut: bool = switch(
        "H15", False, True, about="the connection is cut behind the head of a 204, which announces a body"
    )
    write_parses_first: bool = switch(
        "G.4", False, True, about="data plane: a line that can't be parsed is refused before the token is looked at"
    )
    timestamps: str = switch(
        "H16", "millis", "seconds", "micros", "offset", about="2025-01-02T03:04:05 then .000Z, Z, .000000Z or +00:00"
    )
    past_expiry: str = switch("H17", "rejected", "accepted", about="creation of a token that has expired already")
    permissions_echo: str = switch(
        "H18", "as_sent", "normalized", about="permissions as sent, or sorted and without duplicates"
    )
    empty_patch: str = switch("H19", "rejected", "accepted", about="PATCH with {} (always a violation)")
    error_bodies: str = switch("H20", "json", "html", "empty", about="bodies of all errors: the API's or an ingress'")
    empty_lists: str = switch("A.4", "array", "null", about="lists without items: [] or null")
    infinite_retention: str = switch("A.4", "zero", "null", "absent", about="how retentionPeriod says for ever")
    no_instant: str = switch(
        "1.7", "absent", "null", "empty", "epoch", "year_one", about="how expiresAt and revokedAt say never"
    )
    wrapped_lists: str = switch(
        "F", "no", "named", "data", "result",
        about="lists as arrays, or as InfluxData's client also takes them: {databases: []}, alone or in an object",
    )  # fmt: skip
    error_wording: str = switch(
        "1.3", "grpc", "plain", "terse", "misleading",
        about="what an error's message says: a gRPC error, its description, nothing, or what isn't the case; a"
        " duplicate's 400 always has the gRPC code",
    )  # fmt: skip
    table_inherits_template: bool = switch(
        "B.4", False, True, about="POST of a table without a template echoes the database's"
    )
    renamed_table_name: str = switch(
        "A.6", "free", "taken", about="creating a table under the former name of a renamed one"
    )
    recovery_days: int = switch("A.6", 0, 7, about="days in which undelete is possible; 0 = for ever")
    query_forbidden: int = switch("G.3", 401, 403, about="data plane: status for a valid token without permission")
    mgmt_token_may_manage: bool = switch(
        "C.8", True, False, about="a management token may create, list and revoke management tokens"
    )
    mgmt_revoke_again: str = switch("C.2", "accepted", "rejected", about="revoking a revoked management token")
