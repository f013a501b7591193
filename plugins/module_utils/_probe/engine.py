# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a probe from its first request to its report: asks every question, and removes all that it has made."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .._core import errors
from .answers import Answer, unanswered
from .asks import ASKS
from .influxctl import Influxctl
from .questions import INFLUXCTL, QUESTIONS, SCHEMA, WRITES, Question
from .scratch import Scratch, is_scratch, new_run, sweep
from .server import Server
from .session import Session

_NEEDS_WRITES = "Only writes tell: run the probe with writes."
_API = "v0"


@dataclass
class Report:
    """The answers by the IDs of the questions, and the scratch objects.

    `removed` are those of earlier runs that were removed, `leftovers` those of any run that are still there.
    """

    product: str
    answers: dict[str, Answer] = field(default_factory=dict)
    removed: list[Scratch] = field(default_factory=list)
    leftovers: list[Scratch] = field(default_factory=list)

    def to_result(self) -> dict[str, Any]:
        """Return the report as the module returns it."""
        answers = {name: answer.value for name, answer in self.answers.items()}
        return {
            "schema": SCHEMA,
            "product": self.product,
            "api": _API,
            "influxctl": answers.get("influxctl_version"),
            "answers": answers,
            "evidence": {name: answer.evidence for name, answer in self.answers.items()},
            "surprises": [one.id for one in QUESTIONS if one.id in answers and is_surprise(one, answers, self.product)],
            "leftovers": [one.to_result() for one in self.leftovers],
        }


def is_surprise(question: Question, answers: dict[str, Any], product: str) -> bool:
    """Return whether the answer to a question isn't the documented or assumed one."""
    value = answers[question.id]
    return value is not None and not question.is_expected(value, product)


def probe(
    report: Report, server: Server, influxctl: Influxctl | None, no_influxctl: str, prefix: str, *, writes: bool
) -> None:
    """Fill a report. Raises Influxdb3Error where the API can't be reached; nothing is made then.

    `no_influxctl` says why there is no influxctl. Whatever ends the run after that, a signal too, all that it has made
    is removed, and the report names the objects that may be left.
    """
    server.reach()
    session = Session(server, influxctl, new_run(prefix), writes=writes)
    _look_for_earlier(session, prefix, report)
    try:
        for question in QUESTIONS:
            report.answers[question.id] = _ask(question, session, no_influxctl)
    finally:
        if writes:
            _remove_own(session, report)


def _ask(question: Question, session: Session, no_influxctl: str) -> Answer:
    if INFLUXCTL in question.needs and session.influxctl is None:
        return unanswered(no_influxctl)
    if WRITES in question.needs and not session.writes:
        return unanswered(_NEEDS_WRITES)
    try:
        answer = ASKS[question.id](session)
    except errors.InfluxctlError:
        return unanswered("influxctl could not be run.")
    if answer.value is not None and not question.kind.allows(answer.value):
        return unanswered(f"The answer is not {question.kind.text}.")
    return answer


def _look_for_earlier(session: Session, prefix: str, report: Report) -> None:
    """Remove the scratch objects of earlier runs; without writes, only note them as leftovers."""
    for collection in _collections(session):
        if session.writes:
            swept = sweep(collection, lambda name: is_scratch(prefix, name), (), session.server.pause)
            report.removed += swept.removed
            report.leftovers += swept.left
        else:
            listed = collection.listed() or ()
            report.leftovers += [Scratch(collection.kind, name) for name, _handle in listed if is_scratch(prefix, name)]


def _remove_own(session: Session, report: Report) -> None:
    begin = f"{session.run}-"
    for collection in session.collections():
        intended = [one for one in session.intended if one.kind == collection.kind]
        if intended:
            swept = sweep(collection, lambda name: name.startswith(begin), intended, session.server.pause)
            report.leftovers += swept.left


def _collections(session: Session) -> list[Any]:
    try:
        return session.collections()
    except errors.InfluxctlError:
        session.influxctl = None
        return session.collections()
