"""A passage of the pack: sentences that were written from results, as HTML. Also lists and full stops."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from standardsetting.tables.table import Table


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


def listed(parts: Sequence[str], conjunction: str = "and") -> str:
    """Parts of a sentence as a list: "a", "a and b", "a, b and c"."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {conjunction} {parts[-1]}"


def sentence(text: str) -> str:
    """A text that begins with a capital and ends with a full stop."""
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")


def sub_heading(text: str, table: Table, otherwise: str) -> Passage:
    """The heading of a table in the annex; where the table has no rows, a sentence that says so in its place."""
    return Passage(f"<h3>{html.escape(text)}</h3>" + (paragraphs(otherwise).html if table.data.empty else ""))
