# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""db_token_file and db_token_file_info: files on a host, proved at the data plane before they are put in place."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.modules import KILL, Modules, Outcome
from harness.playbook import Ansible
from harness.plays import local_play
from harness.raw import Raw
from harness.sweeps import assert_no_secret
from simulator import Fault, Simulator
from simulator.state import DbToken

NOBODY = 65534
READ = [{"action": "read", "resource": "metrics"}]
WRITE = [{"action": "write", "resource": "metrics"}]
RESULT = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 15\r\n"
only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be attacked by another user")


class Host:
    """A host's directory with the two files, and a cluster with a database."""

    def __init__(self, modules: Modules, sim: Simulator, directory: Path) -> None:
        self.modules, self.sim = modules, sim
        self.directory = directory / "etc" / "telegraf"
        self.path, self.env_path = self.directory / "token.json", self.directory / "token.env"
        self.database = sim.add_database("metrics")

    def token(self, permissions: list[dict[str, str]] | None = None, **times: Any) -> DbToken:
        return self.sim.add_db_token("telegraf web1", permissions or READ, **times)

    def stated(self, token: DbToken, /, **options: Any) -> dict[str, Any]:
        """The options for a token, with both files and a proof."""
        where = {"path": str(self.path), "env_path": str(self.env_path), "env_name": "INFLUX_TOKEN"}
        known = {"id": token.id, "token": token.secret, "description": token.description}
        return {**where, **known, "prove": self.proof(), **options}

    def proof(self, **options: Any) -> dict[str, Any]:
        plain = {"host": self.sim.url, "ca_path": str(self.sim.ca_path), "retries": 2, "delay": 0}
        return {**plain, **({"database": "metrics"} if "permissions" not in options else {}), **options}

    def run(self, options: dict[str, Any], **how: Any) -> Outcome:
        """Run the module; whatever it does, it shows no secret and doesn't crash."""
        self.sim.requests.clear()
        return self._checked(self.modules.run("db_token_file", options, **how))

    def info(self, **options: Any) -> Outcome:
        where = {"path": str(self.path), "env_path": str(self.env_path), "env_name": "INFLUX_TOKEN"}
        return self._checked(self.modules.run("db_token_file_info", {**where, **options}))

    def listed(self) -> Outcome:
        """What the directory holds."""
        return self._checked(self.modules.run("db_token_file_info", {"directory": str(self.directory)}))

    def _checked(self, outcome: Outcome) -> Outcome:
        assert [token for token in self.sim.state.db_tokens if token.secret in outcome.output] == []
        assert "Traceback" not in outcome.output
        return outcome

    def files(self) -> dict[str, tuple[int, int, bytes]]:
        """Inode, mode and content of all that is in the directory."""
        paths = sorted(self.directory.rglob("*")) if self.directory.exists() else []
        return {p.name: (p.stat().st_ino, stat.S_IMODE(p.stat().st_mode), p.read_bytes()) for p in paths}

    def holds(self) -> tuple[str, str]:
        """The secrets in the two files."""
        return json.loads(self.path.read_text())["token"], self.env_path.read_text().partition("=")[2].rstrip("\n")

    def requests(self) -> list[tuple[str, str, int | None]]:
        return [(request.method, request.path, request.status) for request in self.sim.requests]


@pytest.fixture
def host(modules: Modules, sim: Simulator, tmp_path: Path) -> Host:
    return Host(modules, sim, tmp_path)


def warnings(outcome: Outcome) -> str:
    """What a module warns of; newer Ansibles hand out more than texts."""
    return json.dumps(outcome.result.get("warnings", []))


def assert_fails(outcome: Outcome, code: str, *words: str) -> None:
    assert outcome.code == 1
    assert set(outcome.result["failure"]) == {"status", "code", "message", "method", "path"}
    assert outcome.result["failure"]["code"] == code, outcome.result["msg"]
    assert all(word in outcome.result["msg"] for word in words), outcome.result["msg"]


def test_a_token_is_written_once_it_is_proved_and_a_second_run_changes_nothing(host: Host) -> None:
    token = host.token()
    options = host.stated(token, created_at="2027-01-01T00:00:00Z", expires_at="2099-01-01T00:00:00Z")
    checked = host.run({**options, "_ansible_check_mode": True, "_ansible_diff": True})
    assert (checked.result["changed"], checked.result["proved"], host.sim.requests) == (True, None, [])
    assert not host.directory.exists()
    first = host.run(options)
    assert (first.result["changed"], first.result["proved"]) == (True, True), first.output
    assert host.requests() == [("GET", "/query", 200)]
    secret = {"id": token.id, "description": "telegraf web1", "token": token.secret}
    assert json.loads(host.path.read_text()) == {
        **secret,
        "created_at": "2027-01-01T00:00:00Z",
        "expires_at": "2099-01-01T00:00:00Z",
    }
    assert host.env_path.read_text() == f"INFLUX_TOKEN={token.secret}\n"
    assert {name: mode for name, (_inode, mode, _content) in host.files().items()} == {
        "token.json": 0o600,
        "token.env": 0o600,
    }
    assert stat.S_IMODE(host.directory.stat().st_mode) == 0o700
    assert first.result["db_token_file"] == checked.result["db_token_file"]
    assert first.result["db_token_file"] | {"path": "", "env_path": ""} == {
        **{"path": "", "env_path": "", "env_name": "INFLUX_TOKEN", "id": token.id, "description": "telegraf web1"},
        **{"created_at": "2027-01-01T00:00:00Z", "expires_at": "2099-01-01T00:00:00Z"},
    }
    before = host.files()
    second = host.run(options)
    assert (second.result["changed"], second.result["proved"], host.sim.requests) == (False, None, [])
    assert host.files() == before


def test_a_proof_that_fails_leaves_the_old_files_byte_for_byte(host: Host) -> None:
    assert host.run(host.stated(host.token())).code == 0
    before = host.files()
    revoked = host.token(revoked_at=host.sim.clock.now())
    failed = host.run(host.stated(revoked))
    assert_fails(failed, "unauthorized", "was revoked", "is left as it was", "attempt 3")
    assert failed.result["failure"] | {"message": None, "path": None} == {
        **{"status": 401, "code": "unauthorized", "message": None, "method": "GET", "path": None}
    }
    assert (failed.result["changed"], failed.result["proved"]) == (False, False)
    assert host.requests() == [("GET", "/query", 401)] * 3
    assert host.files() == before


def test_a_first_proof_that_fails_leaves_no_file_and_no_directory(host: Host) -> None:
    failed = host.run(host.stated(host.token([{"action": "read", "resource": "other"}])))
    assert_fails(failed, "unauthorized", "may not read this database")
    assert not host.directory.parent.exists()


def test_a_token_that_becomes_active_is_waited_for(host: Host) -> None:
    host.sim.faults.append(Fault("status", status=401, times=2, kind="data", body=""))
    assert host.run(host.stated(host.token())).result["proved"] is True
    assert [status for _method, _path, status in host.requests()] == [401, 401, 200]


@pytest.mark.parametrize("empty_write", ["refused", "accepted"])
@pytest.mark.parametrize("parses_first", [False, True])
def test_a_token_that_may_only_write_is_proved_where_the_cluster_tells(
    modules: Modules, make_simulator: Callable[..., Simulator], tmp_path: Path, empty_write: str, parses_first: bool
) -> None:
    """A token that doesn't exist is tried as well: where that is answered alike, nothing is proved."""
    sim = make_simulator(empty_write=empty_write, write_parses_first=parses_first)
    host = Host(modules, sim, tmp_path)
    token = host.token(WRITE)
    outcome = host.run(host.stated(token, prove=host.proof(permissions=WRITE)))
    assert outcome.code == 0, outcome.output
    assert outcome.result["proved"] is (None if parses_first else True)
    assert len(outcome.result.get("warnings", [])) == parses_first
    assert [request.method for request in sim.requests] == ["POST", "POST"]
    control = sim.requests[1].headers["authorization"].removeprefix("Bearer ")
    assert control.startswith("apiv1_")
    assert control != token.secret
    assert (host.holds(), sim.state.tables) == ((token.secret, token.secret), [])
    if not parses_first:
        revoked = host.token(WRITE, revoked_at=sim.clock.now())
        assert_fails(host.run(host.stated(revoked, prove=host.proof(permissions=WRITE))), "unauthorized")
        assert host.holds() == (token.secret, token.secret)


@pytest.mark.parametrize(
    ("permissions", "database", "method", "asked"),
    [
        ([*WRITE, *READ], None, "GET", "metrics"),
        ([{"action": "read", "resource": "*"}], "metrics", "GET", "metrics"),
        ([{"action": "read", "resource": "*"}, *WRITE], None, "POST", "metrics"),
        ([{"action": "write", "resource": "a/b"}, *READ], "a/b", "POST", "a/b"),
    ],
)
def test_what_is_tried_follows_from_the_permissions(
    host: Host, permissions: list[dict[str, str]], database: str | None, method: str, asked: str
) -> None:
    host.sim.add_database("a/b")
    proof = host.proof(permissions=permissions, database=database)
    assert host.run(host.stated(host.token(permissions), prove=proof)).result["proved"] is True
    assert {(request.method, request.query.partition("&")[0].partition("=")[2]) for request in host.sim.requests} == {
        (method, asked.replace("/", "%2F"))
    }


@pytest.mark.parametrize("content", [None, b"", b"INFLUX_TOKEN=another\n", b"OTHER=x\n", b"INFLUX_TOKEN="])
def test_a_file_of_the_variable_is_brought_back_without_the_secret(host: Host, content: bytes | None) -> None:
    """From the token that the host holds, so that it needn't be sent there again."""
    token = host.token()
    assert host.run(host.stated(token)).code == 0
    held = host.files()["token.json"]
    if content is None:
        host.env_path.unlink()
    else:
        host.env_path.write_bytes(content)
    state = host.info().result["db_token_file"]["env_state"]
    assert state == ("missing" if content is None else "differs")
    where = {"path": str(host.path), "env_path": str(host.env_path), "env_name": "INFLUX_TOKEN"}
    repaired = host.run({**where, "prove": host.proof()})
    assert (repaired.result["changed"], repaired.result["proved"]) == (True, True)
    assert (host.holds(), host.files()["token.json"]) == ((token.secret, token.secret), held)
    assert host.info().result["db_token_file"]["env_state"] == "ok"


def test_what_is_not_stated_of_the_same_token_stays(host: Host) -> None:
    token, other = host.token(), host.token()
    host.run(host.stated(token, expires_at="2099-01-01T00:00:00Z"))
    options = host.stated(token, description="", expires_at="")
    assert host.run(options).result["changed"] is False
    kept = host.run(host.stated(other, description=None)).result["db_token_file"]
    assert (kept["id"], kept["description"], kept["expires_at"]) == (other.id, None, None)


def test_the_diff_says_that_a_secret_is_another_and_shows_none(host: Host) -> None:
    first, second = host.token(), host.token()
    host.run(host.stated(first))
    diff = host.run({**host.stated(second), "_ansible_check_mode": True}).result["diff"]
    assert (diff["before"]["id"], diff["after"]["id"]) == (first.id, second.id)
    assert [diff[side][key] for side in ("before", "after") for key in ("token", "env_file")] == [
        *("********", "********", "******** (another one)", "******** (another one)")
    ]


def test_both_files_are_removed_and_nothing_else(host: Host) -> None:
    host.run(host.stated(host.token()))
    (host.directory / "telegraf.conf").write_text("")
    gone = {"path": str(host.path), "env_path": str(host.env_path), "state": "absent"}
    checked = host.run({**gone, "_ansible_check_mode": True})
    assert (checked.result["changed"], len(host.files())) == (True, 3)
    removed = host.run(gone)
    assert (removed.result["changed"], removed.result["db_token_file"]) == (True, None)
    assert list(host.files()) == ["telegraf.conf"]
    assert host.run(gone).result["changed"] is False
    assert host.run({**gone, "path": str(host.directory / "no" / "file")}).result["changed"] is False


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "digit": ({"env_name": "1TOKEN"}, "'1TOKEN' is no name of a variable"),
    "dash": ({"env_name": "INFLUX-TOKEN"}, "no name of a variable"),
    "line": ({"env_name": "A\nB"}, "no name of a variable"),
    "equals": ({"env_name": "A=B"}, "no name of a variable"),
    "letters": ({"env_name": "TÖKEN"}, "no name of a variable"),
    "no name": ({"env_name": None}, "env_name: it is missing"),
    "line end": ({"token": "apiv1_canaryCanary\n"}, "ends with a line break"),
    "blank": ({"token": "apiv1_canary Canary"}, "holds a blank"),
    "empty": ({"token": ""}, "is empty"),
    "short": ({"token": "apiv1_canar"}, "shorter than 12"),
    "dollar": ({"token": "apiv1_canary$HOME"}, "holds characters that systemd or a shell reads otherwise"),
    "mask": ({"token": "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"}, "is the mask"),
    "id": ({"id": "../1"}, "is no token's ID"),
    "time": ({"expires_at": "tomorrow"}, "expires_at: 'tomorrow' is not an RFC 3339 time"),
    "no file": ({"token": None, "id": None}, "token: it is missing"),
    "no permissions": ({"prove": {"host": "h", "permissions": []}}, "can do nothing that would prove it"),
    "no database": ({"prove": {"host": "h"}}, "name the database"),
    "star": ({"prove": {"host": "h", "permissions": [{"action": "read", "resource": "*"}]}}, "no database but '*'"),
    "other": ({"prove": {"host": "h", "database": "d", "permissions": READ}}, "allow nothing with 'd'"),
    "host": ({"prove": {"host": "ftp://h", "database": "d"}}, "only https and http"),
    "login": ({"prove": {"host": "https://u:canaryPassword@h", "database": "d"}}, "must not hold a user"),
    "retries": ({"prove": {"host": "h", "database": "d", "retries": -1}}, "must be 0 or more"),
    "timeout": ({"prove": {"host": "h", "database": "d", "timeout": 0}}, "must be more than 0"),
    "owner": ({"owner": "nobody-of-that-name"}, "there is no owner"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_is_refused_before_anything_is_written(host: Host, case: str) -> None:
    options, words = REFUSED[case]
    outcome = host.run(host.stated(host.token(), **options))
    assert_fails(outcome, "invalid_option", words)
    assert "canary" not in outcome.output
    assert (host.directory.parent.exists(), host.sim.requests) == (False, [])


def test_a_file_that_is_not_ours_is_left(host: Host, tmp_path: Path) -> None:
    host.directory.mkdir(parents=True)
    secret = json.dumps({"id": "1", "token": "apiv1_" + "c" * 60})
    (host.directory / "two.env").write_text("PATH=/bin\nINFLUX_TOKEN=x\n")
    (host.directory / "options.env").write_text('TELEGRAF_OPTS="--debug"\n')
    for name, content in {"broken": secret[:-3], "other": '{"a": 1}', "text": "x", "large": " " * 5_000_000}.items():
        (host.directory / name).write_text(content)
    (host.directory / "directory").mkdir()
    (host.directory / "target").write_text(secret)
    (host.directory / "link").symlink_to(host.directory / "target")
    (host.directory / "dangling").symlink_to(host.directory / "nothing")
    os.mkfifo(host.directory / "fifo")
    before = sorted((path.name, path.lstat().st_ino, path.lstat().st_mtime_ns) for path in host.directory.iterdir())
    cases = {
        "broken": ("no_token_file", "holds no token"),
        "other": ("no_token_file", "holds no token"),
        "text": ("no_token_file", "holds no token"),
        "large": ("unreadable", "larger than"),
        "directory": ("unreadable", os.strerror(errno.EISDIR)),
        "link": ("unreadable", "it is a symbolic link"),
        "dangling": ("unreadable", "it is a symbolic link"),
        "fifo": ("unreadable", "it is not a regular file"),
        "broken/inner": ("unreadable", os.strerror(errno.ENOTDIR)),
    }
    for name, (code, words) in cases.items():
        path = str(host.directory / name)
        for state in ("present", "absent"):
            assert_fails(host.run(host.stated(host.token(), path=path, state=state)), code, words, path)
        assert_fails(host.info(path=path), code, words, path)
        assert host.info(path=path).result["db_token_file"]["exists"] is (name not in ("dangling", "broken/inner"))
        if code == "unreadable":
            assert_fails(host.run(host.stated(host.token(), env_path=path)), code, words, path)
    two = str(host.directory / "two.env")
    for state in ("present", "absent"):
        assert_fails(host.run(host.stated(host.token(), env_path=two, state=state)), "no_env_file", "more than one")
        one = host.stated(host.token(), env_path=str(host.directory / "options.env"), state=state)
        assert_fails(host.run(one), "no_env_file", "the variable TELEGRAF_OPTS")
    after = sorted((path.name, path.lstat().st_ino, path.lstat().st_mtime_ns) for path in host.directory.iterdir())
    assert (after, host.sim.requests) == (before, [])


def test_a_directory_that_everybody_may_write_to_is_refused(host: Host) -> None:
    host.directory.mkdir(parents=True)
    for mode in (0o777, 0o1777):
        host.directory.chmod(mode)
        assert_fails(host.run(host.stated(host.token())), "unsafe_directory", "everybody may write to it")
        checked = {**host.stated(host.token()), "_ansible_check_mode": True}
        assert_fails(host.run(checked), "unsafe_directory", str(host.directory))
    assert host.files() == {}


@only_root
def test_root_writes_where_a_user_is_the_owner_and_nowhere_else(host: Host, tmp_path: Path) -> None:
    """The directories are made for the owner, and so are the files; both may be read by them alone."""
    user = subprocess.check_output(["id", "-nu", str(NOBODY)], text=True).strip()
    options = host.stated(host.token(), owner=user, group=str(NOBODY))
    assert host.run(options).code == 0
    assert {path.stat().st_uid for path in (host.directory, host.path, host.env_path)} == {NOBODY}
    assert host.run(options).result["changed"] is False
    assert host.info().result["db_token_file"] | {"path": ""} == host.info().result["db_token_file"] | {
        **{"path": "", "owner": user, "mode": "0600", "env_owner": user, "env_mode": "0600", "env_state": "ok"}
    }
    without = {key: value for key, value in options.items() if key not in ("owner", "group")}
    assert_fails(host.run(without), "unsafe_directory", f"belongs to the user {NOBODY}")
    (tmp_path / "ours").mkdir()
    theirs = tmp_path / "ours" / "token.json"
    theirs.write_bytes(host.path.read_bytes())
    os.chown(theirs, NOBODY, NOBODY)
    assert_fails(host.run({**without, "path": str(theirs), "env_path": None, "env_name": None}), "foreign")


def test_owner_and_mode_are_brought_back_without_a_proof(host: Host) -> None:
    options = host.stated(host.token())
    host.run(options)
    inode = host.path.stat().st_ino
    host.path.chmod(0o644)
    host.env_path.chmod(0o640)
    checked = host.run({**options, "_ansible_check_mode": True})
    assert (checked.result["changed"], stat.S_IMODE(host.path.stat().st_mode)) == (True, 0o644)
    assert checked.result["diff"]["before"]["mode"] != checked.result["diff"]["after"]["mode"]
    changed = host.run(options)
    assert (changed.result["changed"], changed.result["proved"], host.sim.requests) == (True, None, [])
    assert [mode for _inode, mode, _content in host.files().values()] == [0o600, 0o600]
    assert host.path.stat().st_ino == inode


def test_a_run_that_waits_in_vain_for_another_one_says_so(host: Host) -> None:
    host.run(host.stated(host.token()))
    lock = os.open(host.directory, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert_fails(host.run(host.stated(host.token())), "busy", "in use by another run")
    finally:
        os.close(lock)


def test_two_directories_are_locked_once_each_and_in_one_order(host: Host, tmp_path: Path) -> None:
    """Whichever of them holds which file: else two runs would wait for each other."""
    options = host.stated(host.token(), env_path=str(tmp_path / "other" / "token.env"))
    assert host.run(options).code == 0
    swapped = {**options, "path": str(tmp_path / "other" / "b.json"), "env_path": str(host.directory / "b.env")}
    assert host.run(swapped).code == 0
    assert (host.directory / "b.env").read_text() == (tmp_path / "other" / "token.env").read_text()


BAD = {
    "error in a result": (
        RESULT.replace(b"15", b"42") + b'\r\n{"results":[{"error":"no such database"}]}',
        "bad_answer",
    ),
    "page": (RESULT + b"\r\n<html>ok</html>", "bad_answer"),
    "empty": (RESULT.replace(b"15", b"0") + b"\r\n", "bad_answer"),
    "list": (RESULT.replace(b"15", b"2") + b"\r\n[]", "bad_answer"),
    "redirect": (
        b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/query\r\nContent-Length: 0\r\n\r\n",
        "redirect",
    ),
    "not HTTP": (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "unreachable"),
    "nothing": (b"", "unreachable"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_no_result_proves_nothing(host: Host, case: str) -> None:
    content, code = BAD[case]
    with Raw(content) as server:
        proof = {"host": server.url, "database": "metrics", "retries": 1, "delay": 0}
        assert_fails(host.run(host.stated(host.token(), prove=proof)), code)
        assert server.connections == (1 if code == "redirect" else 2)
    assert not host.directory.exists()


@pytest.mark.parametrize(
    ("first", "endless"),
    [
        pytest.param(RESULT.replace(b"15", b"100000") + b"\r\n", b" ", id="body"),
        pytest.param(RESULT + b"X-Long: ", b"x", id="header"),
        pytest.param(b"", b"H", id="status line"),
    ],
)
def test_an_answer_that_drips_ends_the_attempt(host: Host, first: bytes, endless: bytes) -> None:
    with Raw(first, endless, pause=0.02) as server:
        proof = {"host": server.url, "database": "metrics", "retries": 0, "timeout": 0.3}
        assert_fails(host.run(host.stated(host.token(), prove=proof)), "unreachable", "no answer from")


def test_an_answer_without_end_is_not_read_to_its_end(host: Host) -> None:
    with Raw(RESULT.replace(b"Content-Length: 15\r\n", b"") + b"\r\n", b" " * 65536) as server:
        proof = {"host": server.url, "database": "metrics", "retries": 0, "timeout": 60}
        assert_fails(host.run(host.stated(host.token(), prove=proof)), "bad_answer")
        assert server.sent < 64 * 2**20


def test_a_server_that_repeats_the_token_shows_it_to_nobody(host: Host) -> None:
    """`run` looks for every secret in the output."""
    token = host.token()
    said = json.dumps({"code": "invalid", "message": f"not with {token.secret}, nor with {token.secret[10:40]}"})
    host.sim.faults.append(Fault("status", status=500, times=0, kind="data", body=said))
    outcome = host.run(host.stated(token))
    assert_fails(outcome, "http_error", "not with ********")
    assert token.secret[10:40] not in outcome.output


def test_certificates_are_checked_unless_the_user_says_otherwise(host: Host) -> None:
    token = host.token()
    unknown = host.run(host.stated(token, prove=host.proof(ca_path=None)))
    assert_fails(unknown, "tls", "ca_path")
    assert (host.sim.requests, host.directory.exists()) == ([], False)
    assert_fails(host.run(host.stated(token, prove=host.proof(ca_path="/nothing"))), "tls", "prove.ca_path")
    unchecked = host.proof(ca_path=None, validate_certs=False)
    assert host.run(host.stated(token, prove=unchecked)).result["proved"] is True


def test_a_host_that_reaches_nothing_is_told_what_to_look_at(
    host: Host, collection_root: Path, sim: Simulator, tmp_path: Path
) -> None:
    """The proxies of the environment count, also for what curl calls ALL_PROXY; no message has their password."""
    token = host.token()
    nowhere = host.proof(host="https://127.0.0.1:1", retries=0)
    assert_fails(host.run(host.stated(token, prove=nowhere)), "unreachable", "Check that this host reaches it")
    for variable in ("HTTPS_PROXY", "ALL_PROXY"):
        environment = {variable: "http://user:canaryPassword@127.0.0.1:1", "NO_PROXY": ""}
        with Modules(collection_root, environment) as behind:
            outcome = behind.run("db_token_file", host.stated(token, prove=host.proof(retries=0)))
            assert_fails(outcome, "unreachable", "through the proxy http://127.0.0.1:1")
            assert "canaryPassword" not in outcome.output
    with Modules(collection_root, {"HTTPS_PROXY": "http://127.0.0.1:1", "NO_PROXY": "127.0.0.1"}) as around:
        assert around.run("db_token_file", host.stated(token)).result["proved"] is True


def test_a_token_over_plain_http_is_warned_about(host: Host) -> None:
    proof = {"host": "http://192.0.2.1", "database": "metrics"}
    options = host.stated(host.token(), prove=proof, _ansible_check_mode=True)
    warning = warnings(host.run(options))
    assert "is sent to 192.0.2.1 over plain http" in warning


@pytest.mark.parametrize(
    ("times", "words"),
    [
        ({"expires_at": "2020-01-01T00:00:00Z"}, "has ended at 2020-01-01T00:00:00Z"),
        ({"created_at": "2090-01-01T00:00:00Z"}, "was made at 2090-01-01T00:00:00Z"),
    ],
)
def test_a_clock_that_is_wrong_is_told_and_stops_nothing(host: Host, times: dict[str, str], words: str) -> None:
    options = host.stated(host.token(), **times)
    for _run in range(2):
        outcome = host.run(options)
        warning = warnings(outcome)
        assert words in warning
        assert "set this clock right" in warning
    assert outcome.result["changed"] is False


def test_the_time_of_an_answer_shows_a_clock_that_is_wrong(host: Host) -> None:
    dated = b"HTTP/1.1 %s\r\nDate: Fri, 01 Jan 2038 00:00:00 GMT\r\nContent-Length: 14\r\n\r\n" + b'{"results":[]}'
    for status in (b"200 OK", b"401 Unauthorized"):
        with Raw(dated % status) as server:
            proof = {"host": server.url, "database": "metrics", "retries": 0}
            outcome = host.run(host.stated(host.token(), prove=proof))
            assert "behind the data plane's: set it right" in outcome.result.get("msg", "") + warnings(outcome)


def test_wherever_a_run_is_killed_the_files_are_whole_and_the_next_one_finishes(host: Host) -> None:
    """The variable is never newer than the token's file: whoever asks which token a host holds sees the new one."""
    old, new = host.token(), host.token()
    where = host.stated(new)
    host.run(host.stated(old))
    calls = len(host.run({**where, "_ansible_check_mode": False}).calls)
    assert calls > 20
    seen = set()
    for number in range(1, calls + 1):
        host.run(host.stated(old))
        killed = host.run(where, strike=(number, KILL))
        assert killed.code == -9
        held = tuple("new" if secret == new.secret else "old" for secret in host.holds())
        assert {*host.holds()} <= {old.secret, new.secret}
        seen.add(held)
        assert host.run(where).code == 0
        assert host.holds() == (new.secret, new.secret)
        assert sorted(host.files()) == ["token.env", "token.json"]
    assert seen == {("old", "old"), ("new", "old"), ("new", "new")}


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
def test_an_error_before_the_first_file_is_in_place_leaves_both(host: Host, number: int) -> None:
    old, new = host.token(), host.token()
    host.run(host.stated(old))
    calls = len(host.run(host.stated(new)).calls)
    failed = 0
    for at in range(1, calls + 1):
        host.run(host.stated(old))
        before = host.files()
        outcome = host.run(host.stated(new), strike=(at, number))
        if outcome.code == 0:
            assert host.holds() == (new.secret, new.secret)
            continue
        failed += 1
        assert outcome.result["failure"]["code"] in ("unwritable", "unreadable", "unreachable", "tls")
        if outcome.result["changed"]:
            assert host.holds() == (new.secret, old.secret)
        else:
            assert {name: content[2] for name, content in host.files().items() if not name.startswith(".")} == {
                name: content[2] for name, content in before.items()
            }
    assert failed > 5


def test_a_host_needs_nothing_but_python(collection_root: Path, tmp_path: Path) -> None:
    """Neither requests nor tomlkit are looked for, also where they are installed."""
    program = (
        "import sys\n"
        "for name in ('requests', 'urllib3', 'tomlkit', 'certifi'): sys.modules[name] = None\n"
        "import importlib\n"
        "for name in sys.argv[1:]:\n"
        "    importlib.import_module('ansible_collections.influxops.influxdb3.plugins.modules.' + name)\n"
    )
    names = ["db_token_file", "db_token_file_info"]
    environment = {**os.environ, "PYTHONPATH": str(collection_root)}
    subprocess.run([sys.executable, "-c", program, *names], check=True, env=environment)


def test_info_says_what_a_host_holds(host: Host) -> None:
    nothing = host.info().result
    assert (nothing["changed"], nothing["db_token_file"]["exists"], nothing["db_token_file"]["id"]) == (
        False,
        False,
        None,
    )
    assert nothing["db_token_file"]["env_state"] == "missing"
    token = host.token()
    written = host.run(host.stated(token, expires_at="2099-01-01T00:00:00Z")).result
    found = host.info().result
    assert found["file_identity"] == written["file_identity"]
    held = found["db_token_file"]
    assert {key: held[key] for key in written["db_token_file"]} == written["db_token_file"]
    assert (held["exists"], held["mode"], held["env_mode"], held["env_state"]) == (True, "0600", "0600", "ok")
    assert host.info(env_name="OTHER").result["db_token_file"]["env_state"] == "differs"
    assert host.info(env_name=None).result["db_token_file"]["env_state"] == "ok"
    assert host.info(env_path=None, env_name=None).result["db_token_file"]["env_state"] is None


def test_info_says_what_a_directory_holds(host: Host) -> None:
    """In the order of the names, with what can't be read, and without what is no token and what is in directories."""
    nothing = host.listed().result
    assert (nothing["changed"], nothing["db_token_files"]) == (False, [])
    token = host.token()
    host.run(host.stated(token))
    (host.directory / "README").write_text("no token")
    (host.directory / "other").mkdir()
    (host.directory / "other" / "token.json").write_bytes(host.path.read_bytes())
    (host.directory / ".hidden.json").write_bytes(host.path.read_bytes())
    second = host.directory / "a.json"
    second.write_bytes(host.path.read_bytes())
    second.chmod(0o644)
    large = host.directory / "large.json"
    large.write_bytes(b" " * 5_000_000)
    first, big, last = host.listed().result["db_token_files"]
    assert (first["path"], first["id"], first["mode"]) == (str(second), token.id, "0644")
    assert (last["path"], last["description"], last["problem"]) == (str(host.path), token.description, None)
    assert (big["path"], big["id"]) == (str(large), None)
    assert str(large) in big["problem"]
    assert set(first) == set(big) == set(last)


def test_info_wants_a_file_or_a_directory(host: Host) -> None:
    assert host.info(directory=str(host.directory)).result["failed"]
    assert host.modules.run("db_token_file_info", {}).result["failed"]


# The oldest that a target may have, where the machine has one.
OLDEST = sorted(Path("~/.pyenv/versions").expanduser().glob("3.9.*/bin/python"))


@pytest.mark.skipif(OLDEST == [], reason="there is no Python 3.9")
def test_a_host_with_python_3_9_delivers_and_proves(ansible: Ansible, host: Host) -> None:
    token = host.token()
    tasks = [
        {"name": "write", "influxops.influxdb3.db_token_file": host.stated(token, token="{{ secret }}")},
        {"name": "info", "influxops.influxdb3.db_token_file_info": {"path": str(host.path)}},
    ]
    variables = {"ansible_python_interpreter": str(OLDEST[-1]), "secret": token.secret}
    run = ansible.playbook(local_play(tasks, {}), variables=variables)
    assert run.code == 0, run.output
    assert run.result("write")["proved"] is True
    assert run.result("info")["db_token_file"]["id"] == token.id
    assert_no_secret(run.output, [token.secret])
