# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes texts of the documentation that stand in several files, from one source, `tools/texts.yml`.

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
- `<role_>prune` is an option of a module, and `cluster_prune` in the specification of the role `cluster`. A reference
  such as `O(<role_>prune)` gets no PATH.

The options of a module are also those of an item in a list of another one. Such a text is made from the module's:

    database-item:
      like: [database-options]
      of: influxops.influxdb3.database
      but:
        rename_from: {description: ["<as> It must not be the name of another item."]}

Each option keeps its type, its choices and its default. Its description becomes "As O(MODULE#module:OPTION).". `but`
has what differs, and `<as>` in it stands for this sentence.
"""

from __future__ import annotations

import re
import sys
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

SOURCE = Path(__file__).with_name("texts.yml")
PLACES = ("plugins/modules/*.py", "plugins/doc_fragments/*.py", "roles/*/meta/argument_specs.yml")
_PLACE = re.compile(
    r"^(?P<indent> *)# texts\.yml: (?P<name>[\w-]+)(?P<brief>, brief)?(?:, in (?P<path>\S+))?\n"
    r"(?P<text>.*?)^(?P=indent)# texts\.yml ends\n",
    re.M | re.S,
)
_WIDTH = 120
_OWN_REFERENCE = re.compile(r"\bO\((?=[a-z][^#)]*\))")
_VALUES = ("default", "sample")  # a mapping below these keys is a value, not part of the documentation's structure

Text = Mapping[str, Any]


@dataclass(frozen=True)
class Place:
    """Where a text is written: in how many columns, whether in short, inside of which option, and in which role."""

    width: int = _WIDTH
    brief: bool = False
    path: str = ""
    role: str = ""


def fill(content: str, texts: Mapping[str, Text], role: str = "") -> str:
    """Return a file's content with the named texts in their places.

    `role` is the name of the role whose specification the file is. Raises KeyError for a text that isn't there.
    """

    def written(found: re.Match[str]) -> str:
        indent = found["indent"]
        place = Place(_WIDTH - len(indent), bool(found["brief"]), found["path"] or "", role)
        head = content[found.start() : found.start("text")]
        text = "".join(f"{indent}{line}\n" for line in lines(texts[found["name"]], place))
        return f"{head}{text}{indent}# texts.yml ends\n"

    return _PLACE.sub(written, content)


def lines(text: Text, place: Place) -> Iterator[str]:
    """Yield the lines of a text in YAML. No line is longer than the place's width, unless a word is."""
    for key, value in text.items():
        name = "options" if place.role and key == "suboptions" else _in_role(key, place)
        if key == "description" and not isinstance(value, dict):
            yield from _description(value, place)
        elif isinstance(value, dict) and key not in _VALUES:
            yield f"{name}:"
            yield from (f"  {line}" for line in lines(value, replace(place, width=place.width - 2)))
        else:
            yield f"{name}: {_value(value)}"


def _description(value: str | list[str], place: Place) -> Iterator[str]:
    """Yield the lines of a description, which is a text or a list of paragraphs."""
    if place.brief and not isinstance(value, str):
        value = value[0]
    if isinstance(value, str):
        yield from _wrapped("description: ", "  ", value, place)
    else:
        yield "description:"
        for paragraph in value:
            yield from _wrapped("  - ", "    ", paragraph, place)


def _wrapped(head: str, indent: str, paragraph: str, place: Place) -> list[str]:
    """Return a paragraph's lines. None begins with a dash, which would begin an item of a list."""
    if place.path:
        paragraph = _OWN_REFERENCE.sub(f"O({place.path}.", paragraph)
    words = _value(_in_role(paragraph, place)).replace(" - ", "\0- ")
    wrapped = textwrap.wrap(
        words,
        place.width,
        initial_indent=head,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [line.replace("\0", " ") for line in wrapped]


def _in_role(text: str, place: Place) -> str:
    return text.replace("<role_>", place.role and f"{place.role}_")


def _value(value: object) -> str:
    """Return a value in one line of YAML."""
    dumped: str = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, sort_keys=False, width=sys.maxsize)
    return dumped.removesuffix("...\n").strip()


def made(sources: Mapping[str, Text]) -> dict[str, Text]:
    """Return the texts of the source by their names; those with `like` are made from others."""
    return {name: _item(text, sources) if "like" in text else text for name, text in sources.items()}


def _item(text: Text, texts: Mapping[str, Text]) -> Text:
    return {
        name: {**option, **_differing(text["but"].get(name, {}), option["description"])}
        for like in text["like"]
        for name, option in referring(texts[like], f"{text['of']}#module:").items()
    }


def _differing(but: Text, reference: str) -> Text:
    return {
        key: [paragraph.replace("<as>", reference) for paragraph in value] if key == "description" else value
        for key, value in but.items()
    }


def referring(options: Text, prefix: str) -> dict[str, dict[str, Any]]:
    """Return options whose descriptions only refer to the same options elsewhere, at all depths."""
    return {
        name: {
            **option,
            "description": f"As O({prefix}{name}).",
            **({"suboptions": referring(option["suboptions"], f"{prefix}{name}[].")} if "suboptions" in option else {}),
        }
        for name, option in options.items()
    }


def role_of(path: Path) -> str:
    """Return the name of the role whose specification a file is, or an empty text."""
    return path.parent.parent.name if path.name == "argument_specs.yml" else ""


def names(content: str) -> list[str]:
    """Return the names of the texts that a file's comments name."""
    return [place["name"] for place in _PLACE.finditer(content)]


def files(checkout: Path) -> Iterator[Path]:
    """Yield the files that may name texts."""
    for pattern in PLACES:
        yield from sorted(checkout.glob(pattern))


def main(checkout: Path, *, check: bool) -> list[str]:
    """Write all files, or with `check` none; return a sentence for each problem."""
    sources: dict[str, Text] = yaml.safe_load(SOURCE.read_text(encoding="utf-8"))
    texts = made(sources)
    wanted = [name for text in sources.values() for name in text.get("like", ())]
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
    shared = [name for name, text in sources.items() if "like" not in text]
    problems += [f"tools/texts.yml: only one file wants {name}" for name in sorted(shared) if wanted.count(name) == 1]
    return problems


if __name__ == "__main__":
    sys.exit("\n".join(main(Path.cwd(), check="--check" in sys.argv)) or None)
