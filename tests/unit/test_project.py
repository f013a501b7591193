# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tarball holds, and what its metadata says of it."""

from __future__ import annotations

import ast
import re
import tarfile
from pathlib import Path, PurePath
from typing import Any

import pytest
import yaml

from ansible_collections.influxops.influxdb3.plugins.module_utils._profile import profile_options
from harness.install import CHECKOUT, COLLECTION_PATH

GENERATED = {"FILES.json", "MANIFEST.json"}
SHIPPED = {
    *(
        "CODE_OF_CONDUCT.md",
        "CONTRIBUTING.md",
        "LICENSE",
        "MAINTAINERS",
        "README.md",
        "SECURITY.md",
        "bindep.txt",
        "requirements.txt",
    ),
    *("changelogs", "docs", "meta", "playbooks", "plugins", "roles"),
}
ROLES = sorted(path.name for path in (CHECKOUT / "roles").iterdir() if path.is_dir())


@pytest.fixture(scope="session")
def shipped(tarball: Path) -> list[PurePath]:
    """The paths in the tarball."""
    with tarfile.open(tarball) as archive:
        return [PurePath(name) for name in archive.getnames()]


TEXTS = ("DOCUMENTATION", "EXAMPLES", "RETURN")
LONGEST_MODULE = 65
"""Lines of code, without the documentation, comments and empty lines."""
CODE = re.compile(r"`([\w/]+)`")


def test_tarball_holds_the_users_part_and_nothing_else(shipped: list[PurePath]) -> None:
    top = {path.parts[0] for path in shipped}
    # antsibull-changelog writes CHANGELOG.md with the first release, and not before.
    assert top - {"CHANGELOG.md"} == GENERATED | SHIPPED


def test_tarball_holds_no_tests_and_no_caches(shipped: list[PurePath]) -> None:
    unwanted = {"tests", "simulator", "__pycache__"}
    hidden_or_compiled = [path for path in shipped if path.name.startswith(".") or path.suffix == ".pyc"]
    assert hidden_or_compiled == []
    assert [path for path in shipped if unwanted & {*path.parts}] == []


def test_tarball_holds_no_links(tarball: Path) -> None:
    with tarfile.open(tarball) as archive:
        assert [member.name for member in archive if not (member.isfile() or member.isdir())] == []


def test_action_group_holds_every_module_with_connection_options(collection_root: Path) -> None:
    collection = collection_root / COLLECTION_PATH
    runtime = yaml.safe_load((collection / "meta" / "runtime.yml").read_text(encoding="utf-8"))
    modules = {module.stem for module in (collection / "plugins" / "modules").glob("*.py")}
    without_connection = {
        "influxctl_profile",
        "influxctl_profile_info",
        "db_token_file",
        "db_token_file_info",
        "fleet_report",
        "fleet_step",
        "preflight_host_info",
    }
    assert set(runtime["action_groups"]["all"]) == modules - without_connection


@pytest.mark.parametrize("role", ROLES)
def test_role_documents_every_variable_and_its_default(role: str) -> None:
    """Galaxy refuses a role without README.md, and warns of one without a description."""
    directory = CHECKOUT / "roles" / role
    assert (directory / "README.md").is_file()
    assert load(directory / "meta" / "main.yml")["galaxy_info"]["description"]
    options: dict[str, Any] = {}
    for entry in load(directory / "meta" / "argument_specs.yml")["argument_specs"].values():
        options |= entry["options"]
    documented = {name: option["default"] for name, option in options.items() if "default" in option}
    defaults = load(directory / "defaults" / "main.yml") or {}
    assert set(defaults) <= set(options), "every default is documented"
    assert {name: defaults.get(name) for name in documented} == documented
    assert all(name.startswith(f"{role}_") for name in options)


def test_readme_names_all_that_is_in_the_collection() -> None:
    readme = (CHECKOUT / "README.md").read_text(encoding="utf-8")
    directories = {"plugins/modules": "*.py", "playbooks": "*.yml"}
    names = {path.stem for where, what in directories.items() for path in (CHECKOUT / where).glob(what)} | set(ROLES)
    assert [name for name in sorted(names) if f"`{name}`" not in readme] == []


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def flat(options: dict[str, Any], prefix: str = "") -> dict[str, tuple[Any, ...]]:
    """What is asked of each option, nested ones by their path."""
    found: dict[str, tuple[Any, ...]] = {}
    for name, option in options.items():
        path = f"{prefix}{name}"
        choices = tuple(option.get("choices", ()))
        found[path] = (option.get("type", "str"), option.get("elements"), choices, option.get("required", False))
        found |= flat(option.get("options", {}), f"{path}.")
    return found


def test_the_profiles_of_the_role_take_what_the_module_takes() -> None:
    file = CHECKOUT / "roles" / "influxctl_profile" / "meta" / "argument_specs.yml"
    options = yaml.safe_load(file.read_text())["argument_specs"]["main"]["options"]
    one = flat(profile_options.PROFILE_OPTIONS["profiles"]["options"])
    assert flat(options["influxctl_profile_profiles"]["options"]) == one
    assert flat(options["influxctl_profile_users"]["options"]["profiles"]["options"]) == one
    assert flat(options["influxctl_profile_defaults"]["options"]) == {k: one[k] for k in one if k != "name"}


def test_the_architecture_has_a_row_for_each_package_and_no_others() -> None:
    """The packages' own `__init__.py` are empty, so the page is the only place with a sentence about each."""
    page = (CHECKOUT / "docs" / "development" / "architecture.md").read_text(encoding="utf-8")
    table = page.partition("| package |")[2].partition("\n\n")[0]
    named = {
        name.strip("/").rpartition("/")[2] for row in table.splitlines()[2:] for name in CODE.findall(row.split("|")[1])
    }
    plugins = CHECKOUT / "plugins"
    there = {
        path.name for path in plugins.iterdir() if path.is_dir() and path.name not in ("module_utils", "__pycache__")
    }
    there |= {path.parent.name for path in plugins.glob("*_utils/*/__init__.py")}
    assert len(there) > 12
    assert named == there


def test_the_workflows_run_what_the_makefile_has() -> None:
    """Each step of a workflow is a command that anybody can run: a target of the Makefile, by .ci/run where the machine
    may lack programs, or a line of a shell.
    """
    targets = set(re.findall(r"^([\w./%-]+):", (CHECKOUT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    lines = [
        step["run"]
        for path in sorted((CHECKOUT / ".github" / "workflows").glob("*.yml"))
        for job in yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"].values()
        for step in job["steps"]
        if "run" in step
    ]
    wanted = {word for line in lines for word in re.findall(r"(?:\.ci/run|\bmake) ([\w-]+)", line)}
    assert {"session", "docs", "build"} <= wanted <= targets


# What users call. All other filters and actions serve the collection's own roles and playbooks, and say so.
PUBLIC = {"cluster_export"}


def test_what_only_serves_the_collection_says_that_it_is_private(collection_root: Path) -> None:
    plugins = collection_root / COLLECTION_PATH / "plugins"
    paths = [*(plugins / "filter").glob("*.py"), *(plugins / "modules").glob("fleet_*.py")]
    text = "It is private to this collection."
    assert {path.stem for path in paths if text not in path.read_text(encoding="utf-8")} == PUBLIC


def test_nothing_is_public_by_accident() -> None:
    """A plugin's own code is in private packages, and what an action takes is documented by the module of its name."""
    plugins = CHECKOUT / "plugins"
    flat = [path.name for utils in ("module_utils", "plugin_utils") for path in (plugins / utils).glob("*.py")]
    assert flat == []
    packages = [path.parent.name for path in plugins.glob("*_utils/*/__init__.py")]
    assert [name for name in packages if not name.startswith("_")] == []
    modules, actions = ({path.stem for path in (plugins / kind).glob("*.py")} for kind in ("modules", "action"))
    assert actions - modules == set()


@pytest.mark.parametrize("path", sorted((CHECKOUT / "plugins" / "modules").glob("*.py")), ids=lambda path: path.stem)
def test_a_module_reads_like_its_documentation(path: Path) -> None:
    """Options in, plan, apply, result: what takes more lines is a part of its own, in `module_utils/_module`."""
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    code = [
        lines[number - 1]
        for statement in ast.parse(text).body
        if not (isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) in TEXTS)
        for number in range(statement.lineno, (statement.end_lineno or 0) + 1)
    ]
    assert len([line for line in code if line.strip()]) <= LONGEST_MODULE
