# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A file of one variable: what a shell reads of it, and which files count as such a one."""

from __future__ import annotations

import subprocess
import tempfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.influxops.influxdb3.plugins.module_utils._core.errors import OptionError
from ansible_collections.influxops.influxdb3.plugins.module_utils._tokens.env_file import (
    check_name,
    is_ours,
    line_of,
    name_in,
    variable_in,
)

NAMES = st.from_regex(r"\A[A-Za-z_][A-Za-z0-9_]{0,20}\Z")


@given(NAMES, st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=12, max_size=90))
def test_what_is_written_is_read_back_or_refused(name: str, secret: str) -> None:
    check_name(name)
    try:
        line = line_of(name, secret)
    except OptionError:
        assert set(secret) & set("\"'\\$`#&;|<>()[]{}*?!^")
        return
    assert line.count(b"\n") == 1
    assert variable_in(line) == (name, secret)
    assert is_ours(line)


def test_a_shell_reads_what_systemd_does() -> None:
    secret = "apiv1_" + "aZ09+/=_-.~:@%," * 5
    with tempfile.NamedTemporaryFile() as file:
        file.write(line_of("INFLUX_TOKEN", secret))
        file.flush()
        read = subprocess.check_output(["sh", "-c", '. "$0"; printf %s "$INFLUX_TOKEN"', file.name], text=True)
    assert read == secret


@given(st.text(max_size=12))
def test_a_name_is_taken_only_as_posix_has_it(name: str) -> None:
    posix = name.isascii() and name.isidentifier()
    try:
        check_name(name)
    except OptionError:
        assert not posix
    else:
        assert posix


@pytest.mark.parametrize(
    ("content", "ours", "name"),
    [
        (b"", True, None),
        (b"\n", True, None),
        (b"\0\0\0", True, None),  # what a power cut leaves of a file
        (b"A=1", True, "A"),
        (b"export A='1'\n", True, "A"),
        (b"A=1\r\n", True, "A"),
        (b"A=1\nB=2\n", False, None),
        (b"# comment\nA=1\n", False, None),
        (b"[Service]\n", False, None),
        (b"\x7fELF", False, None),
    ],
)
def test_what_holds_more_than_a_variable_is_somebody_elses(content: bytes, ours: bool, name: str | None) -> None:
    assert (is_ours(content), name_in(content)) == (ours, name)
