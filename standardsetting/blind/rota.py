"""Who rated whom: the design that really happened, and the coefficients that have a meaning on it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from standardsetting.blind.generalizability.shared_assessors import sharing
from standardsetting.blind.identical_vectors import IdenticalVectors, compare_vectors
from standardsetting.blind.rated import Dropped, rated
from standardsetting.blind.recommended import Recommendation, recommendation
from standardsetting.blind.rota_links import assessor_links

CROSSED, NESTED, FIXED, ILL_STRUCTURED = "crossed", "nested", "fixed pairs", "ill-structured"
__all__ = ["CROSSED", "FIXED", "ILL_STRUCTURED", "NESTED", "Recommendation", "Rota", "describe", "recommend"]


@dataclass(frozen=True)
class Rota:
    """The design of the ratings.

    Attributes
    ----------
    design
        `crossed`: the same assessors rated everybody. `nested`: every candidate had assessors of its own. `fixed pairs`: assessors sat in
        fixed panels that share nobody. `ill-structured`: anything else.
    components, component_of
        How many separate parts the assessors fall into, and which each is in (from 1, the largest first).
    bridges
        One row a pair of assessors who are the only link between two parts: `assessor_1`, `assessor_2`, `candidates`.
    articulation
        Assessors without whom their part would fall apart.
    common
        One row a pair of assessors with candidates in common: `assessor_1`, `assessor_2`, `candidates`.
    k, k_min, k_max
        Harmonic mean, least and most assessors of a candidate.
    q
        How much of the variance between assessors stays in comparisons of candidates: 0 crossed, 1/k nested. Missing for one candidate.
    density
        Share of all pairs candidate x assessor that were rated.
    nesting
        1 - H(assessor | candidate) / H(assessor): 0 where knowing the candidate tells nothing of the assessor, 1 where it tells all.
    n_candidates, n_assessors, n_values, n_ratings, single
        Sizes; `single` counts candidates with one assessor.
    complete
        Whether every assessor of a candidate rated every value.
    identical
        Ratings that are identical more often than they should be, if any.
    dropped
        What was left out, and why.
    sentence
        The design in words.
    """

    design: str
    components: int
    component_of: pd.Series = field(repr=False)
    bridges: pd.DataFrame = field(repr=False)
    articulation: tuple[str, ...]
    common: pd.DataFrame = field(repr=False)
    k: float
    k_min: int
    k_max: int
    q: float
    density: float
    nesting: float
    n_candidates: int
    n_assessors: int
    n_values: int
    n_ratings: int
    single: int
    complete: bool
    identical: IdenticalVectors = field(repr=False)
    dropped: tuple[Dropped, ...]
    sentence: str


def describe(ratings: pd.DataFrame) -> Rota:
    """Who rated whom, and what is that design called?

    Only who rated whom counts here, not the order of rows, the names, or which column an assessor stood in.

    Parameters
    ----------
    ratings
        A long table: `candidate`, `assessor`, `rating`, and `value` where there are several.

    References
    ----------
    q: Putka, Le, McCloy and Diaz (2008), Journal of Applied Psychology 93, 959-981.

    Examples
    --------
    >>> table = pd.DataFrame({"candidate": list("ccdd"), "assessor": list("abab"), "rating": [1, 2, 3, 5]})
    >>> found = describe(table)
    >>> found.design, found.q, found.k, found.components
    ('crossed', 0.0, 2.0, 1)
    """
    coded = rated(ratings)
    agreed = sum(one.count for one in coded.dropped if "agreed" in one.reason)
    n, n_assessors, n_values = coded.shape
    pairs = np.unique(coded.candidate.astype(np.int64) * n_assessors + coded.assessor)
    candidate, assessor = np.divmod(pairs, n_assessors)
    size, load = np.bincount(candidate), np.bincount(assessor)
    links = assessor_links(candidate, assessor, n_assessors)
    q, k = sharing(candidate, assessor) if n > 1 else (float("nan"), float(size.mean()))
    names = coded.assessors
    common = pd.DataFrame({"assessor_1": names[links.first], "assessor_2": names[links.second], "candidates": links.shared})
    order = np.argsort(-np.bincount(links.component), kind="stable")
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(1, len(order) + 1)
    candidates_by_component = np.bincount(links.component[assessor[np.searchsorted(candidate, np.arange(n))]])
    design = _design(load, len(pairs), np.bincount(links.component), candidates_by_component)
    rota = Rota(
        design=design,
        components=len(order),
        component_of=pd.Series(rank[links.component], index=pd.Index(names, name="assessor"), name="component"),
        bridges=common[links.bridges].reset_index(drop=True),
        articulation=tuple(str(name) for name in names[links.articulation]),
        common=common,
        k=k, k_min=int(size.min()), k_max=int(size.max()), q=q, density=len(pairs) / (n * n_assessors), nesting=_nesting(size, load),
        n_candidates=n, n_assessors=n_assessors, n_values=n_values, n_ratings=len(coded), single=int((size == 1).sum()),
        complete=len(coded) == len(pairs) * n_values, identical=compare_vectors(coded, agreed=agreed), dropped=coded.dropped, sentence="",
    )  # fmt: skip
    object.__setattr__(rota, "sentence", _sentence(rota))
    return rota


def recommend(rota: Rota | pd.DataFrame) -> Recommendation:
    """Which coefficients of agreement and reliability have a meaning on this design, which have not, and why?

    Examples
    --------
    >>> table = pd.DataFrame({"candidate": list("ccddee"), "assessor": list("abbcca"), "rating": [1, 2, 3, 5, 4, 4]})
    >>> found = recommend(table)
    >>> found.legal[0], "ICC(2,k)" in found.refused
    ('G(q,k)', True)
    """
    found = describe(rota) if isinstance(rota, pd.DataFrame) else rota
    return recommendation(found)


def _design(load: np.ndarray, pairs: int, assessors_in: np.ndarray, candidates_in: np.ndarray) -> str:
    """The name, from assessors' loads and from how many assessors and candidates each component has."""
    everybody = pairs == int((assessors_in * candidates_in).sum())  # each component is crossed in itself
    if everybody and len(assessors_in) == 1:
        return CROSSED
    if load.max() == 1:
        return NESTED
    return FIXED if everybody else ILL_STRUCTURED


def _nesting(size: np.ndarray, load: np.ndarray) -> float:
    share = load / load.sum()
    unconditional = -float((share * np.log(share)).sum())
    conditional = float((size * np.log(size)).sum() / size.sum())
    # Within a candidate each of its assessors counts once, so the entropy is the log of their number.
    return 1 - conditional / unconditional if unconditional > 0 else 0.0


def _sentence(rota: Rota) -> str:
    named = {
        CROSSED: f"The same {rota.n_assessors} assessors rated all {rota.n_candidates} candidates (crossed).",
        NESTED: f"Each of the {rota.n_candidates} candidates had assessors of its own (nested).",
        FIXED: f"{rota.n_assessors} assessors sat in {rota.components} fixed panels that share nobody (fixed pairs).",
        ILL_STRUCTURED: f"{rota.n_candidates} candidates were rated by varying sets of {rota.n_assessors} assessors (ill-structured).",
    }[rota.design]
    sizes = f" k = {rota.k:.2f} assessors a candidate, q = {rota.q:.3f}."
    if rota.components > 1:
        sizes += f" The assessors fall into {rota.components} separate parts: severity cannot be compared between them."
    elif len(rota.bridges) and rota.design == ILL_STRUCTURED:
        count = len(rota.bridges)
        sizes += f" {count} pair{'s' if count > 1 else ''} of assessors {'are' if count > 1 else 'is'} the only link between two parts."
    if rota.single:
        sizes += f" {rota.single} candidates had one assessor."
    return named + sizes
