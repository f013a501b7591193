# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes the documentation's pages as Markdown, which Galaxy and GitHub show, from those of the documentation site.

`docs/docsite/rst` is the source; `docs/*.md` is made from it. Galaxy shows the Markdown files that lie in `docs`, and
knows neither reStructuredText nor the roles of antsibull-docs. `python -m tools.guides` writes the pages anew; with
`--check` it only says which differ. Pandoc does the work, and comes with the wheel `pypandoc_binary`.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import yaml

from tools.links import REPOSITORY, ref_of

DOCS = Path("docs")
SOURCES = DOCS / "docsite" / "rst"
INDEX = DOCS / "docsite" / "extra-docs.yml"
HEADER = """<!--
Copyright (c) 2026, influxops contributors
GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
SPDX-License-Identifier: GPL-3.0-or-later
Made by `python -m tools.guides` from docs/docsite; changes belong there.
-->

"""
_COLLECTION = "influxops.influxdb3."
_LABEL = f"ansible_collections.{_COLLECTION}docsite."
_COMMENT = re.compile(r"\A\.\.\n(?:  .*\n)+\n")
_ANCHOR = re.compile(r"^\.\. _[^:]+:\n\n", re.M)
_REFERENCE = re.compile(rf":ref:`(?:(?P<text>[^`<]+?)\s*<)?{re.escape(_LABEL)}(?P<page>\w+)>?`")
_PLUGIN = re.compile(rf":ansplugin:`(?:{re.escape(_COLLECTION)})?([\w.]+)#\w+`")
# Of a role, the entry point stands before the option.
_OPTION = re.compile(r":ans(?:opt|retval):`(?:[\w.]+#(?:role:)?\w+:)?([^`]+)`")
_OTHER = re.compile(r":ans(?:val|envvar):`([^`]+)`")
_CAPTION = re.compile(r"^(\.\. code-block:: \w+\n) +:caption: (.+)\n", re.M)
_TABLE = re.compile(r"^(\.\. list-table::) (.+)\n", re.M)
_LEFT = re.compile(r":[a-z]+:`[^`]*`")
_ROW = re.compile(r"^\|.*[^|\n](?:\n(?!\|).*[^|\n])*\n.*\|$", re.M)


def title(source: str) -> str:
    """Return a page's title: the first line that is underlined with `=`. Raises ValueError without one."""
    found = re.search(r"^(.+)\n=+$", source, re.M)
    if not found:
        raise ValueError("the page has no title")
    return found[1]


def plain(source: str, titles: dict[str, str], base: str) -> str:
    """Return a page in reStructuredText that any program reads: roles of antsibull-docs become literals and links.

    Markdown has no captions; pandoc drops that of a block, and writes that of a table below it. Here the caption of a
    block, which says which file it is, and that of a table become lines above them.

    `titles` has the title of each page by its name, `base` is the URL of their directory: Galaxy shows each page apart
    from the others. Raises ValueError for a role that isn't expected.
    """
    text = _ANCHOR.sub("", _COMMENT.sub("", source))
    text = _REFERENCE.sub(
        lambda found: f"`{found['text'] or titles[found['page']]} <{base}{found['page']}.md>`__", text
    )
    text = _OTHER.sub(r"``\1``", _OPTION.sub(r"``\1``", _PLUGIN.sub(r"``\1``", text)))
    text = _CAPTION.sub(r"``\2``:\n\n\1", text)
    text = _TABLE.sub(r"**\2**\n\n\1\n", text)
    left = _LEFT.findall(text)
    if left:
        raise ValueError(f"no rule for {', '.join(left)}")
    return text


def whole_rows(page: str) -> str:
    """Return a page of Markdown with each row of a table on one line: a line break would end the table.

    Pandoc leaves the lines of a cell as they are, because it is told to for all else (`--wrap=preserve`).
    """
    return _ROW.sub(lambda row: row[0].replace("\n", " "), page)


def index(sections: list[dict[str, object]], titles: dict[str, str], base: str) -> str:
    """Return the list of all pages as Markdown, under the captions of the documentation site."""
    parts = ["# Guides\n"]
    for section in sections:
        pages = section["toctree"]
        lines = [f"- [{titles[page]}]({base}{page}.md)\n" for page in pages] if isinstance(pages, list) else []
        parts.append(f"## {section['title']}\n\n{''.join(lines)}")
    return HEADER + "\n".join(parts)


def pages() -> dict[Path, str]:
    """Return every Markdown page's path with its content. Raises ValueError for a role that isn't expected."""
    # Only the environment of the checks has pandoc.
    import pypandoc

    sources = {path.stem: path.read_text(encoding="utf-8") for path in sorted(SOURCES.glob("*.rst"))}
    titles = {name: title(source) for name, source in sources.items()}
    base = f"https://github.com/{REPOSITORY}/blob/{ref_of(Path('galaxy.yml').read_text(encoding='utf-8'))}/docs/"
    texts = {name: plain(source, titles, base) for name, source in sources.items()}
    words = ["--wrap=preserve"]
    made = {
        DOCS / f"{name}.md": HEADER + whole_rows(pypandoc.convert_text(text, "gfm", format="rst", extra_args=words))
        for name, text in texts.items()
    }
    sections = yaml.safe_load(INDEX.read_text(encoding="utf-8"))["sections"]
    return {**made, DOCS / "README.md": index(sections, titles, base)}


def main(words: list[str]) -> str | None:
    """Write the pages, or say which differ; return the error, None without one."""
    made = pages()
    strange = [path for path in DOCS.glob("*.md") if path not in made]
    differ = [path for path, text in made.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    if words == ["--check"]:
        wrong = [str(path) for path in (*differ, *strange)]
        return f"run `python -m tools.guides`; it would write or remove {', '.join(wrong)}" if wrong else None
    for path in differ:
        path.write_text(made[path], encoding="utf-8")
    for path in strange:
        path.unlink()
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
