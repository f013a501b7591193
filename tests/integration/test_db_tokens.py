# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What db_token does when answers get lost, runs meet, disks are full, or a new token needs time to work."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.modules import KILL, Modules, Outcome
from harness.plays import connection
from harness.struck import together
from harness.sweeps import assert_no_secret
from simulator import DbToken, Fault, Request, Simulator, Switches

READ = [{"action": "read", "resource": "metrics"}]


@pytest.fixture
def run(modules: Modules, sim: Simulator) -> Callable[..., Outcome]:
    """Runs db_token against the simulator; nothing that it prints holds a secret."""

    def run_it(**options: Any) -> Outcome:
        return run_with(modules, sim, **options)

    return run_it


def run_with(modules: Modules, sim: Simulator, **options: Any) -> Outcome:
    strike = options.pop("strike", None)
    outcome = modules.run("db_token", {**connection(sim), "retries": 0, **options}, strike=strike)
    assert_no_secret(outcome.output, sim.secrets)
    return outcome


def is_a(method: str) -> Callable[[Request], bool]:
    return lambda request: request.method == method


def alive(sim: Simulator) -> list[DbToken]:
    return [token for token in sim.state.db_tokens if token.revoked_at is None]


def methods(sim: Simulator) -> list[str]:
    return [request.method if request.kind == "api" else request.kind for request in sim.requests]


# Answers that get lost


def test_a_lost_answer_costs_one_more_token_and_leaves_none(sim: Simulator, run: Callable[..., Outcome]) -> None:
    sim.faults.append(Fault("drop_after", match=is_a("POST")))
    outcome = run(description="a")
    assert [t.description for t in alive(sim)] == ["a"]
    assert outcome.result["db_token"]["access_token"] == alive(sim)[0].secret
    assert methods(sim) == ["GET", "POST", "GET", "DELETE", "POST", "PATCH"]


def test_lost_answers_without_end_leave_nothing(sim: Simulator, run: Callable[..., Outcome]) -> None:
    sim.faults.append(Fault("truncate", match=is_a("POST"), times=0))
    outcome = run(description="a")
    assert outcome.result["failure"]["code"] == "ambiguous"
    assert alive(sim) == []
    assert methods(sim).count("POST") == 2


@pytest.mark.parametrize("lost", ["drop_after", "truncate"])
def test_an_orphan_that_can_not_be_revoked_is_named(sim: Simulator, run: Callable[..., Outcome], lost: Any) -> None:
    sim.faults += [Fault(lost, match=is_a("POST"), times=0), Fault("status", match=is_a("DELETE"), times=0)]
    outcome = run(description="a")
    assert outcome.result["failure"]["code"] == "orphan"
    assert alive(sim)[0].id in outcome.result["msg"]
    assert methods(sim).count("POST") == 1, "one orphan is enough"


def test_an_orphan_that_can_not_be_looked_up_is_described(sim: Simulator, run: Callable[..., Outcome]) -> None:
    sim.faults += [Fault("drop_after", match=is_a("POST")), Fault("status", match=is_a("GET"), at=2, times=0)]
    outcome = run(description="a")
    nonce = alive(sim)[0].description.removeprefix("a [pending ").removesuffix("]")
    assert nonce in outcome.result["msg"]
    assert "state: absent" in outcome.result["msg"]


def test_an_answer_without_a_secret_is_a_lost_one(sim: Simulator, run: Callable[..., Outcome]) -> None:
    sim.faults.append(Fault("status", match=is_a("POST"), status=200, body="{}", commit=True))
    assert run(description="a").code == 0
    assert [t.description for t in alive(sim)] == ["a"]


SECRET = "apiv1_" + "x" * 80


def hostile(sim: Simulator, **changes: Any) -> Fault:
    """An answer to a POST that is like a real one but for some fields; the server makes the token all the same."""
    answer = {
        "id": "11111111-2222-4333-8444-555555555555",
        "description": "a",
        "permissions": [],
        "createdAt": "2026-01-01T00:00:00Z",
        "accessToken": SECRET,
        **changes,
    }
    return Fault("status", match=is_a("POST"), status=200, body=json.dumps(answer), commit=True, times=0)


HOSTILE_ANSWERS: dict[str, Any] = {
    "a number as the secret": {"accessToken": 5},
    "a list as the secret": {"accessToken": [SECRET]},
    "a short secret": {"accessToken": "apiv1_"},
    "an empty secret": {"accessToken": ""},
    "a secret with a blank": {"accessToken": f"{SECRET} b"},
    "a secret with a line end": {"accessToken": f"{SECRET}\n"},
    "no secret": {"accessToken": None},
    "another description": {"description": "somebody else's"},
    "another run's mark": {"description": f"a [pending {'0' * 32}]"},
    "no description": {"description": None},
    "a description that is no text": {"description": {"a": 1}},
    "an ID of a path": {"id": "../databases/metrics"},
    "an ID of dots": {"id": ".."},
    "an ID that is an option": {"id": "--force"},
    "an ID that is a number": {"id": 7},
    "no ID": {"id": None},
    "an instant that is none": {"createdAt": "yesterday"},
    "permissions that are none": {"permissions": [1, None]},
}


@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.parametrize("case", HOSTILE_ANSWERS)
def test_an_answer_that_lies_leaves_nothing_active(
    sim: Simulator, run: Callable[..., Outcome], tmp_path: Path, case: str, keep: bool
) -> None:
    path = tmp_path / "a.json"
    other = sim.add_db_token("somebody else's")
    sim.faults.append(hostile(sim, **HOSTILE_ANSWERS[case]))
    outcome = run(description="a", **({"secret_file": str(path)} if keep else {}))
    assert "Traceback" not in outcome.output
    assert outcome.result["failure"]["code"] in ("bad_answer", "ambiguous")
    assert alive(sim) == [other]
    assert methods(sim).count("POST") == 2, "once more, and no further"
    assert os.listdir(tmp_path) == []
    assert SECRET not in outcome.output
    sim.faults.clear()
    assert run(description="a", **({"secret_file": str(path)} if keep else {})).code == 0
    assert [token.description for token in alive(sim)] == ["somebody else's", "a"]


def test_the_id_of_another_token_is_not_taken_for_the_new_one(sim: Simulator, run: Callable[..., Outcome]) -> None:
    other = sim.add_db_token("b")

    def echo(request: Request) -> bool:
        if request.method != "POST":
            return False
        fault.body = json.dumps(
            {"id": other.id, "description": request.body["description"], "permissions": [], "accessToken": SECRET}
        )
        return True

    fault = Fault("status", match=echo, status=200, commit=True, times=0)
    sim.faults.append(fault)
    assert run(description="a").result["failure"]["code"] == "bad_answer"
    assert (alive(sim), other.description) == ([other], "b")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.just(SECRET),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
FIELDS = ("id", "description", "permissions", "createdAt", "expiresAt", "revokedAt", "accessToken")
ANSWERS = st.dictionaries(st.sampled_from(FIELDS), VALUES) | VALUES


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(answer=ANSWERS)
def test_no_answer_to_a_creation_leaves_anything_active(
    sim: Simulator, run: Callable[..., Outcome], answer: object
) -> None:
    sim.reset()
    body = json.dumps(answer)
    sim.faults.append(Fault("status", match=is_a("POST"), status=200, body=body, commit=True, times=0))
    outcome = run(description="a")
    assert "Traceback" not in outcome.output
    assert outcome.result["failure"]["code"] in ("bad_answer", "ambiguous")
    assert (len(sim.state.db_tokens), alive(sim)) == (2, [])


@pytest.mark.parametrize("keep", [True, False])
def test_an_id_that_the_server_makes_up_leaves_nothing_active(
    sim: Simulator, run: Callable[..., Outcome], tmp_path: Path, keep: bool
) -> None:
    """The answer has our mark and a secret, but the token that was made has another ID, which the list shows."""

    def make_up(request: Request) -> bool:
        if request.method != "POST":
            return False
        token = {"id": "11111111-2222-4333-8444-555555555555", "permissions": [], "accessToken": SECRET}
        told = {**token, "description": request.body["description"], "createdAt": "2026-01-01T00:00:00Z"}
        fault.body = json.dumps(told)
        return True

    fault = Fault("status", match=make_up, status=200, commit=True)
    sim.faults.append(fault)
    options = {"description": "a", **({"secret_file": str(tmp_path / "a.json")} if keep else {})}
    assert "failure" in run(**options).result
    assert keep or alive(sim) == []
    assert run(**options).code == 0
    assert [token.description for token in alive(sim)] == ["a"]


@pytest.mark.parametrize("body", ["[" * 100_000, '{"a":' * 100_000, "NaN", '"text"', "[]", "5"])
def test_an_answer_that_is_no_token_leaves_nothing_active(
    sim: Simulator, run: Callable[..., Outcome], body: str
) -> None:
    sim.faults.append(Fault("status", match=is_a("POST"), status=200, body=body, commit=True, times=0))
    outcome = run(description="a")
    assert "Traceback" not in outcome.output
    assert outcome.result["failure"]["code"] in ("bad_answer", "ambiguous")
    assert alive(sim) == []


@pytest.mark.parametrize("changes", [{"id": "11111111-2222-4333-8444-555555555555"}, {"description": "b"}, {"id": 5}])
@pytest.mark.parametrize("keep", [True, False])
def test_a_patch_that_answers_about_another_token_is_no_success(
    sim: Simulator, run: Callable[..., Outcome], tmp_path: Path, changes: dict[str, Any], keep: bool
) -> None:
    def lie(request: Request) -> bool:
        if request.method != "PATCH":
            return False
        token = {"id": request.path.rpartition("/")[2], "description": "a", "permissions": [], **changes}
        fault.body = json.dumps({**token, "createdAt": "2026-01-01T00:00:00Z"})
        return True

    fault = Fault("status", match=lie, status=200)
    sim.faults.append(fault)
    options = {"description": "a", **({"secret_file": str(tmp_path / "a.json")} if keep else {})}
    assert run(**options).result["failure"]["code"] == "bad_answer"
    assert len(alive(sim)) == (1 if keep else 0), "with a file the next run goes on"
    assert run(**options).code == 0
    assert [token.description for token in alive(sim)] == ["a"]


@pytest.mark.parametrize("change", [{"id": ".."}, {"id": 5}, {"description": 5}, {"createdAt": None}, {"id": None}])
def test_a_list_with_a_token_that_is_none_is_refused(
    sim: Simulator, run: Callable[..., Outcome], change: dict[str, Any]
) -> None:
    token = {"id": "x", "description": "a", "permissions": [], "createdAt": "2026-01-01T00:00:00Z", **change}
    sim.faults.append(Fault("status", match=is_a("GET"), status=200, body=json.dumps([token]), times=0))
    for state in ("present", "absent"):
        outcome = run(description="a", state=state)
        assert "Traceback" not in outcome.output
        assert outcome.result["failure"]["code"] == "bad_answer"
    assert sim.writes == []


@pytest.mark.parametrize("token_id", ["", " ", "..", "a/b", "--force", "-a", "a b", "a\n", "a%2fb", "x" * 201])
def test_an_id_that_can_be_none_is_refused_before_the_first_request(
    sim: Simulator, run: Callable[..., Outcome], token_id: str
) -> None:
    outcome = run(id=token_id, state="absent")
    assert outcome.result["failure"]["code"] == "invalid_option"
    assert outcome.result["msg"].startswith("id: ")
    assert sim.requests == []


@pytest.mark.parametrize("keep", [True, False])
def test_a_token_that_is_dead_by_the_server_s_clock_supersedes_nothing(
    sim: Simulator, run: Callable[..., Outcome], tmp_path: Path, keep: bool
) -> None:
    sim.switches = Switches(past_expiry="accepted")
    old = sim.add_db_token("a", READ)
    sim.clock.advance(2 * 86400)
    options = {"description": "a", "permissions": READ, "expires_at": tomorrow(), "revoke_superseded": True}
    options |= {"secret_file": str(tmp_path / "a.json"), "on_lost_secret": "reissue"} if keep else {}
    outcome = run(**options)
    assert outcome.result["failure"]["code"] == "dead_token"
    assert "clock" in outcome.result["msg"]
    assert (alive(sim), os.listdir(tmp_path)) == ([old], [])


def tomorrow() -> str:
    """By the clock of the machine that runs the module, in whole seconds."""
    return (datetime.now(UTC) + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_without_a_file_a_token_that_stays_pending_is_revoked(sim: Simulator, run: Callable[..., Outcome]) -> None:
    sim.faults.append(Fault("status", match=is_a("PATCH"), status=500))
    outcome = run(description="a")
    assert "is revoked again" in outcome.result["msg"]
    assert alive(sim) == []


def test_with_a_file_it_is_finished_by_the_next_run(
    sim: Simulator, run: Callable[..., Outcome], tmp_path: Path
) -> None:
    path = tmp_path / "a.json"
    sim.faults.append(Fault("status", match=is_a("PATCH"), status=500))
    assert "run again to finish" in run(description="a", secret_file=str(path)).result["msg"]
    (token,) = alive(sim)
    check = run(description="a", secret_file=str(path), _ansible_check_mode=True).result
    assert (check["changed"], check["db_token"]["id"]) == (True, token.id)
    again = run(description="a", secret_file=str(path)).result
    assert (again["changed"], again["db_token"]["id"], token.description) == (True, token.id, "a")
    assert run(description="a", secret_file=str(path)).result["changed"] is False


def test_a_pending_token_whose_secret_is_filed_can_be_revoked(
    sim: Simulator, run: Callable[..., Outcome], tmp_path: Path
) -> None:
    path = str(tmp_path / "a.json")
    sim.faults.append(Fault("status", match=is_a("PATCH"), status=500))
    run(description="a", secret_file=path)
    assert run(description="a", secret_file=path, state="absent").result["changed"] is True
    assert alive(sim) == []


def test_a_dead_run_is_cleaned_up_by_absent_too(
    sim: Simulator, run: Callable[..., Outcome], modules: Modules, tmp_path: Path
) -> None:
    path = tmp_path / "a.json"
    nonce = "ab" * 16
    (tmp_path / ".a.json.pending").write_text(f"{nonce}\n")
    orphan, stranger = sim.add_db_token(f"a [pending {nonce}]"), sim.add_db_token(f"a [pending {'cd' * 16}]")
    check = run(description="a", secret_file=str(path), state="absent", _ansible_check_mode=True).result
    assert check["changed"] is True
    assert orphan.revoked_at is None
    outcome = run(description="a", secret_file=str(path), state="absent").result
    assert (outcome["changed"], outcome["db_token"]) == (True, None)
    assert stranger.id in json.dumps(outcome["warnings"])
    assert alive(sim) == [stranger]
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("call", ["flock", "fchmod", "write", "rename"])
def test_an_empty_journal_of_a_run_that_was_killed_does_not_stay(
    sim: Simulator, run: Callable[..., Outcome], tmp_path: Path, call: str
) -> None:
    # As deep as each other, so that both take as many calls.
    path, copy = tmp_path / "a" / "a.json", tmp_path / "b" / "a.json"
    copy.parent.mkdir(mode=0o700)
    options = {"description": "a", "secret_file": str(path), "expires_in": "7d"}
    run(**options)
    renewal = {**options, "expires_in": "90d", "renew_before": "14d"}
    calls = run(**{**renewal, "secret_file": str(shutil.copy(path, copy))}).calls
    kept = next(token for token in sim.state.db_tokens if token.secret == json.loads(path.read_text())["token"])
    sim.state.db_tokens[:] = [kept]
    assert run(**renewal, strike=(calls.index(call) + 1, KILL)).code == -9
    assert ".a.json.pending" in os.listdir(path.parent)
    assert run(**options).result["changed"] is False
    assert os.listdir(path.parent) == ["a.json"]
    assert alive(sim) == [kept]


# Runs that meet


def meeting(sim: Simulator, root: Path, *options: dict[str, Any]) -> list[Outcome]:
    """Run modules at once: each has read the list before any goes on."""
    fault = Fault("slow", times=len(options), match=is_a("GET"))
    sim.faults.append(fault)

    def one(given: dict[str, Any]) -> Outcome:
        with Modules(root) as modules:
            return run_with(modules, sim, **given)

    return together(fault, [partial(one, given) for given in options])


def test_two_runs_with_one_file_make_one_token(sim: Simulator, collection_root: Path, tmp_path: Path) -> None:
    path = tmp_path / "new" / "a.json"
    options = {"description": "a", "secret_file": str(path), "revoke_superseded": True}
    outcomes = meeting(sim, collection_root, options, options)
    assert sorted(outcome.result.get("changed", "failed") for outcome in outcomes) == [False, True]
    assert [t.secret for t in sim.state.db_tokens] == [json.loads(path.read_text())["token"]]


def test_two_runs_without_one_file_never_revoke_each_other_s_token(
    sim: Simulator, collection_root: Path, tmp_path: Path
) -> None:
    options = {"description": "a", "revoke_superseded": True}
    outcomes = meeting(sim, collection_root, options, {**options, "secret_file": str(tmp_path / "a.json")})
    assert [outcome.code for outcome in outcomes] == [0, 0]
    assert len(alive(sim)) == len(sim.state.db_tokens) == 2


# Disks


def test_a_full_disk_revokes_the_token_and_says_so(sim: Simulator, run: Callable[..., Outcome], tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    calls = run(description="a", secret_file=str(path)).calls
    last = len(calls) - calls[::-1].index("write")
    sim.reset()
    path.unlink()
    outcome = run(description="a", secret_file=str(path), strike=(last, errno.ENOSPC))
    assert os.strerror(errno.ENOSPC) in outcome.result["msg"]
    assert f"{sim.state.db_tokens[0].id} that was just made is revoked again" in outcome.result["msg"]
    assert outcome.result["failure"]["code"] == "secret_file"
    assert alive(sim) == []
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("check_mode", [False, True])
def test_a_place_that_can_not_be_written_fails_before_a_token_is_made(
    sim: Simulator, run: Callable[..., Outcome], tmp_path: Path, check_mode: bool
) -> None:
    (tmp_path / "file").write_text("")
    outcome = run(description="a", secret_file=str(tmp_path / "file" / "a.json"), _ansible_check_mode=check_mode)
    assert os.strerror(errno.ENOTDIR) in outcome.result["msg"]
    assert sim.writes == []


@pytest.mark.parametrize("state", ["present", "absent"])
@pytest.mark.parametrize("path", ["", " ", "DIR/", "DIR/.", "DIR"])
def test_a_path_that_is_no_file_is_refused_before_the_first_request(
    sim: Simulator, run: Callable[..., Outcome], tmp_path: Path, path: str, state: str
) -> None:
    outcome = run(description="a", state=state, secret_file=path.replace("DIR", str(tmp_path)))
    assert "secret_file: " in outcome.result["msg"]
    assert outcome.result["failure"]["code"] == "invalid_option"
    assert sim.requests == []


@contextmanager
def kept_from_being_replaced(path: Path, how: str) -> Iterator[None]:
    """A file that is mounted by itself, or that chattr has made immutable, where that is possible."""
    name = str(path)
    do, undo = {
        "mounted": (["mount", "--bind", name, name], ["umount", name]),
        "immutable": (["chattr", "+i", name], ["chattr", "-i", name]),
    }[how]
    if subprocess.run(do, capture_output=True, check=False).returncode:
        pytest.skip("not possible here")
    try:
        yield
    finally:
        subprocess.run(undo, check=True)


@pytest.mark.parametrize("how", ["mounted", "immutable"])
def test_a_file_that_can_not_be_replaced_costs_no_token(
    sim: Simulator, run: Callable[..., Outcome], tmp_path: Path, how: str
) -> None:
    path = tmp_path / "a.json"
    options = {"description": "a", "secret_file": str(path), "expires_in": "7d"}
    run(**options)
    before, held = list(sim.state.db_tokens), path.read_text()
    sim.requests.clear()
    renew = {**options, "expires_in": "90d", "renew_before": "14d"}
    with kept_from_being_replaced(path, how):
        assert run(**options).result["changed"] is False
        for check in (True, False):
            outcome = run(**renew, _ansible_check_mode=check)
            assert outcome.result["failure"]["code"] == "secret_file"
        assert os.listdir(tmp_path) == ["a.json"]
    assert (sim.writes, sim.state.db_tokens, path.read_text()) == ([], before, held)
    assert run(**renew).result["changed"] is True


@pytest.mark.parametrize("error", [errno.EBUSY, errno.EPERM, errno.EACCES])
def test_a_file_whose_replacement_fails_unforeseen_costs_no_token(
    sim: Simulator, run: Callable[..., Outcome], tmp_path: Path, error: int
) -> None:
    """Whatever the cause is, a policy of the system for instance: it is tried before there is a token to lose."""
    path = tmp_path / "a.json"
    options = {"description": "a", "secret_file": str(path), "expires_in": "7d"}
    run(**options)
    held = path.read_text()
    renew = {**options, "expires_in": "90d", "renew_before": "14d"}
    calls = run(**{**renew, "secret_file": str(shutil.copy(path, tmp_path / "copy.json"))}).calls
    sim.requests.clear()
    outcome = run(**renew, strike=(calls.index("rename") + 1, error))
    assert outcome.result["failure"]["code"] == "secret_file"
    assert (sim.writes, path.read_text()) == ([], held)
    assert set(os.listdir(tmp_path)) == {"a.json", "copy.json"}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_the_owner_is_kept(sim: Simulator, run: Callable[..., Outcome], tmp_path: Path) -> None:
    path = tmp_path / "new" / "a.json"
    options = {"description": "a", "secret_file": str(path), "owner": "nobody", "group": "65534"}
    assert run(**options).result["changed"] is True
    assert (path.stat().st_uid, path.stat().st_gid, path.parent.stat().st_uid) == (65534, 65534, 65534)
    assert run(**options).result["changed"] is False
    os.chown(path, 0, 0)
    assert run(**options, _ansible_check_mode=True).result["changed"] is True
    assert path.stat().st_uid == 0
    assert run(**options).result["changed"] is True
    assert path.stat().st_uid == 65534
    assert "no owner 'nobody-at-all'" in run(**{**options, "owner": "nobody-at-all"}).result["msg"]


# Tokens that need time


def test_what_is_superseded_is_revoked_after_the_new_token_works(sim: Simulator, run: Callable[..., Outcome]) -> None:
    sim.add_database("metrics")
    old = sim.add_db_token("a", READ, expires_at=sim.clock.now() + timedelta(days=1))
    sim.faults.append(Fault("status", status=401, kind="data", times=2))
    options = {"description": "a", "renew_before": "7d", "wait_active": 60, "revoke_superseded": True}
    assert run(**options).code == 0
    assert methods(sim) == ["GET", "POST", "PATCH", "data", "data", "data", "DELETE"]
    assert old.revoked_at is not None
    sim.requests.clear()
    assert run(**options).result["changed"] is False
    assert methods(sim) == ["GET"]


@pytest.mark.parametrize("keep", [True, False])
def test_a_token_that_does_not_work_in_time_supersedes_nothing(
    sim: Simulator, run: Callable[..., Outcome], tmp_path: Path, keep: bool
) -> None:
    sim.add_database("metrics")
    old = sim.add_db_token("a", READ)
    sim.faults.append(Fault("status", status=403, kind="data", times=0))
    options: dict[str, Any] = {"description": "a", "wait_active": 60, "revoke_superseded": True}
    options |= {"expires_in": "90d", "expires_at": None, "permissions": READ}
    if keep:
        options |= {"secret_file": str(tmp_path / "a.json"), "on_lost_secret": "reissue"}
    else:
        old.expires_at = sim.clock.now() + timedelta(days=1)
        options |= {"renew_before": "7d"}
    outcome = run(**options)
    new = sim.state.db_tokens[1]
    if keep:
        assert outcome.result["failure"]["code"] == "not_active"
        assert json.loads((tmp_path / "a.json").read_text())["token"] == new.secret
    else:
        assert outcome.result["db_token"]["access_token"] == new.secret
        assert old.id in json.dumps(outcome.result["warnings"])
    assert (new.description, old.revoked_at, new.revoked_at) == ("a", None, None)


RENEW = {"expires_in": "90d", "renew_before": "14d", "revoke_superseded": True}
WRITE = [{"action": "write", "resource": "metrics"}]


def held(run: Callable[..., Outcome], sim: Simulator, directory: Path, permissions: Any = None) -> dict[str, Any]:
    """Make a token that works and ends within a week; return the options that name it."""
    sim.add_database("metrics")
    options = {"description": "a", "permissions": permissions or READ, "secret_file": str(directory / "a.json")}
    assert run(**options, expires_in="7d").code == 0
    sim.clock.advance(90)
    sim.requests.clear()
    return options


def test_nothing_is_revoked_before_the_new_token_works(
    sim: Simulator, run: Callable[..., Outcome], tmp_path: Path
) -> None:
    """Without being told: the documented delay is waited for. Each question takes five seconds of the server's time."""
    sim.switches = Switches(activation_delay=90)
    options = held(run, sim, tmp_path)

    def passing(_request: Request) -> bool:
        sim.clock.advance(5)
        return False

    sim.faults.append(Fault("status", kind="data", match=passing))
    assert run(**options, **RENEW).code == 0
    old, new = sim.state.db_tokens
    assert old.revoked_at is not None
    assert (old.revoked_at - new.created_at).total_seconds() >= 90
    assert [request.status for request in sim.requests if request.kind == "data"][-2:] == [401, 200]
    assert methods(sim)[-2:] == ["data", "DELETE"]


def test_a_token_that_does_not_work_yet_leaves_the_old_one_to_the_next_run(
    sim: Simulator, run: Callable[..., Outcome], tmp_path: Path
) -> None:
    sim.switches = Switches(activation_delay=90)
    options = held(run, sim, tmp_path)
    outcome = run(**options, **RENEW, wait_active=5)
    old, new = sim.state.db_tokens
    assert outcome.result["failure"]["code"] == "not_active"
    for told in (new.id, "query_host", "stays valid"):
        assert told in outcome.result["msg"]
    assert "management token" not in outcome.result["msg"], "it isn't the one that was tried"
    assert (old.revoked_at, json.loads((tmp_path / "a.json").read_text())["token"]) == (None, new.secret)
    sim.clock.advance(90)
    for expected in (True, False):
        assert run(**options, **RENEW).result["changed"] is expected
        assert alive(sim) == [new]


def test_a_data_plane_that_can_not_be_reached_cuts_nobody_off(
    sim: Simulator, run: Callable[..., Outcome], tmp_path: Path
) -> None:
    options = held(run, sim, tmp_path)
    nowhere = "http://127.0.0.1:9"
    outcome = run(**options, **RENEW, query_host=nowhere, wait_active=2)
    assert outcome.result["failure"]["code"] == "not_active"
    assert nowhere in outcome.result["msg"]
    assert len(alive(sim)) == 2


UNPROVABLE: dict[str, dict[str, Any]] = {
    "write only": {"permissions": WRITE},
    "all databases": {"permissions": [{"action": "read", "resource": "*"}]},
    "no permission": {"permissions": []},
    "not waited for": {"wait_active": 0},
}


@pytest.mark.parametrize("case", UNPROVABLE)
def test_what_can_not_be_proved_supersedes_nothing_unless_a_word_says_so(
    sim: Simulator, run: Callable[..., Outcome], tmp_path: Path, case: str
) -> None:
    options = held(run, sim, tmp_path, UNPROVABLE[case].get("permissions")) | UNPROVABLE[case]
    for check in (True, False):
        result = run(**options, **RENEW, _ansible_check_mode=check).result
        assert result["changed"] is True
        assert [old["id"] for old in result["superseded"]] == [sim.state.db_tokens[0].id]
        assert result["diff"]["after"]["superseded"] == [sim.state.db_tokens[0].id]
        assert sim.state.db_tokens[0].id in json.dumps(result["warnings"])
    assert methods(sim) == ["GET", "GET", "POST", "PATCH"]
    again = run(**options, **RENEW).result
    assert again["changed"] is False
    assert sim.state.db_tokens[0].id in json.dumps(again["warnings"])
    assert len(alive(sim)) == 2
    assert run(**options, **RENEW, revoke_unproved=True).result["changed"] is True
    assert alive(sim) == [sim.state.db_tokens[1]]
    assert "data" not in methods(sim)


def test_a_token_whose_secret_nobody_has_supersedes_nothing(sim: Simulator, run: Callable[..., Outcome]) -> None:
    sim.add_database("metrics")
    old, new = (sim.add_db_token("a", READ, created_at=sim.clock.now() - timedelta(days=n)) for n in (2, 1))
    options = {"description": "a", "permissions": READ, "revoke_superseded": True}
    result = run(**options).result
    assert (result["changed"], alive(sim)) == (False, [old, new])
    assert old.id in json.dumps(result["warnings"])
    assert run(**options, revoke_unproved=True).result["changed"] is True
    assert alive(sim) == [new]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"permissions": [{"action": "read", "resource": "*"}], "wait_active": 5}, "may not read a database"),
        ({"permissions": [{"action": "write", "resource": "a"}], "wait_active": 5}, "may not read a database"),
        ({"wait_active": -1}, "number of seconds"),
        ({"max_age": "0"}, "max_age"),
        ({"max_age": "90"}, "max_age"),
        ({"query_host": "ftp://a"}, "query_host"),
        ({"permissions": [{"action": "admin", "resource": "a"}]}, "action"),
        ({"permissions": [{"action": "read", "resource": "x" * 65}]}, "65"),
    ],
)
def test_wrong_options_fail_before_the_first_request(
    sim: Simulator, run: Callable[..., Outcome], options: dict[str, Any], says: str
) -> None:
    assert says in run(description="a", **options).result["msg"]
    assert sim.requests == []


def renewed(run: Callable[..., Outcome], options: dict[str, Any]) -> bool:
    """Whether a run makes a new token, as check mode foretells."""
    foretold, done = (run(**options, _ansible_check_mode=check) for check in (True, False))
    assert (foretold.code, done.code) == (0, 0), done.output
    shown = [{**outcome.result["db_token"], "id": None, "created_at": None} for outcome in (foretold, done)]
    assert shown[0] == shown[1]
    assert (foretold.result["db_token"]["id"] is None) is foretold.result["changed"] is done.result["changed"]
    return bool(done.result["changed"])


def test_a_token_that_is_too_old_is_replaced_once(sim: Simulator, run: Callable[..., Outcome], tmp_path: Path) -> None:
    options = {"description": "a", "permissions": READ, "secret_file": str(tmp_path / "a.json")}
    assert run(**options).code == 0
    (old,) = sim.state.db_tokens
    old.created_at -= timedelta(days=90)
    assert not renewed(run, {**options, "max_age": "91d"})
    assert renewed(run, {**options, "max_age": "89d"})
    assert not renewed(run, {**options, "max_age": "89d"})
    assert [token.revoked_at for token in sim.state.db_tokens] == [None, None]
    assert json.loads((tmp_path / "a.json").read_text())["token"] == sim.state.db_tokens[1].secret


def test_a_new_token_is_forced_at_every_run(sim: Simulator, run: Callable[..., Outcome], tmp_path: Path) -> None:
    sim.add_database("metrics")
    options = {"description": "a", "permissions": READ, "secret_file": str(tmp_path / "a.json")}
    forced = {**options, "force": True, "revoke_superseded": True}
    for number in (1, 2, 3):
        assert renewed(run, forced)
        assert (len(sim.state.db_tokens), alive(sim)) == (number, sim.state.db_tokens[-1:])
    assert not renewed(run, options)


def test_a_pending_token_that_is_replaced_gets_its_name(
    sim: Simulator, run: Callable[..., Outcome], tmp_path: Path
) -> None:
    """Its secret was in the file, so that somebody may use it: it is superseded, and nobody's unknown token."""
    options = {"description": "a", "secret_file": str(tmp_path / "a.json")}
    sim.faults.append(Fault("status", match=is_a("PATCH"), status=500))
    assert "run again to finish" in run(**options).result["msg"]
    outcome = run(**options, force=True)
    assert [token.description for token in alive(sim)] == ["a", "a"]
    assert [old["id"] for old in outcome.result["superseded"]] == [sim.state.db_tokens[0].id]
    again = run(**options)
    assert (again.result["changed"], again.result.get("warnings", [])) == (False, [])


def test_a_token_by_id_is_never_replaced(sim: Simulator, run: Callable[..., Outcome]) -> None:
    token = sim.add_db_token("a", expires_at=sim.clock.now() + timedelta(days=1))
    outcome = run(id=token.id, renew_before="7d")
    assert "by its description instead" in outcome.result["msg"]
    assert "a new one is forced" in run(id=token.id, force=True).result["msg"]
    assert run(id=token.id, permissions=READ).result["changed"] is True
    assert run(id=token.id, permissions=READ).result["changed"] is False
    assert run(id=token.id, state="absent").result["changed"] is True
    assert len(sim.state.db_tokens) == 1


@pytest.mark.parametrize("timestamps", ["millis", "seconds", "micros", "offset"])
@pytest.mark.parametrize("echo", ["as_sent", "normalized"])
def test_instants_and_permissions_are_compared_by_what_they_mean(
    sim: Simulator, run: Callable[..., Outcome], timestamps: str, echo: str
) -> None:
    sim.switches = Switches(timestamps=timestamps, permissions_echo=echo)
    write = {"action": "write", "resource": "metrics"}
    first = {"expires_at": "2099-01-01T05:30:00.000+05:30", "permissions": [write, *READ, write]}
    second = {"expires_at": "2099-01-01T00:00:00Z", "permissions": [*READ, write]}
    assert run(description="a", **first).result["changed"] is True
    sim.requests.clear()
    assert run(description="a", **second).result["changed"] is False
    assert methods(sim) == ["GET"]


def test_what_must_be_durable_is_so_before_the_next_request(run: Callable[..., Outcome], tmp_path: Path) -> None:
    calls = run(description="a", secret_file=str(tmp_path / "a.json")).calls
    order = [call for call in calls if call in ("flock", "write", "fsync", "rename", "request", "exit_json")]
    reserve, nonce = ["write", "fsync"], ["write", "fsync", "fsync"]
    secret = ["write", "fsync", "rename", "fsync"]
    assert order == [
        *["request", "flock", *reserve, *nonce],
        *["request", *secret],
        *["request", "exit_json"],
    ]


def test_dedicated_has_a_data_plane_of_its_own(make_simulator: Callable[..., Simulator], modules: Modules) -> None:
    sim = make_simulator("dedicated")
    sim.add_database("metrics")
    options = {"description": "a", "permissions": READ, "wait_active": 60, "query_host": sim.url}
    assert run_with(modules, sim, **options).code == 0
    assert methods(sim) == ["GET", "POST", "PATCH", "data"]
