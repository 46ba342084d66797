"""Who is compared and who is left out: the four kinds of "not known" are counted, never guessed and never a group of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from standardsetting.code_lists import NOT_KNOWN
from standardsetting.errors import UsageError

NO_ENTRY = "no entry"
IN_ANOTHER_GROUP = "in another group"

# Every wording of the four kinds, as code, label or found in exports, and the name that it goes by in a sentence.
KINDS = {
    " ".join(wording.replace("_", " ").casefold().split()): label[0].lower() + label[1:]
    for code, (label, also) in NOT_KNOWN.items()
    for wording in (code, label, *also)
}

Labels = pd.Series | np.ndarray | Sequence[object]


@dataclass(frozen=True)
class LeftOut:
    """How many people a statistic leaves out, and why."""

    reason: str
    n: int


@dataclass(frozen=True)
class TwoGroups:
    """Which people are compared. `focal` and `comparator` are masks over everybody; `why` says in a sentence if no comparison is possible.

    `comparator_name` is "everyone else" where no comparator was named: everybody else who declared a group.
    """

    focal: np.ndarray
    comparator: np.ndarray
    focal_name: str
    comparator_name: str
    left_out: tuple[LeftOut, ...]
    why: str

    @property
    def n(self) -> tuple[int, int]:
        """People in the focal group and in the comparator."""
        return int(self.focal.sum()), int(self.comparator.sum())

    @property
    def n_left_out(self) -> int:
        return sum(each.n for each in self.left_out)


def declared(labels: Labels) -> tuple[np.ndarray, np.ndarray, tuple[LeftOut, ...]]:
    """Labels as text, who declared a group, and the others by kind of "not known"."""
    series = pd.Series(np.asarray(labels, dtype=object))
    empty = series.isna().to_numpy()
    text = np.array(["" if none else str(label).strip() for label, none in zip(series, empty, strict=True)], dtype=object)
    empty = empty | (text == "")
    kinds = np.array([NO_ENTRY if none else kind_of(label) for label, none in zip(text, empty, strict=True)], dtype=object)
    known = kinds == ""
    counted = [LeftOut(kind, int((kinds == kind).sum())) for kind in (*dict.fromkeys(KINDS.values()), NO_ENTRY)]
    return text, known, tuple(each for each in counted if each.n)


def kind_of(label: str) -> str:
    """Which kind of "not known" a label is; empty for a declared group.

    Examples
    --------
    >>> kind_of("Opted out"), kind_of("opted_out"), kind_of("Female")
    ('opted out of monitoring', 'opted out of monitoring', '')
    """
    return KINDS.get(" ".join(label.replace("_", " ").casefold().split()), "")


def two_groups(
    labels: Labels, *, focal: str, comparator: str | None, usable: np.ndarray | None = None, fewest: int, unusable: str
) -> TwoGroups:
    """Split people into the focal group and its comparator.

    Parameters
    ----------
    labels
        A label for each person; the kinds of "not known" of the code lists and empty labels are counted and left out.
    focal, comparator
        The declared groups. Without a comparator: everybody else who declared one.
    usable
        Which people have what the statistic needs; the others are left out for the reason `unusable`.
    fewest
        With fewer people in either group there is no comparison: `why` says so, without the number.

    Raises
    ------
    UsageError
        The two groups are the same, or a name is a kind of "not known".
    """
    if focal == comparator:
        raise UsageError("The focal group and its comparator were expected to differ.")
    for name in (focal, comparator):
        if name is not None and kind_of(name):
            raise UsageError("A kind of 'not known' is no group: it has no rate and no comparison.")
    text, known, left_out = declared(labels)
    fit = np.ones(len(text), dtype=bool) if usable is None else np.asarray(usable, dtype=bool)
    if fit.shape != known.shape:
        raise UsageError("A group label for each person was expected.")
    in_focal = known & (text == focal)
    in_comparator = known & (text != focal) if comparator is None else known & (text == comparator)
    more = [
        LeftOut(IN_ANOTHER_GROUP, int((known & ~in_focal & ~in_comparator).sum())),
        LeftOut(unusable, int(((in_focal | in_comparator) & ~fit).sum())),
    ]
    name = "everyone else" if comparator is None else comparator
    first, second = in_focal & fit, in_comparator & fit
    why = too_few(int(first.sum()), focal, int(second.sum()), name, fewest, nobody_declared=not known.any())
    return TwoGroups(first, second, focal, name, (*left_out, *(each for each in more if each.n)), why)


def too_few(n: int, name: str, other_n: int, other_name: str, fewest: int, *, nobody_declared: bool = False) -> str:
    """Why two groups cannot be compared, in a sentence without their sizes; empty where they can."""
    if nobody_declared:
        return "Nobody declared this characteristic, so nothing can be compared."
    small = [each for each, size in ((name, n), (other_name, other_n)) if size < fewest]
    if not small:
        return ""
    return f"{' and '.join(small)}: fewer than {fewest} people, too few for this comparison."


def left_out_sentence(left_out: tuple[LeftOut, ...]) -> str:
    """How many were left out and why, for the end of a result's sentence."""
    if not left_out:
        return "Nobody was left out."
    return f"Left out: {'; '.join(f'{each.n} {each.reason}' for each in left_out)}."
