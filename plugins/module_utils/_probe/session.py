# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One run of a probe: the steps that several questions share, each taken once, and the one guard around all writes."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Callable
from urllib.parse import quote

from .._core import entities, errors
from .._core.durations import format_instant
from .answers import FORBIDDEN, Answer, Reply, unanswered
from .influxctl import Influxctl, Ran
from .scratch import DATABASE, MGMT_TOKEN, Collection, Scratch
from .scratch import DB_TOKEN as TOKEN
from .server import Server, listed

# Within the hour, and long enough for a token that takes its time to become active.
LIFE = timedelta(minutes=45)
# An ID of databases and tables that none has: they are counted from 1.
NOBODYS_ID = "999999999999999999"
_TEMPLATE = [{"type": "time", "value": "%Y-%m-%d"}]


def tail(*segments: str) -> str:
    """Return the percent-encoded end of a path."""
    return "".join(f"/{quote(segment, safe='')}" for segment in segments)


class Session:
    """The requests and steps of the questions. The names of all objects that a session makes begin with `run`.

    A step that several questions need is a property: the first question that needs it takes it, and it is taken once.
    """

    def __init__(self, server: Server, influxctl: Influxctl | None, run: str, *, writes: bool) -> None:
        self.server = server
        self.influxctl = influxctl
        self.run = run
        self.writes = writes
        self.intended: list[Scratch] = []
        self._ids = {NOBODYS_ID}

    def name(self, word: str) -> str:
        """Return the name of a scratch object of this run; `word` is the name's end."""
        return f"{self.run}-{word}"

    # Requests

    def read(self, *segments: str) -> Reply:
        """Send a GET. The segments of the path are encoded here."""
        return self.server.send("GET", tail(*segments))

    def write(self, method: str, path: str, body: Any = None) -> Reply:
        """Send a write about an object of this run. Raises Refused for any other, and in a run without writes.

        `path` is percent-encoded. An object is this run's by its name, or by an ID that was given to `register_id`.
        """
        named = [str(value) for key, value in (body or {}).items() if key in ("name", "description")]
        if not self.writes or not any(own in text for own in (self.run, *self._ids) for text in (path, *named)):
            raise errors.Refused("The probe doesn't write to what isn't its own.")
        return self.server.send(method, path, body)

    def settled(self, send: Callable[[], Reply]) -> Reply:
        """Return the reply to a request that may be sent twice; one without a status where the server is out of order.

        A status of 500 and one that forbids can be the server's answer to the very question, or that of a moment. It
        counts where it comes twice, and one of 500 only while a list of databases succeeds.
        """
        reply = send()
        if reply.status is None or not (reply.status >= 500 or reply.status in FORBIDDEN):
            return reply
        again = send()
        is_lasting = again.status == reply.status and reply.status >= 500
        return Reply(None) if is_lasting and not self.read("databases").is_success else again

    def register_id(self, number: Any) -> str | None:
        """Allow writes with the ID of an object of this run; return it as a segment of a path, None for no ID."""
        is_id = (isinstance(number, int) and not isinstance(number, bool)) or (isinstance(number, str) and number)
        if not is_id:
            return None
        self._ids.add(str(number))
        return str(number)

    def create_database(self, word: str, **more: Any) -> Reply:
        """Make a scratch database; `more` are further fields of the body.

        Where the answer gets lost, the list of databases tells what became of the request.
        """
        self.intended.append(Scratch(DATABASE, self.name(word)))
        body = {"name": self.name(word), **more}
        reply = self.write("POST", tail("databases"), body)
        if reply.status is not None:
            return reply
        databases = listed(self.read("databases"), "databases") or []
        made = [one for one in databases if one.get("name") == self.name(word)]
        return Reply(200, made[0]) if made else self.write("POST", tail("databases"), body)

    def delete_database(self, word: str) -> Reply:
        """Delete a scratch database."""
        return self.write("DELETE", tail("databases", self.name(word)))

    def create_token(self, word: str, ends: datetime, permissions: list[dict[str, str]]) -> Reply:
        """Make a scratch database token. Where the answer gets lost, another one is made."""
        self.intended.append(Scratch(TOKEN, self.name(word)))
        body = {
            "description": self.name(word),
            "permissions": permissions,
            "expiresAt": format_instant(ends.replace(microsecond=0)),
        }
        reply = self.write("POST", tail("tokens"), body)
        # The secret of a token whose answer got lost is lost; at the end the token is revoked with the others.
        return self.write("POST", tail("tokens"), body) if reply.status is None else reply

    # Steps

    @cached_property
    def tokens(self) -> list[dict[str, Any]] | None:
        """The database tokens that were there at the beginning, as the server shows them."""
        return listed(self.read("tokens"), "tokens")

    @cached_property
    def missing_token(self) -> Reply:
        """The reply about a token that nobody has."""
        return self.read("tokens", str(uuid.uuid4()))

    @cached_property
    def limits(self) -> Reply:
        """The creation of a database with a template and without limits."""
        return self.create_database("limits", partitionTemplate=_TEMPLATE)

    @cached_property
    def unknown(self) -> Reply:
        """The reply for a path that no server has."""
        return self.write("PUT", tail("databases", self.name("limits"), "probe"))

    @cached_property
    def patched(self) -> Reply:
        """A change of the first database."""
        return self.write("PATCH", tail("databases", self.name("limits")), {"maxTables": 501})

    @cached_property
    def renamed(self) -> Reply:
        """The renaming of a second database."""
        made = self.create_database("first")
        if not made.is_success:
            return Reply(None)
        self.intended.append(Scratch(DATABASE, self.name("second")))
        return self.write("PUT", tail("databases", self.name("first"), "rename"), {"name": self.name("second")})

    @cached_property
    def restored(self) -> Reply | None:
        """The restoring of the second database; None where its ID isn't shown, or where it can't be deleted before."""
        number = self.renamed_id
        if number is None or not self.delete_database("second").is_success:
            return None
        return self.write("PUT", tail("databases", number, "undelete"))

    @property
    def renamed_id(self) -> str | None:
        """The ID of the second database, which only the answer to its renaming shows (facts.md#operations)."""
        return self.register_id((self.renamed.body or {}).get("id")) if self.renamed.is_success else None

    @cached_property
    def restored_beside_namesake(self) -> Reply | None:
        """The restoring of the second database while another one has its name; None where that can't be tried."""
        number = self.renamed_id
        if number is None or self.restored is None or not self.restored.is_success:
            return None
        if not (self.delete_database("second").is_success and self.create_database("second").is_success):
            return None
        return self.settled(lambda: self.write("PUT", tail("databases", number, "undelete")))

    @cached_property
    def tables(self) -> Reply:
        """The creation of a database for tables."""
        return self.create_database("tables")

    def table(self, method: str, *segments: str, name: str = "") -> Reply:
        """Send a write about a table of the database for tables."""
        path = tail("databases", self.name("tables"), "tables", *segments)
        return self.write(method, path, {"name": name} if name else None)

    @cached_property
    def table_made(self) -> Reply:
        """The creation of a table."""
        return self.table("POST", name="first") if self.tables.is_success else Reply(None)

    @cached_property
    def table_renamed(self) -> Reply:
        """The renaming of the table."""
        return self.table("PUT", "first", "rename", name="second") if self.table_made.is_success else Reply(None)

    @cached_property
    def table_deleted(self) -> Reply:
        """The deletion of the table."""
        if not self.table_made.is_success:
            return Reply(None)
        return self.table("DELETE", "second" if self.table_renamed.is_success else "first")

    @cached_property
    def table_restored(self) -> Reply | None:
        """The restoring of the table; None where its ID isn't shown or it couldn't be deleted."""
        number = self.register_id((self.table_renamed.body or {}).get("id")) if self.table_renamed.is_success else None
        if number is None or not self.table_deleted.is_success:
            return None
        return self.table("PUT", number, "undelete")

    @property
    def permissions(self) -> list[dict[str, str]]:
        """Permissions out of order, and one of them twice, for two databases of this run."""
        first, second = self.name("limits"), self.name("tables")
        pairs = [("read", second), ("write", first), ("read", second), ("write", second), ("read", first)]
        return [{"action": action, "resource": resource} for action, resource in pairs]

    @cached_property
    def token(self) -> Reply:
        """The creation of a database token."""
        if not (self.limits.is_success and self.tables.is_success):
            return Reply(None)
        return self.create_token("token", self.server.now() + LIFE, self.permissions)

    @cached_property
    def token_id(self) -> str | None:
        """The ID of the database token, None without one."""
        return self.register_id((self.token.body or {}).get("id")) if self.token.is_success else None

    @cached_property
    def activation(self) -> Answer:
        """How long the token took to become active."""
        secret = (self.token.body or {}).get("accessToken") if self.token.is_success else None
        if not secret or not self.token_id:
            return unanswered("No database token could be made.")
        if not self.server.has_data_plane(secret):
            return unanswered("The data plane doesn't answer GET /ping: set query_host to where it is.")
        read = [one for one in self.permissions if one["action"] == "read"]
        seconds = self.server.activation({"id": self.token_id, "permissions": read}, secret)
        if seconds is None:
            return unanswered("The data plane did not accept the new token within five minutes.")
        return Answer(round(seconds, 1), f"The data plane accepted a new token {seconds:.1f} s after it was made.")

    @cached_property
    def revoked(self) -> Reply:
        """The revocation of the token."""
        # The token's activation is measured before it is revoked.
        if self.token_id is None or self.activation is None:
            return Reply(None)
        return self.write("DELETE", tail("tokens", self.token_id))

    @cached_property
    def somebodys_revoked_id(self) -> str | None:
        """The ID of a listed revoked token that isn't this run's, None without one. The token is only read."""
        found = [token for token in self.tokens or () if (as_token(token) or {}).get("revoked_at")]
        return str(found[0].get("id")) if found else None

    # influxctl

    @property
    def program(self) -> Influxctl:
        """The program. Raises InfluxctlError where there is none."""
        if self.influxctl is None:
            raise errors.InfluxctlError("There is no influxctl.", code="influxctl_missing")
        return self.influxctl

    @cached_property
    def management(self) -> tuple[Ran, list[entities.State] | None]:
        """The first run that lists the management tokens, and its entries, None where they can't be understood."""
        return self.program.list_tokens()

    @cached_property
    def issued(self) -> tuple[Ran, entities.State | None]:
        """The creation of a management token with its output as JSON, and the token's entry in the list afterwards.

        One that fails may have met a moment's trouble, so another token is tried then.
        """
        ran, token = self._issue("management", as_json=True)
        return (ran, token) if ran.success or ran.forbidden else self._issue("again", as_json=True)

    @cached_property
    def issued_plainly(self) -> tuple[Ran, entities.State | None]:
        """The creation of another management token without --format, and the token's entry in the list afterwards."""
        return self._issue("plain", as_json=False)

    def _issue(self, word: str, *, as_json: bool) -> tuple[Ran, entities.State | None]:
        if not self.writes:
            raise errors.Refused("The probe doesn't write.")
        self.intended.append(Scratch(MGMT_TOKEN, self.name(word)))
        ran = self.program.create_token(self.name(word), self.server.now() + LIFE, as_json=as_json)
        found = [one for one in self.program.list_tokens()[1] or () if one.get("description") == self.name(word)]
        if found and found[0].get("token_prefix"):
            self.program.keep_secret(ran, found[0]["token_prefix"])
        return ran, found[0] if found else None

    # What is there now

    def collections(self) -> list[Collection]:
        """Return the kinds of objects that a run makes, as `sweep` wants them."""
        found = [
            Collection(DATABASE, self._active_databases, self._delete),
            Collection(TOKEN, self._active_tokens, self._revoke),
        ]
        if self.influxctl is not None and self.management[1] is not None:
            found.append(Collection(MGMT_TOKEN, self._active_mgmt_tokens, self._revoke_mgmt_token))
        return found

    def _active_databases(self) -> list[tuple[str, str]] | None:
        databases = listed(self.read("databases"), "databases")
        return None if databases is None else [(str(one.get("name")), str(one.get("name"))) for one in databases]

    def _active_tokens(self) -> list[tuple[str, str]] | None:
        tokens = listed(self.read("tokens"), "tokens")
        if tokens is None:
            return None
        states = [as_token(one) for one in tokens]
        return [
            (str(one.get("description")), str(one.get("id"))) for one in states if one and not one.get("revoked_at")
        ]

    def _active_mgmt_tokens(self) -> list[tuple[str, str]] | None:
        try:
            tokens = self.program.list_tokens()[1]
        except errors.InfluxctlError:
            return None
        if tokens is None:
            return None
        return [(str(one.get("description")), str(one["id"])) for one in tokens if not one.get("revoked_at")]

    def _delete(self, name: str) -> object:
        return self.server.send("DELETE", tail("databases", name))

    def _revoke(self, token_id: str) -> object:
        return self.server.send("DELETE", tail("tokens", token_id))

    def _revoke_mgmt_token(self, token_id: str) -> object:
        try:
            return self.program.revoke_token(token_id)
        except errors.InfluxctlError as error:
            return error


def as_token(item: dict[str, Any]) -> entities.State | None:
    """Return a listed database token in its canonical form, None where it can't be understood."""
    try:
        return entities.DB_TOKEN.from_answer(item, whole=True)
    except errors.Influxdb3Error:
        return None
