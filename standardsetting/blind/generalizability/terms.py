"""The components of variance: their names, which of them a table of ratings can tell apart, and how their effects repeat in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from standardsetting.blind.rated import Rated, numbered
from standardsetting.errors import UsageError

CANDIDATE, ASSESSOR, VALUE = "candidate", "assessor", "value"
CANDIDATE_ASSESSOR, CANDIDATE_VALUE, ASSESSOR_VALUE = "candidate x assessor", "candidate x value", "assessor x value"
RESIDUAL = "residual"
NESTED = "assessor in value"

# Each component is the set of facets whose every combination has an effect of its own.
FACETS: dict[str, frozenset[str]] = {
    CANDIDATE: frozenset({CANDIDATE}),
    ASSESSOR: frozenset({ASSESSOR}),
    VALUE: frozenset({VALUE}),
    CANDIDATE_ASSESSOR: frozenset({CANDIDATE, ASSESSOR}),
    CANDIDATE_VALUE: frozenset({CANDIDATE, VALUE}),
    ASSESSOR_VALUE: frozenset({ASSESSOR, VALUE}),
    NESTED: frozenset({ASSESSOR, VALUE}),
    RESIDUAL: frozenset({CANDIDATE, ASSESSOR, VALUE}),
}
CROSSED = (CANDIDATE, ASSESSOR, VALUE, CANDIDATE_ASSESSOR, CANDIDATE_VALUE, ASSESSOR_VALUE, RESIDUAL)
MAIN = (CANDIDATE, ASSESSOR, VALUE)
UNDETERMINED = 1e-9


@dataclass
class Effects:
    """How often each level of each set of facets was rated, counted once and shared by every component."""

    coded: Rated
    _levels: dict[frozenset[str], tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)
    _repeats: dict[tuple[frozenset[str], frozenset[str]], float] = field(default_factory=dict)

    def levels(self, facets: frozenset[str]) -> tuple[np.ndarray, np.ndarray]:
        """For each rating the level it has on these facets, and how often each level was rated."""
        if facets not in self._levels:
            self._levels[facets] = self._count_levels(facets)
        return self._levels[facets]

    def _count_levels(self, facets: frozenset[str]) -> tuple[np.ndarray, np.ndarray]:
        n = len(self.coded)
        if facets == FACETS[RESIDUAL]:  # no candidate, assessor and value come twice
            return np.arange(n, dtype=np.int32), np.ones(n, dtype=np.int32)
        code, size = np.zeros(n, dtype=np.int64), 1
        for name, count in zip(MAIN, self.coded.shape, strict=True):
            if name in facets:
                code, size = code * count + getattr(self.coded, name), size * count
        if size <= 4 * n + 1000:
            return code.astype(np.int32), np.bincount(code)
        _, code, counts = numbered(code, size)
        return code.astype(np.int32), counts

    def repeats(self, of: frozenset[str], within: frozenset[str]) -> float:
        """The expected uncorrected sum of squares between levels of `within`, for each unit of variance of the component on `of`.

        Henderson's first method: the sum, over the levels of both together, of their count squared, divided by the count of the level of
        `within` that they lie in.
        """
        if (of, within) not in self._repeats:
            self._repeats[of, within] = self._count_repeats(of, within)
        return self._repeats[of, within]

    def _count_repeats(self, of: frozenset[str], within: frozenset[str]) -> float:
        if of <= within:
            return float(len(self.coded))
        both, counts = self.levels(of | within)
        if counts.max() == 1:
            inner_counts = self.levels(within)[1]
            return float(np.count_nonzero(inner_counts))
        inner, inner_counts = self.levels(within)
        lies_in = np.zeros(len(counts), dtype=np.int64)
        lies_in[both] = inner
        return float((counts.astype(float) ** 2 / np.maximum(inner_counts[lies_in], 1)).sum())

    def expected(self, names: Sequence[str]) -> np.ndarray:
        """Expected sums of squares about the grand mean: one row a component's levels, one column a component's variance."""
        mean = frozenset[str]()
        about = np.array([self.repeats(FACETS[name], mean) for name in names])
        return np.array([[self.repeats(FACETS[name], FACETS[row]) for name in names] for row in names]) - about

    def sums_of_squares(self, names: Sequence[str]) -> np.ndarray:
        """Observed sums of squares about the grand mean between the levels of each component, weighted by how often a level was rated."""
        centred = self.coded.rating - self.coded.rating.mean()
        found = []
        for name in names:
            level, counts = self.levels(FACETS[name])
            totals = np.bincount(level, weights=centred, minlength=len(counts))
            found.append(float((totals**2 / np.maximum(counts, 1)).sum()))
        return np.array(found)

    def mean_weights(self, names: Sequence[str]) -> np.ndarray:
        """What each component's variance counts in the variance of the grand mean (1 over the number of levels, where balanced)."""
        return np.array([self.repeats(FACETS[name], frozenset()) for name in names]) / len(self.coded)


def choose_terms(coded: Rated, effects: Effects, facets: Sequence[str] | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The components to estimate and a sentence for each one that this design cannot tell apart from another.

    `facets` may be main facets (`candidate`, `assessor`, `value`: their interactions come with them) or the exact components.
    """
    asked = _asked(coded, facets)
    kept: list[str] = []
    notes: list[str] = []
    # The residual first, then main effects before interactions: what is left out is the finer of two that cannot be told apart.
    for name in (RESIDUAL, *[name for name in (*CROSSED[:-1], NESTED) if name in asked]):
        trial = [*kept, name]
        if name != RESIDUAL and _confounded(effects, trial):
            notes.append(f"{name[0].upper()}{name[1:]} has no component of its own: this table cannot tell it from the others.")
        else:
            kept.append(name)
    exact = facets is not None and not set(facets) <= set(MAIN)
    if notes and exact:
        raise UsageError(
            "Components that the ratings can tell apart were expected.", details=notes, next_step="Leave them out of `facets`."
        )
    if len(kept) == 1:
        raise UsageError("At least one component besides the residual was expected; these ratings determine none.", details=notes)
    if facets is None and ASSESSOR in kept and VALUE in kept and _each_assessor_one_value(effects):
        kept[kept.index(ASSESSOR)] = NESTED
    return tuple(name for name in (*CROSSED[:-1], NESTED, RESIDUAL) if name in kept), tuple(notes)


def _asked(coded: Rated, facets: Sequence[str] | None) -> tuple[str, ...]:
    if facets is None:
        facets = [name for name, count in zip(MAIN, coded.shape, strict=True) if count > 1]
    unknown = [name for name in facets if name not in FACETS]
    if unknown:
        raise UsageError(f"Facets among {', '.join(FACETS)} were expected; {len(unknown)} of those given are not.")
    if set(facets) <= set(MAIN):
        return tuple(name for name in CROSSED if FACETS[name] <= set(facets) or name == RESIDUAL)
    if NESTED in facets and {ASSESSOR, ASSESSOR_VALUE} & set(facets):
        raise UsageError("Assessors either nested in values or crossed with them were expected; both were asked for.")
    return tuple({*facets, RESIDUAL})


def _each_assessor_one_value(effects: Effects) -> bool:
    cells = effects.levels(frozenset({ASSESSOR, VALUE}))[1]
    return bool(np.count_nonzero(cells) == effects.coded.shape[1])


def _confounded(effects: Effects, names: Sequence[str]) -> bool:
    expected = effects.expected(names) / len(effects.coded)
    scale = np.sqrt(np.maximum(np.abs(expected).max(axis=1), UNDETERMINED))
    singular = np.linalg.svd(expected / scale[:, None], compute_uv=False)
    return bool(singular[-1] < UNDETERMINED * singular[0])
