# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How each question is asked: a function of its name that takes a session and returns the answer with its evidence."""

from __future__ import annotations

from datetime import timedelta
from typing import Callable

from .._influxctl.version import EXPIRY_SINCE, version_text
from .answers import (
    Answer,
    Reply,
    accepted_or_refused,
    days_left,
    echo,
    fraction_digits,
    holds_secret,
    is_unknown_path,
    number_in,
    skew,
    status_of,
    unanswered,
    works,
)
from .answers import duplicate_status as duplicate_answer
from .answers import encoded_slash as slash_answer
from .server import listed
from .session import NOBODYS_ID, Session, as_token, tail

Ask = Callable[[Session], Answer]
_HALF_AN_HOUR = 1_800_000_000_000
# The documents' limit of a partition template, and one more (facts.md#partition-templates).
_MANY_BUCKETS = 1_001
_NO_DATABASE = "No database could be made to try it on."
_NO_TOKEN = "No database token could be made to try it on."


# The server as it is


def url_form(session: Session) -> Answer:
    """Ask which forms of URL there are (facts.md#url-forms)."""
    forms = session.server.forms
    found = [name for name, reply in forms.items() if listed(reply, "databases") is not None]
    evidence = "; ".join(f"the {name} form {reply.outcome}" for name, reply in forms.items())
    if any(reply.status is None or reply.status >= 500 for reply in forms.values()):
        return unanswered(f"A list of the databases in {evidence}: that doesn't tell whether there is such a form.")
    return Answer("both" if len(found) == 2 else found[0], f"A list of the databases in {evidence}.")


def error_body(session: Session) -> Answer:
    """Ask for a token that nobody has, and look at the error (facts.md#error-form)."""
    reply = session.missing_token
    if reply.status is None or reply.is_success or (reply.status in (429, 502, 503, 504)):
        return unanswered(f"A token that nobody has {reply.outcome}, which is no error to look at.")
    form = "in the documented form" if reply.own else "in another form than the documented one"
    return Answer("json" if reply.own else "other", f"A token that nobody has {reply.outcome}, {form}.")


def clock_skew_seconds(session: Session) -> Answer:
    """Compare the server's clock with this machine's (facts.md#expiry)."""
    head = session.server.head
    return unanswered("No answer came.") if head is None else skew(head.server_time, head.at)


def tls_days_left(session: Session) -> Answer:
    """Look when the server's certificate ends."""
    head = session.server.head
    why_not = session.server.certificate_is_hidden or "The connection doesn't show the server's certificate."
    return unanswered(why_not) if head is None else days_left(head.certificate_ends, head.at, why_not)


def timestamp_digits(session: Session) -> Answer:
    """Look at the times at which tokens were made (facts.md#unknown-points-of-bodies)."""
    made = (session.token.body or {}).get("createdAt") if session.writes and session.token.is_success else None
    return fraction_digits([made, *(token.get("createdAt") for token in session.tokens or ())])


# Databases


def _limit(session: Session, key: str) -> Answer:
    return number_in("The creation of a database", session.limits, key)


def default_max_tables(session: Session) -> Answer:
    """Make a database without limits (facts.md#limits)."""
    return _limit(session, "maxTables")


def default_max_columns(session: Session) -> Answer:
    """Make a database without limits (facts.md#limits)."""
    return _limit(session, "maxColumnsPerTable")


def duplicate_status(session: Session) -> Answer:
    """Make a database twice (facts.md#already-exists)."""
    if not session.limits.is_success:
        return unanswered(_NO_DATABASE)
    return duplicate_answer("The creation of a database that exists", session.create_database("limits"))


def patch_echoes_template(session: Session) -> Answer:
    """Change a database that has a template (facts.md#unknown-points-of-bodies)."""
    reply = session.patched
    if not session.limits.is_success or not isinstance(reply.body, dict):
        return unanswered(f"The change of a database {reply.outcome}, without a body to look at.")
    shown = bool(reply.body.get("partitionTemplate"))
    return Answer(shown, f"The answer to the change of a database {'holds' if shown else 'lacks'} its template.")


def _created(session: Session, what: str, word: str, **more: object) -> Answer:
    return accepted_or_refused(f"The creation of a database with {what}", session.create_database(word, **more))


def short_retention(session: Session) -> Answer:
    """Make a database that keeps data for half an hour (facts.md#retention)."""
    return _created(session, "a retention of 30 minutes", "retention", retentionPeriod=_HALF_AN_HOUR)


def buckets_over_1000(session: Session) -> Answer:
    """Make a database with more buckets than the guide allows (facts.md#partition-templates)."""
    bucket = {"type": "bucket", "value": {"tagName": "host", "numberOfBuckets": _MANY_BUCKETS}}
    parts = [{"type": "time", "value": "%Y-%m-%d"}, bucket]
    return _created(session, f"{_MANY_BUCKETS} buckets", "buckets", partitionTemplate=parts)


def unknown_fields(session: Session) -> Answer:
    """Make a database with a field that no document has (facts.md#unknown-points-of-bodies)."""
    return _created(session, "an unknown field", "fields", influxopsProbe=True)


def empty_template(session: Session) -> Answer:
    """Make a database with an empty template (facts.md#unknown-points-of-bodies)."""
    return _created(session, "an empty template", "template", partitionTemplate=[])


def empty_patch(session: Session) -> Answer:
    """Send a change of a database with an empty body (facts.md#unknown-points-of-bodies)."""
    if not session.limits.is_success:
        return unanswered(_NO_DATABASE)
    path = tail("databases", session.name("limits"))
    return accepted_or_refused("A change of a database with an empty body", session.write("PATCH", path, {}))


def encoded_slash(session: Session) -> Answer:
    """Send %2F where only a slash is right, and within a name (facts.md#encoded-slash).

    No object with such a name is made.
    """
    if not session.limits.is_success:
        return unanswered(_NO_DATABASE)
    body = {"maxTables": 501}
    decoded = session.write("PATCH", f"/databases%2F{session.name('limits')}", body)
    missing = session.write("PATCH", tail("databases", session.name("none")), body)
    return slash_answer(decoded, missing, session.write("PATCH", tail("databases", session.name("no/ne")), body))


def rename_database(session: Session) -> Answer:
    """Rename a database (facts.md#releases-of-the-server)."""
    return works("The renaming of a database", session.renamed)


def undelete_database(session: Session) -> Answer:
    """Restore a database that was deleted (facts.md#releases-of-the-server)."""
    if session.restored is not None:
        return works("The restoring of a deleted database", session.restored)
    return _without_id(session, "database", tail("databases", NOBODYS_ID, "undelete"))


def undelete_with_namesake(session: Session) -> Answer:
    """Restore a database whose name another one has (facts.md#deleting-and-restoring)."""
    reply = session.restored_beside_namesake
    if reply is None:
        return unanswered("No deleted database could be restored, or its ID isn't shown.")
    return status_of("The restoring of a database whose name is taken", reply)


def _without_id(session: Session, noun: str, path: str) -> Answer:
    """Answer whether there is the restoring of a kind of objects, where no ID is shown to try it with."""
    if not session.limits.is_success or not session.tables.is_success:
        return unanswered(_NO_DATABASE)
    reply = session.write("PUT", path)
    if is_unknown_path(reply, session.unknown, session.missing_token.own):
        return Answer(False, f"The path for the restoring of a {noun} {reply.outcome}, as an unknown path is.")
    return unanswered(f"No ID of a deleted {noun} is shown, and without one the path {reply.outcome}.")


# Tables


def create_table(session: Session) -> Answer:
    """Make a table (facts.md#releases-of-the-server)."""
    return works("The creation of a table", session.table_made)


def rename_table(session: Session) -> Answer:
    """Rename a table (facts.md#releases-of-the-server)."""
    return _on_table(session, "renaming", session.table_renamed, "PUT", "none", "rename", name="other")


def delete_table(session: Session) -> Answer:
    """Delete a table (facts.md#releases-of-the-server)."""
    return _on_table(session, "deletion", session.table_deleted, "DELETE", "none")


def undelete_table(session: Session) -> Answer:
    """Restore a table that was deleted (facts.md#releases-of-the-server)."""
    if session.table_restored is not None:
        return works("The restoring of a deleted table", session.table_restored)
    database = session.name("tables")
    return _without_id(session, "table", tail("databases", database, "tables", NOBODYS_ID, "undelete"))


def _on_table(session: Session, doing: str, reply: Reply, method: str, *segments: str, name: str = "") -> Answer:
    """Answer whether there is an operation on tables; without a table, whether the server has its path."""
    if session.table_made.is_success:
        return works(f"The {doing} of a table", reply)
    if not session.tables.is_success or not session.limits.is_success:
        return unanswered(_NO_DATABASE)
    missing = session.table(method, *segments, name=name)
    if is_unknown_path(missing, session.unknown, session.missing_token.own):
        return Answer(False, f"The path for the {doing} of a table {missing.outcome}, as an unknown path is.")
    return unanswered(f"No table could be made to try it on, and for one that isn't there the path {missing.outcome}.")


# Database tokens


def permissions_echo(session: Session) -> Answer:
    """Make a token with its permissions out of order (facts.md#permissions)."""
    return echo(session.permissions, session.token)


def activation_seconds(session: Session) -> Answer:
    """Try a new token until it is accepted (facts.md#activation)."""
    return session.activation


def revoked_listed(session: Session) -> Answer:
    """Look for a revoked token in the list (facts.md#revocation)."""
    if not session.writes:
        if session.somebodys_revoked_id is not None:
            return Answer(True, "The list of database tokens holds one that is revoked.")
        return unanswered("The list holds no revoked database token, and without writes none is made.")
    if not session.revoked.is_success:
        return unanswered(f"The revocation of a token {session.revoked.outcome}.")
    tokens = listed(session.read("tokens"), "tokens")
    if tokens is None:
        return unanswered("The list of database tokens could not be read.")
    shown = any((as_token(token) or {}).get("id") == session.token_id for token in tokens)
    return Answer(shown, f"The list {'holds' if shown else 'lacks'} a database token after its revocation.")


def revoked_get(session: Session) -> Answer:
    """Read a revoked token (facts.md#revocation)."""
    token_id = session.token_id if session.writes else session.somebodys_revoked_id
    if token_id is None or (session.writes and not session.revoked.is_success):
        return unanswered("There is no revoked database token to read.")
    reply = session.settled(lambda: session.read("tokens", token_id))
    return status_of("GET of a revoked database token", reply)


def revoked_patch(session: Session) -> Answer:
    """Change a revoked token (facts.md#revocation)."""
    if session.token_id is None or not session.revoked.is_success:
        return unanswered(_NO_TOKEN)
    path, body = tail("tokens", session.token_id), {"description": session.name("changed")}
    reply = session.settled(lambda: session.write("PATCH", path, body))
    return status_of("PATCH of a revoked database token", reply)


def revoked_delete(session: Session) -> Answer:
    """Revoke a revoked token (facts.md#revocation)."""
    if session.token_id is None or not session.revoked.is_success:
        return unanswered(_NO_TOKEN)
    path = tail("tokens", session.token_id)
    reply = session.settled(lambda: session.write("DELETE", path))
    return status_of("DELETE of a revoked database token", reply)


def past_expiry(session: Session) -> Answer:
    """Make a token whose end lies in the past (facts.md#expiry)."""
    reply = session.create_token("past", session.server.now() - timedelta(hours=1), [])
    return accepted_or_refused("The creation of a database token that ended an hour ago", reply)


# influxctl


def influxctl_version(session: Session) -> Answer:
    """Ask influxctl for its version (facts.md#versions-of-influxctl)."""
    text = version_text(session.program.version)
    if text is None:
        return unanswered("influxctl version shows no version number.")
    return Answer(text, f"influxctl version shows {text}.")


def influxctl_list_json(session: Session) -> Answer:
    """Read the list of management tokens (facts.md#output-of-list)."""
    ran, tokens = session.management
    if not ran.success:
        return unanswered("influxctl management list failed, so there is no output to read.")
    understood = "is" if tokens is not None else "isn't"
    return Answer(tokens is not None, f"The output of influxctl management list --format json {understood} understood.")


def _no_issue(session: Session) -> str:
    """Return why no management token is made; empty where one may be."""
    if session.management[1] is None:
        return "The management tokens can't be listed, so that one could not be removed again."
    if not session.writes:
        return "influxctl can list management tokens; whether it can make and revoke them, only writes tell."
    version = session.program.version
    if version is not None and version < EXPIRY_SINCE:
        return "This influxctl can't give a management token an end (2.10.0 can), so none was made."
    return ""


def influxctl_create_json(session: Session) -> Answer:
    """Make a management token and read the output (facts.md#output-of-create)."""
    why_not = _no_issue(session)
    if why_not:
        return unanswered(why_not)
    ran, token = session.issued
    what = "influxctl management create --format json"
    if token is not None and token.get("token_prefix"):
        form = holds_secret(ran.stdout, token["token_prefix"])
        if form:
            return Answer(True, f"The output of {what} is {form} that holds the token.")
        if ran.success:
            return Answer(False, f"The output of {what} holds no token that can be read.")
    if not ran.success and not ran.forbidden and session.issued_plainly[1] is not None:
        return Answer(False, f"{what} fails, and works without --format json.")
    return unanswered(f"{what} made no token that the list shows.")


def influxctl_manages_tokens(session: Session) -> Answer:
    """List, make and revoke management tokens with a management token (facts.md#management-tokens)."""
    ran, _tokens = session.management
    if ran.forbidden and session.program.lists_databases():
        return Answer(False, "influxctl lists the databases with this management token, and no management tokens.")
    if not ran.success:
        return unanswered("influxctl management list failed, and not because a management token may not do it.")
    why_not = _no_issue(session)
    if why_not:
        return unanswered(why_not)
    created, token = session.issued
    if token is None and not created.forbidden:
        created, token = session.issued_plainly
    if created.forbidden and token is None:
        return Answer(False, "influxctl lists management tokens with this one, and may not make one.")
    if token is None:
        return unanswered("influxctl management create made no token that the list shows.")
    revoked = session.program.revoke_token(str(token["id"]))
    if revoked.forbidden:
        return Answer(False, "influxctl made a management token with this one, and may not revoke it.")
    if not revoked.success:
        return unanswered("influxctl management revoke failed, and not because a management token may not do it.")
    return Answer(True, "influxctl listed, made and revoked management tokens with a management token.")


ASKS: dict[str, Ask] = {
    ask.__name__: ask
    for ask in (
        url_form,
        duplicate_status,
        default_max_tables,
        default_max_columns,
        revoked_listed,
        revoked_get,
        revoked_patch,
        revoked_delete,
        undelete_with_namesake,
        short_retention,
        buckets_over_1000,
        unknown_fields,
        empty_template,
        empty_patch,
        past_expiry,
        encoded_slash,
        rename_database,
        undelete_database,
        create_table,
        delete_table,
        rename_table,
        undelete_table,
        patch_echoes_template,
        permissions_echo,
        timestamp_digits,
        error_body,
        activation_seconds,
        clock_skew_seconds,
        tls_days_left,
        influxctl_version,
        influxctl_manages_tokens,
        influxctl_create_json,
        influxctl_list_json,
    )
}
"""The function that asks a question, by the question's ID."""
