"""Legal coefficients and refused ones, with the reason in words, for each design."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from standardsetting.blind.rota import Rota

TWO_WAY = ("ICC(2,1)", "ICC(2,k)", "ICC(3,1)", "ICC(3,k)")
PEOPLE_DIFFER = (
    "it compares the same assessors on every candidate; here they differ, so columns of first and second assessors would be different "
    "people in every row, and swapping them would change the number"
)
ABOUT_VALUES = "it says how far the values go together, not how far assessors agree; one assessor's habit on every value raises it"


@dataclass(frozen=True)
class Recommendation:
    """Which coefficients have a meaning.

    Attributes
    ----------
    legal
        Names of those that have, the one to lead with first.
    refused
        The others: name to reason.
    table
        One row a coefficient: `coefficient`, `legal`, `reason`.
    warnings
        What to settle before reading any of them.
    rota
        The design.
    sentence
        In words.
    """

    legal: tuple[str, ...]
    refused: dict[str, str]
    table: pd.DataFrame = field(repr=False)
    warnings: tuple[str, ...]
    rota: Rota = field(repr=False)
    sentence: str


def recommendation(rota: Rota) -> Recommendation:
    """The coefficients for one design."""
    legal, refused = _none(rota) if rota.k_max < 2 else _by_design(rota)
    refused["Cronbach's alpha over values, as agreement"] = ABOUT_VALUES
    rows = [(name, True, reason) for name, reason in legal.items()] + [(name, False, reason) for name, reason in refused.items()]
    table = pd.DataFrame(rows, columns=["coefficient", "legal", "reason"])
    warnings = _warnings(rota)
    lead = f"Use {next(iter(legal))}: {next(iter(legal.values()))}." if legal else "No coefficient of agreement has a meaning here."
    return Recommendation(tuple(legal), refused, table, warnings, rota, " ".join((rota.sentence, lead, *warnings)))


def _none(rota: Rota) -> tuple[dict[str, str], dict[str, str]]:
    why = "every candidate has one assessor, so the candidate and the assessor's view of the candidate cannot be told apart"
    return {}, dict.fromkeys(("ICC(1,1)", "ICC(1,k)", *TWO_WAY, "G(q,k)", "G", "Phi"), why)


def _by_design(rota: Rota) -> tuple[dict[str, str], dict[str, str]]:
    if rota.design == "crossed":
        severity = "severity is the same for everybody: it moves no candidate against another, and it does count against a cut score"
        return {
            "ICC(2,k)": "the same assessors rated everybody, and it counts severity, as a pass mark does",
            "ICC(2,1)": "the same for one assessor's rating",
            "ICC(3,k)": f"for comparing candidates with each other only: {severity}",
            "ICC(3,1)": "the same for one assessor's rating",
            "G(q,k)": "q is 0, so it is the G of a crossed design",
            "G": "for comparing candidates with each other",
            "Phi": "for a decision against a fixed cut score",
            "ICC(1,1)": "it has a meaning and wastes what is known: it takes assessors as drawn anew for every candidate",
            "ICC(1,k)": "as ICC(1,1), for the mean",
        }, {}  # fmt: skip
    refused = dict.fromkeys(TWO_WAY, PEOPLE_DIFFER)
    refused["G of a crossed design"] = "severity is part of comparing candidates whose assessors differ; leaving it out is too hopeful"
    phi = "for a decision against a fixed cut score, where severity counts in full"
    if rota.design == "nested":
        no_phi = "the severity of assessors who each rated one candidate cannot be told from the rest; ICC(1,k) holds both"
        return {
            "ICC(1,k)": "every candidate had assessors of its own, so severity and disagreement cannot be told apart and both count",
            "ICC(1,1)": "the same for one assessor's rating",
            "G(q,k)": "q is 1/k: it is ICC(1,k) by another way",
        }, {**refused, "Phi": no_phi}  # fmt: skip
    if rota.design == "fixed pairs":
        within = "an assessor's severity is known only against the other members of the panel"
        return {
            "G(q,k)": f"practically nested, q = {rota.q:.3f} of at most {1 / rota.k:.3f}; {within}",
            "ICC(1,k)": "as if every candidate had assessors of its own: here nearly the same",
            "ICC(1,1)": "the same for one assessor's rating",
            "Phi": f"{phi}, if candidates were sent to panels at random",
        }, {**refused, "severity across panels": "panels share nobody, so severe panels and weaker candidates look the same"}  # fmt: skip
    legal = {
        "G(q,k)": f"candidates share assessors in part: q = {rota.q:.3f} says how much of severity stays in comparisons",
        "Phi": phi,
        "ICC(1,1)": "a lower bound for one assessor's rating: it counts all severity as error",
        "ICC(1,k)": "a lower bound: it counts all severity as error",
    }
    if rota.components > 1:
        refused["severity across parts"] = f"the assessors fall into {rota.components} parts that share no candidate"
    return legal, refused


def _warnings(rota: Rota) -> tuple[str, ...]:
    found = []
    if rota.identical.copied or rota.identical.beyond_chance or rota.identical.suspect_pairs:
        found.append(rota.identical.sentence)
    if rota.identical.agreed_rows:
        found.append(f"{rota.identical.agreed_rows} revised or agreed ratings were left out: they are not independent opinions.")
    if rota.single and rota.k_max > 1:
        found.append(
            f"{rota.single} of {rota.n_candidates} candidates had one assessor: they count in k and q and say nothing of agreement."
        )
    if not rota.complete:
        found.append("Some assessors did not rate every value of their candidates: totals are compared without those.")
    return tuple(found)
