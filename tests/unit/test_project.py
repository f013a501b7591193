# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tarball holds, and what its metadata says of it."""

from __future__ import annotations

import tarfile
from pathlib import Path, PurePath

import pytest
import yaml

from harness.install import COLLECTION_PATH

GENERATED = {"FILES.json", "MANIFEST.json"}
SHIPPED = {"LICENSE", "README.md", "changelogs", "docs", "meta", "playbooks", "plugins", "roles"}


@pytest.fixture(scope="session")
def shipped(tarball: Path) -> list[PurePath]:
    """The paths in the tarball."""
    with tarfile.open(tarball) as archive:
        return [PurePath(name) for name in archive.getnames()]


def test_tarball_holds_the_users_part_and_nothing_else(shipped: list[PurePath]) -> None:
    top = {path.parts[0] for path in shipped}
    # antsibull-changelog writes CHANGELOG.md with the first release, and not before.
    assert top - {"CHANGELOG.md"} == GENERATED | SHIPPED


def test_tarball_holds_no_tests_and_no_caches(shipped: list[PurePath]) -> None:
    unwanted = {"tests", "simulator", "__pycache__"}
    hidden_or_compiled = [path for path in shipped if path.name.startswith(".") or path.suffix == ".pyc"]
    assert hidden_or_compiled == []
    assert [path for path in shipped if unwanted & {*path.parts}] == []


def test_action_group_holds_every_module_with_connection_options(collection_root: Path) -> None:
    collection = collection_root / COLLECTION_PATH
    runtime = yaml.safe_load((collection / "meta" / "runtime.yml").read_text(encoding="utf-8"))
    modules = {module.stem for module in (collection / "plugins" / "modules").glob("*.py")}
    about_a_host = {"influxctl_profile", "influxctl_profile_info"}
    assert set(runtime["action_groups"]["all"]) == modules - about_a_host
