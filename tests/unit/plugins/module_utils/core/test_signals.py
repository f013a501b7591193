# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Signals that ask a run to end: the first is handled, and one that the user has ignored stays ignored."""

from __future__ import annotations

import signal

from ansible_collections.influxops.influxdb3.plugins.module_utils._core.signals import first_signal, held_back


def test_only_the_first_signal_is_handled_and_all_is_put_back() -> None:
    seen: list[int] = []
    before = signal.getsignal(signal.SIGTERM)
    with first_signal(seen.append, signal.SIG_IGN):
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGHUP)
    assert seen == [signal.SIGTERM]
    assert signal.getsignal(signal.SIGTERM) is before


def test_what_is_ignored_stays_so() -> None:
    """As under nohup."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        seen: list[int] = []
        with first_signal(seen.append, signal.SIG_DFL):
            signal.raise_signal(signal.SIGHUP)
            signal.raise_signal(signal.SIGTERM)
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        assert seen == [signal.SIGTERM]
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_signal_waits_for_the_end_of_what_must_not_be_lost() -> None:
    seen: list[int] = []
    done: list[str] = []
    with first_signal(seen.append, signal.SIG_IGN):
        with held_back():
            signal.raise_signal(signal.SIGTERM)
            done.append(f"made, {seen}")
        assert (done, seen) == (["made, []"], [signal.SIGTERM])
        with held_back():
            done.append("again")
    assert seen == [signal.SIGTERM]
