# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Installs the collection once per run, before collecting: tests import it from there, never from the checkout."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness import install

if TYPE_CHECKING:
    from xdist.workermanage import WorkerController

pytest_plugins = ["harness.fixtures"]

TARBALL = pytest.StashKey[Path]()
ROOT = pytest.StashKey[Path]()


def pytest_configure(config: pytest.Config) -> None:
    """Build and install; a worker of pytest-xdist takes what its controller has installed."""
    workerinput: dict[str, str] | None = getattr(config, "workerinput", None)
    if workerinput is None:
        workdir = Path(tempfile.mkdtemp(prefix="influxdb3-collection-"))
        config.add_cleanup(lambda: shutil.rmtree(workdir))
        config.stash[TARBALL] = install.build(workdir / "build")
        config.stash[ROOT] = install.install(config.stash[TARBALL], workdir / "collections")
    else:
        config.stash[TARBALL] = Path(workerinput["tarball"])
        config.stash[ROOT] = Path(workerinput["collection_root"])
    sys.path.insert(0, str(config.stash[ROOT]))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: WorkerController) -> None:
    """Tell a worker of pytest-xdist where the collection is."""
    node.workerinput["tarball"] = str(node.config.stash[TARBALL])
    node.workerinput["collection_root"] = str(node.config.stash[ROOT])


@pytest.fixture(scope="session")
def collection_root(pytestconfig: pytest.Config) -> Path:
    """The directory of the installed collection's tree: a value for ANSIBLE_COLLECTIONS_PATH."""
    return pytestconfig.stash[ROOT]


@pytest.fixture(scope="session")
def tarball(pytestconfig: pytest.Config) -> Path:
    """The collection's tarball as `ansible-galaxy collection build` makes it."""
    return pytestconfig.stash[TARBALL]
