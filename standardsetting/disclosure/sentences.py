"""Sentences that a report may say: found whole in a finished text, and taken out of it. The gate looks at what is left.

A number means something only beside its words. So a sentence with a number passes when the release holds the same sentence, when it is a
fixed text of the report, or when it is one that the report composes and its numbers are the release's. Everything else is left over.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

# Stands for every letter of what was taken out: no letter, no digit, and the end of a sentence on either side.
TAKEN = "\ue000"
_COUNTING = (
    "two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty|thirty"
    "|forty|fifty|sixty|seventy|eighty|ninety|hundred|dozen|both|neither|nobody|none|one|a single|a couple|a pair|zero|nought|nil"
)
# Words that count by themselves, but for thirds and weeks; "no" counts where people follow, or at the end ("Women: no"); "only", "sole" and
# "lone" where people follow.
_PEOPLE = (
    r"(?:people|persons?|candidates?|officers?|applicants?|women|woman|men|man|females?|males?|attenders?|transferees?|leavers?|members?"
    r"|staff|colleagues|asians?|blacks?|whites?|buddhists?|christians?|hindus?|jews?|jewish|muslims?|sikhs?|disabled|gay|lesbians?"
    r"|bisexuals?|minority|minorities)"
)
NUMBER_WORDS = re.compile(
    rf"\b(?:(?:{_COUNTING})\b(?:-[a-z]+)?+(?!\s+(?:thirds|quarters|weeks?)\b)|(?:no|only|sole|lone)\s+(?:[\w-]+\s+){{0,2}}?{_PEOPLE}\b|(?<=:\s)no\b(?=\s*(?:$|[.;,)\n])))"
)
_BREAK = re.compile(r"(?<=[.!?])\s+(?=[A-Z“\"(\[])")
# Over how many lines a sentence runs.
_LINES = 8
_BEGINNINGS, _OPEN, _ENDS = ".!?:;", "([“‘\"'", ".!?;:)]”’\"'"


def folded(text: str) -> str:
    """A text as texts are compared: small letters, one kind of minus, one space or one line break between words.

    Examples
    --------
    >>> folded("Women  had −7 \\n points (pre-\\nregistered)")
    'women had -7\\npoints (pre-registered)'
    """
    plain = unicodedata.normalize("NFKC", text).replace("\u2212", "-").replace("\u00ad", "").casefold()
    return re.sub(r"(?<=\w)-\n(?=\w)", "-", re.sub(r"\s+", lambda gap: "\n" if "\n" in gap.group() else " ", plain))


def counts(text: str) -> bool:
    """Whether a folded text holds a number, in figures or in words."""
    return bool(re.search(r"\d", text) or NUMBER_WORDS.search(text))


def sentences(text: str) -> Iterator[str]:
    """A text's sentences, and their beginnings up to a semicolon."""
    for whole in _BREAK.split(text):
        parts = whole.split("; ")
        yield from ("; ".join(parts[:n]) for n in range(1, len(parts) + 1))


@dataclass(frozen=True)
class Composed:
    """A sentence that a report composes: a pattern over folded text; its groups are words, which are looked at by themselves.

    Attributes
    ----------
    pattern
        The whole sentence.
    alone
        Whether it has to stand alone on its lines: a few words beside a number say too little among others.
    opens, closes
        Whether it begins and ends with its own words. Otherwise other words may stand there.
    fixed
        Its own words, without the gaps.
    anchor
        A word without which it cannot stand.
    """

    pattern: re.Pattern[str]
    fixed: str
    anchor: str
    alone: bool
    opens: bool = True
    closes: bool = True


@dataclass(frozen=True)
class Sentences:
    """What a report may say in words."""

    texts: tuple[str, ...]
    names: tuple[str, ...]
    pairs: tuple[str, ...]
    composed: tuple[Composed, ...]

    @classmethod
    def of(
        cls, texts: Iterable[str], *, names: Iterable[str] = (), pairs: Iterable[str] = (), composed: Iterable[Composed] = ()
    ) -> Sentences:
        """From texts that hold no data or have passed disclosure control.

        Parameters
        ----------
        texts
            Whole texts; a sentence of theirs passes where it stands as a sentence.
        names
            Names of groups, stages and other things with a number in them: they pass within a sentence too.
        pairs
            Names beside their number; they pass between commas too.
        composed
            Sentences with gaps.

        Examples
        --------
        >>> said = Sentences.of(["Women had 9 fewer successes; men had 12."], names=["aged 50 or more"])
        >>> said.rest("Aged 50 or more. Women had 9 fewer successes. Only 9 declared.").replace(TAKEN, "")
        '. . only 9 declared.'
        """
        # One word that counts ("none") is no sentence: it would pass behind any name.
        said = _longest_first(part for text in texts for part in sentences(text) if re.search(r"\d", part) or " " in part.strip())
        # A name of one word in which nothing but the word counts ("none") is no name.
        called = tuple(name for name in _longest_first(names) if re.search(r"\d", name) or " " in name)
        # The one with more words of its own first: another may be a part of it.
        return cls(said, called, _longest_first(pairs), tuple(sorted(composed, key=lambda one: -len(one.fixed.split()))))

    def rest(self, text: str, *, allows: Callable[[str, Composed], bool] = lambda said, one: True) -> str:
        """What is left of a text, folded. `allows` says whether the numbers of a composed sentence are the release's."""
        left = folded(text)
        if not counts(left):
            return left
        left = _without(left, self.pairs, _between_commas)
        left = _without(left, self.texts, lambda text, start, end: _begins(text, start) and _ends(text, end))
        left = _without(left, self.names, lambda text, start, end: not (_inside(text, start) or _inside(text, end)))
        left = "\n".join(self._filled(part, allows) if near else part for near, part in _in_parts(left))
        # A fixed text may have stood in a gap of a composed sentence.
        return _without(left, self.texts, lambda text, start, end: _begins(text, start) and _ends(text, end))

    def _filled(self, text: str, allows: Callable[[str, Composed], bool]) -> str:
        for one in self.composed:
            if one.anchor in text:
                text = one.pattern.sub(lambda match, one=one: _taken(match, one, allows), text)  # type: ignore[misc]
        return text


def _in_parts(text: str) -> Iterator[tuple[bool, str]]:
    """A text's lines in parts: those near a line that counts something in words stand together, as a sentence over several lines does."""
    lines = text.split("\n")
    counting = [at for at, line in enumerate(lines) if re.search(r"[^\W\d_]", line) and counts(line)]
    near = {each for at in counting for each in range(at - _LINES, at + _LINES + 1)}
    for together, part in groupby(range(len(lines)), key=near.__contains__):
        yield together, "\n".join(lines[at] for at in part)


def _longest_first(texts: Iterable[str]) -> tuple[str, ...]:
    """Folded texts that count, without what ends them; one that holds another comes before it."""
    said = {folded(text).strip(" .;:\n").replace("\n", " ") for text in set(texts)}
    kept = (text for text in said if counts(text) and re.search(r"[^\W\d_]", text))
    return tuple(sorted(kept, key=lambda text: (-len(text), text)))


def _between_commas(text: str, start: int, end: int) -> bool:
    return (_begins(text, start) or text[:start].endswith(", ")) and (_ends(text, end) or text[end : end + 2] == ", ")


def _without(text: str, known: Iterable[str], whole: Callable[[str, int, int], bool]) -> str:
    flat = text.replace("\n", " ")
    for each in known:
        start = flat.find(each)
        while start >= 0:
            end = start + len(each)
            if whole(text, start, end):
                text, flat = (f"{line[:start]}{TAKEN * len(each)}{line[end:]}" for line in (text, flat))
            start = flat.find(each, start + 1)
    return text


def _taken(match: re.Match[str], one: Composed, allows: Callable[[str, Composed], bool]) -> str:
    text, found = match.string, match.group()
    start, end = match.start(), match.end()
    if one.alone:
        begins, ends = _line(text, start, -1), _line(text, end, 1)
    else:
        begins = _begins(text, start) or text[:start].endswith(", ") or not (one.opens or found[:1].isalnum())
        ends = _ends(text, end) or text[end : end + 2] == ", " or not (one.closes or found[-1:].isdigit())
    if not (begins and ends and allows(found, one)):
        return found
    kept = sorted(span for span in match.regs[1:] if span[0] >= 0)
    out, at = "", start
    for first, last in kept:
        if first >= at:
            out += TAKEN * (first - at) + text[first:last]
            at = last
    return out + TAKEN * (end - at)


def _begins(text: str, start: int) -> bool:
    """Whether a sentence may begin here."""
    before = text[max(start - 2, 0) : start]
    if not before or before[-1] in "\n" + TAKEN + _OPEN:
        return True
    return before[-1] == " " and before[0] in _BEGINNINGS + TAKEN + "\n"


def _ends(text: str, end: int) -> bool:
    """Whether a sentence may end here; a full stop between two digits is none."""
    after = text[end : end + 2]
    if not after or after[0] in "\n" + TAKEN:
        return True
    return (after[0] in _ENDS and not after[1:].isalnum()) or after in (f" {TAKEN}", " (", " [")


def _line(text: str, at: int, step: int) -> bool:
    """Whether nothing else stands before or behind this on its line."""
    beside = text[:at].rpartition("\n")[2] if step < 0 else text[at:].partition("\n")[0]
    return not beside.strip(" .")


def _inside(text: str, at: int) -> bool:
    """Whether a place lies within a word or a number."""
    pair = text[max(at - 1, 0) : at + 1]
    return at > 0 and bool(re.fullmatch(r"\w\w|\d[.,]|[.,]\d", pair) and not (pair[1] in ".," and not text[at + 1 : at + 2].isdigit()))
