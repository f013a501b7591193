# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes the texts of documentation that stand in several places from one source, `tools/texts.yml`.

Ansible has fragments for the options of a plugin, but none for its return values before ansible-core 2.21, none for the
options inside of a list, and none for a role's. In the files that want a text, a comment names it:

    # texts.yml: failure
    failure:
      description: ...
    # texts.yml ends

`python -m tools.texts` writes the lines between the comments anew, indented as they are; with `--check` it only says
which files differ. One text suits several places by these means:

- `# texts.yml: NAME, brief` takes only the first paragraph of each description that is a list.
- `# texts.yml: NAME, in PATH` is for options inside of another option, such as `databases[]`. A reference of the text
  to one of its own options, such as `O(host)`, becomes `O(PATH.host)`. References with a module's name stay.
- In a role's specification, `suboptions:` becomes `options:`.
- `O(<role_>secret_dir)` names an option outside of the text. It becomes the role's variable `O(cluster_secret_dir)` in
  the role `cluster`, and `O(secret_dir)` in a module.
"""

from __future__ import annotations

import re
import sys
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path

import yaml

SOURCE = Path(__file__).with_name("texts.yml")
PLACES = ("plugins/modules/*.py", "plugins/doc_fragments/*.py", "roles/*/meta/argument_specs.yml")
_PLACE = re.compile(
    r"^(?P<indent> *)# texts\.yml: (?P<name>[\w-]+)(?P<brief>, brief)?(?:, in (?P<path>\S+))?\n"
    r"(?P<text>.*?)^(?P=indent)# texts\.yml ends\n",
    re.M | re.S,
)
_LISTED = re.compile(
    r"^(?P<indent> *)description:\n"
    r"(?P=indent)  - (?P<first>.*\n(?:(?P=indent)    .*\n)*)"
    r"(?:(?P=indent)  (?:- |  ).*\n)*",
    re.M,
)
_PARAGRAPH = re.compile(
    r"^(?P<head>(?P<indent> *)(?:- |description: ))(?P<words>[^\s\"'|>].*\n(?:(?P=indent)  .*\n)*)", re.M
)
_WIDTH = 120
_OWN_REFERENCE = re.compile(r"\bO\((?=[a-z][^#)]*\))")


def fill(content: str, texts: Mapping[str, str], role: str = "") -> str:
    """Return a file's content with the named texts in their places.

    `role` is the name of the role whose specification the file is. Raises KeyError for a text that isn't there.
    """

    def written(place: re.Match[str]) -> str:
        text = texts[place["name"]]
        if place["brief"]:
            text = _LISTED.sub(r"\g<indent>description: \g<first>", text)
        if place["path"]:
            text = _OWN_REFERENCE.sub(f"O({place['path']}.", text)
        if role:
            text = re.sub(r"\bsuboptions:$", "options:", text, flags=re.M)
        text = text.replace("<role_>", role and f"{role}_")
        head, indent = content[place.start() : place.start("text")], place["indent"]
        return f"{head}{textwrap.indent(_wrapped(text, _WIDTH - len(indent)), indent)}{indent}# texts.yml ends\n"

    return _PLACE.sub(written, content)


def _wrapped(text: str, width: int) -> str:
    """Return a text with its descriptions wrapped. No line begins with a dash, which would begin an item of a list."""

    def lines(paragraph: re.Match[str]) -> str:
        words = " ".join(paragraph["words"].split()).replace(" - ", "\0- ")
        return (
            textwrap.fill(
                words,
                width,
                initial_indent=paragraph["head"],
                subsequent_indent=f"{paragraph['indent']}  ",
                break_long_words=False,
                break_on_hyphens=False,
            ).replace("\0", " ")
            + "\n"
        )

    return _PARAGRAPH.sub(lines, text)


def role_of(path: Path) -> str:
    """Return the name of the role whose specification a file is, or an empty text."""
    return path.parent.parent.name if path.name == "argument_specs.yml" else ""


def names(content: str) -> list[str]:
    """Return the names of the texts that a file wants."""
    return [place["name"] for place in _PLACE.finditer(content)]


def files(checkout: Path) -> Iterator[Path]:
    """Yield the files that may want texts."""
    for pattern in PLACES:
        yield from sorted(checkout.glob(pattern))


def main(checkout: Path, *, check: bool) -> list[str]:
    """Write all files, or with `check` none; return a sentence for each problem."""
    texts: dict[str, str] = yaml.safe_load(SOURCE.read_text(encoding="utf-8"))
    wanted: list[str] = []
    problems = []
    for path in files(checkout):
        content = path.read_text(encoding="utf-8")
        wanted += names(content)
        filled = fill(content, texts, role_of(path))
        if filled != content and check:
            problems.append(f"{path.relative_to(checkout)} differs from tools/texts.yml: run `python -m tools.texts`")
        elif filled != content:
            path.write_text(filled, encoding="utf-8")
    problems += [f"tools/texts.yml: nobody wants {name}" for name in sorted(set(texts) - set(wanted))]
    problems += [f"tools/texts.yml: only one file wants {name}" for name in sorted(texts) if wanted.count(name) == 1]
    return problems


if __name__ == "__main__":
    sys.exit("\n".join(main(Path.cwd(), check="--check" in sys.argv)) or None)
