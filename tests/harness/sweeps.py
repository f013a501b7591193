# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sweeps that every playbook in the tests goes through.

Check mode foretells the changes, a second run changes nothing, and no secret stands anywhere but in its documented key.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Protocol

from harness.playbook import Run
from simulator import Simulator, Switches, contract

# The documented return keys that may hold a secret (docs of db_token and mgmt_token), each with its kind of token.
_DOCUMENTED = re.compile(r'"(?:access_token": "apiv1_|token": "M\.V1\.)[^"]+"')


class Play(Protocol):
    """Runs the playbook under test with further flags for ansible-playbook."""

    def __call__(self, *flags: str) -> Run:
        """Return the traces of the run."""


def sweep(
    play: Play,
    sim: Simulator,
    *,
    files: Callable[[], object] = dict,
    canaries: Iterable[str] = (),
    asks_by_writing: bool = False,
) -> Run:
    """Run a playbook in check mode, for real and once more; return the real run. Raises AssertionError.

    `files` returns the files that the playbook could have left, for comparison. `canaries` are secrets of the inputs.
    `asks_by_writing` says that the second run sends writes, all of which the server refuses, because there is no other
    way to ask (tables can't be listed).
    """
    clean = snapshot(sim), files()
    sim.refuse_writes = True
    check = play("--check")
    sim.refuse_writes = False
    assert check.code == 0, f"check mode fails:\n{check.output}"
    assert (snapshot(sim), files()) == clean, "check mode has changed something"
    assert not [r for r in sim.requests if r.refused], "check mode has tried to write"

    first = play()
    assert first.code == 0, first.output
    # Other switches are there to deviate from the documents.
    if sim.switches == Switches():
        assert contract.check(sim.requests) == []
    assert sorted(check.changed) == sorted(first.changed), "check mode didn't foretell what changes"

    after = snapshot(sim), files()
    sim.refuse_writes = not asks_by_writing
    second = play()
    sim.refuse_writes = False
    assert second.code == 0, second.output
    assert second.changed == [], f"a second run changes:\n{second.output}"
    assert (snapshot(sim), files()) == after, "a second run has changed something"
    assert not [r for r in sim.writes if r.status == 200], "a second run has sent a write that was accepted"
    for run in (check, first, second):
        assert_no_secret(run.output, {*sim.secrets, *canaries})
    assert sim.violations == []
    return first


def snapshot(sim: Simulator) -> str:
    """The cluster's state as text, for comparison."""
    return repr((sim.state.databases, sim.state.tables, sim.state.db_tokens, sim.state.mgmt_tokens))


def assert_no_secret(text: str, secrets: Iterable[str]) -> None:
    """Assert that no secret, in plain or JSON notation, stands in the text but in a documented key."""
    searched = _DOCUMENTED.sub("", text)
    leaked = [secret for secret in secrets if secret in searched or secret.replace("/", "\\/") in searched]
    if leaked:
        where = searched.index(leaked[0]) if leaked[0] in searched else 0
        raise AssertionError(
            f"{len(leaked)} secrets leaked, one of them here: …{searched[max(0, where - 300) : where + 60]}…"
        )
