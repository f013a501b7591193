# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work that the modules for database tokens and for management tokens share: plan, create, keep, revoke.

Knows neither HTTP nor influxctl; a `Backend` does. The order is what protects access, because a run may be cut off at
any point of it:

1. with a secret file, a random nonce is durable in the journal beside it;
2. the token is made with the nonce in its description (`plan.mark`), so that it can be proved to be this run's;
3. its secret is durable in the file;
4. the description gets its final form, and only now does any run take the token for current;
5. the token is seen to work, if that is asked for;
6. what it supersedes is revoked.

A later run revokes the tokens with the nonces of a dead run's journal, or, where the file already holds the secret,
goes on with step 4. A token with an unknown nonce may be of a run that lives: it is named, never revoked.
"""

from __future__ import annotations

import builtins
import secrets
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Callable, Protocol

from .._core.durations import after, format_instant, parse_span
from .._core.entities import Entity, State, parse_option
from .._core.errors import Ambiguous, ApiError, Influxdb3Error, OptionError, Refused, SecretFileError
from .._core.interface import ModuleView, Result, now
from .._core.token_values import parse_token_id
from . import secret_file
from .plan import (
    TokenChange,
    TokenWish,
    alive,
    check_wish,
    mark,
    plan_token,
    plan_token_absent,
    stillborn,
    unmarked,
)


@dataclass(frozen=True)
class Kind:
    """A kind of token: its fields, the result's key, and the key in it that may hold the secret."""

    entity: Entity
    noun: str
    secret_key: str


class Backend(Protocol):
    """How one kind of token is listed, made, changed and revoked. Every function may raise Influxdb3Error."""

    marks: bool
    """Whether descriptions can be changed, so that a new token can bear a mark until its secret is safe."""

    def list(self) -> builtins.list[State]:
        """Return all tokens, revoked and expired ones among them."""

    def create(self, wanted: State, before: Sequence[State]) -> State:
        """Make a token and return it with its secret, which is already registered for masking."""

    def update(self, token: State, changes: State) -> State:
        """Change a token and return what the server reports."""

    def revoke(self, tokens: Sequence[State]) -> None:
        """Revoke tokens for good; one that is revoked already is no error."""

    def is_own(self, token: State) -> bool:
        """Return whether the module authenticates with this very token, and must not revoke it."""


@dataclass(frozen=True)
class Proof:
    """How a token is proved to work before what it supersedes is revoked.

    `doubt` says why a token can't be proved, empty where it can. `run` waits until a token, given with its secret,
    works, and raises Influxdb3Error when it takes too long. `asked` says that whatever is made or changed is proved,
    also where nothing is revoked; `waived`, that what can't be proved counts as if it were.
    """

    doubt: Callable[[State], str]
    run: Callable[[State, str], None]
    asked: bool = False
    waived: bool = False


@dataclass(frozen=True)
class Order:
    """What is wanted of one token, checked as far as that is possible without a request.

    `params` are the options of the module, or of an item of a list. `path` is the secret file's. `kept` says that
    somebody takes a new secret, be it the file or the result.
    """

    params: Mapping[str, Any]
    wish: TokenWish
    at: datetime
    path: str | None
    owner: secret_file.Owner
    kept: bool = True

    @property
    def present(self) -> bool:
        return bool(self.params["state"] == "present")


@dataclass
class Known:
    """What a caller with many orders has read for all of them: the file's secret, then the tokens that concern it."""

    held: secret_file.Secret | None
    tokens: list[State]


@dataclass
class Work:
    """What one run works with. `slot` is there while the run may replace the secret file."""

    order: Order
    kind: Kind
    backend: Backend
    check_mode: bool
    conceal: Callable[[str], None]
    proof: Proof | None = None
    known: Known | None = None
    stack: ExitStack = field(default_factory=ExitStack)
    slot: secret_file.Slot | None = None
    held: secret_file.Secret | None = None

    @property
    def wish(self) -> TokenWish:
        return self.order.wish

    @property
    def path(self) -> str | None:
        return self.order.path

    @property
    def held_id(self) -> str | None:
        """The ID of the token whose secret is in the file."""
        return self.held["id"] if self.held else None

    def read(self) -> list[State]:
        """Read the secret file, then the server, unless both are known; the second time, they are read in any case."""
        if self.known:
            known, self.known = self.known, None
            self.held = known.held
            return known.tokens
        self.held = self.read_file()
        return self.backend.list()

    def read_file(self) -> secret_file.Secret | None:
        """Return what the secret file holds, its secret masked from now on."""
        return read_file(self.order, self.conceal)

    def enter(self) -> None:
        """Take the right to replace the secret file, after any other run that has it."""
        if self.path and not self.check_mode:
            self.known = None
            self.slot = self.stack.enter_context(secret_file.Slot(self.path, self.order.owner))

    def nonces(self) -> list[str]:
        """Return the nonces of runs that were cut off; in check mode also of one that is at work."""
        if self.slot:
            return self.slot.nonces
        return secret_file.nonces(self.path) if self.path and self.check_mode else []


def read_file(order: Order, conceal: Callable[[str], None]) -> secret_file.Secret | None:
    """Return what the secret file holds, its secret concealed from now on. Raises SecretFileError."""
    held = secret_file.read(order.path, order.owner) if order.path else None
    if held and held["token"]:
        conceal(held["token"])
    return held


def wish_of(params: Mapping[str, Any], entity: Entity) -> TokenWish:
    """Return what the options state. Raises OptionError; sends nothing."""
    if params["expires_at"] is not None and params["expires_in"] is not None:
        raise OptionError("expires_at and expires_in: only one of them can be given.")
    stated = entity.parse({name: params.get(name) for name in ("description", "permissions", "expires_at")})
    return TokenWish(
        description=stated.get("description"),
        id=parse_option("id", params["id"], parse_token_id),
        permissions=stated.get("permissions"),
        expires_at=stated.get("expires_at"),
        expires_in=parse_option("expires_in", params.get("expires_in"), parse_span),
        renew_before=parse_option("renew_before", params.get("renew_before"), parse_span),
        max_age=parse_option("max_age", params.get("max_age"), parse_span),
        force=bool(params.get("force")),
    )


def order_of(params: Mapping[str, Any], entity: Entity, at: datetime, *, kept: bool = True) -> Order:
    """Return what the options ask for. Raises OptionError; sends nothing."""
    wish = wish_of(params, entity)
    if params["state"] == "present":
        check_wish(wish, at)
    path = secret_file.parse_path("secret_file", params["secret_file"])
    owner = secret_file.parse_owner(params["owner"], params["group"])
    return Order(params, wish, at, path, owner, kept)


def manage(module: ModuleView, kind: Kind, connect: Callable[[], Backend], proof: Proof | None = None) -> Result:
    """Bring the token to the stated state. What is wrong with the options is found before `connect` is called.

    `proof` is None for a kind of token that can't be proved here.
    """
    order = order_of(module.params, kind.entity, now())
    return carry_out(Work(order, kind, connect(), module.check_mode, module.no_log_values.add, proof))


def carry_out(work: Work) -> Result:
    """Bring one token to the stated state; in check mode, only say what would be done."""
    with work.stack:
        if work.path and secret_file.nonces(work.path):
            work.enter()
        result = _present(work) if work.order.present else _absent(work)
    if work.path and secret_file.adjust(work.path, work.order.owner, dry=work.check_mode):
        result.changed = True
    return result


def _present(work: Work) -> Result:
    """Plan, carry the change out, unless in check mode, and report it."""
    tokens, change = _plan_present(work)
    params, backend, kind = work.order.params, work.backend, work.kind
    if change.create and not work.order.kept:
        raise Refused(
            f"The token {work.wish.description!r} would have to be made, because {change.create}, and nobody would keep"
            " its secret.",
            code="no_secret_place",
        )
    if change.update and change.current and not backend.marks:
        raise OptionError(
            f"description: the token {change.current['id']} is described {change.current.get('description')!r}, which"
            " can't be changed. State what is there, or make a new token."
        )
    change, warnings = spare_own(change, backend)
    warnings += _named(change.strangers)
    token = predicted(change, work.wish, work.order.at)
    secret = work.held["token"] if work.held and not change.create and work.held_id == token["id"] else None
    change, unproved = spare_unproved(work.proof, change, token, known=secret is not None)
    warnings += unproved
    if not work.check_mode:
        _revoke_orphans(work, tokens, change)
        if change.create:
            token = _create(work, token, tokens)
            secret = token[kind.secret_key]
        elif change.update:
            token = {**token, **backend.update(token, change.update)}
        warnings += _finish(work, token, secret, change)
    reveal = params["return_secret"] or work.path is None
    to_result = kind.entity.to_result
    shown = to_result(token)
    after = before = _side(shown, [old for old in change.superseded if old not in change.revoke])
    if change.changed:
        before = _side(to_result(change.current), [old for old in change.superseded if old is not change.current])
    return Result(
        changed=change.changed,
        values={kind.noun: shown, "superseded": [to_result(old) for old in change.superseded]},
        before=before,
        after=after,
        secrets=[(kind.noun, kind.secret_key, secret)] if reveal and secret else (),
        warnings=warnings,
    )


def _plan_present(work: Work) -> tuple[list[State], TokenChange]:
    """Return the server's tokens and what has to be done; when a token has to be made, the slot is entered."""
    while True:
        tokens = work.read()
        refuse_foreign(work.held, tokens, work.wish, work.order.at, work.path)
        change = plan_token(
            tokens,
            work.wish,
            work.order.at,
            held_id=work.held_id,
            nonces=work.nonces(),
            need_secret=work.path is not None,
            on_lost_secret=work.order.params["on_lost_secret"],
            revoke_superseded=work.order.params["revoke_superseded"],
        )
        if not change.create or work.path is None or work.slot:
            return tokens, change
        if work.check_mode:
            secret_file.check_writable(work.path)
            return tokens, change
        work.enter()
        if not work.nonces() and work.read_file() == work.held:
            return tokens, change
        # Another run was at work with this file since it was read: what it has done counts.


def _revoke_orphans(work: Work, tokens: Sequence[State], change: TokenChange) -> None:
    """Revoke what runs that were cut off have made, and forget them."""
    if change.orphans:
        work.backend.revoke(change.orphans)
    if work.slot:
        work.slot.settle(unmarked(token)[1] for token in tokens)


def _finish(work: Work, token: State, secret: str | None, change: TokenChange) -> list[str]:
    """Wait until the token works, then revoke what it supersedes.

    Returns warnings: where failing would lose the only copy of a new secret, a failure is one.
    """
    try:
        proof = work.proof
        due = change.revoke or (proof and proof.asked and change.changed)
        if proof and due and secret and not proof.doubt(token):
            proof.run(token, secret)
        if change.revoke:
            work.backend.revoke(change.revoke)
    except Influxdb3Error as error:
        if work.path is not None or not change.create:
            raise
        left = ", ".join(old["id"] for old in change.revoke)
        return [f"{error}{f' The superseded tokens are not all revoked: {left}.' if left else ''}"]
    return []


def _create(work: Work, wanted: State, before: Sequence[State]) -> State:
    """Make a token and keep its secret; if it can't be kept, the token is revoked, because nobody can use it.

    Its nonce stays in the journal until the description is final: that only the token itself can get.
    """
    backend, slot = work.backend, work.slot
    obtained = _obtain(work, wanted, before)
    nonce = unmarked(obtained)[1] if backend.marks else ""
    created = {**obtained, "description": wanted["description"]}
    if stillborn(created):
        raise _undone(work, created, nonce, dead(created))
    try:
        if slot:
            slot.commit(as_secret(created, work.kind.secret_key))
    except SecretFileError as error:
        raise _undone(work, created, nonce, error) from None
    if not backend.marks:
        return created
    try:
        final = {**created, **backend.update(created, {"description": wanted["description"]})}
    except Influxdb3Error as error:
        if slot is None:
            raise _undone(work, created, nonce, error) from None
        raise _with(error, f"The token {created['id']} and its secret are safe; run again to finish.") from None
    if slot:
        slot.settle([nonce])
    return final


def _obtain(work: Work, wanted: State, before: Sequence[State]) -> State:
    """Ask for a token, under a mark if the kind allows it. After an answer that got lost, ask once more.

    A token that was made and whose secret is lost is found by its nonce and revoked.
    """
    if not work.backend.marks:
        return work.backend.create(wanted, before)
    try:
        return _ask(work, wanted, before)
    except Influxdb3Error as error:
        if not _is_ambiguous(error):
            raise
    return _ask(work, wanted, before)


def _ask(work: Work, wanted: State, before: Sequence[State]) -> State:
    """Ask for a token with a new nonce. Raises Influxdb3Error, where it is ambiguous after looking for the token."""
    nonce = secrets.token_hex(16)
    if work.slot:
        work.slot.begin(nonce)
    try:
        created = work.backend.create({**wanted, "description": mark(wanted["description"], nonce)}, before)
        _check_ours(created, nonce, before)
    except Exception as unknown:
        # Whatever it is, a token may be there that nobody has.
        error = unknown
        if not isinstance(error, Influxdb3Error):
            what = type(error).__name__
            error = Influxdb3Error(
                f"The server's answer to the creation of a token broke off with {what}.", code="bad_answer"
            )
        if _is_ambiguous(error):
            _revoke_lost(work, nonce, error)
        elif work.slot and _did_nothing(error):
            work.slot.settle([nonce])
        raise error from None
    return created


def _check_ours(created: State, nonce: str, before: Sequence[State]) -> None:
    """Raise Influxdb3Error where the answer to a create isn't about the token that was asked for."""
    if unmarked(created)[1] != nonce or any(token["id"] == created["id"] for token in before):
        raise Influxdb3Error(
            "The server's answer to the creation of a token is about another token: it bears another description or an"
            " ID that was there before.",
            code="bad_answer",
        )


def dead(created: State) -> Influxdb3Error:
    """Return what to say of a new token that was dead when it was made."""
    made, ends = (format_instant(created[name]) for name in ("created_at", "expires_at"))
    return Influxdb3Error(
        f"The new token {created['id']} is dead: by the server's clock it was made at {made} and ended at {ends}. Set"
        " this machine's clock and the server's right, or choose a later expiry. No other token was revoked.",
        code="dead_token",
    )


def _is_ambiguous(error: Influxdb3Error) -> bool:
    return error.code in (Ambiguous.code, "bad_answer")


def _did_nothing(error: Influxdb3Error) -> bool:
    """Return whether a request was provably refused, or never reached the server."""
    return isinstance(error, ApiError) and (error.code == "unreachable" or (error.status or 500) < 500)


def _revoke_lost(work: Work, nonce: str, error: Influxdb3Error) -> None:
    """Revoke the token with this nonce, if there is one. When that fails, raise `error` with what is left to do."""
    found: list[State] = []
    try:
        found = [token for token in work.backend.list() if unmarked(token)[1] == nonce]
        work.backend.revoke([token for token in found if token.get("revoked_at") is None])
    except Influxdb3Error as second:
        names = ", ".join(token["id"] for token in found)
        rest = (
            f"The token {names} was made, its secret is lost, and revoking it failed: {second}"
            if found
            else f"Whether it was made could not be looked up: {second} Its description would hold {nonce}."
        )
        later = "Run again, which revokes it" if work.slot else "Revoke it, for instance with id and state: absent"
        # With a code of its own, so that nobody asks for one more token.
        raise _with(error, f"{rest} {later}.", code="orphan") from None
    if found and work.slot:
        work.slot.settle([nonce])


def _undone(work: Work, created: State, nonce: str, error: Influxdb3Error) -> Influxdb3Error:
    """Revoke a token whose secret is lost, and return the error that says so.

    Also what bears its nonce under another ID: then the answer that told the ID was wrong.
    """
    backend = work.backend
    try:
        backend.revoke([created])
        if nonce:
            others = [t for t in backend.list() if unmarked(t)[1] == nonce and t["id"] != created["id"]]
            backend.revoke([token for token in others if token.get("revoked_at") is None])
    except Influxdb3Error as second:
        rest = f"The token {created['id']} was made, its secret is lost, and revoking it failed: {second} Revoke it."
        return _with(error, rest, code="orphan")
    if work.slot:
        work.slot.settle([nonce])
    return _with(error, f"The token {created['id']} that was just made is revoked again.")


def _with(error: Influxdb3Error, text: str, code: str | None = None) -> Influxdb3Error:
    """Return the error with a further sentence."""
    error.also(text, code)
    return error


def _named(strangers: Sequence[State]) -> list[str]:
    return [
        f"The token {token['id']} ({token['description']}) was begun by another run, which is still at work or was cut"
        " off. Nothing proves which, so it is left. If no run is at work, revoke it with id and state: absent."
        for token in strangers
    ]


def selection(module: ModuleView) -> Callable[[Sequence[State]], list[State]]:
    """Return a function that picks the tokens that the options of an info module ask for.

    They come sorted by description, then by creation. Raises OptionError, and so stands before the first request.
    """
    params, at = module.params, now()
    within = parse_option("expiring_within", params["expiring_within"], parse_span)

    def wanted(token: State) -> bool:
        if params["description"] not in (None, token.get("description")):
            return False
        if token.get("revoked_at") is not None and not params["include_revoked"]:
            return False
        ends = token.get("expires_at")
        return within is None or (ends is not None and ends <= after(at, within))

    return lambda tokens: sorted(
        filter(wanted, tokens), key=lambda t: (t.get("description", ""), t["created_at"], t["id"])
    )


def as_secret(token: State, secret_key: str) -> secret_file.Secret:
    """Return what a secret file keeps of a new token."""
    instants = {key: token.get(key) for key in ("created_at", "expires_at")}
    return {
        "id": token["id"],
        "description": token.get("description"),
        "token": token[secret_key],
        **{key: format_instant(value) if value else None for key, value in instants.items()},
    }


def predicted(change: TokenChange, wish: TokenWish, at: datetime) -> State:
    """Return the token as it is predicted to be."""
    current = change.current or {}
    if not change.create:
        return {**current, **change.update}
    state: State = {"description": wish.description or current.get("description")}
    permissions = wish.permissions if wish.permissions is not None else current.get("permissions")
    if permissions is not None:
        state["permissions"] = permissions
    if wish.expiry(at) is not None:
        state["expires_at"] = wish.expiry(at)
    return state


def spare_own(change: TokenChange, backend: Backend) -> tuple[TokenChange, list[str]]:
    """Return the change without revoking what the module authenticates with, and a warning if it would have."""
    own = [old["id"] for old in change.revoke if backend.is_own(old)]
    if not own:
        return change, []
    spared = replace(change, revoke=tuple(old for old in change.revoke if old["id"] not in own))
    return spared, left_alone(own)


def spare_unproved(
    proof: Proof | None, change: TokenChange, token: State, *, known: bool
) -> tuple[TokenChange, list[str]]:
    """Return the change without revoking what a token supersedes that can't be proved to work, and a warning.

    A new token takes seconds to minutes until it works (facts.md#activation), and one that nobody can try may never.
    `token` is as it will be, `known` says that its secret is at hand although it isn't new. Raises OptionError where a
    proof is asked for that can't be had.
    """
    if proof is None:
        return change, []
    doubt = proof.doubt(token)
    if doubt and proof.asked and (change.create or (change.update and known)):
        raise OptionError(f"wait_active: can't prove that the token works: {doubt}. Leave wait_active out.")
    doubt = doubt or ("" if change.create or known else "its secret is not at hand")
    if not change.revoke or not doubt or proof.waived:
        return change, []
    left = ", ".join(old["id"] for old in change.revoke)
    return replace(change, revoke=()), [
        f"What the token {token['description']!r} supersedes is not revoked and stays valid: {left}. It can't be proved"
        f" that the token works: {doubt}. Revoke the others with id and state: absent when you know that it does, or"
        " set revoke_unproved: true."
    ]


def left_alone(own: Sequence[str]) -> list[str]:
    """Return a warning for each of these IDs, whose tokens the module authenticates with and so does not revoke."""
    return [f"The token {token_id} is left, because this module authenticates with it." for token_id in own]


def refuse_foreign(
    held: secret_file.Secret | None, tokens: Sequence[State], wish: TokenWish, at: datetime, path: str | None
) -> None:
    """Raise Refused where the secret file keeps another active token's secret, which a new one would overwrite."""
    if held is None or wish.id is not None:
        return
    for token in tokens:
        if token["id"] == held["id"] and alive(token, at) and unmarked(token)[0] != wish.description:
            raise Refused(
                f"secret_file {path} holds the secret of another active token, {token.get('description')!r}"
                f" ({token['id']}); choose another path, or move the file away."
            )


def _absent(work: Work) -> Result:
    """Revoke what is found, unless in check mode, and report it."""
    tokens = work.read()
    change = plan_token_absent(
        tokens,
        work.wish,
        work.order.at,
        held_id=work.held_id,
        nonces=work.nonces(),
        all_matching=work.order.params["all_matching"],
    )
    own = [token["id"] for token in change.revoke if work.backend.is_own(token)]
    if own:
        raise Refused(
            f"The token {own[0]} is the one that this module authenticates with; revoking it would cut off its own"
            " access. Use another token for this, or set allow_self_revoke: true.",
            code="self_revoke",
        )
    if not work.check_mode:
        _revoke_orphans(work, tokens, change)
        if change.revoke:
            work.backend.revoke(change.revoke)
    to_result = work.kind.entity.to_result
    shown = to_result(change.current)
    return Result(
        changed=change.changed,
        values={work.kind.noun: shown, "superseded": [to_result(token) for token in change.revoke[1:]]},
        before=_side(shown, change.revoke[1:]),
        after={},
        warnings=_named(change.strangers),
    )


def _side(shown: dict[str, Any] | None, others: Sequence[State]) -> dict[str, Any]:
    """Return one side of the diff: a token as it is shown, and the IDs of those that it supersedes."""
    return {} if shown is None else {**shown, "superseded": [old["id"] for old in others]}
