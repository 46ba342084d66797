"""The pages that people read first: their links lead somewhere, and they know every verb and every exit code."""

import doctest
import re
from pathlib import Path
from urllib.parse import unquote

import pytest
import typer

from standardsetting.cli import app
from standardsetting.errors import Exit

ROOT = Path(__file__).parents[2]
README, HOW_TO = ROOT / "README.md", ROOT / "docs" / "how-to.md"
PAGES = [README, *(ROOT / folder / "README.md" for folder in ("data", "data/sergeant-2023", "data/writing", "reports", "benchmarks")),
         *sorted((ROOT / "docs").glob("*.md"))]  # fmt: skip
VERBS = sorted(typer.main.get_command(app).commands)

_CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\(\s*<?([^)>\s]+)[^)]*\)")
_HEADING = re.compile(r"^#+ +(.+?) *$", re.MULTILINE)
_CODES = re.compile(r"(?<![\d.])(\d+) [a-z]")


def anchors(text):
    """The anchors of a page's headings."""
    return {re.sub(r"[^\w\- ]", "", heading.casefold()).replace(" ", "-") for heading in _HEADING.findall(_CODE.sub("", text))}


def dead_links(page, text):
    """Relative links of a page that lead to no file, or to no heading of it."""
    dead = []
    for target in _LINK.findall(_CODE.sub("", text)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / unquote(path)) if path else page
        if not file.exists() or (anchor and anchor not in anchors(text if file == page else file.read_text(encoding="utf-8"))):
            dead.append(target)
    return dead


def unmentioned(verbs, *texts):
    """Verbs that no example calls and no text names in code."""
    told = "\n".join(texts)
    return [verb for verb in verbs if not re.search(rf"(?:standardsetting |`){re.escape(verb)}(?![\w-])", told)]


def exit_codes(text):
    """The codes in the last section of the README."""
    return {int(code) for code in _CODES.findall(text.partition("## Exit codes")[2])}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_relative_link_leads_somewhere(page):
    assert dead_links(page, page.read_text(encoding="utf-8")) == []


def test_a_dead_link_is_seen():
    text = "# One\n[a](docs/design.md) [b](docs/nowhere.md) [c](#one) [d](#two) [e](docs/design.md#stages) [f](docs/design.md#no) `[g](x)`"
    assert dead_links(README, text) == ["docs/nowhere.md", "#two", "docs/design.md#no"]


def test_the_readme_links_to_every_page_of_the_documentation():
    linked = set(_LINK.findall(README.read_text(encoding="utf-8")))
    assert {f"docs/{page.name}" for page in (ROOT / "docs").glob("*.md")} - linked == set()


def test_every_verb_is_told():
    assert len(VERBS) > 10
    # The paragraph on the library names folders, some of which are called like a verb.
    readme, _, library = README.read_text(encoding="utf-8").partition("In the library:")
    assert library and unmentioned(VERBS, readme, HOW_TO.read_text(encoding="utf-8")) == []


def test_a_verb_that_nobody_tells_is_seen():
    assert unmentioned(["close", "early-access", "early"], "run standardsetting close now, then `early-access`") == ["early"]


def test_every_folder_of_the_library_is_in_the_readme():
    folders = {path.parent.name for path in (ROOT / "standardsetting").glob("*/__init__.py")}
    told = set(re.findall(r"`(\w+)`", README.read_text(encoding="utf-8").partition("In the library:")[2]))
    assert folders - told == set()


def test_the_exit_codes_are_those_of_the_program():
    assert exit_codes(README.read_text(encoding="utf-8")) == {int(code) for code in Exit}


def test_a_code_too_many_or_too_few_is_seen():
    text = README.read_text(encoding="utf-8")
    assert exit_codes(text.replace("15 busy", "15")) == {int(code) for code in Exit} - {15}
    assert exit_codes(text + " · 19 something new") == {int(code) for code in Exit} | {19}


def test_the_examples_of_the_how_to_page_print_what_they_say():
    found = doctest.testfile(str(HOW_TO), module_relative=False, encoding="utf-8")
    assert found.attempted >= 8 and not found.failed


def test_the_words_of_the_reports_about_groups_stand_in_order():
    page = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    words = re.findall(r"^\| (.+?) \|", page.partition("## Words of")[2], re.MULTILINE)
    plain = [word for word in words[1:] if not word.startswith("`[")]
    assert len(plain) > 30 and plain == sorted(plain, key=str.casefold)
