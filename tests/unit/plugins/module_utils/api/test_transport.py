# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Requests over real connections: what is repeated, how long is waited, and what each failure is called."""

from __future__ import annotations

import gzip
import json
import math
import platform
import re
import socket
import subprocess
import sys
import zlib
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import urllib3.connection
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.influxops.influxdb3.plugins.module_utils._api import answers, deadline, failures, transport
from ansible_collections.influxops.influxdb3.plugins.module_utils._api.transport import Transport, may_retry
from ansible_collections.influxops.influxdb3.plugins.module_utils._api.trust import VARIABLES, trust
from ansible_collections.influxops.influxdb3.plugins.module_utils._core import throttle as pacing
from ansible_collections.influxops.influxdb3.plugins.module_utils._core.connection import Connection, resolve
from ansible_collections.influxops.influxdb3.plugins.module_utils._core.errors import (
    AlreadyExists,
    Ambiguous,
    ApiError,
    NotFound,
)
from ansible_collections.influxops.influxdb3.plugins.module_utils._core.throttle import Throttle, pause
from harness.raw import Raw
from simulator import Fault, Request, Simulator

NOW = datetime(2026, 11, 23, tzinfo=UTC)
METHODS = ["GET", "PATCH", "PUT", "DELETE"]


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that were made between attempts; nobody waits for them."""
    made: list[float] = []
    monkeypatch.setattr(pacing, "time", SimpleNamespace(monotonic=lambda: sum(made)))
    monkeypatch.setattr(Throttle, "nap", lambda throttle, seconds: made.append(seconds))
    return made


def connection_to(sim: Simulator, **options: Any) -> Connection:
    return resolve({"host": sim.url, "management_token": sim.admin_token, "retries": 2, **options})


def send(sim: Simulator, method: str = "GET", path: str = "/api/v0/databases", body: Any = None, **options: Any) -> Any:
    return Transport(connection_to(sim, **options)).request(method, path, body, doing="do it")


def failure(sim: Simulator, *arguments: Any, **options: Any) -> ApiError:
    with pytest.raises(ApiError) as caught:
        send(sim, *arguments, **options)
    return caught.value


@pytest.mark.parametrize("status", [200, 400, 401, 404, 409, 429, 500, 502, 503, 504])
@pytest.mark.parametrize("method", [*METHODS, "POST"])
def test_which_statuses_are_worth_another_attempt(method: str, status: int) -> None:
    expected = status in ((429, 503) if method == "POST" else (429, 502, 503, 504))
    assert may_retry(method, status, True) == expected


def test_only_a_post_that_may_have_arrived_is_not_repeated() -> None:
    assert all(may_retry(method, None, sent) for method in METHODS for sent in (True, False))
    assert may_retry("POST", None, False)
    assert not may_retry("POST", None, True)


@given(st.integers(1, 10**6), st.none() | st.text(max_size=12) | st.floats().map(str), st.floats(0, 1))
def test_pause_is_always_a_number_of_seconds_up_to_a_minute(attempt: int, header: str | None, jitter: float) -> None:
    seconds = pause(attempt, header, NOW, jitter)
    assert 0 <= seconds <= 60
    assert not math.isnan(seconds)


@given(st.integers(1, 20), st.floats(0, 1))
def test_pause_doubles_and_jitter_takes_up_to_a_half(attempt: int, jitter: float) -> None:
    full = min(0.2 * 2 ** (attempt - 1), 60)
    assert full / 2 <= pause(attempt, None, NOW, jitter) <= full
    assert pause(attempt, None, NOW, 0) == pytest.approx(full)


@given(st.integers(-100, 100))
def test_retry_after_wins_as_seconds_and_as_a_date(seconds: int) -> None:
    expected = min(max(seconds, 0), 60)
    assert pause(9, str(seconds), NOW, 1) == expected
    assert pause(9, format_datetime(NOW + timedelta(seconds=seconds), usegmt=True), NOW, 1) == expected


@pytest.mark.parametrize(
    "header", ["soon", "Mon, 23 Nov 2026 00:00:00 -0000", "Mon, 01 Jan 99999999999999999999 00:00:00 GMT", ""]
)
def test_retry_after_that_means_nothing_is_ignored(header: str) -> None:
    assert pause(1, header, NOW, 0) == pytest.approx(0.2)


def test_request_carries_token_and_json_and_nothing_of_the_environment(
    sim: Simulator, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".netrc").write_text(f"machine {sim.host} login evil password evil\n")
    (tmp_path / ".netrc").chmod(0o600)
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    created = send(sim, "POST", "/api/v0/databases", {"name": "a"})
    assert created["name"] == "a"
    (request,) = sim.requests
    assert request.headers["authorization"] == f"Bearer {sim.admin_token}"
    assert request.body == {"name": "a"}
    assert sim.violations == []


def test_deletion_has_no_answer(sim: Simulator) -> None:
    sim.add_database("a")
    assert send(sim, "DELETE", "/api/v0/databases/a") is None


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_passing_trouble_is_sat_out(sim: Simulator, pauses: list[float], status: int) -> None:
    sim.faults.append(Fault("status", times=2, status=status, headers={"Retry-After": "7"}))
    assert send(sim) == []
    assert pauses == [7, 7]


def test_a_refusal_makes_all_workers_wait(sim: Simulator, pauses: list[float]) -> None:
    throttle = Throttle()
    waiting, refused = (Transport(connection_to(sim), 2, throttle) for number in range(2))
    sim.faults.append(Fault("status", status=429, headers={"Retry-After": "30"}))

    def send_meanwhile(throttle: Throttle, seconds: float) -> None:
        """What another worker does when the first has begun to wait."""
        pauses.append(0)
        if len(pauses) == 1:
            waiting.request("GET", "/api/v0/databases", doing="do it")
        pauses.append(seconds)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Throttle, "nap", send_meanwhile)
        assert refused.request("GET", "/api/v0/databases", doing="do it") == []
    assert pauses == [0, 0, 30, 30], "both have waited, and the request of the second came after the pause"
    assert len(sim.requests) == 3


def test_who_is_refused_while_others_get_through_does_not_give_up(sim: Simulator, pauses: list[float]) -> None:
    """More often than there are retries; before each refusal, another worker has got an answer."""
    throttle = Throttle()

    def refuse(request: Request) -> bool:
        throttle.answered += 1
        return True

    sim.faults.append(Fault("status", times=10, status=429, match=refuse))
    assert Transport(connection_to(sim), 1, throttle).request("GET", "/api/v0/databases", doing="do it") == []
    assert (len(sim.requests), len(pauses)) == (11, 10)


def test_a_stop_ends_pauses_and_attempts(sim: Simulator, pauses: list[float]) -> None:
    throttle = Throttle()
    throttle.hold(30)
    throttle.stopped = "was stopped"
    sim.faults.append(Fault("status", times=0, status=503))
    with pytest.raises(ApiError):
        Transport(connection_to(sim), 1, throttle).request("GET", "/api/v0/databases", doing="do it")
    assert (len(sim.requests), pauses) == (1, [])


def test_what_waits_for_another_attempt_is_not_sent_after_a_stop(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    throttle = Throttle()
    sim.faults.append(Fault("status", status=503, headers={"Retry-After": "30"}))

    def stop(throttle: Throttle, seconds: float) -> None:
        throttle.stopped = "was stopped"

    monkeypatch.setattr(Throttle, "nap", stop)
    with pytest.raises(ApiError) as caught:
        Transport(connection_to(sim), 1, throttle).request("GET", "/api/v0/databases", doing="do it")
    assert caught.value.status == 503
    assert len(sim.requests) == 1


def test_retries_end(sim: Simulator, pauses: list[float]) -> None:
    sim.faults.append(Fault("status", times=0, status=503))
    error = failure(sim)
    assert (error.status, len(sim.requests), len(pauses)) == (503, 3, 2)
    assert "run again later or raise retries" in str(error)


@pytest.mark.parametrize(("status", "maybe_done"), [(429, False), (503, False), (502, True), (504, True)])
def test_failure_knows_whether_an_earlier_attempt_may_have_done_the_work(
    sim: Simulator, pauses: list[float], status: int, maybe_done: bool
) -> None:
    sim.faults.append(Fault("status", status=status))
    assert failure(sim, "DELETE", "/api/v0/databases/a").repeated is maybe_done
    assert len(sim.requests) == 2
    assert not failure(sim, "DELETE", "/api/v0/databases/a").repeated


@pytest.mark.parametrize("method", ["GET", "DELETE"])
@pytest.mark.parametrize("action", ["drop_before", "drop_after", "truncate"])
def test_lost_answer_is_asked_for_again(sim: Simulator, pauses: list[float], method: str, action: Any) -> None:
    sim.add_database("a")
    sim.add_database("b")
    sim.faults.append(Fault(action, match=lambda request: request.method == "GET"))
    assert [database["name"] for database in send(sim)] == ["a", "b"]
    assert len(sim.requests) == 2
    assert len(pauses) == 1


@pytest.mark.parametrize("action", ["drop_before", "drop_after", "truncate"])
def test_lost_answer_to_a_post_is_ambiguous_and_not_repeated(sim: Simulator, pauses: list[float], action: Any) -> None:
    sim.faults.append(Fault(action))
    error = failure(sim, "POST", "/api/v0/databases", {"name": "a"})
    assert isinstance(error, Ambiguous)
    assert error.code == "ambiguous"
    assert (len(sim.requests), pauses) == (1, [])


def failure_of(server: Raw, method: str = "GET", body: Any = None, **options: Any) -> ApiError:
    connection = resolve({"host": server.url, "management_token": "secret-of-a-test", "retries": 0, **options})
    with pytest.raises(ApiError) as caught:
        Transport(connection).request(method, "/api/v0/databases", body, doing="do it")
    return caught.value


OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
FAILED = b"HTTP/1.1 500 Internal Server Error\r\nContent-Type: application/json\r\n"


@pytest.mark.parametrize(
    ("first", "endless"),
    [
        pytest.param(OK + b"Content-Length: 100000\r\n\r\n", b" ", id="body"),
        pytest.param(FAILED + b"Content-Length: 100000\r\n\r\n", b" ", id="body of an error"),
        pytest.param(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n", id="chunks"),
        pytest.param(OK + b"X-Long: ", b"x", id="header"),
        pytest.param(b"", b"H", id="status line"),
        pytest.param(b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 100000\r\n\r\n", b" ", id="redirect"),
    ],
)
def test_an_answer_that_drips_ends_at_the_timeout(first: bytes, endless: bytes) -> None:
    """Each byte comes long before a timeout that began anew with it."""
    with Raw(first, endless, pause=0.02) as server:
        error = failure_of(server, timeout=0.3)
        assert error.code == "unreachable"
        assert isinstance(failure_of(server, "POST", {}, timeout=0.3), Ambiguous)
        assert server.connections == 2


def test_one_connection_serves_all_requests(sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also those whose answer has no body: each new connection costs a handshake."""
    connected: list[None] = []
    connect = urllib3.connection.HTTPConnection.connect
    monkeypatch.setattr(urllib3.connection.HTTPConnection, "connect", lambda own: connected.append(connect(own)))
    tokens = [sim.add_db_token(f"t{number}") for number in range(3)]
    client = Transport(connection_to(sim))
    client.request("GET", "/api/v0/databases", doing="do it")
    for token in tokens:
        client.request("DELETE", f"/api/v0/tokens/{token.id}", doing="do it")
    client.request("GET", "/api/v0/databases", doing="do it")
    assert [request.status for request in sim.requests] == [200, 204, 204, 204, 200]
    assert len(connected) == 1


def test_a_deadline_is_for_one_request_of_many_over_a_connection(sim: Simulator, pauses: list[float]) -> None:
    client = Transport(connection_to(sim, timeout=30))
    assert [client.request("GET", "/api/v0/databases", doing="do it") for _time in range(3)] == [[], [], []]
    assert deadline.DEADLINE.until is None


@pytest.mark.parametrize("head", [pytest.param(OK, id="OK"), pytest.param(FAILED, id="FAILED")])
@pytest.mark.parametrize("packed", [False, True])
def test_an_answer_without_end_is_not_read_to_its_end(
    monkeypatch: pytest.MonkeyPatch, head: bytes, packed: bool
) -> None:
    monkeypatch.setattr(answers, "LARGEST", 2**20)
    first = block = b" " * 2**16
    coding = b""
    if packed:
        packer = zlib.compressobj(9, zlib.DEFLATED, 31)
        first, block = (packer.compress(part) + packer.flush(zlib.Z_FULL_FLUSH) for part in (b" ", block * 64))
        coding = b"Content-Encoding: gzip\r\n"
    with Raw(head + coding + b"\r\n" + first, block) as server:
        error = failure_of(server)
        assert error.code == ("bad_answer" if head == OK else "http_error")
        assert error.status == (200 if head == OK else 500)
        assert len(str(error)) < 1000


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"[" * 100_000 + b"]" * 100_000, id="nested"),
        pytest.param(b'{"a":' * 100_000 + b"1" + b"}" * 100_000, id="nested objects"),
        pytest.param(b"[NaN]", id="NaN"),
        pytest.param(b"[-Infinity]", id="Infinity"),
        pytest.param(b'{"name": "a", "name": "b"}', id="key twice"),
        pytest.param(b"[" + b"9" * 10**6 + b"]", id="a million digits"),
        pytest.param(b'["\xff"]', id="not UTF-8"),
        pytest.param(b"[" + b"[]," * 3_000_000 + b"[]]", id="millions of values"),
        pytest.param(b'{"databases": [', id="half"),
    ],
)
@pytest.mark.parametrize(("method", "kind"), [("GET", ApiError), ("POST", Ambiguous), ("DELETE", ApiError)])
def test_json_beyond_all_rules_is_a_bad_answer(body: bytes, method: str, kind: type[ApiError]) -> None:
    with Raw(OK + b"Content-Length: %d\r\n\r\n" % len(body) + body) as server:
        error = failure_of(server, method, {} if method == "POST" else None)
        assert (error.__class__, error.code) == (kind, "bad_answer")


def test_a_packed_answer_is_read_where_it_can_be(pauses: list[float]) -> None:
    for coding, body in (("gzip", gzip.compress(b"[5]")), ("deflate", zlib.compress(b"[5]"))):
        head = OK + f"Content-Encoding: {coding}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        with Raw(head + body) as server:
            connection = resolve({"host": server.url, "management_token": "secret-of-a-test"})
            assert Transport(connection).request("GET", "/", doing="do it") == [5]
        with Raw(head + b"no such thing, and not long enough either"[: len(body)].ljust(len(body))) as server:
            assert failure_of(server).code == "bad_answer"
    with Raw(OK + b"Content-Encoding: br\r\nContent-Length: 3\r\n\r\n[5]") as server:
        assert "not asked for" in str(failure_of(server))


@pytest.mark.parametrize(
    ("head", "retries"),
    [
        (b"Transfer-Encoding: chunked", 0),
        (b"Content-Length: 5", 0),
        (b"Connection: close", 0),
        # Nothing announces this cut, so the next request may be sent before the cut is seen.
        (b"A: b", 1),
    ],
)
def test_a_deletion_is_done_though_the_connection_is_cut_behind_its_head(
    head: bytes, retries: int, pauses: list[float]
) -> None:
    with Raw(b"HTTP/1.1 204 No Content\r\n" + head + b"\r\n\r\n") as server:
        connection = resolve({"host": server.url, "management_token": "secret-of-a-test", "retries": retries})
        client = Transport(connection)
        assert client.request("DELETE", "/a", doing="do it") is None
        assert client.request("DELETE", "/b", doing="do it") is None
        assert server.connections == 2


def test_an_answer_is_asked_for_as_it_is(sim: Simulator) -> None:
    send(sim)
    assert sim.requests[-1].headers["accept-encoding"] == "identity"


def test_slow_answer_is_given_up(sim: Simulator, pauses: list[float]) -> None:
    sim.faults.append(Fault("slow", times=0))
    error = failure(sim, timeout=0.05, retries=0)
    assert error.code == "unreachable"
    assert isinstance(failure(sim, "POST", "/api/v0/databases", {"name": "a"}, timeout=0.05), Ambiguous)
    assert pauses == []


def test_post_that_never_left_is_repeated_and_not_ambiguous(sim: Simulator, pauses: list[float]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    error = failure(sim, "POST", "/", {}, host=f"http://127.0.0.1:{port}")
    assert (type(error), error.code, error.status, error.repeated) == (ApiError, "unreachable", None, False)
    assert len(pauses) == 2
    assert "Check host and port" in str(error)


@pytest.mark.parametrize(
    ("status", "method", "kind", "code"),
    [
        (400, "GET", ApiError, "http_error"),
        (401, "GET", ApiError, "unauthorized"),
        (403, "POST", ApiError, "forbidden"),
        (404, "DELETE", NotFound, "not_found"),
        (409, "POST", AlreadyExists, "already_exists"),
        (500, "GET", ApiError, "http_error"),
        (500, "POST", Ambiguous, "ambiguous"),
        (502, "POST", Ambiguous, "ambiguous"),
        (302, "GET", ApiError, "redirect"),
    ],
)
def test_statuses_have_their_kinds(
    sim: Simulator, pauses: list[float], status: int, method: str, kind: type[ApiError], code: str
) -> None:
    body = '{"code": 3, "message": "because"}'
    sim.faults.append(Fault("status", times=0, status=status, body=body, headers={"Location": "https://elsewhere/"}))
    error = failure(sim, method, "/api/v0/databases", {"name": "a"} if method == "POST" else None)
    assert error.__class__ is kind
    assert error.failure() == {
        "status": status,
        "code": code,
        "message": "because",
        "method": method,
        "path": "/api/v0/databases",
    }
    assert str(error).startswith(f"Can't do it: the server answered {status} 'because'.")
    assert ("https://elsewhere/" in str(error)) == (status == 302)
    assert pauses == []


def answer(status: int, message: str, **changed: Any) -> str:
    """An error of the API's own form, or one that misses it."""
    return json.dumps({"code": status, "message": message, **changed})


EXISTS = "rpc error: code = AlreadyExists desc = A table with the name x does not exist"
GONE = "rpc error: code = NotFound desc = a thing that already exists"


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, answer(400, EXISTS), AlreadyExists),
        (400, answer(400, GONE), NotFound),
        (404, answer(404, EXISTS), NotFound),
        (409, answer(409, GONE), AlreadyExists),
        # A user's name of an object, and words without the code.
        (400, answer(400, "rpc error: code = InvalidArgument desc = table code = AlreadyExists"), ApiError),
        (400, answer(400, "AlreadyExists: the database already exists"), ApiError),
        (400, answer(400, "does not exist"), ApiError),
        # Not the API's form, so somebody else's words.
        (400, answer(400, EXISTS, code=409), ApiError),
        (400, answer(400, EXISTS, code="400"), ApiError),
        (400, EXISTS, ApiError),
    ],
)
def test_a_refusal_means_what_its_status_and_form_say_and_not_its_words(
    sim: Simulator, status: int, body: str, kind: type[ApiError]
) -> None:
    sim.faults.append(Fault("status", status=status, body=body))
    assert failure(sim, "POST", "/api/v0/databases", {"name": "a"}).__class__ is kind


@given(st.sampled_from([400, 404, 500]), st.text(), st.dictionaries(st.text(), st.integers()))
def test_the_form_of_the_apis_errors_does_not_depend_on_the_message(
    status: int, message: str, more: dict[str, int]
) -> None:
    error = {**more, "code": status, "message": message}
    assert failures.is_own(status, error)
    assert not failures.is_own(status + 1, error)
    for other in (
        {**error, "code": str(status)},
        {**error, "code": float(status)},
        {**error, "message": None},
        [error],
    ):
        assert not failures.is_own(status, other)
    assert not failures.is_own(1, {"code": True, "message": message})


@pytest.mark.parametrize(("body", "done"), [("", True), (" ", True), ("{}", True), ("<html>log in</html>", False)])
def test_a_page_is_no_sign_that_something_was_deleted(sim: Simulator, body: str, done: bool) -> None:
    sim.faults.append(Fault("status", status=200, body=body))
    if done:
        assert send(sim, "DELETE", "/api/v0/databases/a") is None
    else:
        assert failure(sim, "DELETE", "/api/v0/databases/a").code == "bad_answer"


@pytest.mark.parametrize(("method", "code"), [("GET", "bad_answer"), ("POST", "ambiguous")])
@pytest.mark.parametrize(("status", "body"), [(200, "<html> a  page </html>"), (200, ""), (204, "")])
def test_success_without_json_is_none(sim: Simulator, method: str, code: str, status: int, body: str) -> None:
    sim.faults.append(Fault("status", status=status, body=body))
    error = failure(sim, method, "/api/v0/databases", {"name": "a"} if method == "POST" else None)
    assert error.code == code
    assert "no answer of the Management API" in str(error)


@given(st.integers(0, 260))
def test_echoed_token_is_masked_wherever_the_page_is_cut(position: int) -> None:
    token = "plain-session-token-without-any-known-shape"
    connection = resolve({"host": "h", "management_token": token})._replace(retries=0)
    answer = transport.Answer(500, {}, ("." * position + " " + token + " rest").encode(), True)
    with pytest.raises(ApiError) as caught:
        transport.Transport(connection)._parsed(
            answer, transport.Request("GET", "/p", "do it", transport.MANAGEMENT_API, {})
        )
    assert "plain" not in f"{caught.value} {caught.value.failure()}"


def test_refused_token_is_not_shown(sim: Simulator) -> None:
    sim.faults.append(Fault("status", status=401, body='{"message": "no such token: my-own-token"}'))
    error = failure(sim, management_token="my-own-token")
    assert "my-own-token" not in f"{error} {error.failure()}"


def test_untrusted_and_trusted_certificates(pauses: list[float]) -> None:
    with Simulator() as sim:
        assert send(sim, ca_path=str(sim.ca_path)) == []
        error = failure(sim, "POST", "/api/v0/databases", {"name": "a"})
        assert (type(error), error.code) == (ApiError, "tls")
        assert "set ca_path" in str(error)
        assert failure(sim, ca_path="/no/such/ca.pem").code == "tls"
        assert send(sim, validate_certs=False) == []
    assert pauses == []


def test_environments_ca_does_not_overrule_the_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    with Simulator() as sim:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(sim.files.client_cert))
        assert send(sim, ca_path=str(sim.ca_path)) == []
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(sim.ca_path))
        assert failure(sim, ca_path=str(sim.files.client_cert)).code == "tls"


def test_client_certificate_is_shown() -> None:
    with Simulator(require_client_cert=True) as sim:
        files = sim.files
        pair = {"client_cert": str(files.client_cert), "client_key": str(files.client_key)}
        assert send(sim, ca_path=str(sim.ca_path), **pair) == []
        assert failure(sim, ca_path=str(sim.ca_path), retries=0).code in ("tls", "unreachable")


@pytest.mark.parametrize(("status", "blamed"), [(401, "ticket"), (404, "shelf"), (503, "overloaded"), (302, "desk")])
def test_a_failure_is_explained_for_whom_and_what_was_asked(sim: Simulator, status: int, blamed: str) -> None:
    """Not by the status alone: another credential's failure isn't the management token's."""
    library = transport.Service("the library", "desk", {401: "Show the ticket.", 404: "Ask."})
    sim.faults.append(Fault("status", times=0, status=status))
    client = Transport(connection_to(sim, retries=0), service=library)
    with pytest.raises(ApiError) as caught:
        client.request("GET", "/api/v0/databases", doing="read", remedies={404: "Look at the shelf."})
    assert blamed in str(caught.value)
    assert not re.search("[Mm]anagement|host", str(caught.value))


CAUSES = {
    "expired": "has expired: have it renewed",
    "not_yet_valid": "isn't valid yet",
    "other_name": "set host to a name that stands in it",
    "no_key_identifiers": "subjectKeyIdentifier",
}


@pytest.mark.parametrize("certificate", sorted(CAUSES))
def test_a_failed_check_is_explained_by_its_cause(certificate: Any, pauses: list[float]) -> None:
    with Simulator(certificate=certificate) as sim:
        if certificate == "no_key_identifiers" and sys.version_info < (3, 13):
            assert send(sim, ca_path=str(sim.ca_path)) == []
            return
        error = failure(sim, ca_path=str(sim.ca_path))
        assert error.code == "tls"
        assert [name for name, advice in CAUSES.items() if advice in str(error)] == [certificate]
        assert "set ca_path" not in str(error)
        assert "validate_certs" not in str(error)
        assert sim.requests == []


def test_an_unknown_ca_is_told_with_what_is_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    with Simulator() as sim, Simulator() as other:
        for name in VARIABLES:
            monkeypatch.delenv(name, raising=False)
        error = failure(sim)
        assert "set ca_path (or the environment variable INFLUXDB3_CA_PATH)" in str(error)
        assert trust(True, {}).source in str(error)
        assert "validate_certs" not in str(error)
        assert str(other.ca_path) in str(failure(sim, ca_path=str(other.ca_path)))


def test_the_environments_cas_are_a_default(monkeypatch: pytest.MonkeyPatch) -> None:
    with Simulator() as sim, Simulator() as other:
        for names, good in [(VARIABLES, True), (VARIABLES[:1], True), (VARIABLES[1:], True), ((), False)]:
            for name in VARIABLES:
                monkeypatch.setenv(name, str(sim.ca_path) if name in names else "")
            assert send(sim) == [] if good else failure(sim).code == "tls"
        for first, second in [(sim, other), (other, sim)]:
            monkeypatch.setenv("SSL_CERT_FILE", str(first.ca_path))
            monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(second.ca_path))
            assert send(first) == [], "SSL_CERT_FILE goes before REQUESTS_CA_BUNDLE"
            assert send(second, ca_path=str(second.ca_path)) == [], "an option beats both"
            assert failure(second).code == "tls"


def test_plain_http_needs_no_store(sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/no/such/file")
    assert send(sim) == []


def test_a_dead_proxy_is_named_without_its_password(
    sim: Simulator, pauses: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    for name in ("HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, f"http://robot:hunter%402@127.0.0.1:{port}")
    monkeypatch.setenv("NO_PROXY", "")
    for host in (sim.url, "https://db.example.org"):
        error = failure(sim, "POST", "/", {}, host=host)
        assert (type(error), error.code) == (ApiError, "unreachable")
        assert f"the proxy http://127.0.0.1:{port} gives no way to {host}" in str(error)
        assert "hunter" not in f"{error} {error.failure()}"


def test_what_a_proxy_echoes_of_its_password_is_masked(sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer of a proxy to plain HTTP is its own; the simulator stands in for one."""
    monkeypatch.setenv("HTTP_PROXY", f"http://robot:hunter%402@{sim.host}:{sim.port}")
    monkeypatch.setenv("NO_PROXY", "")
    echo = "no entry for robot:hunter%402, hunter@2, cm9ib3Q6aHVudGVyQDI="
    sim.faults.append(Fault("status", times=0, status=407, body=f'{{"message": "{echo}"}}'))
    error = failure(sim, host="http://db.example.org")
    assert sim.requests[0].headers["proxy-authorization"] == "Basic cm9ib3Q6aHVudGVyQDI="
    for secret in ("hunter", "cm9ib3Q6"):
        assert secret not in f"{error} {error.failure()}"


BROKEN = [
    ("raise AttributeError('half of it is there')", "AttributeError: half of it is there"),
    ("import no_such_library_of_its_own", "No module named 'no_such_library_of_its_own'"),
    ("def", "SyntaxError"),
]


def without_requests(collection_root: Path, prepare: str, *path: Path) -> str:
    """What the transport says in a process that prepares its imports first."""
    package = "ansible_collections.influxops.influxdb3.plugins.module_utils"
    program = (
        f"import sys; {prepare}\n"
        f"from {package}._api import transport\nfrom {package}._core import connection, errors\n"
        "try: transport.Transport(connection.resolve({'host': 'h', 'management_token': 'some-token'}))\n"
        "except errors.Influxdb3Error as error: print(error.code, error)"
    )
    environment = {"PYTHONPATH": ":".join(map(str, [*path, collection_root]))}
    return subprocess.run(
        [sys.executable, "-c", program], env=environment, check=True, capture_output=True, text=True
    ).stdout


def test_missing_requests_is_named_with_host_and_interpreter(collection_root: Path) -> None:
    said = without_requests(collection_root, "sys.modules['requests'] = None")
    assert said.startswith("missing_library The Python library requests is missing on ")
    assert f"on {platform.node()} for the interpreter {sys.executable}." in said


@pytest.mark.parametrize(("code", "cause"), BROKEN)
def test_a_library_that_is_broken_is_not_called_missing(
    collection_root: Path, tmp_path: Path, code: str, cause: str
) -> None:
    package = tmp_path / "requests"
    package.mkdir()
    (package / "__init__.py").write_text(code + "\n")
    said = without_requests(collection_root, "pass", tmp_path)
    assert said.startswith("missing_library The Python library requests is installed but can't be loaded on ")
    assert cause in said
    assert sys.executable in said
    assert "is missing" not in said


@pytest.mark.parametrize("module", ["cluster", "mgmt_token"])
def test_who_sends_nothing_does_not_wait_for_requests(module: str, collection_root: Path) -> None:
    """It takes longer to import than everything else; wrong options, and influxctl, don't need it."""
    name = f"ansible_collections.influxops.influxdb3.plugins.modules.{module}"
    program = f"import sys, {name}; sys.exit('requests' in sys.modules)"
    environment = {"PYTHONPATH": str(collection_root)}
    assert subprocess.run([sys.executable, "-c", program], env=environment, check=False).returncode == 0
