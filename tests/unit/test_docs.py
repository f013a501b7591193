# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The documentation's pages leave nothing out: all are listed, and the playbooks' variables are all documented."""

from __future__ import annotations

import ast
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.install import CHECKOUT
from harness.pages import blocks, commands, missing
from tools import links

DOCSITE = CHECKOUT / "docs" / "docsite"
PAGES = sorted((DOCSITE / "rst").glob("*.rst"))
PLAYBOOKS = sorted((CHECKOUT / "playbooks").glob("*.yml"))
README = (CHECKOUT / "README.md").read_text(encoding="utf-8")
VARIABLE = re.compile(r"(?<![.\w/])(?:influxdb3|cluster|mgmt_token|db_token|preflight|probe)_\w+")


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def roles(play: dict[str, Any]) -> list[tuple[str, str]]:
    """The roles of a play with their entry points."""
    found = [(role["role"], "main") for role in play.get("roles", [])]
    for task in play.get("tasks", []):
        role = task.get("ansible.builtin.include_role") or task.get("ansible.builtin.import_role")
        found += [(role["name"], role.get("tasks_from", "main"))] if role else []
    return [(name.rsplit(".", 1)[1], entry) for name, entry in found]


def variables(playbook: Path) -> set[str]:
    """What a playbook reads: what it names itself, and the options of its roles."""
    plays = load(playbook)
    own = {task.get("register") for play in plays for task in play.get("tasks", [])}
    own |= {name for play in plays for name in play.get("vars", {})}
    own |= {entry for play in plays for _role, entry in roles(play)}
    read = set(VARIABLE.findall(playbook.read_text(encoding="utf-8"))) - own
    for role, entry in (one for play in plays for one in roles(play)):
        read |= set(load(CHECKOUT / "roles" / role / "meta" / "argument_specs.yml")["argument_specs"][entry]["options"])
    return read


@pytest.mark.parametrize("playbook", PLAYBOOKS, ids=lambda path: path.stem)
def test_a_playbooks_page_has_all_its_variables_and_no_others(playbook: Path) -> None:
    text = (DOCSITE / "rst" / f"playbook_{playbook.stem}.rst").read_text(encoding="utf-8")
    headings = re.findall(r"^   \* - (.+)$", text, re.MULTILINE)
    assert {name for heading in headings for name in VARIABLE.findall(re.sub(r"[\w.]+#role:\w+", "", heading))} == {
        name.rstrip("_") for name in variables(playbook)
    }


def test_every_page_is_listed() -> None:
    listed = [name for section in load(DOCSITE / "extra-docs.yml")["sections"] for name in section["toctree"]]
    assert sorted(listed) == [page.stem for page in PAGES]


def test_references_between_pages_lead_somewhere() -> None:
    """`make docs` sees this as well, but takes longer."""
    texts = {page.stem: page.read_text(encoding="utf-8") for page in PAGES}
    names = re.findall(r"ansible_collections\.influxops\.influxdb3\.docsite\.(\w+)(?!:)\b", "\n".join(texts.values()))
    assert len(names) > len(PAGES)
    assert set(names) <= set(texts)
    labels = [f".. _ansible_collections.influxops.influxdb3.docsite.{name}:" for name in texts]
    assert [label for label, text in zip(labels, texts.values(), strict=True) if label not in text] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_blocks_can_be_read(page: Path) -> None:
    """YAML is YAML, and what is captioned as a file of this repository stands in that file."""
    for block in blocks(page):
        if block.language == "yaml":
            assert yaml.safe_load(block.body), block
        if block.language == "console":
            assert all(command for command, _shown in commands(block.body)), block
        if block.caption.startswith("docs/"):
            lines = {line.strip() for line in (CHECKOUT / block.caption).read_text(encoding="utf-8").splitlines()}
            assert [line for line in block.body.splitlines() if line.strip() not in lines] == []


def test_the_readmes_matrix_is_that_of_the_tests() -> None:
    (assigned,) = re.findall(r"^MATRIX = (\{.*?^\})$", (CHECKOUT / "noxfile.py").read_text(), re.MULTILINE | re.DOTALL)
    rows = re.findall(r"^\| (2\.\d+) \| (.+) \|$", README, re.MULTILINE)
    assert {core: tuple(pythons.split(", ")) for core, pythons in rows} == ast.literal_eval(assigned)


@pytest.mark.parametrize("name", ["CONTRIBUTING.md", "SECURITY.md", "docs/development/checklist.md"])
def test_links_to_files_lead_somewhere(name: str) -> None:
    path = CHECKOUT / name
    links = re.findall(r"\]\((?!https?://)([^)#]+)\)", path.read_text(encoding="utf-8"))
    assert [link for link in links if not (path.parent / link).exists()] == []


SHOWN = [CHECKOUT / "README.md", *sorted((CHECKOUT / "docs").glob("*.md")), *sorted(CHECKOUT.glob("roles/*/README.md"))]


@pytest.mark.parametrize("path", SHOWN, ids=lambda path: str(path.relative_to(CHECKOUT)))
def test_what_galaxy_shows_has_no_relative_link_and_no_broken_one(path: Path) -> None:
    """`make importer` looks at what Galaxy makes of it; this needs nothing of Galaxy's."""
    text = re.sub(r"^```.*?^```|`[^`\n]*`", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    targets = re.findall(r"\]\(([^)\s]+)\)", text)
    page = "".join(f'<a href="{target}">' for target in targets)
    ref = links.ref_of((CHECKOUT / "galaxy.yml").read_text(encoding="utf-8"))
    assert links.problems(page, ref, lambda name: (CHECKOUT / name).exists()) == []


@pytest.mark.parametrize("path", SHOWN, ids=lambda path: str(path.relative_to(CHECKOUT)))
def test_each_row_of_a_table_stands_on_one_line(path: Path) -> None:
    """With a line break, what follows is no table any more."""
    text = re.sub(r"^```.*?^```", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    assert [line for line in text.splitlines() if line.startswith("|") and not line.endswith("|")] == []


def test_what_is_shown_is_compared() -> None:
    """Times, IDs, stars and blanks may differ; words, and their order, may not."""
    output = "TASK [a] *****\nok: [web1]  2026-01-01T00:00:00Z 01234567-89ab-cdef-0123-456789abcdef\nend\n"
    shown = ["TASK [a] ***", "...", "ok: [web1] 2027-02-02T00:00:00Z 11111111-1111-1111-1111-111111111111"]
    assert missing(output, shown) == []
    assert missing(output, ["ok: [...]..."]) == []
    assert missing(output, ["end", "TASK [a] ***"]) == ["TASK [a] ***"]
    assert missing(output, ["ok: [web2]..."]) == ["ok: [web2]..."]


LONG = [
    *(f"plugins/modules/{name}.py" for name in ("cluster", "db_token", "db_token_file", "influxctl_profile")),
    *(f"plugins/modules/{name}.py" for name in ("mgmt_token", "probe")),
    *(f"roles/{name}/meta/argument_specs.yml" for name in ("cluster", "db_token", "mgmt_token")),
]


@pytest.mark.parametrize("name", LONG)
def test_a_long_page_says_first_which_options_are_needed(name: str) -> None:
    """Its options stand in the order of the alphabet, and most of them are for few."""
    text = (CHECKOUT / name).read_text(encoding="utf-8")
    if name.endswith(".py"):
        description = yaml.safe_load(text.split('"""')[3])["description"]
    else:
        description = yaml.safe_load(text)["argument_specs"]["main"]["description"]
    assert description[1].startswith("In most cases you need O(")


PICTURES = links.pictures((CHECKOUT / "galaxy.yml").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("page", "name", "says"),
    [
        (page.stem, name, says)
        for page in PAGES
        for name, says in re.findall(
            r"^\.\. image:: (\S+)\n(?:   :alt: (.+)\n)?", page.read_text(encoding="utf-8"), re.M
        )
    ],
)
def test_a_pages_picture_can_be_read_on_a_phone_in_the_dark_and_aloud(page: str, name: str, says: str) -> None:
    """Galaxy, GitHub and the site show it as an image, so it has its own ground, and its letters shrink with it."""
    assert name.startswith(PICTURES), page
    assert len(says) > 40, "what it shows, in words"
    svg = ElementTree.parse(CHECKOUT / "docs" / "images" / name.removeprefix(PICTURES)).getroot()
    space = "{http://www.w3.org/2000/svg}"
    width, height = float(svg.attrib["width"]), float(svg.attrib["height"])
    ground = svg.find(f"{space}rect")
    assert ground is not None
    assert ground.attrib["fill"] == "#ffffff"
    assert float(ground.attrib["width"]) >= width - 4
    assert float(ground.attrib["height"]) >= height - 4
    # A phone has 350 pixels for it, and letters below 12 pixels are hard to read.
    sizes = [float(one.attrib["font-size"]) for one in svg.iter() if "font-size" in one.attrib]
    assert min(sizes) * min(1, 350 / width) >= 12
    assert svg.findtext(f"{space}title")
    assert svg.findtext(f"{space}desc")


def test_the_guides_of_what_has_many_steps_have_a_picture() -> None:
    with_one = {page.stem for page in PAGES if ".. image::" in page.read_text(encoding="utf-8")}
    assert {"guide_bootstrap", "guide_db_tokens", "guide_probe", "guide_rotation"} <= with_one
