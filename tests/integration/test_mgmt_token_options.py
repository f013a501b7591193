# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""mgmt_token and mgmt_token_info option by option, against the stand-in: what each does, and what it must not do."""

from __future__ import annotations

import errno
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.influxops.influxdb3.plugins.module_utils._influxctl.influxctl import REVOKED_AT_ONCE
from harness.fixtures import MakeSimulator, manages_tokens
from harness.modules import Modules, Outcome
from harness.plays import connection
from harness.sample import sample
from harness.struck import together
from harness.sweeps import assert_no_secret
from simulator import Fault, MgmtToken, Request, Simulator, Switches
from simulator.influxctl import install, invocations

Run = Callable[..., Outcome]
CHECK = {"_ansible_check_mode": True}


@pytest.fixture(scope="module")
def server() -> Iterator[Simulator]:
    """A Clustered server over plain HTTP, which starts processes sooner."""
    with Simulator(tls=False) as running:
        yield running


@pytest.fixture
def sim(server: Simulator) -> Simulator:
    """The server with a new cluster."""
    server.reset()
    return server


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """The stand-in."""
    return install(tmp_path)


@pytest.fixture
def run(modules: Modules, sim: Simulator, program: Path) -> Run:
    """Runs mgmt_token, or another module, with the simulator's connection and further options; None takes one away."""

    def run(module: str = "mgmt_token", **options: Any) -> Outcome:
        merged = {**connection(sim), "influxctl_path": str(program), **options}
        strike = merged.pop("strike", None)
        options = {name: value for name, value in merged.items() if value is not None}
        outcome = modules.run(module, options, strike=strike)
        assert "Traceback" not in outcome.output
        assert_no_secret(outcome.output, sim.secrets)
        return outcome

    return run


def own(sim: Simulator) -> MgmtToken:
    """The token that the module authenticates with."""
    return next(token for token in sim.state.mgmt_tokens if token.secret == sim.admin_token)


def asked(program: Path) -> list[str]:
    """What influxctl was asked for, but for its version."""
    return [one.argv[one.argv.index("management") + 1] for one in invocations(program) if "management" in one.argv]


def last_revocation(program: Path) -> list[str]:
    """The IDs of the last one, in their order."""
    return next(one for one in reversed(invocations(program)) if "revoke" in one.argv).argv[-2:]


def warnings(outcome: Outcome) -> str:
    return json.dumps(outcome.result.get("warnings", []))


FORMS: dict[str, Callable[[str], dict[str, Any]]] = {
    "one": lambda description: {"description": description},
    "many": lambda description: {"tokens": [{"description": description}]},
}


@pytest.mark.parametrize("form", FORMS)
def test_its_own_token_is_left_and_that_changes_nothing(run: Run, sim: Simulator, program: Path, form: str) -> None:
    sim.add_mgmt_token(own(sim).description)
    for options in ({}, CHECK):
        outcome = run(**FORMS[form](own(sim).description), **options, revoke_superseded=True)
        assert (outcome.code, outcome.result["changed"]) == (0, False)
        assert f"{own(sim).id} is left, because this module authenticates with it" in warnings(outcome)
    assert asked(program) == ["list", "list"]
    assert own(sim).revoked_at is None


@pytest.mark.parametrize(
    "options",
    [
        {"description": "d", "revoke_superseded": True, "force": True},
        {"tokens": [{"description": "d", "force": True}], "revoke_superseded": True},
        {"description": "d", "state": "absent", "all_matching": True},
        {"ids": True, "state": "absent"},
    ],
    ids=lambda options: "-".join(options),
)
def test_its_own_token_is_revoked_last_if_that_is_allowed(
    run: Run, sim: Simulator, program: Path, options: dict[str, Any]
) -> None:
    mine, other = (sim.add_mgmt_token("d", created_at=sim.clock.now() - timedelta(days=n)) for n in (1, 2))
    named = {name: [mine.id, other.id] if name == "ids" else value for name, value in options.items()}
    outcome = run(management_token=mine.secret, allow_self_revoke=True, **named)
    assert (outcome.code, outcome.result["changed"]) == (0, True), outcome.output
    assert last_revocation(program) == [other.id, mine.id]
    assert None not in (mine.revoked_at, other.revoked_at)
    assert "is left" not in warnings(outcome)


@pytest.mark.parametrize(
    ("version", "left"), [("2.9.0", 1), ("2.12.0", 0), pytest.param("2.12.0", 1, marks=pytest.mark.complete)]
)
def test_what_somebody_else_revokes_meanwhile_is_no_error(
    run: Run, sim: Simulator, program: Path, version: str, left: int
) -> None:
    """On a server that turns that down, with versions that leave the other tokens then, or don't."""
    sim.switches = Switches(mgmt_revoke_again="rejected")
    install(program.parent, version)
    gone, *others = (sim.add_mgmt_token(f"t{n}") for n in range(1 + left))

    def revoked_first(request: Request) -> bool:
        if request.path.endswith("/revoke"):
            gone.revoked_at = sim.clock.now()
        return False

    sim.faults.append(Fault("status", match=revoked_first))
    ids = [gone.id, *(token.id for token in others)]
    outcome = run(ids=ids, state="absent")
    assert outcome.code == 0, outcome.output
    assert [token.revoked_at is not None for token in others] == [True] * left
    again = ["revoke"] if left and version == "2.9.0" else []
    assert asked(program) == ["list", "revoke", "list", *again]


def test_a_revocation_that_fails_for_good_is_told(run: Run, sim: Simulator, program: Path) -> None:
    token = sim.add_mgmt_token("d")
    sim.refuse_writes = True
    outcome = run(id=token.id, state="absent")
    assert "refuses writes" in outcome.result["msg"]
    assert asked(program) == ["list", "revoke", "list", "revoke"]
    sim.refuse_writes = False
    sim.faults.append(Fault("status", at=2, times=0, status=500))
    assert f"Can't revoke the management tokens {token.id}" in run(id=token.id, state="absent").result["msg"]


def test_hundreds_are_revoked_by_some_runs_of_influxctl(run: Run, sim: Simulator, program: Path) -> None:
    """Each has a timeout. One that fails for good keeps none of the others alive, and its cause is read."""
    tokens = [sim.add_mgmt_token(f"t{number}") for number in range(2 * REVOKED_AT_ONCE + 1)]
    refused = tokens[1]
    sim.faults.append(
        Fault("status", times=0, match=lambda one: one.path.endswith("/revoke") and refused.id in str(one.body))
    )
    stated = {"ids": [token.id for token in tokens], "state": "absent"}
    outcome = run(**stated)
    assert outcome.code != 0
    assert len(outcome.result["msg"]) < 2000
    assert f"failed to revoke {refused.id}" in outcome.result["msg"]
    assert [token.id for token in tokens if token.revoked_at is None] == [refused.id]
    assert asked(program) == ["list", "revoke", "revoke", "revoke", "list", "revoke"]
    sim.faults.clear()
    assert run(**stated).code == 0
    assert refused.revoked_at is not None


@pytest.mark.parametrize("mode", [{}, CHECK], ids=["run", "check"])
def test_an_entry_that_fails_shows_no_token_and_no_change(
    run: Run, sim: Simulator, tmp_path: Path, mode: dict[str, Any]
) -> None:
    # There is nothing to read, and nothing can be written.
    (tmp_path / "file").touch()
    tokens = [
        {"description": "nowhere", "secret_file": str(tmp_path / "file" / "a.json"), "expires_in": "90d"},
        {"description": "b"},
    ]
    outcome = run(tokens=tokens, **mode)
    failed, made = outcome.result["mgmt_tokens"]
    assert failed["failure"]["code"] == "secret_file"
    assert {key: value for key, value in failed.items() if value and key != "failure"} == {"description": "nowhere"}
    assert made["changed"]
    assert outcome.result["diff"]["after"].keys() == {"b"}
    assert [token.description for token in sim.state.mgmt_tokens[1:]] == ([] if mode else ["b"])


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("path", ["", "DIR/", "DIR"])
def test_a_path_that_is_no_file_makes_no_token(
    run: Run, sim: Simulator, program: Path, tmp_path: Path, form: str, path: str
) -> None:
    options = FORMS[form]("d")
    options.get("tokens", [options])[0]["secret_file"] = path.replace("DIR", str(tmp_path))
    outcome = run(**options)
    assert outcome.result["failure"]["code"] == "invalid_option"
    assert "secret_file: " in outcome.result["msg"]
    assert asked(program) == []
    assert sim.requests == []


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("keep", [True, False])
def test_a_token_that_is_dead_by_the_server_s_clock_supersedes_nothing(
    run: Run, sim: Simulator, tmp_path: Path, form: str, keep: bool
) -> None:
    sim.switches = Switches(past_expiry="accepted")
    path = tmp_path / "a.json"
    old = sim.add_mgmt_token("d")
    content = json.dumps({"id": old.id, "token": old.secret})
    if keep:
        path.write_text(content)
        path.chmod(0o600)
    sim.clock.advance(2 * 86400)
    options = FORMS[form]("d")
    entry = options.get("tokens", [options])[0]
    entry |= {"expires_in": "1d", "force": True} | ({"secret_file": str(path)} if keep else {})
    outcome = run(**options, revoke_superseded=True)
    assert outcome.result["failure"]["code"] == "dead_token"
    assert old.revoked_at is None
    assert [token.revoked_at is not None for token in sim.state.mgmt_tokens if token.description == "d"] == [
        False,
        True,
    ]
    assert not keep or path.read_text().split() == content.split(), "the secret that works is still there"


def with_file(form: str, path: Path, **wish: Any) -> dict[str, Any]:
    """The options for a token with a secret file, further ones being what describes the token."""
    options = FORMS[form]("d")
    options.get("tokens", [options])[0].update(secret_file=str(path), **wish)
    return options


@pytest.mark.parametrize("form", FORMS)
def test_two_runs_with_one_file_make_one_token(
    collection_root: Path, sim: Simulator, program: Path, tmp_path: Path, form: str
) -> None:
    """The one waits for the other, and takes the token that it has made."""
    path = tmp_path / "new" / "d.json"
    options = {**connection(sim), "influxctl_path": str(program), **with_file(form, path)}
    fault = Fault("slow", times=2, kind="influxctl")
    sim.faults.append(fault)

    def one() -> Outcome:
        with Modules(collection_root) as modules:
            return modules.run("mgmt_token", options)

    outcomes = together(fault, [one, one])
    assert sorted(outcome.result.get("changed", "failed") for outcome in outcomes) == [False, True]
    assert [token.secret for token in sim.state.mgmt_tokens[1:]] == [json.loads(path.read_text())["token"]]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("revocable", [True, False])
def test_a_secret_that_can_not_be_kept_leaves_no_token_unnamed(
    run: Run, sim: Simulator, tmp_path: Path, form: str, revocable: bool
) -> None:
    calls = run(**with_file(form, tmp_path / "a.json")).calls
    last = len(calls) - calls[::-1].index("write")
    sim.reset()
    if not revocable:
        sim.faults.append(Fault("status", times=0, match=lambda request: request.path.endswith("/revoke")))
    outcome = run(**with_file(form, tmp_path / "b.json"), strike=(last, errno.ENOSPC))
    token = sim.state.mgmt_tokens[-1]
    assert outcome.result["failure"]["code"] == ("secret_file" if revocable else "orphan")
    assert (token.id in outcome.result["msg"], token.revoked_at is not None) == (True, revocable)
    assert not (tmp_path / "b.json").exists()


@pytest.mark.parametrize("form", FORMS)
def test_a_new_secret_without_a_file_outlives_a_revocation_that_fails(run: Run, sim: Simulator, form: str) -> None:
    """A task that failed would lose the only copy. The next run has to do nothing but revoke."""
    old = sim.add_mgmt_token("d")
    sim.faults.append(Fault("status", times=0, match=lambda request: request.path.endswith("/revoke")))
    options = FORMS[form]("d")
    options.get("tokens", [options])[0]["force"] = True
    outcome = run(**options, revoke_superseded=True)
    result = outcome.result["mgmt_tokens"][0] if form == "many" else outcome.result["mgmt_token"]
    assert (outcome.code, result["token"]) == (0, sim.state.mgmt_tokens[-1].secret)
    assert old.id in warnings(outcome)
    sim.faults.clear()
    assert run(**FORMS[form]("d"), revoke_superseded=True).result["changed"]
    assert (old.revoked_at is not None, len(sim.state.mgmt_tokens)) == (True, 3)


@pytest.mark.parametrize("token_id", ["--force", "-h", "", "a b", "../x", "a\nb"])
def test_an_id_never_becomes_an_option_of_influxctl(run: Run, program: Path, token_id: str) -> None:
    for options in ({"id": token_id}, {"ids": [token_id]}):
        outcome = run(**options, state="absent")
        assert outcome.result["failure"]["code"] == "invalid_option"
    assert asked(program) == []


@pytest.mark.parametrize("token_id", ["--force", "-h", "a b", "", 5])
def test_an_id_that_influxctl_lists_never_becomes_its_option(run: Run, tmp_path: Path, token_id: Any) -> None:
    """Whoever can name a token has no say in what is run."""
    listed = [{"id": token_id, "description": "d", "token_prefix": "M.V1.abcd", "created_at": {"seconds": 1}}]
    program = tmp_path / "odd" / "influxctl"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\necho \"$@\" >> {tmp_path}/asked\ncat <<'END'\n{json.dumps(listed)}\nEND\n")
    program.chmod(0o755)
    outcome = run(description="d", state="absent", influxctl_path=str(program))
    assert outcome.result["failed"]
    assert "revoke" not in (tmp_path / "asked").read_text()


@pytest.mark.parametrize("what", sample(["mutual", "insecure", "plain", "dedicated", "tls"], lambda n, _what: n < 2))
@manages_tokens
def test_every_kind_of_connection_reaches_influxctl(
    make_simulator: MakeSimulator, modules: Modules, program: Path, tmp_path: Path, what: str
) -> None:
    product = "dedicated" if what == "dedicated" else "clustered"
    sim = make_simulator(product, tls=what != "plain", mutual=what == "mutual")
    options = connection(sim)
    if what == "mutual":
        both = tmp_path / "both.pem"
        both.write_text(f"{sim.client_cert_path.read_text()}{sim.client_key_path.read_text()}")
        options.pop("client_key")
        options["client_cert"] = str(both)
    if what == "insecure":
        options.pop("ca_path")
        options["validate_certs"] = False
    outcome = modules.run("mgmt_token_info", {**options, "influxctl_path": str(program)})
    assert outcome.code == 0, outcome.output
    assert [token["own"] for token in outcome.result["mgmt_tokens"]] == [True]
    assert list(modules.temporary.iterdir()) == []


def test_an_early_version_that_can_not_be_insecure_says_so(run: Run, program: Path) -> None:
    install(program.parent, "2.7.0")
    outcome = run("mgmt_token_info", host="https://127.0.0.1:1", validate_certs=False)
    assert "needs influxctl 2.8.0" in outcome.result["msg"]


def test_influxctl_reads_the_config_that_the_module_has_read(
    collection_root: Path, sim: Simulator, program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "xdg" / "influxctl" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text(
        f'[[profile]]\nname = "default"\nproduct = "clustered"\nhost = "{sim.host}"\nport = "{sim.port}"\n'
        f'mgmt_token = "{sim.admin_token}"\n[profile.tls]\ndisable = true\n'
    )
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    with Modules(collection_root) as modules:
        outcome = modules.run("mgmt_token_info", {"influxctl_path": str(program)})
    assert outcome.code == 0, outcome.output
    (ran,) = invocations(program)
    assert ran.argv == ["--config", str(config), "management", "list", "--format", "json"]


@pytest.mark.parametrize("way", ["connection", "profile", pytest.param("HTTP", marks=pytest.mark.complete)])
def test_limits_that_are_none_are_refused(run: Run, sim: Simulator, program: Path, tmp_path: Path, way: str) -> None:
    config = tmp_path / "config.toml"
    config.write_text('[[profile]]\nname = "default"\nproduct = "clustered"\nhost = "a.example"\n')
    alone: dict[str, Any] = {"host": None, "management_token": None, "product": None, "config_path": str(config)}
    options = {"profile": alone, "HTTP": {"influxctl_path": None}}.get(way, {})
    module = "database_info" if way == "HTTP" else "mgmt_token_info"
    for timeout in (0, -1, "inf", "nan", 1e9):
        outcome = run(module, **options, timeout=timeout)
        assert "timeout must be more than 0 and at most 86400 seconds" in outcome.result["msg"]
        assert outcome.result["failure"]["code"] == "invalid_option"
    assert "retries must be 0 or more" in run(module, **options, retries=-1).result["msg"]
    assert (invocations(program), sim.requests) == ([], [])


def test_a_path_that_influxctl_has_no_place_for_is_refused(run: Run, sim: Simulator, program: Path) -> None:
    outcome = run("mgmt_token_info", host=f"{sim.url}/prefix")
    assert "/prefix" in outcome.result["msg"]
    assert outcome.result["failure"]["code"] == "invalid_option"
    assert invocations(program) == []
    assert run("mgmt_token_info", host=f"{sim.url}/api/v0/").code == 0


@pytest.mark.parametrize("retries", sample([1, 0, None], lambda number, _retries: number == 0))
def test_lists_are_asked_for_again_as_often_as_is_said(
    run: Run, sim: Simulator, program: Path, retries: int | None
) -> None:
    """Before a creation as after it, where it is tried twice at least; and never a creation."""
    lists = 1 + (4 if retries is None else retries)
    sim.faults.append(Fault("status", times=lists))
    assert "503" in run("mgmt_token_info", retries=retries).result["msg"]
    assert asked(program) == ["list"] * lists
    assert run("mgmt_token_info", retries=retries).code == 0
    program.with_name("influxctl.log").unlink()
    after = max(2, lists)
    made = Fault("drop_before", match=lambda _request: len(sim.state.mgmt_tokens) > 1, times=after - 1)
    sim.faults.append(made)
    outcome = run(description="d", retries=retries)
    assert outcome.code == 0, outcome.output
    assert asked(program) == ["list", "create", *["list"] * after]
    sim.faults[:] = [Fault("status", at=2)]
    assert "503" in run(description="e", retries=retries).result["msg"]
    assert [token.description for token in sim.state.mgmt_tokens[1:]] == ["d"]


def test_info_returns_what_is_asked_for(run: Run, sim: Simulator) -> None:
    now = sim.clock.now()
    a, b, c = (sim.add_mgmt_token(name, now + timedelta(days=days)) for name, days in (("a", 7), ("b", 30), ("b", 90)))
    gone = sim.add_mgmt_token("gone", revoked_at=now)

    def found(**options: Any) -> set[str]:
        return {token["id"] for token in run("mgmt_token_info", **options).result["mgmt_tokens"]}

    assert found(id=b.id) == {b.id}
    assert found(id=gone.id) == {gone.id}
    assert found(id="none") == set()
    assert found(token_prefix=c.prefix) == {c.id}
    assert found(token_prefix=gone.prefix) == set()
    assert found(token_prefix=gone.prefix, include_revoked=True) == {gone.id}
    assert found(description="b") == {b.id, c.id}
    assert found(expiring_within="14d") == {a.id}
    assert found(expiring_within="60d", description="b") == {b.id}
    assert found() == {own(sim).id, a.id, b.id, c.id}


def test_all_of_a_description_are_revoked_only_when_that_is_said(run: Run, sim: Simulator, program: Path) -> None:
    tokens = [sim.add_mgmt_token("d") for _ in range(3)]
    refused = run(description="d", state="absent")
    assert refused.result["failure"]["code"] == "ambiguous_token"
    assert all(token.revoked_at is None for token in tokens)
    done = run(description="d", state="absent", all_matching=True)
    assert (done.code, len(done.result["superseded"])) == (0, 2)
    assert all(token.revoked_at for token in tokens)
    assert not run(description="d", state="absent", all_matching=True).result["changed"]
    assert asked(program) == ["list", "list", "revoke", "list"]


@pytest.mark.parametrize("form", sample(["many", "one"], lambda number, _form: number == 0))
def test_a_kept_secret_is_returned_again_only_when_that_is_said(
    run: Run, sim: Simulator, tmp_path: Path, form: str
) -> None:
    def given(**options: Any) -> tuple[bool, str | None]:
        wish = {"description": "d", "secret_file": str(tmp_path / "d.json")}
        result = run(**(wish if form == "one" else {"tokens": [wish]}), **options).result
        token = result["mgmt_token"] if form == "one" else result["mgmt_tokens"][0]
        return result["changed"], token.get("token")

    assert given() == (True, None)
    secret = sim.state.mgmt_tokens[-1].secret
    assert given() == (False, None)
    assert given(return_secret=True) == (False, secret)
    assert len(sim.state.mgmt_tokens) == 2


@pytest.mark.parametrize("form", sample(["many", "one"], lambda number, _form: number == 0))
def test_a_lost_secret_is_ignored_or_reissued_as_is_said(run: Run, sim: Simulator, tmp_path: Path, form: str) -> None:
    there = sim.add_mgmt_token("d")
    path = tmp_path / "d.json"
    wish = {"description": "d", "secret_file": str(path)}
    options = wish if form == "one" else {"tokens": [wish]}
    assert run(**options).result["failure"]["code"] == "lost_secret"
    ignored = run(**options, on_lost_secret="ignore")
    assert (ignored.code, ignored.result["changed"], path.exists()) == (0, False, False)
    assert run(**options, on_lost_secret="reissue", revoke_superseded=True).result["changed"]
    assert there.revoked_at is not None
    assert json.loads(path.read_text())["token"] == sim.state.mgmt_tokens[-1].secret
    assert not run(**options).result["changed"]
