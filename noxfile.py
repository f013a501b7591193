# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The steps of every check. `make test` runs the sessions tagged `checks` and `tests`, `make test-all` those of `all`.

Environments and caches stay below .venv/.
"""

from __future__ import annotations

import os
import secrets
import shutil
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import nox

sys.path.insert(0, "tests")

from harness.browser import BROWSERS
from harness.install import COLLECTION_PATH, export

# Where this is set, as in many images of containers, each of thousands of processes would compile all that it imports.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

nox.options.default_venv_backend = "uv"
nox.options.envdir = ".venv/nox"
nox.options.reuse_venv = "yes"
nox.options.tags = ["checks", "tests"]

# The collection under its import name, for the tools that are content with a symlink.
TREE = Path(".venv/tree").resolve()
# Each line of ansible-core with the Pythons that it allows on a controller and the tests run on (3.11 and newer).
MATRIX = {
    "2.16": ("3.11", "3.12"),
    "2.17": ("3.11", "3.12"),
    "2.18": ("3.11", "3.12", "3.13"),
    "2.19": ("3.11", "3.12", "3.13"),
    "2.20": ("3.12", "3.13", "3.14"),
    "2.21": ("3.12", "3.13", "3.14"),
}
OLDEST_CORE, *BETWEEN, NEWEST_CORE = MATRIX
LOCKS = {OLDEST_CORE: "test-oldest", **{core: f"test-{core}" for core in BETWEEN}, NEWEST_CORE: "test"}
# What GitHub reads, by the name of its schema.
GITHUB = {
    "github-workflows": [".github/workflows/release.yml", ".github/workflows/tests.yml"],
    "github-issue-forms": [".github/ISSUE_TEMPLATE/bug.yml", ".github/ISSUE_TEMPLATE/feature.yml"],
    "github-issue-config": [".github/ISSUE_TEMPLATE/config.yml"],
    "dependabot": [".github/dependabot.yml"],
}
# What ansible-core is to be next, with the Pythons that it allows.
DEVEL_PYTHONS = ("3.13", "3.14")


def search_path() -> str:
    """PATH, with the real interpreters' directories in place of pyenv's shims, which fail for inactive versions."""
    directories: list[str] = []
    for directory in map(Path, os.environ["PATH"].split(os.pathsep)):
        versions = directory.parent / "versions"
        is_shims = directory.name == "shims" and versions.is_dir()
        directories += sorted(map(str, versions.glob("*/bin")), reverse=True) if is_shims else [str(directory)]
    return os.pathsep.join(directories)


def interpreter(*versions: str) -> str | None:
    """The running Python where it is one of the given versions, otherwise the first that this machine has."""
    if f"{sys.version_info.major}.{sys.version_info.minor}" in versions:
        return sys.executable
    found = (shutil.which(f"python{version}", path=search_path()) for version in versions)
    return next(filter(None, found), None)


OLDEST_CORE_PYTHON = interpreter(*reversed(MATRIX[OLDEST_CORE]))
# Where the machine has no Python for the newest ansible-core, the newest that the running one allows has to do.
NEWEST_CORE_PYTHON = interpreter(*reversed(MATRIX[NEWEST_CORE])) or sys.executable
DEVEL_PYTHON = interpreter(*reversed(DEVEL_PYTHONS))


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


@nox.session(tags=["checks", "all"])
def lint(session: nox.Session) -> None:
    """ruff, mypy, ansible-lint, the documentation's, the changelog's, the licences' and the workflows' own checks."""
    install(session, "check")
    collection = link()
    failed = []
    for command in (
        ["ruff", "check", "--output-format", "concise"],
        ["ruff", "format", "--check", "--output-format", "concise"],
        ["mypy", "noxfile.py", "tests", "tools", str(collection / "plugins")],
        ["lint-imports", "--no-logo", "--no-cache", "pyproject.toml"],
        ["ansible-lint", "--nocolor", "--offline", "--profile", "production"],
        ["antsibull-changelog", "lint"],
        ["python", "-m", "tools.fragments"],
        ["python", "-m", "tools.texts", "--check"],
        ["python", "-m", "tools.guides", "--check"],
        ["antsibull-docs", "lint-collection-docs", "--plugin-docs", "--check-extra-docs-refs", "--skip-rstcheck", "."],
        ["reuse", "lint", "--lines"],
        ["zizmor", "--offline", "--quiet", ".github"],
        *(["check-jsonschema", "--builtin-schema", f"vendor.{schema}", *files] for schema, files in GITHUB.items()),
    ):
        try:
            # import-linter looks for the collection where Python does.
            session.run(*command, env={"ANSIBLE_COLLECTIONS_PATH": str(TREE), "PYTHONPATH": str(TREE)})
        except nox.command.CommandFailed:
            failed.append(" ".join(command[:3]))
    if failed:
        session.error("failed: " + ", ".join(failed))


@nox.session(tags=["checks", "all"])
def importer(session: nox.Session) -> None:
    """galaxy-importer on the built tarball: the checks of Galaxy and Automation Hub, without a single warning."""
    install(session, "importer")
    home = Path(session.create_tmp(), "home").resolve()
    home.mkdir(exist_ok=True)
    # ansible-test is the business of the sessions `sanity`: here it would want containers. ansible-lint is that of
    # `lint`, which gives it the same words, and no time that a busy machine may exceed.
    env = {
        "HOME": str(home),
        "GALAXY_IMPORTER_CHECK_REQUIRED_TAGS": "true",
        "GALAXY_IMPORTER_RUN_ANSIBLE_LINT": "false",
        "GALAXY_IMPORTER_RUN_ANSIBLE_TEST": "false",
    }
    # It leaves its result in the current directory.
    with tempfile.TemporaryDirectory() as workdir, session.chdir(workdir):
        source = export(Path(workdir, "source"))
        built = session.run(
            "ansible-galaxy", "collection", "build", str(source), "--output-path", workdir, env=env, silent=True
        )
        if built is None:
            # With --install-only, nothing is run.
            return
        (tarball,) = Path(workdir).glob("*.tar.gz")
        output = str(session.run("python", "-m", "galaxy_importer.main", str(tarball), env=env, silent=True))
        checkout = {"PYTHONPATH": str(Path(__file__).parent)}
        session.run("python", "-m", "tools.links", "importer_result.json", env=checkout)
    # It ends with 0 whatever it warns of.
    findings = [line for line in output.splitlines() if line.startswith(("WARNING", "ERROR"))]
    session.log(f"galaxy-importer: {len(findings)} warnings")
    if findings or "processing completed successfully" not in output:
        session.error("\n".join(findings) or output)


@nox.session(python=NEWEST_CORE_PYTHON, tags=["checks", "all"])
def sanity(session: nox.Session) -> None:
    """ansible-test sanity, all its tests, with the newest ansible-core that the machine's Pythons allow."""
    run_sanity(session, "test")


@nox.session(name="test-oldest", python=OLDEST_CORE_PYTHON or False, tags=["tests"])
def test_oldest(session: nox.Session) -> None:
    """What depends on Ansible's version, on the oldest ansible-core that the collection supports."""
    skip_without(session, OLDEST_CORE_PYTHON, OLDEST_CORE, MATRIX[OLDEST_CORE])
    # The rest runs module code apart from Ansible, or plays of which each kind is here already.
    fleet = ("bootstrap", "rotation", "db_rotation", "audit", "preflight", "role_examples")
    names = (*(f"fleet/test_{name}" for name in fleet), "integration/test_scenarios", "integration/test_failures")
    run_tests(session, LOCKS[OLDEST_CORE], *(f"tests/{name}.py" for name in names))


@nox.session(name="test-newest", python=NEWEST_CORE_PYTHON, tags=["tests"])
def test_newest(session: nox.Session) -> None:
    """The tests, but those marked `complete`, on the newest ansible-core that the machine's Pythons allow."""
    run_tests(session, "test")


def cell(core: str, python: str) -> None:
    """Define the session of one cell of the matrix: this line of ansible-core on this Python."""
    path = interpreter(python)

    def run(session: nox.Session) -> None:
        skip_without(session, path, core, [python])
        run_tests(session, LOCKS[core], other_examples())

    run.__doc__ = f"The tests, but those marked `complete`, on ansible-core {core} and Python {python}."
    nox.session(name=f"matrix-{core}-{python}", python=path or False, tags=["all"])(run)


for _core, _pythons in MATRIX.items():
    for _python in _pythons:
        cell(_core, _python)


def sanity_cell(core: str) -> None:
    """Define the session of ansible-test sanity on this line of ansible-core."""
    path = interpreter(*reversed(MATRIX[core]))

    def run(session: nox.Session) -> None:
        skip_without(session, path, core, MATRIX[core])
        run_sanity(session, LOCKS[core])

    run.__doc__ = f"ansible-test sanity, all its tests, with ansible-core {core}."
    nox.session(name=f"sanity-{core}", python=path or False, tags=["all"])(run)


for _core in (OLDEST_CORE, *BETWEEN):
    sanity_cell(_core)


@nox.session(python=DEVEL_PYTHON or False, tags=["devel"])
def devel(session: nox.Session) -> None:
    """The tests, but those marked `complete`, and sanity, on what ansible-core is to be next. It may fail."""
    skip_without(session, DEVEL_PYTHON, "devel", DEVEL_PYTHONS)
    run_tests(session, "test-devel")
    run_sanity(session, "test-devel")


@nox.session(python=NEWEST_CORE_PYTHON, tags=["all"])
def complete(session: nox.Session) -> None:
    """What the cells of the matrix leave out, on the newest ansible-core that the machine's Pythons allow."""
    run_tests(session, "test", "-m", "complete and not crash", other_examples())


@nox.session(name="complete-oldest", python=OLDEST_CORE_PYTHON or False, tags=["all"])
def complete_oldest(session: nox.Session) -> None:
    """The same on the oldest ansible-core that the collection supports."""
    skip_without(session, OLDEST_CORE_PYTHON, OLDEST_CORE, MATRIX[OLDEST_CORE])
    run_tests(session, LOCKS[OLDEST_CORE], "-m", "complete and not crash", other_examples())


@nox.session(python=NEWEST_CORE_PYTHON, tags=["all"])
def crash(session: nox.Session) -> None:
    """Cut runs off at every point there is, on the newest ansible-core that the machine's Pythons allow."""
    run_tests(session, "test", "tests/integration", "tests/fleet", "-m", "crash")


@nox.session(name="probe", python=NEWEST_CORE_PYTHON, tags=["all"])
def as_on_clusters(session: nox.Session) -> None:
    """tests/integration as on the clusters whose reports are in tests/probes, or are named after `--`."""
    reports = [*session.posargs] or sorted(map(str, Path("tests/probes").glob("*.json")))
    if not reports:
        session.skip("tests/probes holds no report yet")
    session.posargs.clear()
    for report in reports:
        session.log(f"as on the cluster of {report}")
        session.env["PROBE"] = str(Path(report).resolve())
        run_tests(session, "test", "tests/integration")


@nox.session(tags=["all"])
def docs(session: nox.Session) -> None:
    """Build the documentation site in build/docs, and look at its pages in a browser."""
    install(session, "docs")
    link()
    env = {"ANSIBLE_COLLECTIONS_PATH": str(TREE)}
    site = Path("build", "docs")
    shutil.rmtree(site, ignore_errors=True)
    with tempfile.TemporaryDirectory() as pages:
        words = ("--use-current", "--squash-hierarchy", "--dest-dir", pages, "influxops.influxdb3")
        session.run("antsibull-docs", "collection", *words, env=env)
        session.run("sphinx-build", "-q", "-W", "--keep-going", "-c", "tests/docsite", pages, str(site), env=env)
    if not any(map(shutil.which, BROWSERS)):
        session.error(f"{site} is built, and looking at its pages needs a browser (Debian: apt-get install chromium)")
    session.run("python", "-m", "pytest", "tests/docsite", "-rA", "-m", "complete")


@nox.session(tags=["all"])
def molecule(session: nox.Session) -> None:
    """Every molecule scenario, over the tests' own SSH hosts."""
    install(session, "molecule")
    link()
    with tempfile.TemporaryDirectory() as home:
        env = {"ANSIBLE_COLLECTIONS_PATH": str(TREE), "HOME": home}
        session.run("molecule", "test", *(session.posargs or ["--all"]), env=env)


@nox.session
def bench(session: nox.Session) -> None:
    """The benchmark of whole clusters: hours, unless words after `--` ask for less. A test runs its smallest size."""
    install(session, "bench")
    session.run("python", "-m", "bench", *session.posargs, env={"PYTHONPATH": "tests"})


@nox.session(name="bench-rotation")
def bench_rotation(session: nox.Session) -> None:
    """The rotation of a fleet of a hundred hosts, unless words after `--` ask for another size."""
    install(session, "bench")
    session.run("python", "-m", "bench.rotation", *session.posargs, env={"PYTHONPATH": "tests"})


@nox.session(name="bench-fleet")
def bench_fleet(session: nox.Session) -> None:
    """What fleets of 50, 200 and 1,000 hosts cost the controller, unless words after `--` ask for other sizes."""
    install(session, "bench")
    session.run("python", "-m", "bench.fleet", *session.posargs, env={"PYTHONPATH": "tests"})


@nox.session(name="bench-profiles")
def bench_profiles(session: nox.Session) -> None:
    """What profiles cost a fleet that needs no change, and sending tomlkit a host (tests/bench/profiles.py)."""
    install(session, "bench")
    session.run("python", "-m", "bench.profiles", *session.posargs, env={"PYTHONPATH": "tests"})


@nox.session
def release(session: nox.Session) -> None:
    """Make the release whose version stands after `--` (tools/release.py)."""
    install(session, "check")
    session.run("python", "-m", "tools.release", *session.posargs)


def link() -> Path:
    """Lay the checkout where its import name says it is, and return that place."""
    collection = TREE / COLLECTION_PATH
    collection.parent.mkdir(parents=True, exist_ok=True)
    if not collection.is_symlink():
        collection.symlink_to(Path.cwd())
    return collection


def skip_without(session: nox.Session, path: str | None, core: str, pythons: Sequence[str]) -> None:
    """Say why the session is skipped, where no interpreter of the machine can run it."""
    if path is None:
        session.skip(f"ansible-core {core} is wanted on Python {' or '.join(pythons)}, which this machine doesn't have")


def run_sanity(session: nox.Session, requirements: str) -> None:
    """Run all of ansible-test's static checks."""
    install(session, requirements)
    home = Path(session.create_tmp(), "home").resolve()
    provide_pip(session, home)
    # ruff and mypy check the tests; they are not shipped.
    run_ansible_test(session, home, "sanity", "--exclude", "tests/")


def run_ansible_test(session: nox.Session, home: Path, command: str, *words: str) -> None:
    """Run ansible-test on a copy that lies where it wants one, and in a home of its own."""
    env = {"HOME": str(home), "PATH": os.pathsep.join([session.bin, search_path()]), "PIP_QUIET": "1"}
    # Not below .venv: ansible-test skips what the git repository around it ignores.
    with tempfile.TemporaryDirectory() as workdir, session.chdir(export(Path(workdir, COLLECTION_PATH))):
        session.run("ansible-test", command, "--color", "no", *words, env=env)


@nox.session(name="ansible-test-integration", python=NEWEST_CORE_PYTHON, tags=["all"])
def ansible_test_integration(session: nox.Session) -> None:
    """The targets that ansible-test runs: each module's life, for tools that call nothing else."""
    install(session, "test")
    home = Path(session.create_tmp(), "home").resolve()
    home.mkdir(exist_ok=True)
    run_ansible_test(session, home, "integration", "--local", *session.posargs)


@nox.session(name="lint-certified", python=interpreter("3.11") or False, tags=["all"])
def lint_certified(session: nox.Session) -> None:
    """ansible-lint in the version with which Red Hat certifies collections, on the oldest ansible-core of 2.16."""
    skip_without(session, interpreter("3.11"), "2.16.0", ["3.11"])
    install(session, "certified")
    link()
    words = ("--nocolor", "--offline", "--profile", "production")
    session.run("ansible-lint", *words, env={"ANSIBLE_COLLECTIONS_PATH": str(TREE)})


def provide_pip(session: nox.Session, home: Path) -> None:
    """Lay the pip that ansible-test pins where it looks first; it would fetch it from a server of its own."""
    question = (
        "from types import SimpleNamespace as N; from ansible_test._internal import python_requirements as r;"
        "print(r.get_venv_packages(N(version=''))['pip'])"
    )
    answer = session.run("python", "-c", question, silent=True)
    if answer is None:
        # With --install-only, nothing is run and nobody knows.
        return
    version = str(answer).strip()
    cache = home / ".ansible" / "test" / "cache"
    session.run_install(
        *("uv", "pip", "install", "--quiet", "--compile-bytecode"),
        *("--target", str(cache / "pip"), f"pip=={version}"),
        external=True,
    )
    script = cache / f"get_pip_{version.replace('.', '_')}.py"
    # Each of a dozen tests has an environment of its own, into which pip would install and compile itself.
    script.write_text(
        "import runpy, shutil, sys, sysconfig\n"
        f"shutil.copytree({str(cache / 'pip')!r}, sysconfig.get_path('purelib'), dirs_exist_ok=True)\n"
        "words = [word for word in sys.argv[1:] if not word.startswith(('--no-', 'pip=='))]\n"
        "if any(not word.startswith('--') for word in words):\n"
        "    sys.argv[1:] = ['install', '--ignore-installed', *words]\n"
        "    runpy.run_module('pip', run_name='__main__', alter_sys=True)\n",
        encoding="utf-8",
    )


def other_examples() -> str:
    """Have hypothesis draw other examples than `make test` always does. nox prints the word, and pytest's header too;
    after `--` on the command line it repeats them.
    """
    return f"--hypothesis-seed={secrets.randbelow(2**32)}"


def run_tests(session: nox.Session, requirements: str, *words: str) -> None:
    """Run pytest with the given words; those after `--` on the command line come last.

    With a process more than a small machine has cores, because plays also wait: for each other, and to try again.
    """
    install(session, requirements)
    session.run("python", "-m", "ansible", "playbook", "--version")
    # Stealing work, or one of the two ends up alone with the slow tests of the fleet.
    session.run("pytest", "--numprocesses", "3", "--dist", "worksteal", *words, *session.posargs)


# Its sessions are those of antsibull-nox.toml.
with suppress(ImportError):
    import antsibull_nox

    antsibull_nox.load_antsibull_nox_toml()
