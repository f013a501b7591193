# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A report's file is there as a whole or as it was, whoever reads it meanwhile and whatever stops the run."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ansible_collections.influxops.influxdb3.plugins.module_utils._core import durable
from ansible_collections.influxops.influxdb3.plugins.plugin_utils._action.writing import write_whole


def test_a_file_is_written_once(tmp_path: Path) -> None:
    path = tmp_path / "tokens.prom"
    assert write_whole(str(path), b"one", 0o644) is True
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"one", 0o644)
    before = path.stat()
    assert write_whole(str(path), b"one", 0o644) is False
    assert path.stat().st_ino == before.st_ino
    assert write_whole(str(path), b"one", 0o600) is True
    assert path.stat().st_mode & 0o777 == 0o600
    assert write_whole(str(path), b"two", 0o600) is True
    assert path.read_bytes() == b"two"
    assert [one.name for one in tmp_path.iterdir()] == ["tokens.prom"]


def test_who_holds_the_old_file_open_reads_it_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "tokens.prom"
    write_whole(str(path), b"old", 0o644)
    with path.open("rb") as old:
        write_whole(str(path), b"a new one", 0o644)
        assert old.read() == b"old"


def test_the_new_file_lies_beside_under_a_name_that_no_exporter_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And without rights for anybody else, until it is complete. What fails meanwhile leaves the old file alone."""
    path = tmp_path / "tokens.prom"
    write_whole(str(path), b"old", 0o644)
    seen: list[tuple[str, int]] = []
    write_all = durable.write_all

    def fail(descriptor: int, content: bytes) -> None:
        write_all(descriptor, content[:2])
        (name,) = [one.name for one in tmp_path.iterdir() if one != path]
        seen.append((name, os.fstat(descriptor).st_mode & 0o777))
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(durable, "write_all", fail)
    with pytest.raises(OSError, match="No space"):
        write_whole(str(path), b"new one", 0o644)
    ((name, mode),) = seen
    assert not name.endswith(".prom")
    assert mode == 0o600
    assert path.read_bytes() == b"old"
    assert [one.name for one in tmp_path.iterdir()] == ["tokens.prom"]


def test_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "tokens.json"
    assert write_whole(str(path), b"one", 0o600, dry=True) is True
    assert not path.exists()


def test_what_is_no_file_is_left(tmp_path: Path) -> None:
    fifo, directory = tmp_path / "fifo.csv", tmp_path / "directory.csv"
    os.mkfifo(fifo)
    directory.mkdir()
    for path in (fifo, directory, tmp_path / "nowhere" / "a.csv"):
        with pytest.raises(OSError, match=r"."):
            write_whole(str(path), b"one", 0o600)
    assert fifo.is_fifo()
    assert not (tmp_path / "nowhere").exists()


def test_a_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "tokens.csv").symlink_to("kept/tokens.csv")
    (tmp_path / "kept" / "tokens.csv").write_text("old")
    write_whole(str(tmp_path / "tokens.csv"), b"new", 0o600)
    assert (tmp_path / "tokens.csv").is_symlink()
    assert (tmp_path / "kept" / "tokens.csv").read_text() == "new"


def test_a_relative_path_counts_from_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    write_whole("a.csv", b"1", 0o600)
    write_whole("~/b.csv", b"2", 0o600)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["a.csv", "b.csv"]
