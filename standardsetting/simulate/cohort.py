"""A synthetic cohort: every table that a process has, and the truth behind it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from standardsetting.errors import UsageError
from standardsetting.simulate import around, people
from standardsetting.simulate import interviews as held
from standardsetting.simulate.ratings import draw_assessors, global_grades
from standardsetting.simulate.rota import rota
from standardsetting.simulate.settings import Settings, chosen, stream


@dataclass(frozen=True)
class SimulatedCohort:
    """A synthetic cohort and the truth it was drawn from.

    Attributes
    ----------
    tables
        The input tables of a complete process by name, under the project's own column names: candidates, monitoring, interviews,
        ratings, global_ratings, assessors, benchmark, workshops, exceptions, progress.
    truth
        What no real process knows. `candidates`: ability (workshop and gap included), what a workshop added, the deviation of the day, and
        the performance on each value. `characteristics`: the true ones, declared or not. `assessors`: severity, drift and the fault of a
        few. `values`: difficulty. `thresholds`: where neighbouring points of the scale are equally likely. `videos`: performance on each
        value.
    settings
        What it was made from.
    seed
        The seed it was made with.
    not_eligible
        Further applicants whom the sift excluded: `candidates` and `monitoring` as in the tables, and their true `characteristics`.
    """

    tables: dict[str, pd.DataFrame]
    truth: dict[str, pd.DataFrame]
    settings: Settings
    seed: int
    not_eligible: dict[str, pd.DataFrame] = field(default_factory=dict)


def cohort(n: int, *, seed: int, settings: Settings | None = None, **changes: Any) -> SimulatedCohort:
    """Draw a cohort of candidates with their interviews, ratings and everything around them.

    Independent ratings come from a many-facet rating scale model in which ability is partly common to the values, assessors differ in
    severity, a few of them rate erratically, keep to the middle, do not tell the values apart or drift, and panels come from a rota.
    Agreed scores lie close to the mean of the independent ratings. Each part has a random stream of its own: changing an option does not
    reshuffle what does not depend on it.

    Parameters
    ----------
    n
        How many candidates were invited to interview.
    seed
        The same seed and settings give the same cohort.
    settings
        Where to start from; by default the first process.
    **changes
        Any field of `Settings`: ``panel_size=3``, ``workshop_effect=0``.

    Raises
    ------
    UsageError
        A change names no setting, or the settings cannot go together.

    Examples
    --------
    >>> small = cohort(20, seed=1, withdrawn=0, deferred=0)
    >>> int((small.tables["ratings"]["kind"] == "independent").sum()), 20 * 2 * 4
    (160, 160)
    """
    if n < 1:
        raise UsageError("A cohort needs at least one candidate.")
    made_from = chosen(settings, changes)
    tables, truth = _people(n, made_from, seed)
    performance = truth["candidates"][list(made_from.values)].to_numpy()
    interviewed, about_assessors = _interviews(tables["candidates"], performance, made_from, seed)
    truth.update(about_assessors)
    truth["values"] = pd.DataFrame({"value": list(made_from.values), "difficulty": made_from.value_difficulties})
    truth["thresholds"] = pd.DataFrame({"rating": made_from.points[1:], "threshold": made_from.thresholds})
    excluded = _not_eligible(tables["candidates"], made_from, seed)
    return SimulatedCohort(tables=tables | interviewed, truth=truth, settings=made_from, seed=seed, not_eligible=excluded)


def _people(n: int, settings: Settings, seed: int) -> tuple[dict[str, pd.DataFrame], dict[str, pd.DataFrame]]:
    """Candidates, their declarations and workshops; and their true abilities and characteristics."""
    candidates = people.draw_candidates(n, settings, stream(seed, "people")).join(people.draw_career(n, stream(seed, "sift")))
    ids, key = candidates["candidate_id"].to_numpy(), candidates["monitoring_key"].to_numpy()
    of_monitoring = stream(seed, "monitoring")
    characteristics = people.draw_characteristics(n, settings, of_monitoring)
    known = people.declared(characteristics, settings, of_monitoring)

    draw = stream(seed, "ability")
    ability, occasion = settings.ability_sd * draw.standard_normal(n), settings.occasion_sd * draw.standard_normal(n)
    specific = settings.specific_sd * draw.standard_normal((n, len(settings.values)))
    ability = settings.ability_mean + ability + settings.ability_sd * people.gap_of(characteristics, settings)
    workshops, attended = people.draw_workshops(known, ability, settings, stream(seed, "workshops"))
    gain = settings.ability_sd * settings.workshop_effect * attended
    performance = pd.DataFrame((ability + gain + occasion)[:, None] + specific, columns=list(settings.values))
    workshops.insert(0, "candidate_id", ids[workshops.pop("row").to_numpy()])
    known.insert(0, "monitoring_key", key)
    characteristics.insert(0, "candidate_id", ids)
    facts = pd.DataFrame({"candidate_id": ids, "ability": ability + gain, "workshop_gain": gain, "occasion": occasion})
    # In the order of the keys, which are random: the order of the rows says nothing about who is who.
    monitoring = known.sort_values("monitoring_key", ignore_index=True)
    tables = {"candidates": candidates, "monitoring": monitoring, "workshops": workshops}
    return tables, {"candidates": facts.join(performance), "characteristics": characteristics}


def _not_eligible(invited: pd.DataFrame, settings: Settings, seed: int) -> dict[str, pd.DataFrame]:
    """Applicants whom the sift excluded: from a stream of their own, so that nobody who was invited changes with them."""
    draw, n = stream(seed, "not eligible"), round(settings.not_eligible * len(invited))
    candidates = people.draw_not_eligible(n, invited, settings, draw)
    characteristics = people.draw_characteristics(n, settings, draw)
    known = people.declared(characteristics, settings, draw)
    known.insert(0, "monitoring_key", candidates["monitoring_key"])
    characteristics.insert(0, "candidate_id", candidates["candidate_id"])
    return {"candidates": candidates, "monitoring": known, "characteristics": characteristics}


def _interviews(
    candidates: pd.DataFrame, performance: np.ndarray, settings: Settings, seed: int
) -> tuple[dict[str, pd.DataFrame], dict[str, pd.DataFrame]]:
    """Everything that the panels leave behind; and the truth about assessors and videos."""
    ids, n = candidates["candidate_id"].to_numpy(), len(candidates)
    seating = rota(
        n,
        n_assessors=settings.n_assessors,
        panel_size=settings.panel_size,
        first_day=settings.first_day,
        last_day=settings.last_day,
        slots=settings.slots,
        seed=seed,
    )
    pool, of_assessors = settings.assessors_for(n), stream(seed, "assessors")
    severities = draw_assessors(pool, settings, of_assessors)
    assessors = around.draw_people_who_assess(pool, settings, of_assessors)
    codes = assessors["assessor_id"].to_numpy()
    reason = held.draw_exceptions(n, settings, stream(seed, "exceptions"))
    candidates.loc[reason == "deferred", "deferral"] = "maternity, paternity or adoption leave"
    rated = held.rate(performance, seating, severities, settings, seed)
    videos, benchmark = around.draw_benchmark(codes, severities, settings, seed)
    seats, attended = held.seats_of(seating, settings), held.was_held(reason)
    present = attended[seats.candidate]
    grades = global_grades(performance, seats, severities, settings, stream(seed, "global ratings"))
    scored = attended & ~np.isin(reason, ["interview void", "rating missing"])
    tables = {
        "interviews": held.interviews_table(ids, seating, reason, settings),
        "ratings": held.ratings_table(ids, codes, seating, rated, reason, settings, seed),
        "global_ratings": pd.DataFrame(
            {"candidate_id": ids[seats.candidate[present]], "assessor_id": codes[seats.assessor[present]], "grade": grades[present]}
        ),
        "assessors": assessors,
        "benchmark": benchmark,
        "exceptions": held.exceptions_table(ids, reason, stream(seed, "exceptions approved")),
        "progress": around.draw_progress(ids, rated[-1], scored, settings, stream(seed, "progress")),
    }
    severities.insert(0, "assessor_id", codes)
    return tables, {"assessors": severities, "videos": videos}
