# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the config lies, and how it is read, on a real file system."""

from __future__ import annotations

import errno
import os
import platform
import pwd
from pathlib import Path

import pytest

from ansible_collections.influxops.influxdb3.plugins.module_utils._core.errors import ProfileError
from ansible_collections.influxops.influxdb3.plugins.module_utils._profile import config_file


@pytest.mark.parametrize(
    ("system", "xdg", "expected"),
    [
        ("Linux", None, "/h/.config/influxctl/config.toml"),
        ("Linux", "", "/h/.config/influxctl/config.toml"),
        ("Linux", "relative", "/h/.config/influxctl/config.toml"),
        ("Linux", "/xdg", "/xdg/influxctl/config.toml"),
        ("FreeBSD", "/xdg", "/xdg/influxctl/config.toml"),
        ("Darwin", "/xdg", "/h/Library/Application Support/influxctl/config.toml"),
    ],
)
def test_default_path(system: str, xdg: str | None, expected: str) -> None:
    assert config_file.default_path(system, "/h", xdg) == expected


def test_given_path_wins_and_is_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/x")
    assert config_file.locate("c.toml", {}) == str(tmp_path / "c.toml")
    assert config_file.locate("~/c.toml", {}) == "/home/x/c.toml"


def test_environment_counts_while_home_is_ours(tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": "/xdg"}
    assert config_file.locate(None, environ) == config_file.default_path(platform.system(), str(tmp_path), "/xdg")


@pytest.mark.parametrize("environ", [{}, {"HOME": "/nowhere", "XDG_CONFIG_HOME": "/xdg"}])
def test_without_a_home_of_ours_the_users_entry_counts(environ: dict[str, str]) -> None:
    home = pwd.getpwuid(os.geteuid()).pw_dir
    assert config_file.locate(None, environ) == config_file.default_path(platform.system(), home)


def test_home_of_somebody_else_does_not_count(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a directory away")
    os.chown(tmp_path, 65534, -1)
    home = pwd.getpwuid(os.geteuid()).pw_dir
    located = config_file.locate(None, {"HOME": str(tmp_path), "XDG_CONFIG_HOME": "/xdg"})
    assert located == config_file.default_path(platform.system(), home)


def test_a_user_without_an_entry_is_told_to_set_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 54321)
    with pytest.raises(ProfileError, match=r"the user 54321 has no entry .* Set path\.") as caught:
        config_file.locate(None, {})
    assert caught.value.code == "unknown_home"
    assert config_file.locate("/c.toml", {}) == "/c.toml"


def test_text_is_read_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_bytes("a = 'ü'\r\n".encode())
    assert config_file.read(str(path)) == "a = 'ü'\r\n"
    assert config_file.read(str(tmp_path / "none")) is None


def test_unreadable_and_binary_files_are_sentences(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match=rf"can't be read: {os.strerror(errno.EISDIR)}\.") as caught:
        config_file.read(str(tmp_path))
    assert caught.value.code == "unreadable"
    path = tmp_path / "c.toml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ProfileError, match="not a text file in UTF-8") as caught:
        config_file.read(str(path))
    assert caught.value.code == "invalid_toml"


def test_what_is_no_regular_file_is_refused_at_once(tmp_path: Path) -> None:
    fifo = tmp_path / "config.toml"
    os.mkfifo(fifo)
    for path in (str(fifo), "/dev/zero", "/dev/null"):
        with pytest.raises(ProfileError, match="can't be read: it is not a regular file") as caught:
            config_file.read(path)
        assert caught.value.code == "unreadable"
    os.unlink(fifo)
    fifo.write_bytes(b"")
    os.truncate(fifo, 2**40)
    with pytest.raises(ProfileError, match="larger than"):
        config_file.read(str(fifo))
