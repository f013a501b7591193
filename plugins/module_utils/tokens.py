# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work that the modules for database tokens and for management tokens share: plan, create, keep, revoke.

Knows neither HTTP nor influxctl; a `Backend` does. The order is what protects access: a new secret is on disk before
anything else can fail, and what it supersedes is revoked last.
"""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Callable, Protocol

from ansible.module_utils.basic import AnsibleModule

from . import secret_file
from .durations import after, format_instant
from .entities import Entity, State
from .errors import Influxdb3Error, OptionError, Refused, SecretFileError
from .module import Result, duration_option, now
from .plan import TokenChange, TokenWish, alive, check_wish, plan_token, plan_token_absent


@dataclass(frozen=True)
class Kind:
    """A kind of token: its fields, the result's key, and the key in it that may hold the secret."""

    entity: Entity
    noun: str
    secret_key: str


class Backend(Protocol):
    """How one kind of token is listed, made, changed and revoked. Every function may raise Influxdb3Error."""

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


def wish_of(module: AnsibleModule, entity: Entity) -> TokenWish:
    """Return what the options state. Raises OptionError; sends nothing."""
    params = module.params
    if params["expires_at"] is not None and params["expires_in"] is not None:
        raise OptionError("expires_at and expires_in: only one of them can be given.")
    stated = entity.parse({name: params.get(name) for name in ("description", "permissions", "expires_at")})
    return TokenWish(
        description=stated.get("description"),
        id=params["id"],
        permissions=stated.get("permissions"),
        expires_at=stated.get("expires_at"),
        expires_in=duration_option(module, "expires_in"),
        renew_before=duration_option(module, "renew_before"),
        max_age=duration_option(module, "max_age"),
        force=bool(params.get("force")),
    )


def manage(module: AnsibleModule, kind: Kind, connect: Callable[[], Backend]) -> Result:
    """Bring the token to the stated state. What is wrong with the options is found before `connect` is called."""
    wish, at = wish_of(module, kind.entity), now()
    present = module.params["state"] == "present"
    if present:
        check_wish(wish, at)
    path: str | None = module.params["secret_file"]
    held = secret_file.read(path) if path else None
    if held and held["token"]:
        module.no_log_values.add(held["token"])
    backend = connect()
    tokens = backend.list()
    if not present:
        change = plan_token_absent(tokens, wish, at, all_matching=module.params["all_matching"])
        return _absent(module, kind, backend, change)
    refuse_foreign(held, tokens, wish, at, path)
    change = plan_token(
        tokens,
        wish,
        at,
        held_id=held["id"] if held else None,
        need_secret=path is not None,
        on_lost_secret=module.params["on_lost_secret"],
        revoke_superseded=module.params["revoke_superseded"],
    )
    return _present(module, kind, backend, change, predicted(change, wish, at), tokens, held)


def _present(
    module: AnsibleModule,
    kind: Kind,
    backend: Backend,
    change: TokenChange,
    token: State,
    tokens: Sequence[State],
    held: secret_file.Secret | None,
) -> Result:
    """Carry the change out, unless in check mode, and report it. `token` is the one that is predicted."""
    own = [old["id"] for old in change.revoke if backend.is_own(old)]
    change = replace(change, revoke=tuple(old for old in change.revoke if old["id"] not in own))
    warnings = [f"The token {i} is left, because this module authenticates with it." for i in own]
    path: str | None = module.params["secret_file"]
    secret = held["token"] if held and not change.create and held["id"] == token["id"] else None
    if not module.check_mode:
        if change.create:
            token = _create(backend, token, tokens, path, kind.secret_key)
            secret = token[kind.secret_key]
        elif change.update:
            token = {**token, **backend.update(token, change.update)}
        warnings += _revoke(backend, change.revoke, only_copy=bool(change.create) and path is None)
    reveal = module.params["return_secret"] or path is None
    shown = kind.entity.present
    return Result(
        changed=change.changed,
        values={kind.noun: shown(token), "superseded": [shown(old) for old in change.superseded]},
        before=_shown(kind.entity, change.current, [t for t in change.superseded if t is not change.current]),
        after=_shown(kind.entity, token, [t for t in change.superseded if t not in change.revoke]),
        secrets=[(kind.noun, kind.secret_key, secret)] if reveal and secret else (),
        warnings=warnings,
    )


def _revoke(backend: Backend, tokens: Sequence[State], *, only_copy: bool) -> list[str]:
    """Revoke tokens; a failure is a warning where failing would lose the only copy of a new secret."""
    try:
        if tokens:
            backend.revoke(tokens)
    except Influxdb3Error as error:
        if not only_copy:
            raise
        return [f"The superseded tokens are not all revoked: {error}"]
    return []


def select(module: AnsibleModule, tokens: Sequence[State]) -> list[State]:
    """Return the tokens that the options of an info module ask for, sorted by description, then by creation."""
    params, within, at = module.params, duration_option(module, "expiring_within"), now()

    def wanted(token: State) -> bool:
        if params["description"] not in (None, token.get("description")):
            return False
        if token.get("revoked_at") is not None and not params["include_revoked"]:
            return False
        ends = token.get("expires_at")
        return within is None or (ends is not None and ends <= after(at, within))

    return sorted(filter(wanted, tokens), key=lambda t: (t.get("description", ""), t["created_at"], t["id"]))


def _create(backend: Backend, wanted: State, before: Sequence[State], path: str | None, secret_key: str) -> State:
    """Make a token and keep its secret. If it can't be kept, the token is revoked again, because nobody can use it."""
    with ExitStack() as stack:
        slot = stack.enter_context(secret_file.Slot(path)) if path else None
        created = backend.create(wanted, before)
        if slot:
            try:
                slot.commit(as_secret(created, secret_key))
            except SecretFileError as error:
                backend.revoke([created])
                raise SecretFileError(
                    f"{error} The token {created['id']} that was just made is revoked again."
                ) from None
    return created


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


def refuse_foreign(
    held: secret_file.Secret | None, tokens: Sequence[State], wish: TokenWish, at: datetime, path: str | None
) -> None:
    """Raise Refused where the secret file keeps another active token's secret, which a new one would overwrite."""
    if held is None or wish.id is not None:
        return
    for token in tokens:
        if token["id"] == held["id"] and alive(token, at) and token.get("description") != wish.description:
            raise Refused(
                f"secret_file {path} holds the secret of another active token, {token.get('description')!r}"
                f" ({token['id']}); choose another path, or move the file away."
            )


def _absent(module: AnsibleModule, kind: Kind, backend: Backend, change: TokenChange) -> Result:
    """Revoke what is found, unless in check mode, and report it."""
    own = [token["id"] for token in change.revoke if backend.is_own(token)]
    if own:
        raise Refused(
            f"The token {own[0]} is the one that this module authenticates with; revoking it would cut off its own"
            " access. Use another token for this, or set allow_self_revoke: true.",
            code="self_revoke",
        )
    if change.revoke and not module.check_mode:
        backend.revoke(change.revoke)
    shown = kind.entity.present
    return Result(
        changed=change.changed,
        values={kind.noun: shown(change.current), "superseded": [shown(token) for token in change.revoke[1:]]},
        before=_shown(kind.entity, change.current, change.revoke[1:]),
        after={},
    )


def _shown(entity: Entity, token: State | None, others: Sequence[State]) -> dict[str, Any]:
    """Return one side of the diff."""
    if token is None:
        return {}
    return {**(entity.present(token) or {}), "superseded": [old["id"] for old in others]}
