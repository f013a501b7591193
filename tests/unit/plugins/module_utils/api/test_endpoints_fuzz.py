# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whatever a server answers to any of the 15 operations, it is read or refused with a code, and never a traceback."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ansible_collections.influxops.influxdb3.plugins.module_utils._api.endpoints import ManagementApi
from ansible_collections.influxops.influxdb3.plugins.module_utils._core.connection import resolve
from ansible_collections.influxops.influxdb3.plugins.module_utils._core.entities import (
    DATABASE,
    DB_TOKEN,
    TABLE,
    Entity,
)
from ansible_collections.influxops.influxdb3.plugins.module_utils._core.errors import Influxdb3Error
from harness.sample import sample

UUID = "55555555-5555-4555-8555-555555555555"
Operation = tuple[Entity, Callable[[ManagementApi], Any]]
OPERATIONS: dict[str, Operation] = {
    "list databases": (DATABASE, lambda api: api.list_databases()),
    "create a database": (DATABASE, lambda api: api.create_database({"name": "d"})),
    "update a database": (DATABASE, lambda api: api.update_database("d", {"max_tables": 1})),
    "delete a database": (DATABASE, lambda api: api.delete_database("d")),
    "rename a database": (DATABASE, lambda api: api.rename_database("d", "e")),
    "restore a database": (DATABASE, lambda api: api.restore_database(1)),
    "create a table": (TABLE, lambda api: api.create_table({"database": "d", "name": "t"})),
    "delete a table": (TABLE, lambda api: api.delete_table("d/x", "t")),
    "rename a table": (TABLE, lambda api: api.rename_table("d", "t", "u")),
    "restore a table": (TABLE, lambda api: api.restore_table("d", 1)),
    "list tokens": (DB_TOKEN, lambda api: api.list_tokens()),
    "create a token": (DB_TOKEN, lambda api: api.create_token({"description": "d"})),
    "read a token": (DB_TOKEN, lambda api: api.get_token(UUID)),
    "update a token": (DB_TOKEN, lambda api: api.update_token(UUID, {"description": "d"})),
    "revoke a token": (DB_TOKEN, lambda api: api.revoke_token(UUID)),
}
COUNTS = sample((40, 2000), lambda _number, count: count == 40)

# What a right answer holds, so that one value of it can be spoilt.
RIGHT: dict[str, dict[str, Any]] = {
    "database": {
        "id": 1,
        "name": "d",
        "maxTables": 1,
        "maxColumnsPerTable": 1,
        "retentionPeriod": 0,
        "partitionTemplate": [{"type": "bucket", "value": {"tagName": "a", "numberOfBuckets": 1}}],
    },
    "table": {"databaseName": "d", "id": 1, "name": "t", "partitionTemplate": [{"type": "time", "value": "%Y"}]},
    "database token": {
        "id": UUID,
        "description": "d",
        "permissions": [{"action": "read", "resource": "d"}],
        "createdAt": "2026-01-01T00:00:00.000Z",
        "expiresAt": "2027-01-01T00:00:00Z",
        "revokedAt": None,
        "accessToken": "apiv1_" + "x" * 64,
    },
}
odd: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, 0, -1, 2**63, 10**30, 1.5, float("nan"), float("inf"), "", "\x00", "\ud800", "-1", "--force",
     "x" * 300, "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", [], [None], {},
     {"seconds": 2**70}, [[]], "{{ 7 * 7 }}"]
)  # fmt: skip
values = st.recursive(
    odd | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
raw = st.sampled_from(
    [b"", b" ", b"null", b"NaN", b"<html></html>", b"\xff\xfe", b"[" * 5000, b'{"a":' * 5000, b'{"id":1,"id":1}',
     b"9" * 5000, b"\xef\xbb\xbf[]", b'"\\ud800"', b"[1e999]"]
)  # fmt: skip


@st.composite
def answers(draw: st.DrawFn, entity: Entity) -> tuple[int, bytes]:
    """A status and a body: now and then a right one, mostly one that is spoilt in one place or in all."""
    statuses = st.sampled_from([200] * 12 + [201, 204, 301, 400, 400, 401, 403, 404, 404, 409, 409, 415, 500, 501, 599])
    status = draw(statuses)
    item: Any = dict(RIGHT[entity.noun])
    for key in draw(st.lists(st.sampled_from(sorted(item)), max_size=2)):
        item[key] = draw(values)
    if draw(st.booleans()):
        item.pop(draw(st.sampled_from(sorted(item))))
    error = {"code": draw(st.sampled_from([status]) | values), "message": draw(st.text(max_size=20) | values)}
    lists = st.lists(st.just(item) | values, max_size=3)
    wrapped = st.dictionaries(st.sampled_from(["databases", "tokens", "data", "result"]), lists | values, max_size=2)
    content = draw(st.one_of(st.just(item), lists, wrapped, values) if status < 300 else st.just(error) | values)
    body = draw(st.just(json.dumps(content).encode()) | raw)
    return status, b"" if status == 204 else body


def right_answers(entity: Entity) -> list[tuple[int, bytes]]:
    """Return what a right server answers: an object, a list of them, or nothing."""
    item = RIGHT[entity.noun]
    return [(200, json.dumps(item).encode()), (200, json.dumps([item]).encode()), (204, b"")]


class Server:
    """Answers each request over one kept connection with what it is told to."""

    def __init__(self) -> None:
        self.answer = (200, b"[]")
        self._server = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self.url = f"http://127.0.0.1:{self._server.getsockname()[1]}"

    def __enter__(self) -> Server:
        self._thread.start()
        return self

    def __exit__(self, *_problem: object) -> None:
        self._server.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _address = self._server.accept()
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            waiting = b""
            while part := connection.recv(65536):
                waiting += part
                head, blank, body = waiting.partition(b"\r\n\r\n")
                length = re.search(rb"(?i)content-length: (\d+)", head)
                if not blank or len(body) < int(length[1] if length else 0):
                    continue
                waiting = b""
                status, content = self.answer
                announced = b"" if status == 204 else b"Content-Length: %d\r\n" % len(content)
                connection.sendall(b"HTTP/1.1 %d X\r\nLocation: ://[\r\n%s\r\n%s" % (status, announced, content))


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server() as running:
        yield running


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("name", OPERATIONS)
def test_any_answer_to_an_operation_is_read_or_refused_with_a_code(server: Server, name: str, count: int) -> None:
    entity, work = OPERATIONS[name]
    ids = {"product": "dedicated", "account_id": "a", "cluster_id": "c"}
    connection = resolve({"host": server.url, "management_token": "m" * 20, "retries": 0, **ids})
    client = ManagementApi(connection, lambda secret: None)
    ends: set[str | None] = set()

    @settings(max_examples=count, deadline=None, suppress_health_check=list(settings().suppress_health_check))
    @given(answers(entity))
    def one(answer: tuple[int, bytes]) -> None:
        server.answer = answer
        try:
            done = work(client)
        except Influxdb3Error as error:
            ends.add(error.failure()["code"])
            return
        for state in done if isinstance(done, list) else [done or {}]:
            json.dumps(entity.to_result(state))
        ends.add("done")

    for answer in right_answers(entity):
        one = example(answer)(one)
    one()
    assert "done" in ends, "also right answers are among them"
    assert all(ends)
    assert len(ends) > 2
