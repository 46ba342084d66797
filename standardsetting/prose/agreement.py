"""How far assessors agree, in words that a director understands."""

from __future__ import annotations

import numpy as np

from standardsetting.blind.how_far import TOTAL, HowFar, Lead
from standardsetting.prose.passage import Passage, heading, note, paragraphs, sentence
from standardsetting.tables.rounding import number, of, percent


def agreement_heading(found: HowFar) -> Passage:
    """The finding: how often assessors agree; or that a question comes first; or that it cannot be said."""
    if not found.known:
        return heading("How far assessors agree cannot be said from these data", "agreement")
    if found.suspect:
        return heading("How far assessors agree: first settle whether the ratings were independent", "agreement")
    return heading(f"Two assessors of a candidate are at most one step apart in {_range(found, 'adjacent')} of ratings", "agreement")


def agreement_warning(found: HowFar) -> Passage | None:
    """A warning where ratings look copied, or are identical beyond chance."""
    if not found.suspect or found.identical is None:
        return None
    return note(f"{found.identical.sentence} Until that is settled, no number of this section says how far assessors agree.", warning=True)


def agreement(found: HowFar) -> Passage:
    """Exact agreement, the coefficient that leads, what it means, and what it leaves out."""
    if found.lead is None or found.recommendation is None:
        return paragraphs(f"It cannot be said how far assessors agree: {found.reason}.")
    shown = (
        f"Two assessors who rated the same candidate independently gave the same rating in {_range(found, 'exact')} of cases, depending on "
        f"the value, and ratings at most one step apart in {_range(found, 'adjacent')}."
    )
    others = [told for told in found.recommendation.warnings if found.identical is None or told != found.identical.sentence]
    if found.identical is not None and not found.suspect:
        others.append(found.identical.sentence)
    return paragraphs(shown, _lead(found.lead), f"The rota: {found.recommendation.rota.sentence}", " ".join(others), _limits(found.lead))


def _lead(lead: Lead) -> str:
    if not lead.defined:
        return f"{lead.name} is the coefficient for this rota. It is not defined for these ratings. {sentence(lead.method)}".strip()
    between = f" ({percent(lead.confidence, 0)} interval {number(lead.low, 2)} to {number(lead.high, 2)})" if np.isfinite(lead.low) else ""
    return (
        f"The coefficient for this rota is {lead.name} = {number(lead.value, 2)}{between}, for the mean of a candidate's independent "
        f"totals (design: {lead.design}; k = {number(lead.k, 2)} assessors a candidate; q = {number(lead.q, 3)}). "
        f"It says that about {percent(lead.value, 0)} of the differences between candidates' totals are the candidates' own; the rest "
        "comes from who happened to rate them, and from chance."
    )


def _limits(lead: Lead) -> str:
    return (
        "This is about ratings given before the discussion; whether the discussion made scores better or only more alike cannot be seen. "
        f"Other questions on another day would differ by more, so {lead.name} is an upper bound of the reliability one would want to know."
    )


def severity(found: HowFar) -> Passage | None:
    """How far assessors differ in severity, without saying who."""
    known = found.severity["severity_shrunk"].dropna() if not found.severity.empty else None
    if known is None or known.empty:
        return None
    attrs, n = found.severity.attrs, len(found.severity)
    spread = f"Beside those who rated the same candidates, {of(n, 'assessor')} differ in severity with a standard deviation of " + (
        f"{number(attrs['severity_spread'], 2)} points on one value. Between the most severe and the most lenient lie about "
        f"{number(float(known.max() - known.min()), 1)} points on one value, once chance is allowed for."
    )
    apart = ""
    if len(attrs["subsets"]) > 1:
        apart = f"The assessors fall into {len(attrs['subsets'])} groups that share no candidate: severity is not compared across them."
    asked = int(found.severity["flags"].map(bool).sum())
    screens = f"Screens raised a question about {of(asked, 'assessor')} of {n}; " if asked else "No screen raised a question; "
    return paragraphs(
        f"{spread} {apart}".strip(),
        f"{screens}that is for the quality lead's report, and says nothing of the reasons. No score was adjusted for severity.",
    )


def measurement_error(found: HowFar) -> Passage | None:
    """By how much a total misses, near the totals where the line could lie."""
    if found.error is None:
        return None
    error = found.error.table["csem"]
    low, high = number(float(error.min()), 2), number(float(error.max()), 2)
    span = low if low == high else f"{low} to {high}"
    return Passage('<h3 id="error">Measurement error near the line</h3>') + paragraphs(
        f"From how far a candidate's assessors lie apart: the mean of their totals misses the total that many such assessors would give "
        f"by about {span} points (standard error), over the totals from {number(float(found.error.table['total'].min()))} to "
        f"{number(float(found.error.table['total'].max()))}. A candidate one point below a line is therefore hardly told from one on it. "
        "Severity that both assessors share is not in this error."
    )


def severity_codes_heading(found: HowFar) -> Passage | None:
    """The heading of the annex with blind codes."""
    return None if found.severity.empty else Passage("<h3>Severity by blind code of the assessor</h3>")


def _range(found: HowFar, column: str) -> str:
    shares = found.by_value.loc[found.by_value["value"] != TOTAL, column].dropna()
    if shares.empty:
        return "no"
    n = int(found.by_value["candidates"].max())
    low, high = (percent(float(share), n) for share in (shares.min(), shares.max()))
    return low if low == high else f"{low} to {high}"
