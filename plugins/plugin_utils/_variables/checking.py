# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds faults in the variables that users state for a role: misspelt names, spans of time, and files' endings."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from difflib import SequenceMatcher
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from ...module_utils._core.durations import parse_span
from .._reports.report_files import file_complaints

ROLES = Path(__file__).parents[3] / "roles"
# How alike two names are in which one letter of four or more differs. By a lower one, vault_file would be near to
# audit_file.
_NEAR = 0.85


class Names(NamedTuple):
    """A role's variables: `options` are those that may be stated, `own` also those that only its tasks set."""

    options: frozenset[str]
    own: frozenset[str]


@cache
def names_of(role: str) -> Names:
    """Return the names in a role's own files: its documented options, and all names that begin with the role's name."""
    specs = (ROLES / role / "meta" / "argument_specs.yml").read_text(encoding="utf-8")
    files = "\n".join(path.read_text(encoding="utf-8") for path in (ROLES / role).rglob("*.yml"))
    # At the depth of a role's options; a key of an option's value may be called like one.
    options = re.findall(rf"^ {{6}}({role}_\w+):", specs, re.MULTILINE)
    return Names(frozenset(options), frozenset(re.findall(rf"\b{role}_\w+", files)))


def misspelt(stated: Iterable[str], role: str, names: Names) -> dict[str, str]:
    """Return the stated variables whose names are near misses of a role's options, each with the nearest option.

    An inventory may have variables of its own that begin with a role's name. So names that differ much from every
    option are no near misses, and neither are names with all words of an option and more, such as
    `cluster_databases_backup_dir`.
    """
    found = {}
    for name in sorted(set(stated) - names.own):
        meant = _nearest(name, role, names.options) if name.startswith(f"{role}_") else None
        if meant:
            found[name] = meant
    return found


def _nearest(name: str, role: str, options: Collection[str]) -> str | None:
    rest = name[len(role) + 1 :]
    matcher = SequenceMatcher(b=rest, autojunk=False)
    best, nearest = _NEAR, None
    for option in sorted(options):
        meant = option[len(role) + 1 :]
        matcher.set_seq1(meant)
        if sorted(meant) == sorted(rest):
            return option
        if f"_{meant}_" in f"_{rest}_" or min(matcher.real_quick_ratio(), matcher.quick_ratio()) < best:
            continue
        if matcher.ratio() >= best:
            best, nearest = matcher.ratio(), option
    return nearest


def complaints(
    stated: Iterable[str], role: str, spans: Mapping[str, Any], reports: Mapping[str, Any] | None = None
) -> list[str]:
    """Return a sentence for each variable that has to be put right.

    `stated` are the names of all variables. `spans` are the values of those that state a span of time, by name;
    `reports` those of variables that name files of a report.
    """
    sentences = [
        f"{name} is no variable of the role {role}: {meant} is meant. Rename it."
        for name, meant in misspelt(stated, role, names_of(role)).items()
    ]
    for name, value in spans.items():
        try:
            if value not in (None, ""):
                parse_span(value)
        except ValueError as error:
            sentences.append(f"{name}: {error}.")
    for name, value in (reports or {}).items():
        sentences += file_complaints(name, value)
    return sentences


def doubts(role: str, spans: Mapping[str, Any]) -> list[str]:
    """Return a sentence for each combination of variables that is allowed, and that hardly anybody means."""
    stated = {name for name, value in spans.items() if value not in (None, "")}
    expires, renews, ages = (f"{role}_{name}" for name in ("expires_in", "renew_before", "max_age"))
    if expires not in stated or stated & {renews, ages}:
        return []
    return [f"{expires} is set and neither {renews} nor {ages}: no token is renewed before it ends."]
