"""Every text of the named zone that could point at a person or a group: what the scan looks for before anything is published."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import pandas as pd

from standardsetting.blind.scores import KINDS
from standardsetting.named.cells import texts_of
from standardsetting.named.schemas import OCCASIONS, REASONS, STATUSES, folded
from standardsetting.named.validate import Checked
from standardsetting.process import Process

_KINDS = {
    "candidate_id": "candidate", "assessor_id": "assessor", "panel_id": "panel", "monitoring_key": "monitoring key", "name": "name",
    "email": "email", "telephone": "telephone", "force": "force", "site": "site", "rationale": "free text", "indicators": "free text",
    "approved_by": "name", "date": "date", "invited": "date", "booked": "date", "attended": "date",
    "trained_on": "date", "date_of_birth": "date of birth",
}  # fmt: skip
# What everybody's rows share: it describes the interview or the form, and nobody.
_NOBODYS = {
    "value", "rating", "kind", "status", "reason", "exercise", "occasion", "grade", "slot", "question_set", "step", "outcome", "role",
    "opt_out", "recorded_at", "method", "round", "item", "profile", "booklet", "judgement", "confidence",
    "eligible", "reason_not_eligible", "length_of_service", "previous_attempts", "arm",
}  # fmt: skip
_COMMON = frozenset({
    "yes", "no", "true", "false", "none", "other", "unknown", "na", "n/a", "mr", "mrs", "ms", "miss", "mx", "dr",
    "not known", "not stated", "prefer not to say", "rather not say", "not applicable", "no answer",
})  # fmt: skip
# These point at one person wherever they stand: a definition that mentions somebody does not make them public.
_NEVER_DECLARED = frozenset({"candidate", "name", "email", "telephone", "monitoring key", "date of birth"})
_SMALL_NUMBER = re.compile(r"[+-]?[0-9]{1,4}([.,][0-9]+)?")
_INDICATORS = re.compile(r"[pn][0-9]{1,2}([\s,;/|]+[pn][0-9]{1,2})*")
_BETWEEN_PARTS = re.compile(r"[\s,;.()\-–]+")
_LETTERS = re.compile(r"[^\W\d_]")
_SHORTEST_PANEL = 4
_FEWEST_WORDS = 3


def identities(checked: Checked) -> pd.DataFrame:
    """Every distinct text that identifies a person or tells a group.

    Whole cells of every column but those that describe the interview or the form, the ignored columns included; of names also each
    part of at least three letters; of addresses for mail also the part before the @; of telephone numbers also the bare digits. Left out
    are numbers below 10,000, single characters, yes and no and the ways not to answer, words that the definition itself declares (the
    organisation, a date, a value: they give nobody away; but never a person's own name, number or address), and short panel codes.

    Parameters
    ----------
    checked
        The checked tables.

    Returns
    -------
    DataFrame
        `kind` and `token`; tokens are casefolded, with single spaces, each once.
    """
    declared = _declared(checked.process)
    found: dict[str, str] = {}
    for name, table in checked.raw.items():
        for column in table.frame.columns:
            if column not in _NOBODYS:
                kind = _KINDS.get(column, "characteristic" if name == "monitoring" else "fact")
                _take(texts_of(table.frame[column]), kind, column, declared, found)
        for position in table.ignored.columns:
            _take(texts_of(table.ignored[position]), "ignored", "", declared, found)
    return pd.DataFrame({"kind": pd.Series(found.values(), dtype="str"), "token": pd.Series(found.keys(), dtype="str")})


def _take(texts: Iterable[str], kind: str, column: str, declared: _Declared, found: dict[str, str]) -> None:
    for text in texts:
        token = folded(text)
        for part_kind, part in _parts(token, kind, column):
            if part not in found and _points_at_somebody(part, part_kind) and (part_kind in _NEVER_DECLARED or part not in declared):
                found[part] = part_kind


def _parts(token: str, kind: str, column: str) -> Iterator[tuple[str, str]]:
    yield kind, token
    if column == "name":
        for part in _BETWEEN_PARTS.split(token):
            if len(_LETTERS.findall(part)) >= 3 and part != token:
                yield "name part", part
    elif kind == "email" and token.find("@") >= 5:
        yield "email", token[: token.find("@")]
    elif kind == "telephone":
        digits = re.sub(r"[^0-9]", "", token)
        if digits != token:
            yield "telephone", digits


def _points_at_somebody(token: str, kind: str) -> bool:
    if len(token) < 2 or token in _COMMON or _SMALL_NUMBER.fullmatch(token):
        return False
    if kind == "panel":
        return len(token) >= _SHORTEST_PANEL
    return kind != "free text" or (len(token.split()) >= _FEWEST_WORDS and not _INDICATORS.fullmatch(token))


class _Declared:
    """The words of the definition, asked by whole words: a token inside a longer word is not declared."""

    def __init__(self, words: frozenset[str], text: str) -> None:
        self.words, self.text = words, text

    def __contains__(self, token: str) -> bool:
        if token in self.words:
            return True
        return token in self.text and re.search(rf"(?<!\w){re.escape(token)}(?!\w)", self.text) is not None


def _declared(process: Process) -> _Declared:
    words = {folded(word) for word in (*KINDS, *STATUSES, *REASONS, *OCCASIONS)}
    content = process.without_sources().model_dump(mode="json")
    for day in process.dates.model_dump().values():
        if day is not None:
            words |= {f"{day:%Y-%m-%d}", f"{day:%d/%m/%Y}", f"{day.day}/{day.month}/{day.year}", f"{day:%d.%m.%Y}"}
    return _Declared(frozenset(words), folded(" \n ".join(_texts(content))))


def _texts(content: object) -> Iterator[str]:
    if isinstance(content, dict):
        for part in content.values():
            yield from _texts(part)
    elif isinstance(content, list):
        for part in content:
            yield from _texts(part)
    elif isinstance(content, str):
        yield content
