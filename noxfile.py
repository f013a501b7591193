# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The steps of every check. `make test` runs all sessions in this order; environments and caches stay below .venv/."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

import nox

sys.path.insert(0, "tests")

from harness.install import COLLECTION_PATH, export

nox.options.default_venv_backend = "uv"
nox.options.envdir = ".venv/nox"
nox.options.reuse_venv = "yes"

# The collection under its import name, for the tools that are content with a symlink.
TREE = Path(".venv/tree").resolve()


def search_path() -> str:
    """PATH, with the real interpreters' directories in place of pyenv's shims, which fail for inactive versions."""
    directories: list[str] = []
    for directory in map(Path, os.environ["PATH"].split(os.pathsep)):
        versions = directory.parent / "versions"
        is_shims = directory.name == "shims" and versions.is_dir()
        directories += sorted(map(str, versions.glob("*/bin")), reverse=True) if is_shims else [str(directory)]
    return os.pathsep.join(directories)


def oldest_core_python() -> str | None:
    """An interpreter for ansible-core 2.16, which runs on 3.10 to 3.12, and the tests, which need 3.11."""
    if sys.version_info < (3, 13):
        return sys.executable
    return shutil.which("python3.12", path=search_path()) or shutil.which("python3.11", path=search_path())


OLDEST_CORE_PYTHON = oldest_core_python()


def install(session: nox.Session, requirements: str) -> None:
    """Bring the environment to exactly what the lock says, and prove that the lock still answers the request."""
    session.run_install("uv", "pip", "sync", "--quiet", f"requirements/{requirements}.txt", external=True)
    # Neither network nor cache: this succeeds only when the lock has brought all that is asked for.
    try:
        session.run_install(
            *("uv", "pip", "install", "--quiet", "--offline", "--no-cache"),
            *("--requirement", f"requirements/{requirements}.in"),
            external=True,
        )
    except nox.command.CommandFailed:
        session.error(f"requirements/{requirements}.txt lacks what {requirements}.in asks for: run `make lock`")


@nox.session
def lint(session: nox.Session) -> None:
    """ruff, mypy, ansible-lint and the changelog's own check."""
    install(session, "check")
    collection = TREE / COLLECTION_PATH
    collection.parent.mkdir(parents=True, exist_ok=True)
    if not collection.is_symlink():
        collection.symlink_to(Path.cwd())
    failed = []
    for command in (
        ["ruff", "check", "--output-format", "concise"],
        ["ruff", "format", "--check", "--output-format", "concise"],
        ["mypy", "noxfile.py", "tests", str(collection / "plugins")],
        ["ansible-lint", "--nocolor", "--offline", "--profile", "production"],
        ["antsibull-changelog", "lint"],
    ):
        try:
            session.run(*command, env={"ANSIBLE_COLLECTIONS_PATH": str(TREE)})
        except nox.command.CommandFailed:
            failed.append(" ".join(command[:2]))
    if failed:
        session.error("failed: " + ", ".join(failed))


@nox.session
def sanity(session: nox.Session) -> None:
    """ansible-test sanity, all its tests, with the newest ansible-core that this Python allows."""
    run_sanity(session, "test")


@nox.session(name="sanity-oldest", python=OLDEST_CORE_PYTHON)
def sanity_oldest(session: nox.Session) -> None:
    """The same with the oldest ansible-core that the collection supports."""
    skip_without_oldest(session)
    run_sanity(session, "test-oldest")


@nox.session(name="test-oldest", python=OLDEST_CORE_PYTHON)
def test_oldest(session: nox.Session) -> None:
    """All that runs Ansible, on the oldest ansible-core that the collection supports."""
    skip_without_oldest(session)
    # The rest runs module code apart from Ansible, or plays that don't depend on Ansible's version.
    names = ("scenarios", "failures", "examples", "leaks")
    run_tests(session, "test-oldest", "tests/fleet", *(f"tests/integration/test_{name}.py" for name in names))


@nox.session(name="test-newest")
def test_newest(session: nox.Session) -> None:
    """All tests on the newest ansible-core that this Python allows."""
    run_tests(session, "test")


def skip_without_oldest(session: nox.Session) -> None:
    """Say why the session is skipped, where no interpreter can run the oldest ansible-core."""
    if OLDEST_CORE_PYTHON is None:
        session.skip("ansible-core 2.16 needs Python 3.11 or 3.12, and this machine has neither")


def run_sanity(session: nox.Session, requirements: str) -> None:
    """Run ansible-test on a copy that lies where it wants one, and in a home of its own."""
    install(session, requirements)
    home = Path(session.create_tmp(), "home").resolve()
    provide_pip(session, home)
    path = os.pathsep.join([session.bin, search_path()])
    # Not below .venv: ansible-test skips what the git repository around it ignores.
    with tempfile.TemporaryDirectory() as workdir, session.chdir(export(Path(workdir, COLLECTION_PATH))):
        # ruff and mypy check the tests; they are not shipped.
        session.run(
            "ansible-test",
            "sanity",
            "--color",
            "no",
            "--exclude",
            "tests/",
            env={"HOME": str(home), "PATH": path, "PIP_QUIET": "1"},
        )


def provide_pip(session: nox.Session, home: Path) -> None:
    """Lay the pip that ansible-test pins where it looks first; it would fetch it from a server of its own."""
    question = (
        "from types import SimpleNamespace as N; from ansible_test._internal import python_requirements as r;"
        "print(r.get_venv_packages(N(version=''))['pip'])"
    )
    version = str(session.run("python", "-c", question, silent=True)).strip()
    cache = home / ".ansible" / "test" / "cache"
    session.run_install(
        *("uv", "pip", "install", "--quiet", "--target", str(cache / "pip"), f"pip=={version}"), external=True
    )
    script = cache / f"get_pip_{version.replace('.', '_')}.py"
    script.write_text(
        "import runpy, sys\n"
        f"sys.path.insert(0, {str(cache / 'pip')!r})\n"
        "words = [word for word in sys.argv[1:] if not word.startswith('--no-')]\n"
        "sys.argv[1:] = ['install', '--ignore-installed', *words]\n"
        "runpy.run_module('pip', run_name='__main__', alter_sys=True)\n",
        encoding="utf-8",
    )


def run_tests(session: nox.Session, requirements: str, *tests: str) -> None:
    """Run pytest on both cores, over the given tests or all; words after `--` pick others."""
    install(session, requirements)
    session.run("python", "-m", "ansible", "playbook", "--version")
    session.run("pytest", "--numprocesses", "2", *(session.posargs or tests))
