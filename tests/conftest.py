# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Installs the collection once per run, before collecting: tests import it from there, never from the checkout."""

from __future__ import annotations

import os
import secrets
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

from harness import install

if TYPE_CHECKING:
    from xdist.workermanage import WorkerController

pytest_plugins = ["harness.fixtures"]

TARBALL = pytest.StashKey[Path]()
ROOT = pytest.StashKey[Path]()

SECONDS = {"crash": 7200, "complete": 3600}
"""What a test that is so marked may take before it counts as one that hangs; pyproject.toml says it for the others."""


def pytest_configure(config: pytest.Config) -> None:
    """Build and install; a worker of pytest-xdist takes what its controller has installed."""
    _load_hypothesis_profile(config)
    # Set by the controller and inherited by its workers, so that the seed which is printed is every test's.
    os.environ.setdefault("CRASH_SEED", str(secrets.randbelow(2**32)))
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


def _load_hypothesis_profile(config: pytest.Config) -> None:
    """By default the same examples in every run and on every machine: a failure is never a matter of luck.

    With `--hypothesis-seed`, which `make test-all` gives at random, there are others, and more of them.
    """
    number = 30 if "not complete" in config.option.markexpr else 120
    common: dict[str, Any] = {"database": None, "deadline": None}
    settings.register_profile("influxdb3", **common, derandomize=True, max_examples=number)
    settings.register_profile("nightly", **common, derandomize=False, max_examples=120, print_blob=True)
    settings.load_profile("influxdb3" if config.getoption("--hypothesis-seed") is None else "nightly")


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Print what a failure of the properties or of the sampled crash test is repeated with."""
    seed = config.getoption("--hypothesis-seed")
    examples = "always the same" if seed is None else f"--hypothesis-seed={seed}"
    return [f"crash test: CRASH_SEED={os.environ['CRASH_SEED']}", f"examples of hypothesis: {examples}"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out what a cluster can't do, and give tests that take longer by their nature the time for it.

    A test's own mark for its time beats that.
    """
    # A plugin: pytest wants to load it first, so that it can explain its assertions.
    from harness.fixtures import unmet

    for item in items:
        for marker in item.iter_markers("presumes"):
            if reason := unmet(marker.kwargs):
                item.add_marker(pytest.mark.skip(reason=reason))
        limits = [seconds for name, seconds in SECONDS.items() if item.get_closest_marker(name)]
        if limits and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(max(limits)))


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
