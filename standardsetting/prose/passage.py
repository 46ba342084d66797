"""A passage of the pack: sentences that were written from results, as HTML. Also the few words that depend on a number."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from standardsetting.tables.rounding import count


@dataclass(frozen=True)
class Passage:
    """A piece of prose.

    Parameters
    ----------
    html
        One or more HTML elements.
    """

    html: str

    @property
    def text(self) -> str:
        """The passage without its markup."""
        spaced = re.sub(r"</(?:p|h\d|li|div)>", "\n", self.html)
        return html.unescape(re.sub(r"<[^>]+>", "", spaced)).strip()

    def __add__(self, other: Passage) -> Passage:
        return Passage(self.html + other.html)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return {"text/plain": self.text, "text/html": self.html}


def heading(text: str, anchor: str) -> Passage:
    """A section's heading: its finding, or its name where there is none."""
    return Passage(f'<h2 id="{anchor}">{html.escape(text)}</h2>')


def paragraphs(*sentences: str, kind: str = "") -> Passage:
    """Paragraphs of plain text; what is empty is left out."""
    opening = f'<p class="{kind}">' if kind else "<p>"
    return Passage("".join(f"{opening}{html.escape(sentence)}</p>" for sentence in sentences if sentence))


def note(sentence: str, *, warning: bool = False) -> Passage:
    """A box beside the argument: a caution, or something to know."""
    return Passage(f'<div class="{"warning" if warning else "note"}"><p>{html.escape(sentence)}</p></div>')


def of(number: int, one: str, many: str | None = None) -> str:
    """A number and what it counts: "1 candidate", "4 candidates", "no candidates".

    Examples
    --------
    >>> of(1, "candidate"), of(1234, "candidate"), of(0, "person", "people")
    ('1 candidate', '1,234 candidates', 'no people')
    """
    name = one if number == 1 else many or one + "s"
    return f"{count(number) if number else 'no'} {name}"


def verb(number: int, one: str, many: str) -> str:
    """The form of a verb that fits a number: "1 is", "4 are"."""
    return f"{count(number)} {one if number == 1 else many}"


def listed(parts: Sequence[str], conjunction: str = "and") -> str:
    """Parts of a sentence as a list: "a", "a and b", "a, b and c"."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {conjunction} {parts[-1]}"


def sentence(text: str) -> str:
    """A text that begins with a capital and ends with a full stop."""
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")
