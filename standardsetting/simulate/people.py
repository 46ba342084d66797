"""Synthetic candidates and their declarations: identities, eligibility facts, characteristics and the four kinds of "not known"."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import numpy as np
import pandas as pd

from standardsetting.errors import UsageError
from standardsetting.simulate import names
from standardsetting.simulate.settings import Settings

PREFER_NOT, NOT_ASKED, UNKNOWN, OPTED_OUT = "prefer not to say", "not asked", "unknown in HR", "opted out"
NOT_KNOWN = (PREFER_NOT, NOT_ASKED, UNKNOWN, OPTED_OUT)

# Share of each answer among those who declared one. Sex and ethnicity come from the settings.
_ETHNIC_GROUPS = {
    "White": {
        "English, Welsh, Scottish, Northern Irish or British": 0.9,
        "Irish": 0.03,
        "Gypsy or Irish Traveller": 0.005,
        "Roma": 0.005,
        "Any other White background": 0.06,
    },
    "Mixed or multiple ethnic groups": {
        "White and Black Caribbean": 0.09,
        "White and Black African": 0.04,
        "White and Asian": 0.07,
        "Any other mixed background": 0.06,
    },
    "Asian or Asian British": {
        "Indian": 0.13,
        "Pakistani": 0.13,
        "Bangladeshi": 0.07,
        "Chinese": 0.02,
        "Any other Asian background": 0.06,
    },
    "Black, Black British, Caribbean or African": {"Caribbean": 0.09, "African": 0.1, "Any other Black background": 0.03},
    "Other ethnic group": {"Arab": 0.05, "Any other ethnic background": 0.06},
}
_ANSWERS = {
    "age_band": {
        "aged under 30": 0.14,
        "aged 30 to 34": 0.29,
        "aged 35 to 39": 0.27,
        "aged 40 to 44": 0.17,
        "aged 45 to 49": 0.09,
        "aged 50 and over": 0.04,
    },
    "disability": {"not disabled": 0.91, "disabled": 0.09},
    "religion": {
        "No religion": 0.5,
        "Christian": 0.34,
        "Muslim": 0.07,
        "Hindu": 0.03,
        "Sikh": 0.03,
        "Jewish": 0.01,
        "Buddhist": 0.01,
        "Any other religion": 0.01,
    },
    "sexual_orientation": {"Straight or heterosexual": 0.91, "Gay or lesbian": 0.05, "Bisexual": 0.03, "Other sexual orientation": 0.01},
    "caring": {"no caring responsibilities": 0.6, "caring responsibilities": 0.4},
    "working_pattern": {"full time": 0.9, "part time": 0.1},
}
GROUPS: dict[str, tuple[str, ...]] = {
    "sex": ("Female", "Male"),
    "ethnicity_5": tuple(_ETHNIC_GROUPS),
    "ethnicity_19": tuple(part for parts in _ETHNIC_GROUPS.values() for part in parts),
    **{name: tuple(answers) for name, answers in _ANSWERS.items()},
}
CHARACTERISTICS = tuple(GROUPS)
# Why the sift excludes, and how often each reason decides.
_REASONS = {"WBA": 0.15, "PDR": 0.15, "attendance record": 0.35, "discipline bar": 0.1, "service": 0.1, "training": 0.15}
# What the fact behind each reason looks like in the applicant tracking system.
_BEHIND = {
    "WBA": ("work_based_assessment", "WBA incomplete"),
    "PDR": ("performance_review", "PDR below competent"),
    "discipline bar": ("discipline_bar", "yes"),
    "service": ("last_served", "left over two years ago"),
    "training": ("mandatory_training", "training overdue"),
}
# What the personnel system holds; and what an earlier version of the form did not yet ask.
_FROM_HR = ("sex", "age_band", "working_pattern")
_ASKED_LATER = ("sexual_orientation", "caring")


def _pick(answers: dict[str, float], n: int, draw: np.random.Generator) -> np.ndarray:
    edges = np.cumsum(list(answers.values()))
    return np.array(list(answers), dtype=object)[
        np.minimum(np.searchsorted(edges / edges[-1], draw.random(n), side="right"), len(edges) - 1)
    ]


def draw_characteristics(n: int, settings: Settings, draw: np.random.Generator) -> pd.DataFrame:
    """Everybody's true characteristics, each drawn on its own."""
    minority = {group: parts for group, parts in _ETHNIC_GROUPS.items() if group != "White"}
    in_minority = draw.random(n) < settings.minority
    detail = np.where(
        in_minority,
        _pick({part: share for parts in minority.values() for part, share in parts.items()}, n, draw),
        _pick(_ETHNIC_GROUPS["White"], n, draw),
    )
    broad = {part: group for group, parts in _ETHNIC_GROUPS.items() for part in parts}
    out: dict[str, np.ndarray] = {
        "sex": np.where(draw.random(n) < settings.female, "Female", "Male").astype(object),
        "ethnicity_5": np.array([broad[part] for part in detail], dtype=object),
        "ethnicity_19": detail,
    }
    out.update({name: _pick(answers, n, draw) for name, answers in _ANSWERS.items()})
    return pd.DataFrame(out)


def declared(truth: pd.DataFrame, settings: Settings, draw: np.random.Generator) -> pd.DataFrame:
    """What the monitoring table shows of the true characteristics: four different reasons leave a cell without an answer."""
    n, out = len(truth), truth.astype(object).copy()
    for name in CHARACTERISTICS:
        if name != "ethnicity_19":
            refused = draw.random(n) < settings.prefer_not_to_say
        # Both forms of the ethnicity question are refused together.
        out.loc[refused, name] = PREFER_NOT
    for name in _FROM_HR:
        out.loc[draw.random(n) < settings.unknown_in_hr, name] = UNKNOWN
    out.loc[draw.random(n) < settings.not_asked, list(_ASKED_LATER)] = NOT_ASKED
    opted_out = draw.random(n) < settings.opted_out
    out.loc[opted_out, list(CHARACTERISTICS)] = OPTED_OUT
    out["opt_out"] = np.where(opted_out, "yes", "no")
    return out


def gap_of(truth: pd.DataFrame, settings: Settings) -> np.ndarray:
    """The difference in ability that the settings give each candidate's groups, in standard deviations."""
    total = np.zeros(len(truth))
    for characteristic, gaps in settings.gaps.items():
        if characteristic not in GROUPS:
            raise UsageError("gaps names a characteristic that the simulation does not have.", next_step=f"One of: {', '.join(GROUPS)}.")
        if not set(gaps) <= set(GROUPS[characteristic]):
            known = "; ".join(GROUPS[characteristic])
            raise UsageError(f"gaps names a group that {characteristic} does not have.", next_step=f"One of: {known}.")
        total += truth[characteristic].map(lambda group, of=gaps: of.get(group, 0.0)).to_numpy(dtype=float)
    return total


def draw_candidates(n: int, settings: Settings, draw: np.random.Generator, *, others: pd.DataFrame | None = None) -> pd.DataFrame:
    """Identities and eligibility facts of candidates who passed the sift, by their numbers; `others` keep their numbers and addresses."""
    digits = 6 if n <= 400_000 else 8
    start = 10 ** (digits - 1)
    known = others if others is not None else pd.DataFrame({"candidate_id": [], "name": []}, dtype=object)
    numbers = _distinct(n, start, draw, taken=known["candidate_id"].astype(np.int64).to_numpy())
    people = names.draw_names(n, draw, awkward=settings.awkward_names)
    occasions = np.minimum(draw.poisson(1.2, n), 10)
    days = np.minimum(occasions * (1 + draw.integers(0, 3, n)), 18)
    return pd.DataFrame(
        {
            "candidate_id": np.array([f"00{number}" for number in numbers], dtype=object),
            "name": people,
            "email": names.emails(np.concatenate([known["name"].to_numpy(dtype=object), people]))[len(known) :],
            "telephone": names.telephones(n, draw),
            "force": names.draw_forces(n, draw),
            "current_rank": np.where(draw.random(n) < 0.8, "Constable", "Temporary sergeant").astype(object),
            "work_based_assessment": np.full(n, "WBA complete", dtype=object),
            "performance_review": np.where(draw.random(n) < 0.25, "PDR exceptional", "PDR competent").astype(object),
            "sickness_days": days,
            "sickness_occasions": occasions,
            "discipline_bar": np.full(n, "no", dtype=object),
            "last_served": np.full(n, "still in the force", dtype=object),
            "mandatory_training": np.full(n, "training up to date", dtype=object),
            "adjustment_made": np.where(draw.random(n) < 0.09, "yes", "no").astype(object),
            "deferral": np.full(n, None, dtype=object),
            "monitoring_key": _keys(n, draw),
        }
    )


def draw_career(n: int, draw: np.random.Generator) -> pd.DataFrame:
    """The sift's outcome and what was known before anything else: who was invited was eligible. Neither fact goes with ability."""
    return pd.DataFrame(
        {
            "eligible": np.full(n, "yes", dtype=object),
            "reason_not_eligible": np.full(n, None, dtype=object),
            "length_of_service": 2 + np.minimum(draw.gamma(2.0, 3.0, n).astype(np.int64), 28),
            "previous_attempts": np.minimum(draw.poisson(0.5, n), 4),
        }
    )


def draw_not_eligible(n: int, invited: pd.DataFrame, settings: Settings, draw: np.random.Generator) -> pd.DataFrame:
    """Further applicants with the fact that excluded each, under numbers and keys that nobody else has."""
    plain = dataclasses.replace(settings, awkward_names=0)
    out = draw_candidates(n, plain, draw, others=invited).join(draw_career(n, draw))
    reason = _pick(_REASONS, n, draw)
    out["eligible"], out["reason_not_eligible"] = "no", reason
    for words, (column, fact) in _BEHIND.items():
        out.loc[reason == words, column] = fact
    absent = reason == "attendance record"
    out.loc[absent, "sickness_days"] = 19 + draw.integers(0, 30, n)[absent]
    out.loc[absent, "sickness_occasions"] = 5 + draw.integers(0, 9, n)[absent]
    return out


def _distinct(n: int, start: int, draw: np.random.Generator, *, taken: np.ndarray) -> np.ndarray:
    """Different numbers without shuffling the whole stock of them."""
    numbers: np.ndarray = np.empty(0, dtype=np.int64)
    while len(numbers) < n:
        numbers = np.setdiff1d(np.concatenate([numbers, start + draw.integers(0, 9 * start, n - len(numbers))]), taken)
    return numbers


def _keys(n: int, draw: np.random.Generator) -> np.ndarray:
    """Random keys of a letter and eleven digits or letters: with 57 random bits no two are the same."""
    alphabet = np.frombuffer(b"abcdefghjkmnpqrstuvwxyz23456789", dtype=np.uint8)
    letters = alphabet[draw.integers(0, len(alphabet), (n, 12))]
    letters[:, 0] = ord("m")
    return np.array([row.tobytes().decode() for row in letters], dtype=object)


def draw_workshops(
    known: pd.DataFrame, ability: np.ndarray, settings: Settings, draw: np.random.Generator
) -> tuple[pd.DataFrame, np.ndarray]:
    """Developmental workshops, for those who declared that they are female or of an ethnic minority: invited, booked, attended, dated.

    Able candidates may book more often (`workshop_selection`), so a bare comparison of those who attended with those who did not is biased.
    Returns the table (the row number of `known` in `row`) and who attended.
    """
    ethnicity = known["ethnicity_5"]
    eligible = (known["sex"] == "Female") | ~ethnicity.isin(["White", *NOT_KNOWN])
    standardised = (ability - ability.mean()) / (ability.std() or 1.0)
    n = len(known)
    booking = 1 / (1 + np.exp(-(0.4 + settings.workshop_selection * standardised)))
    books, comes, when, lead = draw.random(n) < booking, draw.random(n) < 0.86, draw.random(n), draw.random(n)
    first, last = (np.datetime64(settings.first_day - timedelta(days=days)) for days in (44, 12))
    weekdays = np.arange(first, last + 1)
    weekdays = weekdays[np.is_busday(weekdays)]
    held = weekdays[(when * len(weekdays)).astype(np.int64)]
    invited = np.datetime64(settings.first_day - timedelta(days=54))
    booked = invited + 1 + (lead * ((held - invited).astype(np.int64) - 1)).astype(np.int64)
    chosen = eligible.to_numpy()
    never = np.datetime64("NaT", "D")
    attended = chosen & books & comes
    table = pd.DataFrame(
        {
            "row": np.flatnonzero(chosen),
            "invited": np.full(int(chosen.sum()), invited).astype("datetime64[s]"),
            "booked": np.where(books, booked, never)[chosen].astype("datetime64[s]"),
            "attended": np.where(attended, held, never)[chosen].astype("datetime64[s]"),
        }
    )
    return table, attended
