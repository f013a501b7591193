# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the module's result from the outcomes of a cluster's items: outcomes, totals, diff and one error. Pure."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from .._core import entities, errors, interface
from .items import DATABASES, DB_TOKENS, TABLES, Problem
from .outcome import OUTCOMES, Outcome
from .plan import TooManyToPrune

_MOST_WARNINGS = 20
_MOST_PROBLEMS = 20
_NOUNS = {DATABASES: "databases", TABLES: "tables", DB_TOKENS: "database tokens"}


def differences(outcomes: Sequence[Outcome]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return both sides of the diff: of each object that changes, by kind and label, the fields that differ."""
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    for outcome in outcomes:
        if not outcome.changed:
            continue
        old, new = outcome.before or {}, outcome.after or {}
        for side, mine, other in ((before, outcome.before, new), (after, outcome.after, old)):
            if mine is not None:
                side.setdefault(outcome.item.kind, {})[outcome.item.label] = {
                    key: value
                    for key, value in mine.items()
                    if value != other.get(key) and (other or value not in (None, []))
                }
    return before, after


def by_kind(outcomes: Sequence[Outcome]) -> dict[str, list[Outcome]]:
    """Return the outcomes of each kind, in their order."""
    apart: dict[str, list[Outcome]] = {kind: [] for kind in _NOUNS}
    for outcome in outcomes:
        apart[outcome.item.kind].append(outcome)
    return apart


def _shown(outcome: Outcome) -> dict[str, Any]:
    """Return an outcome, as short as it can be: there may be thousands."""
    shown: dict[str, Any] = {**outcome.item.identity, **outcome.more, "outcome": outcome.word}
    if outcome.item.pruned:
        shown["pruned"] = True
    if outcome.error:
        shown["failure"] = outcome.error.failure()
    return shown


def refused(connection: str, problems: Sequence[Problem]) -> interface.Result:
    """Return the failure for wrong options: all problems in the result, the first ones in the message.

    `connection` is the sentence about the options of the connection, empty where they are right.
    """
    sentences = ([connection] if connection else []) + [f"{problem}." for problem in problems[:_MOST_PROBLEMS]]
    if len(problems) > _MOST_PROBLEMS:
        sentences.append(f"All {len(problems)} are in problems.")
    error = errors.OptionError(" ".join(sentences))
    return interface.Result(False, {"problems": [problem.to_result() for problem in problems]}, error=error)


def too_many(error: TooManyToPrune, shapeless: Collection[str]) -> interface.Result:
    """Return the failure for more objects to prune than the limit allows."""
    return interface.Result(False, {"would_prune": conceal(error.would_prune, shapeless)}, error=error)


def report(
    outcomes: Sequence[Outcome], shapeless: Collection[str], stopped: str, warnings: list[str], *, check_mode: bool
) -> interface.Result:
    """Return the result with every item's outcome, and with one error where items failed or the run was stopped.

    `shapeless` are the secrets that don't look like a token. `stopped` says why the run was stopped, empty where it was
    not. The items of the option `db_tokens` stand before the tokens that are pruned, so that a secret's number is that
    of its item.
    """
    apart = by_kind(outcomes)
    values: dict[str, Any] = {kind: [_shown(outcome) for outcome in one] for kind, one in apart.items()}
    values["totals"] = _totals(apart)
    warnings = warnings + [warning for outcome in outcomes for warning in outcome.warnings]
    if len(warnings) > _MOST_WARNINGS:
        warnings = [*warnings[:_MOST_WARNINGS], f"There are {len(warnings) - _MOST_WARNINGS} more warnings."]
    before, after = differences(outcomes)
    return interface.Result(
        changed=any(outcome.changed for outcome in outcomes),
        values=conceal(values, shapeless),
        before=conceal(before, shapeless),
        after=conceal(after, shapeless),
        secrets=[(DB_TOKENS, n, "access_token", one.secret) for n, one in enumerate(apart[DB_TOKENS]) if one.secret],
        warnings=conceal(warnings, shapeless),
        error=_summary(outcomes, stopped, check_mode),
    )


def _totals(apart: Mapping[str, Sequence[Outcome]]) -> dict[str, dict[str, int]]:
    counts = {kind: Counter(outcome.word for outcome in one) for kind, one in apart.items()}
    return {kind: {word: count[word] for word in OUTCOMES} for kind, count in counts.items()}


def sums(outcomes: Sequence[Outcome]) -> str:
    """Return how many objects of each kind have which outcome, as a part of a sentence."""
    parts = []
    for noun, totals in zip(_NOUNS.values(), _totals(by_kind(outcomes)).values()):
        words = [f"{count} {word}" for word, count in totals.items() if count]
        if words:
            parts.append(f"{noun}: {', '.join(words)}")
    return "; ".join(parts)


def _summary(outcomes: Sequence[Outcome], stopped: str, check_mode: bool) -> errors.Influxdb3Error | None:
    """Return one error for a run that was stopped, and for all items that failed."""
    failed = [(outcome.item.name, outcome.error) for outcome in outcomes if outcome.error]
    if not failed and not stopped:
        return None
    failures = [f"{name!r}: {error}" for name, error in failed[: entities.SHOWN]]
    if len(failed) > entities.SHOWN:
        failures.append(f"and {len(failed) - entities.SHOWN} more")
    done = f"{'It would be' if check_mode else 'Done'}: {sums(outcomes)}."
    if stopped:
        problems = f" Failed: {'; '.join(failures)}" if failures else ""
        return errors.Influxdb3Error(f"The run {stopped}. {done} Run again for the rest.{problems}", code="stopped")
    codes = {error.code for _name, error in failed}
    return errors.Influxdb3Error(
        f"{len(failed)} of {len(outcomes)} items failed. {done} Failed: {'; '.join(failures)}",
        code=codes.pop() if len(codes) == 1 else "several",
    )


def conceal(value: Any, shapeless: Collection[str]) -> Any:
    """Return a value without what looks like a token, and without the secrets of another shape, also in its keys."""
    # One text, because looking into each of thousands takes longer; a secret stands in it as JSON writes it.
    text = json.dumps(value, ensure_ascii=False)
    found = [secret for secret in shapeless if json.dumps(secret, ensure_ascii=False)[1:-1] in text]
    if not found and errors.mask(text) == text:
        return value
    from .._core.masking import masked

    return masked(value, found)
