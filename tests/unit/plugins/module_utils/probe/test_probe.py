# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The probe's proof of itself: over all ways in which a server may behave, it finds out which one it is."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ansible_collections.influxops.influxdb3.plugins.module_utils._core import throttle as pacing
from ansible_collections.influxops.influxdb3.plugins.module_utils._core.connection import resolve
from ansible_collections.influxops.influxdb3.plugins.module_utils._core.errors import Influxdb3Error
from ansible_collections.influxops.influxdb3.plugins.module_utils._probe.asks import ASKS
from ansible_collections.influxops.influxdb3.plugins.module_utils._probe.engine import Report, probe
from ansible_collections.influxops.influxdb3.plugins.module_utils._probe.influxctl import private_influxctl
from ansible_collections.influxops.influxdb3.plugins.module_utils._probe.questions import QUESTIONS
from ansible_collections.influxops.influxdb3.plugins.module_utils._probe.server import Server
from harness.crash import FAULTS
from harness.plays import connection
from harness.probing import (
    PREFIX,
    Program,
    add_foreign,
    alive,
    foreign,
    private_texts,
    wrong,
)
from harness.sample import part_or_all
from simulator import Fault, Simulator, Switches
from simulator.core import Product
from simulator.influxctl import CliSwitches, install
from simulator.switches import FROM_PROBE

VERSIONS = ("2.6.0", "2.7.0", "2.8.0", "2.9.8", "2.10.0", "2.11.0", "2.12.0")
PRODUCTS: tuple[Product, ...] = ("clustered", "dedicated")
Ask = Callable[..., Report]


@pytest.fixture(scope="module")
def servers() -> Iterator[dict[str, Simulator]]:
    with ExitStack() as stack:
        yield {name: stack.enter_context(Simulator(name, tls=False)) for name in PRODUCTS}


@pytest.fixture
def ask(servers: dict[str, Simulator], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Probes a server in time that doesn't pass by itself."""
    passed = [0.0]
    current: list[Simulator] = []

    def sleep(seconds: float) -> None:
        passed[0] += seconds
        current[-1].clock.advance(seconds)

    monkeypatch.setattr(pacing, "time", SimpleNamespace(monotonic=lambda: passed[0], sleep=sleep))

    def run(sim: Simulator, program: Program | None, report: Report | None = None, *, writes: bool = True) -> Report:
        current.append(sim)
        # Nothing hangs here, and a busy machine takes its time to start the stand-in.
        options = {**connection(sim), "timeout": 600}
        path = "/nowhere/influxctl"
        if program is not None:
            path = str(install(tmp_path, program.version, create_json=program.create_json, list_json=program.list_json))
        report, secrets = report or Report(sim.product), set[str]()
        server = Server(resolve(options), secrets.add, sim.url, clock=lambda: passed[0])
        with private_influxctl(resolve(options), path, str(tmp_path), secrets) as (influxctl, why):
            probe(report, server, influxctl, why, PREFIX, writes=writes)
        return report

    return run


def switches() -> st.SearchStrategy[Switches]:
    """Any server: each switch at any of its values."""
    return st.builds(Switches, **{info.name: st.sampled_from(info.values) for info in Switches.catalogue()})


def programs() -> st.SearchStrategy[Program | None]:
    """Any influxctl of the versions that are supported, or none."""
    shapes = {name: st.sampled_from(CliSwitches.values(name)) for name in ("create_json", "list_json")}
    return st.none() | st.builds(Program, version=st.sampled_from(VERSIONS), **shapes)


def check(sim: Simulator, chosen: Switches, program: Program | None, ask: Ask) -> None:
    sim.reset(chosen)
    add_foreign(sim)
    before = foreign(sim)
    report = ask(sim, program)
    result = report.to_result()
    assert wrong(sim, program, result) == []
    assert (result["leftovers"], report.removed, alive(sim)) == ([], [], set())
    assert foreign(sim) == before
    text = json.dumps([result["answers"], result["evidence"], result["surprises"]])
    assert [one for one in private_texts(sim) if one in text] == []
    learned, answers = Switches.from_probe(result), result["answers"]
    for question, (name, _values) in FROM_PROBE.items():
        alike = question in ("error_body", "encoded_slash", "url_form")
        if answers[question] is not None and not alike:
            assert getattr(learned, name) == getattr(chosen, name)
    ends = [one.expires_at for one in sim.state.db_tokens + sim.state.mgmt_tokens[5:] if PREFIX in one.description]
    assert all(end is None or (end - sim.clock.now()).total_seconds() <= 3600 for end in ends)


LIKELIEST = Switches()


@given(product=st.sampled_from(PRODUCTS), chosen=switches(), program=programs())
@example(product="clustered", chosen=LIKELIEST, program=Program())
@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_the_answers_are_the_switches(
    servers: dict[str, Simulator], ask: Ask, product: str, chosen: Switches, program: Program | None
) -> None:
    check(servers[product], chosen, program, ask)


@pytest.mark.complete
@given(product=st.sampled_from(PRODUCTS), chosen=switches(), program=programs())
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_the_answers_are_the_switches_in_many_combinations(
    servers: dict[str, Simulator], ask: Ask, product: str, chosen: Switches, program: Program | None
) -> None:
    check(servers[product], chosen, program, ask)


def known_or_nothing(sim: Simulator, program: Program | None, report: Report) -> list[str]:
    """Every answer that is wrong; none at all isn't."""
    result = report.to_result()
    for question in QUESTIONS:
        result["answers"].setdefault(question.id, None)
        result["evidence"].setdefault(question.id, "")
    return [one for one in wrong(sim, program, result) if not re.search(": None", one)]


def undisturbed(sim: Simulator, ask: Ask, program: Program | None) -> Simulator:
    """Probe a new server without a fault, and return it: its requests are what can be struck."""
    sim.reset()
    add_foreign(sim)
    ask(sim, program)
    return sim


def strike(sim: Simulator, program: Program | None, ask: Ask, fault: Fault) -> list[str]:
    """Probe a server with a fault; return what doesn't hold afterwards."""
    sim.reset()
    add_foreign(sim)
    before = foreign(sim)
    sim.faults.append(fault)
    report = Report(sim.product)
    problems = []
    with contextlib.suppress(Influxdb3Error):
        ask(sim, program, report)
    left = {(one.kind, one.name) for one in report.leftovers}
    problems += [f"left without a word: {alive(sim) - left}"] if alive(sim) - left else []
    problems += ["something of the owner's was touched"] if foreign(sim) != before else []
    problems += known_or_nothing(sim, program, report)
    sim.faults.clear()
    again = ask(sim, program)
    problems += [f"the next run leaves {alive(sim)}"] if alive(sim) else []
    problems += [] if {(one.kind, one.name) for one in again.removed} <= left else [f"removed: {again.removed}"]
    return problems


# What a fault that ends only with the test would hold up.
STRUCK = [name for name in FAULTS if name != "slow"]


@pytest.mark.parametrize("step", part_or_all(29))
@pytest.mark.parametrize("program", [None, pytest.param(Program(), marks=pytest.mark.complete)])
def test_with_a_fault_at_any_request_nothing_is_left_unnamed(
    servers: dict[str, Simulator], ask: Ask, program: Program | None, step: int
) -> None:
    sim = undisturbed(servers["clustered"], ask, program)
    points = [(number, name) for number in range(1, len(sim.requests) + 1) for name in STRUCK]
    problems = []
    for number, name in points[::step]:
        found = strike(sim, program, ask, Fault(**FAULTS[name], at=number))
        problems += [f"{name} at request {number}: {one}" for one in found]
    print(f"{len(points[::step])} faults, {len(problems)} problems")
    assert problems == []


@pytest.mark.parametrize("collection", ["databases", "tokens"])
def test_a_page_in_answer_to_a_list_is_no_empty_list(servers: dict[str, Simulator], ask: Ask, collection: str) -> None:
    """Neither is what lists would show taken for absent, nor is what the run has made left without a word."""
    sim = undisturbed(servers["clustered"], ask, None)
    sent = enumerate(sim.requests, 1)
    lists = [number for number, one in sent if (one.method, one.path) == ("GET", f"/api/v0/{collection}")]
    assert lists
    for number in lists:
        assert strike(sim, None, ask, Fault(**FAULTS["html 200"], at=number)) == []


@pytest.mark.parametrize("name", ["403", "503", "drop after", "500 after the commit"])
def test_one_failure_of_influxctl_is_no_answer(servers: dict[str, Simulator], ask: Ask, name: str) -> None:
    """Neither that a management token may not make others, nor that the output can't be read."""
    sim = undisturbed(servers["clustered"], ask, Program())
    made = next(n for n, request in enumerate(sim.requests, 1) if request.path.endswith("/management/create"))
    assert strike(sim, Program(), ask, Fault(**FAULTS[name], at=made)) == []


@pytest.mark.parametrize("product", PRODUCTS)
def test_without_writes_none_is_sent(servers: dict[str, Simulator], ask: Ask, product: str) -> None:
    sim = servers[product]
    sim.reset()
    add_foreign(sim)
    report = ask(sim, None, writes=False).to_result()
    assert sim.writes == []
    assert sim.violations == []
    answered = {name for name, value in report["answers"].items() if value is not None}
    assert answered == {
        "url_form",
        "revoked_listed",
        "revoked_get",
        "timestamp_digits",
        "error_body",
        "clock_skew_seconds",
    }
    assert all(report["evidence"].values())
    assert [name for name, text in report["evidence"].items() if not re.fullmatch(r"[^.].*[^.]\.", text)] == []


def test_each_question_is_asked() -> None:
    assert list(ASKS) == [question.id for question in QUESTIONS]
    assert len(QUESTIONS) == 33


def test_each_switch_is_probed_or_has_a_reason() -> None:
    probed = {name for name, _values in FROM_PROBE.values()} | {
        *("old_server", "missing_operations", "timestamps", "activation_delay", "clock_skew")
    }
    assert probed | set(NOT_PROBED) == {info.name for info in Switches.catalogue()}
    assert not probed & set(NOT_PROBED)


# Switches that no question of the design asks for.
NOT_PROBED = {
    "clustered_ids": "the collection sends the constant IDs in the long form",
    "unknown_route_body": "only the status of an unknown path counts",
    "undelete_active": "a restoring is only asked for what is deleted",
    "time_part": "the collection warns of a template without a time part, whatever the server says",
    "burst_503": "it passes",
    "revocation_delay": "it would take minutes to see, and nothing waits for it",
    "rename_echoes_retention": "an absent field is read as unknown",
    "delete_connection_close": "HTTP has it, and every client must bear it",
    "delete_cut": "what came before the cut counts",
    "write_parses_first": "the proof of a token by a write asks each time",
    "empty_write": "the proof of a token by a write asks each time",
    "empty_lists": "null is read as an empty list",
    "infinite_retention": "all three forms are read alike",
    "no_instant": "all forms are read alike",
    "wrapped_lists": "all forms are read alike",
    "error_wording": "no words are read",
    "table_inherits_template": "the collection compares no template that it didn't state",
    "renamed_table_name": "the collection makes no table under a former name by itself",
    "recovery_days": "it takes days to see",
    "query_forbidden": "401 and 403 mean the same to every proof",
    "mgmt_revoke_again": "the collection revokes none twice",
}
