# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The maintainers' tools, on repositories of their own."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tools import cells, fragments, guides, links, release, texts


def git(repository: Path, *words: str) -> None:
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
    subprocess.run(["git", *identity, *words], cwd=repository, check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A collection of one module, whose release 1.9.0 is tagged."""
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "a.py").write_text("1\n")
    (tmp_path / "galaxy.yml").write_text("name: a\nversion: 1.9.0\n")
    (tmp_path / "changelogs" / "fragments").mkdir(parents=True)
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message", "a")
    git(tmp_path, "tag", "1.9.0")
    return tmp_path


def test_nothing_is_missing_while_nothing_has_changed(repository: Path) -> None:
    (repository / "README.md").write_text("not shipped as code")
    assert fragments.problem(repository) == ""


@pytest.mark.parametrize("name", ["plugins/a.py", "plugins/new.py", "roles/a/tasks/main.yml"])
def test_a_change_wants_a_fragment(repository: Path, name: str) -> None:
    (repository / name).parent.mkdir(parents=True, exist_ok=True)
    (repository / name).write_text("2\n")
    assert name in fragments.problem(repository)
    git(repository, "add", name)
    git(repository, "commit", "--quiet", "--message", "b")
    assert name in fragments.problem(repository)
    (repository / "changelogs" / "fragments" / "1-a.yml").write_text("bugfixes: [a]\n")
    assert fragments.problem(repository) == ""


def test_a_branch_wants_a_fragment_of_its_own(repository: Path) -> None:
    """One that another branch has brought says nothing about this one's changes."""
    (repository / "plugins" / "a.py").write_text("2\n")
    (repository / "changelogs" / "fragments" / "1-a.yml").write_text("bugfixes: [a]\n")
    git(repository, "add", ".")
    git(repository, "commit", "--quiet", "--message", "b")
    git(repository, "update-ref", "refs/remotes/origin/main", "HEAD")
    assert fragments.problem(repository) == ""
    (repository / "plugins" / "a.py").write_text("3\n")
    git(repository, "commit", "--quiet", "--all", "--message", "c")
    assert "plugins/a.py" in fragments.problem(repository)
    (repository / "changelogs" / "fragments" / "2-b.yml").write_text("bugfixes: [b]\n")
    assert fragments.problem(repository) == ""


def test_the_first_release_wants_a_summary(repository: Path) -> None:
    git(repository, "tag", "--delete", "1.9.0")
    assert "release_summary" in fragments.problem(repository)


@pytest.mark.parametrize("version", ["1", "1.2", "v1.10.0", "1.10.0-rc1", "01.2.3", ""])
def test_only_three_numbers_are_a_version(repository: Path, version: str) -> None:
    assert "three numbers" in release.refusal(repository, version)


@pytest.mark.parametrize("version", ["1.9.0", "1.8.9", "0.10.0"])
def test_a_release_follows_the_last_one(repository: Path, version: str) -> None:
    assert "doesn't follow 1.9.0" in release.refusal(repository, version)


def test_a_release_is_made_of_what_is_committed(repository: Path) -> None:
    assert "Nothing that users see has changed since 1.9.0" in release.refusal(repository, "1.10.0")
    (repository / "changelogs" / "fragments" / "1-a.yml").write_text("bugfixes: [a]\n")
    git(repository, "add", ".")
    git(repository, "commit", "--quiet", "--message", "b")
    assert release.refusal(repository, "1.10.0") == ""
    (repository / "galaxy.yml").write_text("version: 2\n")
    assert "committed" in release.refusal(repository, "1.10.0")


def test_the_version_stands_in_one_place_and_in_the_links_to_the_repository(repository: Path) -> None:
    page = repository / "docs" / "docsite" / "rst" / "guide_a.rst"
    page.parent.mkdir(parents=True)
    for path in (repository / "README.md", page):
        path.write_text(f"1.9.0 {OWN}\n")
    release.set_version(repository, "1.10.0")
    assert (repository / "galaxy.yml").read_text() == "name: a\nversion: 1.10.0\n"
    for path in (repository / "README.md", page):
        assert path.read_text() == f"1.9.0 {OWN.replace('main', '1.10.0')}\n"


TEXTS = {"failure": {"failure": {"type": "dict"}}}


def test_texts_are_written_where_they_are_named() -> None:
    content = "a:\n  # texts.yml: failure\n  old: 1\n  # texts.yml ends\nb: 2\n"
    filled = texts.fill(content, TEXTS)
    assert filled == "a:\n  # texts.yml: failure\n  failure:\n    type: dict\n  # texts.yml ends\nb: 2\n"
    assert texts.fill(filled, TEXTS) == filled
    with pytest.raises(KeyError):
        texts.fill(content, {})


def test_files_that_differ_and_texts_that_nobody_shares_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = tmp_path / "plugins" / "modules" / "a.py"
    module.parent.mkdir(parents=True)
    module.write_text("# texts.yml: failure\nold: 1\n# texts.yml ends\n")
    source = tmp_path / "texts.yml"
    source.write_text("failure:\n  new: 1\nother:\n  x: 1\n")
    monkeypatch.setattr(texts, "SOURCE", source)
    first = texts.main(tmp_path, check=True)
    assert [problem.split(":")[0] for problem in first] == [
        "plugins/modules/a.py differs from tools/texts.yml",
        "tools/texts.yml",
        "tools/texts.yml",
    ]
    assert len(texts.main(tmp_path, check=False)) == 2
    assert module.read_text() == "# texts.yml: failure\nnew: 1\n# texts.yml ends\n"


PROFILE = yaml.safe_load("""\
token:
  description:
    - The token of O(host), a name - or an address - which
      is long.
    - More of it.
  type: dict
  suboptions:
    key:
      description: Beside O(token=a) and O(a.b.c#module:host), in O(<role_>dir).
""")


@pytest.mark.parametrize("role", ["", "cluster"])
def test_one_text_suits_options_in_several_places(role: str) -> None:
    content = "x:\n  # texts.yml: profile, brief, in items[]\n  # texts.yml ends\n"
    prefix = role and f"{role}_"
    filled = texts.fill(content, {"profile": PROFILE}, role)
    assert yaml.safe_load(filled) == {
        "x": {
            "token": {
                "description": "The token of O(items[].host), a name - or an address - which is long.",
                "type": "dict",
                "options" if role else "suboptions": {
                    "key": {"description": f"Beside O(items[].token=a) and O(a.b.c#module:host), in O({prefix}dir)."}
                },
            }
        }
    }
    assert texts.fill(filled, {"profile": PROFILE}, role) == filled
    assert "brief" in filled


OF_AN_ITEM = yaml.safe_load("""\
thing:
  name: {description: [What it is called, and more., At length.], type: str}
  parts:
    description: Its parts.
    type: list
    elements: dict
    suboptions:
      kind: {description: The kind., type: str, required: true, choices: [a, b]}
item:
  like: [thing]
  of: a.b.thing
  but:
    name: {required: true, description: ["<as> It is wanted in O(<role_>things).", Even more.]}
""")


def test_an_items_options_are_made_from_those_of_the_module() -> None:
    filled = texts.fill("# texts.yml: item, in things[]\n# texts.yml ends\n", texts.made(OF_AN_ITEM))
    assert yaml.safe_load(filled) == {
        "name": {
            "description": ["As O(a.b.thing#module:name). It is wanted in O(things).", "Even more."],
            "type": "str",
            "required": True,
        },
        "parts": {
            "description": "As O(a.b.thing#module:parts).",
            "type": "list",
            "elements": "dict",
            "suboptions": {
                "kind": {
                    "description": "As O(a.b.thing#module:parts[].kind).",
                    "type": "str",
                    "required": True,
                    "choices": ["a", "b"],
                }
            },
        },
    }


@settings(max_examples=50)
@given(
    words=st.lists(
        st.sampled_from(["a", "-", "some", "O(host)", "documentation", "[x]", "b:", "#c", "'"]), min_size=1, max_size=80
    )
)
def test_wrapping_changes_no_text(words: list[str]) -> None:
    text = {"long": {"a": {"description": [f"The {' '.join(words)}", "b"], "type": "str"}}}
    filled = texts.fill("# texts.yml: long\n# texts.yml ends\n", text)
    assert yaml.safe_load(filled) == text["long"]
    assert all(len(line) <= 120 for line in filled.splitlines())
    assert texts.fill(filled, text) == filled


def test_each_cell_of_the_matrix_is_a_job() -> None:
    source = """
A = f()
MATRIX = {
    "2.1": ("3.8", "3.9"),
    "2.2": ("3.9",),
    "2.3": ("3.9",),
}
DEVEL_PYTHONS = ("3.9",)
"""
    assert [(cell["session"], cell["python"], cell["may_fail"]) for cell in cells.cells(source)] == [
        ("matrix-2.1-3.8", "3.8", False),
        ("matrix-2.1-3.9", "3.9", False),
        ("matrix-2.2-3.9", "3.9", False),
        ("matrix-2.3-3.9", "3.9", False),
        ("sanity-2.1", "3.9", False),
        ("sanity-2.2", "3.9", False),
        ("devel", "3.9", True),
    ]


def test_the_noxfile_has_a_job_for_each_supported_core_and_no_gap() -> None:
    found = cells.cells(cells.NOXFILE.read_text(encoding="utf-8"))
    minors = sorted({int(cell["session"].split("-")[1].split(".")[1]) for cell in found if not cell["may_fail"]})
    assert minors == list(range(minors[0], minors[-1] + 1))


def test_a_page_loses_what_only_antsibull_knows() -> None:
    source = """..
  Copyright

.. _ansible_collections.influxops.influxdb3.docsite.guide_a:

A guide
=======

:ansopt:`influxops.influxdb3.mgmt_token#role:main:mgmt_token_force=true` of
:ansopt:`influxops.influxdb3.mgmt_token#role:audit_report:mgmt_token_audit_file`,
:ansplugin:`influxops.influxdb3.cluster#module`,
:ansretval:`influxops.influxdb3.cluster#module:changed`, :ansplugin:`ansible.builtin.uri#module`, :ansval:`1`:
:ref:`ansible_collections.influxops.influxdb3.docsite.guide_b`,
:ref:`that one <ansible_collections.influxops.influxdb3.docsite.guide_b>`
"""
    assert (
        guides.plain(source, {"guide_b": "B"}, "https://a/")
        == """A guide
=======

``mgmt_token_force=true`` of
``mgmt_token_audit_file``,
``cluster``,
``changed``, ``ansible.builtin.uri``, ``1``:
`B <https://a/guide_b.md>`__,
`that one <https://a/guide_b.md>`__
"""
    )


def test_a_block_of_a_page_says_which_file_it_is() -> None:
    source = ".. code-block:: yaml\n   :caption: a/b.yml\n\n   a: 1\n\n.. code-block:: console\n\n   $ true\n"
    assert (
        guides.plain(source, {}, "")
        == "``a/b.yml``:\n\n.. code-block:: yaml\n\n   a: 1\n\n.. code-block:: console\n\n   $ true\n"
    )


def test_the_title_of_a_table_stands_above_it() -> None:
    table = "\n   :header-rows: 1\n\n   * - a\n   * - b\n"
    source = f".. list-table:: Tokens{table}\n.. list-table::{table}"
    assert guides.plain(source, {}, "") == f"**Tokens**\n\n.. list-table::{table}\n.. list-table::{table}"


def test_a_row_of_a_table_stays_on_one_line() -> None:
    page = "text\n\n| a | b |\n|---|---|\n| a | of\ntwo\nlines |\n| a | of one |\n| a | of\ntwo |\n\ntext\non two\n"
    rows = "| a | b |\n|---|---|\n| a | of two lines |\n| a | of one |\n| a | of two |"
    assert guides.whole_rows(page) == f"text\n\n{rows}\n\ntext\non two\n"


def test_a_role_without_a_rule_is_refused() -> None:
    with pytest.raises(ValueError, match="no rule for :strange:`x`"):
        guides.plain(":strange:`x`", {}, "")


def test_a_pages_title_stands_above_its_line() -> None:
    assert guides.title("..\n  c\n\nA title\n=======\n\nA part\n------\n") == "A title"
    with pytest.raises(ValueError, match="no title"):
        guides.title("A part\n------\n")


OWN = "https://github.com/influxops/influxops.influxdb3/blob/main/docs/a.md"
PICTURE = "https://raw.githubusercontent.com/influxops/influxops.influxdb3/main/docs/a.svg"


def test_links_move_to_a_tag_and_no_others_do() -> None:
    other = "https://github.com/other/other/blob/main/a.md"
    text = f"[a]({OWN}#b) ![c]({PICTURE}) {other} main/docs"
    assert links.moved(text, "1.2.3") == text.replace("influxdb3/blob/main", "influxdb3/blob/1.2.3").replace(
        "influxdb3/main", "influxdb3/1.2.3"
    )
    assert links.ref_of(f"documentation: {links.moved(OWN, '1.2.3')}\n") == "1.2.3"


@pytest.mark.parametrize(
    ("html", "found"),
    [
        (f'<a href="{OWN}">a</a><img src="{PICTURE}"><a href="https://example.com">b</a>', []),
        ('<a href="docs/a.md">a</a>', ["docs/a.md: relative"]),
        ('<img src="docs/a.svg">', ["docs/a.svg: relative"]),
        ('<a href="#a">a</a>', ["#a: the page has no such anchor"]),
        ('<a href="#a">a</a><h2 id="a">a</h2>', []),
        (f'<a href="{links.moved(OWN, "2.0.0")}">a</a>', [f"{links.moved(OWN, '2.0.0')}: not at main"]),
        (f'<a href="{OWN}x">a</a>', [f"{OWN}x: no such file"]),
    ],
)
def test_what_leads_nowhere_on_galaxy_is_found(html: str, found: list[str]) -> None:
    assert links.problems(html, "main", {"docs/a.md", "docs/a.svg"}.__contains__) == found


def test_every_page_of_galaxy_importers_result_is_looked_at() -> None:
    page = {"name": "README.md", "html": "a"}
    contents = [
        {"content_type": "role", "content_name": "a", "readme_html": "b"},
        {"content_type": "module", "content_name": "c", "readme_html": None},
    ]
    blob = {"collection_readme": page, "documentation_files": [{**page, "name": "x.md"}], "contents": contents}
    assert [name for name, _html in links.pages({"docs_blob": blob})] == ["README.md", "x.md", "role a"]
