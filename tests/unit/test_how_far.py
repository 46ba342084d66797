"""How far assessors agree: the page's numbers are those of the statistics, and it says nothing where nothing can be said."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from standardsetting import BlindScores, Process, figures, prose, tables
from standardsetting.blind.generalizability import g_qk
from standardsetting.blind.how_far import how_far_assessors_agree
from standardsetting.blind.icc import intraclass_correlations
from standardsetting.blind.scores import Account

VALUES = ("courage", "integrity", "compassion")
ACCOUNT = Account(None, 80, 80, 0, {}, 0, (), (), "2023-09-28T17:00:00+01:00")


def scores(ratings: list[tuple[str, str | None, str, float, str]], **extra: object) -> BlindScores:
    content = {
        "process": {"id": "p", "title": "P"},
        "scale": {"minimum": 1, "maximum": 5},
        "values": [{"name": v, "title": v.title(), "hurdle": 3} for v in VALUES],
    }
    table = pd.DataFrame(ratings, columns=["candidate", "assessor", "value", "rating", "kind"])
    interviews = pd.DataFrame({"candidate": table["candidate"].unique()}).assign(panel="P-1", day=1, complete=True)
    whole = table.merge(interviews[["candidate", "panel", "day"]], on="candidate").assign(**extra)
    return BlindScores(whole, interviews, Process.from_mapping(content), ACCOUNT, "seal")


def rated(n: int = 80, *, pool: int = 8, each: int = 2, severe: float = 0.0, copied: bool = False) -> BlindScores:
    """Candidates rated by `each` of `pool` assessors; assessor A-0 rates lower by `severe`."""
    draw = np.random.default_rng(3)
    rows = []
    for i in range(n):
        level = draw.normal(3.2, 0.8)
        agreed = np.clip(np.round(level + draw.normal(0, 0.7, len(VALUES))), 1, 5)
        for a in draw.choice(pool, each, replace=False):
            own = agreed if copied else np.clip(np.round(level - severe * (a == 0) + draw.normal(0, 0.7, len(VALUES))), 1, 5)
            rows += [(f"C-{i:03d}", f"A-{a}", v, x, "independent") for v, x in zip(VALUES, own, strict=True)]
        rows += [(f"C-{i:03d}", None, v, x, "agreed") for v, x in zip(VALUES, agreed, strict=True)]
    return scores(rows)


def independent(found: BlindScores) -> pd.DataFrame:
    return found.ratings[found.ratings["kind"] == "independent"]


def test_a_rota_of_varying_pairs_leads_with_gqk() -> None:
    blind = rated()
    found, expected = how_far_assessors_agree(blind, replicates=50), g_qk(independent(blind))
    assert found.lead is not None
    assert (found.lead.name, found.lead.value, found.lead.low, found.lead.high) == ("G(q,k)", expected.value, expected.low, expected.high)
    assert (found.lead.k, found.lead.q) == (expected.k, expected.q)
    said = prose.agreement(found).text
    assert f"G(q,k) = {expected.value:.2f} (95% interval {expected.low:.2f} to {expected.high:.2f})" in said


def test_the_same_assessors_for_everybody_lead_with_icc_2k_of_the_totals() -> None:
    blind = rated(30, pool=3, each=3)
    found = how_far_assessors_agree(blind, replicates=50)
    totals = independent(blind).groupby(["candidate", "assessor"])["rating"].sum().reset_index()
    expected = intraclass_correlations(totals).loc["ICC(2,k)", "estimate"]
    assert found.lead is not None
    assert found.lead.name == "ICC(2,k)"
    assert found.lead.value == pytest.approx(expected)


def test_shares_are_those_counted_by_hand() -> None:
    given = {"c": (3, 3), "d": (3, 4), "e": (2, 4)}
    rows = [(c, a, v, x, "independent") for c, pair in given.items() for a, x in zip("ab", pair, strict=True) for v in VALUES]
    found = how_far_assessors_agree(scores(rows), replicates=20)
    assert found.by_value["exact"].head(3).tolist() == pytest.approx([1 / 3] * 3)
    assert found.by_value["adjacent"].head(3).tolist() == pytest.approx([2 / 3] * 3)
    table = tables.agreement_by_value(found, scores(rows).process)
    assert table is not None
    assert table.data["Value"].tolist() == ["Courage", "Integrity", "Compassion", "Total"]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([("c", None, v, 3.0, "agreed") for v in VALUES], "agreed scores only"),
        ([(c, "a", v, 3.0, "independent") for c in "cd" for v in VALUES], "one assessor alone"),
    ],
)
def test_it_says_why_nothing_can_be_said(rows: list, said: str) -> None:
    blind = scores(rows)
    found = how_far_assessors_agree(blind)
    assert not found.known
    assert said in prose.agreement(found).text
    assert "cannot be said" in prose.agreement_heading(found).text
    nothing = (
        prose.agreement_warning(found), tables.agreement_by_value(found, blind.process), tables.coefficients(found), prose.severity(found),
        figures.severity_spread(found), prose.measurement_error(found), tables.measurement_error(found),
        figures.severity_by_code(found), prose.severity_codes_heading(found),
    )  # fmt: skip
    assert nothing == (None,) * len(nothing)


def test_agreed_scores_copied_in_raise_a_warning_and_count_as_no_evidence() -> None:
    honest, copied = how_far_assessors_agree(rated(), replicates=20), how_far_assessors_agree(rated(copied=True), replicates=20)
    assert prose.agreement_warning(honest) is None
    warning = prose.agreement_warning(copied)
    assert warning is not None
    assert 'class="warning"' in warning.html
    assert "copied" in warning.text
    assert "first settle" in prose.agreement_heading(copied).text
    evidence = [
        tables.checklist(agreement=found).data.set_index("Evidence").loc["How far assessors agree", "Where it is"]
        for found in (honest, copied)
    ]
    assert [str(cell) for cell in evidence] == ["in this pack: How far assessors agree", "not in this pack"]


def test_refused_coefficients_are_listed_with_the_reason() -> None:
    table = tables.coefficients(how_far_assessors_agree(rated(), replicates=20))
    assert table is not None
    rows = table.data.set_index("Coefficient")
    refused = rows[rows["Has a meaning here"] == "refused"]
    assert any("ICC(2,k)" in name for name in refused.index)
    assert refused["Why"].str.len().min() > 30
    assert rows.loc["G(q,k)", "Has a meaning here"] == "yes, and leads"


def test_a_severe_assessor_stands_first_in_the_annex_and_unnamed_on_the_page() -> None:
    found = how_far_assessors_agree(rated(160, severe=1.0), replicates=20)
    by_code, page = figures.severity_by_code(found), figures.severity_spread(found)
    assert by_code is not None
    assert page is not None
    assert by_code.twin.data["Assessor"].iloc[0] == "A-0"
    assert "A-0" not in page.html + page.alt
    assert page.twin.data["Assessors"].sum() == 8


def test_a_value_in_two_exercises_is_no_repeat() -> None:
    blind = rated(20)
    twice = pd.concat([blind.ratings.assign(exercise=name) for name in ("interview", "letter")], ignore_index=True)
    found = how_far_assessors_agree(BlindScores(twice, blind.interviews, blind.process, ACCOUNT, "seal"), replicates=20)
    assert "interview: courage" in found.by_value["value"].tolist()
