"""Identifiers across tables: one coding for all of them, and the ways exports spell the same one differently."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping

import numpy as np
import pandas as pd

from standardsetting.named.cells import texts_of
from standardsetting.named.findings import Gathering
from standardsetting.named.ingest import RawTable
from standardsetting.named.schemas import IDENTIFIERS

_POINT_ZERO = re.compile(r"([0-9]+)\.0+")
_SENTENCES = {
    "leading zeros lost": "The same identifier stands elsewhere with leading zeros: Excel has read it as a number. Format the column "
    "as text and export it again.",
    "identifiers differ by case only": "The same identifier stands elsewhere in other capitals. Write it in one way.",
}

MISSPELT = tuple(_SENTENCES)


def shared_codes(raw: Mapping[str, RawTable], gathering: Gathering) -> dict[str, dict[str, pd.Series]]:
    """Each identifier column of each table, coded alike wherever it stands.

    Returns
    -------
    dict
        By identifier (`candidate_id`, ...) and table: a categorical column; one identifier has the same categories in every table.
    """
    coded: dict[str, dict[str, pd.Series]] = {}
    for identifier in IDENTIFIERS:
        columns = {name: _without_point(table, identifier, gathering) for name, table in raw.items() if identifier in table.frame}
        union = sorted(set().union(*(texts_of(column) for column in columns.values())))
        kind = pd.CategoricalDtype(pd.Index(union, dtype="str"))
        coded[identifier] = {name: column.cat.set_categories(kind.categories) for name, column in columns.items()}
        _tell_spellings(identifier, coded[identifier], gathering)
    return coded


def _without_point(table: RawTable, identifier: str, gathering: Gathering) -> pd.Series:
    """The column with 12.0 read as 12, as programs write whole numbers that stood beside blank cells."""
    column = table.frame[identifier]
    texts = texts_of(column)
    pointed = np.array([text.endswith("0") and _POINT_ZERO.fullmatch(text) is not None for text in texts], dtype=bool)
    if not pointed.any():
        return column
    rows = column.index[np.append(pointed, False)[column.cat.codes]]
    gathering.add(table.name, "identifier with a point and zero", "12.0 was read as 12.", column=identifier, rows=rows, blocking=False)
    codes, distinct = pd.factorize(np.array([_POINT_ZERO.sub(r"\1", text) for text in texts], dtype=object))
    recoded = np.append(codes, -1)[column.cat.codes]
    return pd.Series(pd.Categorical.from_codes(recoded, categories=pd.Index(distinct, dtype="str")), index=column.index)


def _tell_spellings(identifier: str, columns: Mapping[str, pd.Series], gathering: Gathering) -> None:
    if not columns:
        return
    texts = texts_of(next(iter(columns.values())))
    counts = sum(
        (np.bincount(c.cat.codes[c.cat.codes >= 0], minlength=len(texts)) for c in columns.values()), np.zeros(len(texts), dtype=int)
    )
    digits = [text.lstrip("0") or "0" if text.isdecimal() else None for text in texts]
    fewest_zeros = _odd_ones_out(digits, [-len(text) for text in texts])
    other_case = _odd_ones_out([text.casefold() for text in texts], [-count for count in counts])
    for kind, odd in (("leading zeros lost", fewest_zeros), ("identifiers differ by case only", other_case)):
        if odd.any():
            for name, column in columns.items():
                rows = column.index[np.append(odd, False)[column.cat.codes]]
                gathering.add(name, kind, _SENTENCES[kind], column=identifier, rows=rows)


def _odd_ones_out(sames: list[str | None], ranks: list[int]) -> np.ndarray:
    """Of texts that stand for the same, all but the one of lowest rank."""
    odd = np.zeros(len(sames), dtype=bool)
    if len({*sames} - {None}) == len(sames) - sames.count(None):
        return odd
    groups: dict[str, list[int]] = defaultdict(list)
    for position, same in enumerate(sames):
        if same is not None:
            groups[same].append(position)
    for positions in groups.values():
        if len(positions) > 1:
            odd[positions] = True
            odd[min(positions, key=lambda position: ranks[position])] = False
    return odd
