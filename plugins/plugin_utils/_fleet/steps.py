# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps that are done once for a batch, over what Ansible keeps between tasks: dictionaries in, dictionaries out.

    looks -> plan_batch -> (issue) -> decide -> (apply) -> try_again? -> use? -> settle -> (revoke) -> finish

The steps in brackets act on hosts; `action/fleet_step.py` does them. Only the results of `decide` and `decide_again`
hold secrets of tokens, and only those that a host needs.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any
from urllib.parse import urlsplit

from ...module_utils._core import entities
from ...module_utils._core.addresses import parse_host
from .kind import Kind
from .planning import Answer, Member, Old, Request, is_due, plan, read_answer, why_no_answer
from .settling import Applied, Settlement, has_proved, is_beside, proof_name, settle_each, settle_shared

Data = dict[str, Any]
# The options that say which cluster an issuer reaches, beside its address. None of them is secret.
_CLUSTER = ("account_id", "cluster_id", "config_path", "profile")
_PORTS = {"https": 443, "http": 80}


def begin(progress: Mapping[str, Any] | None) -> Data:
    """Return the notes of earlier batches of this run for the later ones; empty ones for the first batch.

    `seen` has the host's name under which a file was first seen; for `uses` see `_stored_once` and `_held_once`.
    `forced` names the shared tokens that were made by force, as `tokens` of `plan_batch` does, `proved` the proofs of
    shared tokens, as `settling.proof_name` does. For `outcomes` see summary.py.
    """
    return {key: dict((progress or {}).get(key) or {}) for key in ("seen", "uses", "forced", "proved", "outcomes")}


def plan_batch(
    kind: Kind, looks: Sequence[Mapping[str, Any]], progress: Mapping[str, Any], loaded: Any, *, leader: str
) -> Data:
    """Return the hosts that take part (`members`), those that don't (`refused`), and the `requests` to issuers.

    `looks` are the values that `hosts.published` has made of each host, in the order of the batch: `member` (the fields
    of `Member`, without the issuer), `way` (how tokens are issued for it), `is_shared`, `sharing` (the pattern of the
    hosts that share a token), `store` and `is_loaded`. `loaded` is the value that a store of the user's has given back,
    empty for nothing, and None where the user's tasks did not set it. `leader` is the host whose tasks these were. In
    the result, `tokens` has for each host a text that names the tokens of its description in its cluster.
    """
    progress = begin(progress)
    members = _members(looks)
    by_host = {look["member"]["host"]: look for look in looks}
    ways = {one.issuer: by_host[host]["way"] for host, one in members.items()}
    clusters = {issuer: _cluster_of(way) for issuer, way in ways.items()}
    tokens = {host: f"{clusters[one.issuer]} {one.description}" for host, one in members.items()}
    first = members[leader] if leader in by_host and by_host[leader]["is_loaded"] else None
    uses = progress["uses"]
    members = {host: _with_store(kind, one, by_host[host], loaded, first) for host, one in members.items()}
    members = {host: _stored_once(kind, one, by_host[host], tokens[host], uses) for host, one in members.items()}
    members = {host: _held_once(kind, one, tokens[host], uses) for host, one in members.items()}
    shared = {host for host, look in by_host.items() if look["is_shared"]}
    alone = plan([one for host, one in members.items() if host not in shared], progress["seen"], shared=False)
    joint = plan([members[host] for host in members if host in shared], progress["seen"], shared=True)
    refused = {**alone.refused, **joint.refused}
    for member in members.values():
        if member.host not in refused:
            progress["seen"] |= {name: progress["seen"].get(name, member.host) for name in member.files}
    requests = [
        _request(one, by_host[one.leader], [{**_entry(member), kind.held: member.held or ""} for member in one.members])
        for one in alone.requests
    ]
    forced = set(progress["forced"])
    for one in joint.requests:
        look = by_host[one.leader]
        entry = _shared_entry(kind, one.members[0], look, loaded, is_forced=tokens[one.leader] in forced)
        if entry.get("force"):
            # Hosts that share a token may state different ways to its cluster: one of them makes it.
            forced.add(tokens[one.leader])
        requests.append(_request(one, look, [entry]))
    return {
        "members": {host: asdict(member) for host, member in members.items()},
        "leader": leader,
        "tokens": tokens,
        "shared": [host for host in by_host if host in shared],
        "sharing": _different(look["sharing"] for look in looks if look["is_shared"]),
        "loading": [host for host, look in by_host.items() if look["is_loaded"]],
        "refused": refused,
        "requests": requests,
        "progress": progress,
    }


def _members(looks: Sequence[Mapping[str, Any]]) -> dict[str, Member]:
    """Return the hosts of the looks; those whose tokens one request asks for have the same number as their issuer."""
    ways: list[Any] = []
    members: dict[str, Member] = {}
    for look in looks:
        # Hosts that share a token have its description and its store in common as well.
        way = (look["way"], look["is_shared"] and (look["member"]["description"], look["store"]))
        if way not in ways:
            ways.append(way)
        members[look["member"]["host"]] = Member(**{**look["member"], "issuer": str(ways.index(way))})
    return members


def _different(values: Iterable[Any]) -> list[Any]:
    """Return each value once, in their order."""
    return [json.loads(text) for text in dict.fromkeys(map(json.dumps, values))]


def _request(one: Request, look: Mapping[str, Any], entries: list[Data]) -> Data:
    """Return a request to an issuer for these entries; `look` is that of the host that asks for all of its hosts."""
    return {
        "key": one.issuer,
        **look["way"],
        "is_shared": look["is_shared"],
        "is_loaded": look["is_loaded"],
        "tokens": entries,
        "hosts": [member.host for member in one.members],
    }


def _with_store(kind: Kind, member: Member, look: Mapping[str, Any], loaded: Any, first: Member | None) -> Member:
    """Return a member, refused where the user's store was not loaded for it, or has given back no token.

    `first` is the host whose tasks have loaded; None where the one that does it for all has no such tasks.
    """
    if not look["is_loaded"]:
        return member
    if first is None or first.issuer != member.issuer:
        refusal = (
            f"{kind.role}_load_tasks run once for all hosts of a play, and the first one does not share this host's"
            " token. Give the hosts that share a token a play of their own."
        )
        return replace(member, refusal=refusal)
    if loaded is None:
        refusal = f"{kind.role}_load_tasks did not set {kind.role}_loaded, so nothing was done."
        return replace(member, refusal=refusal)
    try:
        kind.key_of(loaded)
    except ValueError as error:
        return replace(member, refusal=str(error))
    return member


def _stored_once(kind: Kind, member: Member, look: Mapping[str, Any], tokens: str, uses: dict[str, str]) -> Member:
    """Return a member, refused where its shared token would be changed in turn in this run, and in every further one.

    That is where this run keeps the token in another store, or another token in the same store, or where other hosts
    state other permissions for it. `uses` notes these for the `tokens` of a description in a cluster.
    """
    store, refusal = look["store"], ""
    if member.refusal or not look["is_shared"]:
        return member
    stored, permissions = f"{look['way']['issuer']} {store}", f"permissions {tokens}"
    stated = json.dumps(sorted(json.dumps(one, sort_keys=True) for one in member.wish.get("permissions") or ()))
    if store and uses.get(stored, tokens) != tokens:
        refusal = (
            f"{store} keeps a token of another cluster or description already, and each would take the other's"
            f" place in it at every run. Set {kind.role}_secret_file to another file for each."
        )
    elif store and uses.get(tokens, store) != store:
        refusal = _described_twice(kind, member, uses[tokens], store)
    elif uses.get(permissions, stated) != stated:
        refusal = (
            f"Other hosts that share the token {member.description!r} state other {kind.role}_permissions, and each"
            " would change what the other's token may do at every run. State the same for all that share a token."
        )
    else:
        uses |= {permissions: stated, **({stored: tokens, tokens: store} if store else {})}
    return replace(member, refusal=refusal)


def _held_once(kind: Kind, member: Member, tokens: str, uses: dict[str, str]) -> Member:
    """Return a member, refused where two uses of the role in this run get in each other's way on its host.

    That is where this run keeps a token of the same description in another file of the host, which would go on with
    it when it is revoked, or has given one of its files another token. `uses` notes the file of a description on a
    host, and the tokens of each entry of a file.
    """
    if member.refusal or not member.path:
        return member
    entries = {_entry_name(member, identity): path for identity, path in member.files.items()}
    held = f"{member.host} {tokens}"
    # A path may be another name of the same file.
    is_known = uses.get(_entry_name(member, member.file_identity)) == tokens
    if uses.get(held, member.path) != member.path and not is_known:
        return replace(member, refusal=_described_twice(kind, member, uses[held], member.path))
    for name, path in entries.items():
        if uses.get(name, tokens) != tokens:
            refusal = (
                f"{path} gets a token of another cluster or description in this run already, and each would take the"
                f" other's place in it at every run. Give each use of the role {kind.role} a {kind.file} of its own."
            )
            return replace(member, refusal=refusal)
    uses |= {**dict.fromkeys(entries, tokens), held: uses.get(held, member.path)}
    return member


def _described_twice(kind: Kind, member: Member, first: str, second: str) -> str:
    return (
        f"Tokens of this cluster that are described {member.description!r} are kept in {first} already, and one in"
        f" {second} would have the other revoked. Set {kind.role}_description_prefix to another text for each use of"
        " the role."
    )


def _entry_name(member: Member, identity: str) -> str:
    """Return a text that names the entry with a host's token in a file. It is kept with the facts of localhost."""
    return f"{member.host} {identity} {member.entry}"


def _cluster_of(way: Mapping[str, Any]) -> str:
    """Return a text that is the same for the same cluster. It is kept with the facts of localhost."""
    options = way.get("options") or {}
    return json.dumps([way["issuer"], _address_of(options), *(options.get(name) or "" for name in _CLUSTER)])


def _address_of(options: Mapping[str, Any]) -> str:
    """Return the address of a cluster, the same however it is written: empty for none."""
    # Without a password that somebody has put before the host, and that the module refuses.
    host, port = str(options.get("host") or "").rpartition("@")[2], options.get("port")
    try:
        url = urlsplit(parse_host(host, int(port) if port else None) if host else "")
    except ValueError:
        return f"{host}:{port}"
    return f"{url.scheme}://{url.hostname}:{url.port or _PORTS[url.scheme]}{url.path}" if host else ""


def _key_of(kind: Kind, loaded: Any) -> str:
    try:
        return kind.key_of(loaded)
    except ValueError:
        return ""


def _entry(member: Member) -> Data:
    return {"description": member.description, **member.wish}


def _shared_entry(kind: Kind, leader: Member, look: Mapping[str, Any], loaded: Any, *, is_forced: bool) -> Data:
    """Return the entry of the request for a shared token. `is_forced` says that this run has forced a new one."""
    entry, store = _entry(leader), look["store"]
    entry["force"] = bool(entry.get("force")) and not is_forced
    return {**entry, **({"secret_file": store} if store else {kind.held: _key_of(kind, loaded)})}


def _answers(
    kind: Kind, planned: Mapping[str, Any], issued: Mapping[str, Any]
) -> tuple[dict[str, Answer], dict[str, str]]:
    """Return the answers by host, and the secrets by the IDs of their tokens, which are unique over clusters."""
    answers: dict[str, Answer] = {}
    secrets: dict[str, str] = {}
    # A loop over no requests has registered no results.
    for request, result in zip(planned["requests"], issued.get("results") or ()):
        items = {item["description"]: item for item in result.get(kind.items) or ()}
        secrets |= {item["id"]: item[kind.secret] for item in items.values() if item.get(kind.secret)}
        failure = why_no_answer(result, request["issuer"])
        for host in request["hosts"]:
            answers[host] = read_answer(kind, planned["members"][host]["description"], items, failure)
    return answers, secrets


def decide(kind: Kind, planned: Mapping[str, Any], issued: Mapping[str, Any], loaded: Any, *, is_check: bool) -> Data:
    """Return the hosts that have work (`due`), and the `secrets` that they need, by the IDs of the tokens.

    `issued` is the registered loop over the requests. `loaded` is the value of the user's store now. The result also
    has `problems`, a sentence for each host whose token the store doesn't hold, that is refused, or that has no answer;
    and the `answers` of the other hosts.
    """
    answers, secrets = _answers(kind, planned, issued)
    members, at_hand = members_of(planned), _key_of(kind, loaded)
    problems: dict[str, str] = dict(planned["refused"])
    for host, answer in answers.items():
        kept = at_hand == answer.key
        if answer.failure:
            problems[host] = answer.failure
        elif host in planned["loading"] and not kept and not (answer.is_new and is_check):
            problems[host] = (
                f"The store does not hold the secret of the token {answer.id}; see what is said of the host that saves."
                " This host keeps the token that it has."
            )
        elif host in planned["loading"] and kept:
            secrets[str(answer.id)] = kind.secret_of(loaded)
    good = {host: answer for host, answer in answers.items() if host not in problems}
    due = [host for host, answer in good.items() if is_due(members[host], answer)]
    needed = {good[host].id for host in due}
    progress = begin(planned["progress"])
    for host in set(planned["shared"]) & set(good):
        progress["forced"][planned["tokens"][host]] = True
    for host in planned["members"]:
        progress["outcomes"].pop(host, None)
    for host in set(good) - set(due):
        progress["outcomes"][host] = outcome("unchanged", members[host], good[host], ())
    return {
        "answers": {host: asdict(answer) for host, answer in good.items()},
        "secrets": {token_id: secret for token_id, secret in secrets.items() if token_id in needed},
        "due": due,
        "problems": problems,
        "progress": progress,
    }


def try_again(
    kind: Kind, planned: Mapping[str, Any], decided: Mapping[str, Any], applied: Mapping[str, Mapping[str, Any]]
) -> Data:
    """Return a second plan for the hosts whose proof has failed because their token may have been revoked meanwhile.

    A run that begins while another one has made a token, and has not yet written it, takes that token for left over.
    The issuer is asked once more with the token that could not be proved as the one that is at hand: if it is alive,
    the answer is the same token; otherwise a further one is made.
    """
    hosts = {host for host, done in applied.items() if done["may_be_revoked"] and host not in planned["shared"]}
    members = members_of(planned)
    requests = []
    for request in planned["requests"]:
        mine = [host for host in request["hosts"] if host in hosts]
        tokens = [
            {**_entry(members[host]), "force": False, kind.held: decided["answers"][host]["key"]} for host in mine
        ]
        if mine:
            requests.append({**request, "tokens": tokens, "hosts": mine})
    return {**planned, "requests": requests, "refused": {}}


def decide_again(kind: Kind, planned: Mapping[str, Any], decided: Mapping[str, Any], issued: Mapping[str, Any]) -> Data:
    """Return `decided` with the further tokens: `again` are the hosts that have got one."""
    answers, secrets = _answers(kind, planned, issued)
    further = {host: answer for host, answer in answers.items() if answer.is_new and not answer.failure}
    return {
        **decided,
        "answers": {**decided["answers"], **{host: asdict(answer) for host, answer in further.items()}},
        "secrets": {**decided["secrets"], **secrets},
        "again": list(further),
    }


def use(planned: Mapping[str, Any], applied: Mapping[str, Mapping[str, Any]]) -> Data:
    """Return the hosts whose programs have to take the token up (`users`), before anything is revoked.

    Those are the hosts whose file was written, by this run or by one that was cut off or failed after that.
    """
    users = []
    for host, member in members_of(planned).items():
        done = Applied(**applied.get(host, {}))
        if done.is_seen and not done.failure and (done.changed or member.unused):
            users.append(host)
    return {"users": users}


def settle(
    planned: Mapping[str, Any],
    decided: Mapping[str, Any],
    applied: Mapping[str, Mapping[str, Any]],
    *,
    sharers: Collection[str],
    doubt: str,
) -> Data:
    """Return the requests to revoke tokens (`revocations`), and sentences about the tokens that stay (`stay`).

    `applied` has the fields of `Applied` for each host that came to the end of the step. `sharers` are all hosts that
    may hold a shared token, and `doubt` says why there may be more of them, empty where there are not.
    """
    answers = {host: _answer(one) for host, one in decided["answers"].items()}
    done = {host: Applied(**one) for host, one in applied.items()}
    members = [member for host, member in members_of(planned).items() if host in answers]
    shared = [member for member in members if member.host in planned["shared"]]
    each = settle_each([member for member in members if member.host not in planned["shared"]], answers, done)
    all_ = settle_shared(
        shared,
        answers,
        done,
        sharers=sharers,
        proved_before=planned["progress"]["proved"],
        doubt=doubt,
    )
    old = {**each.revoke, **all_.revoke}
    revocations = []
    for request in {request["key"]: request for request in planned["requests"]}.values():
        ids = [*old.get(request["key"], ()), *each.unheld.get(request["key"], ())]
        if ids:
            revocations.append({**request, "tokens": [], "ids": ids})
    return {
        # Without the secrets: nobody needs them from here on.
        "answers": decided["answers"],
        "problems": decided["problems"],
        "progress": decided["progress"],
        "revocations": revocations,
        "stay": [*_sentences(each), *_sentences(all_)],
    }


def _sentences(settled: Settlement) -> list[str]:
    return [
        f"{', '.join(stay.ids)} {'stays' if len(stay.ids) == 1 else 'stay'} valid, because {stay.reason}."
        for found in settled.stays.values()
        for stay in found
    ]


def finish(
    kind: Kind,
    planned: Mapping[str, Any],
    settled: Mapping[str, Any],
    applied: Mapping[str, Mapping[str, Any]],
    revoked: Mapping[str, Any],
    *,
    is_check: bool,
) -> Data:
    """Return a sentence in `problems` or an outcome in `progress` for each host."""
    members = members_of(planned)
    problems: dict[str, str] = dict(settled["problems"])
    gone: set[str] = set()
    for request, result in zip(settled["revocations"], revoked.get("results") or ()):
        gone |= {token["id"] for token in result.get(kind.items) or ()}
        failure = _why_not_revoked(kind, request, result)
        if failure:
            problems[request["hosts"][0]] = failure
    progress = begin(settled["progress"])
    for host, one in applied.items():
        done, answer = Applied(**one), _answer(settled["answers"][host])
        failure = _why_failed(members[host], answer, done)
        for identity in filter(None, (done.file_identity, done.second_identity)):
            progress["seen"].setdefault(identity, host)
            progress["uses"].setdefault(_entry_name(members[host], identity), planned["tokens"][host])
        if host in planned["shared"] and has_proved(answer, done) and not is_beside(answer, done):
            progress["proved"][proof_name(host, answer.id)] = True
        if failure:
            problems[host] = failure
        if host not in problems:
            word = "unchanged" if not (answer.is_new or done.changed) else "would renew" if is_check else "renewed"
            progress["outcomes"][host] = outcome(word, members[host], answer, gone)
    return {"problems": problems, "progress": progress}


def _why_failed(member: Member, answer: Answer, done: Applied) -> str:
    if done.failure:
        return done.failure
    if member.proves and done.holds != answer.key:
        return (
            f"{member.path} does not hold the token {answer.id} any more: another run, or another inventory name of"
            " this machine, has written it meanwhile. Nothing is revoked."
        )
    return ""


def _why_not_revoked(kind: Kind, request: Mapping[str, Any], result: Mapping[str, Any]) -> str:
    """Return why an issuer has not revoked the tokens of a request; empty where it has."""
    if result.get("failure") or result.get("is_away") or kind.items not in result:
        return f"{entities.listed(request['ids'])} could not be revoked: {why_no_answer(result, request['issuer'])}"
    return ""


def outcome(word: str, member: Member, answer: Answer, gone: Collection[str]) -> Data:
    """Return the outcome of a host that came to the end, as summary.py describes it."""
    return {
        "outcome": word,
        "id": answer.id,
        "description": member.description,
        "expires_at": answer.expires_at,
        "old": [{"id": old.id, "expires_at": old.expires_at} for old in answer.superseded],
        "revoked": [old.id for old in answer.superseded if old.id in gone],
    }


def members_of(planned: Mapping[str, Any]) -> dict[str, Member]:
    """Return the members of a plan, by host."""
    return {host: Member(**{**one, "beside": tuple(one["beside"])}) for host, one in planned["members"].items()}


def _answer(data: Mapping[str, Any]) -> Answer:
    return Answer(**{**data, "superseded": tuple(Old(**old) for old in data["superseded"])})
