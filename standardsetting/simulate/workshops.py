"""Cohorts with positive-action workshops whose effect is known, with people who choose to attend for reasons seen and unseen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from standardsetting.errors import UsageError

ALLOCATIONS = ("everybody invited", "lottery", "staggered")
CHOICES = ("by chance", "for reasons on record", "for reasons not on record")
PRIOR = ("service_years", "previous_attempts")
_ATTEMPTS = np.array(["none", "one", "two or more"], dtype=object)
# A total score on 4 to 20, met from this total on; about 46 in 100 meet it without a workshop.
_MEAN, _SPREAD, _LEAST, _MOST, STANDARD = 12.3, 2.6, 4, 20, 13


@dataclass(frozen=True)
class Setting:
    """What a cohort is made from.

    Attributes
    ----------
    eligible, outside
        How many people have a workshop open to them, and how many have not.
    effect
        What attending adds to a candidate's performance, in standard deviations of the total score.
    allocation
        Everybody is invited; places are drawn by lot, half now; or invitations are staggered, half after the interview.
    choice
        Why people attend: by chance, for reasons that are among the prior columns, or also for their preparation, which is not.
    withdrawn_before, withdrawn_after, crossover
        Shares that leave before workshops begin and between workshop and interview, and of the wait list that attend all the same.
    """

    eligible: int = 400
    outside: int = 0
    effect: float = 0.0
    allocation: str = "everybody invited"
    choice: str = "for reasons on record"
    withdrawn_before: float = 0.05
    withdrawn_after: float = 0.03
    crossover: float = 0.05

    def __post_init__(self) -> None:
        if self.allocation not in ALLOCATIONS or self.choice not in CHOICES:
            raise UsageError(f"An allocation among {ALLOCATIONS} and a choice among {CHOICES} were expected.")


@dataclass(frozen=True)
class Workshops:
    """A cohort as the positive-action report reads it, and the people's two totals: without and with a workshop."""

    table: pd.DataFrame
    total_without: np.ndarray
    total_with: np.ndarray
    chance_to_attend: np.ndarray
    seed: int


@dataclass(frozen=True)
class Truth:
    """Effects in a population made by a setting: shares meeting the standard, and total points.

    `offer_*` is intention to treat among all in the lottery; `complier_rate` is for those who attend if offered and not otherwise;
    `overlap_*` weights interviewed people by e(x)(1 - e(x)), the population the overlap weights speak of.
    """

    offer_rate: float
    offer_total: float
    complier_rate: float
    overlap_rate: float
    overlap_total: float


def workshops(setting: Setting, *, seed: int, process: str = "2023") -> Workshops:
    """Draw one cohort. Rows come in random order; there is no identity in them.

    Examples
    --------
    >>> made = workshops(Setting(eligible=50, outside=10), seed=1)
    >>> len(made.table), int(made.table["eligible_for_workshop"].sum())
    (60, 50)
    """
    random = np.random.default_rng(seed)
    n = setting.eligible + setting.outside
    eligible = random.permutation(n) < setting.eligible
    prior, reasons, unseen = _people(n, random)
    pull = {
        "by chance": np.zeros(n), "for reasons on record": 0.8 * reasons, "for reasons not on record": 0.4 * reasons + 0.9 * unseen
    }[setting.choice]  # fmt: skip
    chance = 1 / (1 + np.exp(-(0.4 + pull)))
    ability = 0.45 * reasons + 0.55 * unseen + np.sqrt(1 - 0.45**2 - 0.55**2) * random.standard_normal(n)
    without, with_workshop = (_total(ability + gain) for gain in (0.0, setting.effect))
    there = random.random(n) >= setting.withdrawn_before
    drawn_now = random.permutation(n) < n / 2
    would, crosses = random.random(n) < chance, random.random(n) < setting.crossover
    held_back = ~drawn_now & eligible & (setting.allocation != "everybody invited")
    attended = eligible & there & would & (~held_back | crosses)
    interviewed = there & (random.random(n) >= setting.withdrawn_after)
    total = np.where(attended, with_workshop, without)
    table = prior.assign(
        process=process,
        group=_only(eligible, np.where(random.random(n) < 0.5, "women", "ethnic minorities")),
        eligible_for_workshop=eligible,
        reached_workshop_point=there,
        interviewed=interviewed,
        **_days(eligible & there, held_back, attended, setting.allocation, random),
        met_standard=np.where(interviewed, total >= STANDARD, np.nan).astype(float),
        total=np.where(interviewed, total, np.nan),
        arm=_only(eligible & (setting.allocation == "lottery"), np.where(held_back, "wait-list", "offered")),
        not_attended_because=_only(eligible & there & ~attended, np.where(random.random(n) < 0.5, "on duty", "not interested")),
    )
    return Workshops(table, without, with_workshop, chance, seed)


def truth(setting: Setting, *, seed: int, people: int = 400_000) -> Truth:
    """The effects in a very large cohort of the setting, from each person's two totals, which no real process can show."""
    made = workshops(Setting(**(vars(setting) | {"eligible": people, "outside": 0})), seed=seed)
    rate = (made.total_with >= STANDARD).astype(float) - (made.total_without >= STANDARD)
    points = made.total_with - made.total_without
    there = made.table["reached_workshop_point"].to_numpy()
    # Offered people attend if there and willing; the wait list only if they cross over besides.
    offer = there * made.chance_to_attend * (1 - setting.crossover)
    seen = np.where(there, 1 - setting.withdrawn_after, 0.0)
    overlap = seen * made.chance_to_attend * (1 - made.chance_to_attend)
    return Truth(
        offer_rate=float(np.mean(offer * (1 - setting.withdrawn_after) * rate)),
        offer_total=float(np.average(offer * points, weights=seen)),
        complier_rate=float(np.mean(offer * (1 - setting.withdrawn_after) * rate) / np.mean(offer)),
        overlap_rate=float(np.average(rate, weights=overlap)),
        overlap_total=float(np.average(points, weights=overlap)),
    )


def processes_over_time(
    *,
    before: int,
    after: int,
    gap_moves: float,
    seed: int,
    eligible: int = 300,
    outside: int = 600,
    trend: float = 0.0,
    effect: float = 0.3,
) -> pd.DataFrame:
    """Several processes, workshops in the last ones only, with a gap between the groups that may move by itself.

    `gap_moves` is the standard deviation, and `trend` the drift a process, of what the whole group of eligible people gains or loses in
    standard deviations of the total, for other reasons than workshops.
    """
    random = np.random.default_rng(seed)
    tables = []
    for place in range(before + after):
        held = place >= before
        setting = Setting(eligible=eligible, outside=outside, effect=effect, choice="by chance")
        made = workshops(setting, seed=seed * 1000 + place, process=f"P{place + 1}")
        table = made.table
        shift = _SPREAD * (-0.3 + trend * place + gap_moves * random.standard_normal())
        total = np.where(table["attended"].notna() & held, made.total_with, made.total_without)
        total = np.clip(np.round(total + shift * table["eligible_for_workshop"]), _LEAST, _MOST)
        table["total"] = np.where(table["interviewed"], total, np.nan)
        table["met_standard"] = np.where(table["interviewed"], total >= STANDARD, np.nan).astype(float)
        if not held:
            table[["invited", "booked", "attended"]] = np.nan
            table["not_attended_because"] = None
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def _people(n: int, random: np.random.Generator) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Prior columns; what they say together about attending and performance, with a standard deviation of one; what nobody recorded."""
    service = random.standard_normal(n)
    attempts = random.choice(3, n, p=(0.6, 0.28, 0.12))
    reasons = (service + np.array([0.4, -0.3, -1.3])[attempts]) / np.sqrt(1 + 0.2942)
    prior = pd.DataFrame({"service_years": np.round(9 + 3 * service, 1), "previous_attempts": _ATTEMPTS[attempts]})
    return prior, reasons, random.standard_normal(n)


def _only(which: np.ndarray, words: np.ndarray) -> np.ndarray:
    """The words for some people, and nothing for the others."""
    out = np.full(len(words), None, dtype=object)
    out[which] = words[which]
    return out


def _total(performance: np.ndarray) -> np.ndarray:
    return np.clip(np.round(_MEAN + _SPREAD * performance), _LEAST, _MOST)


def _days(
    reached: np.ndarray, held_back: np.ndarray, attended: np.ndarray, allocation: str, random: np.random.Generator
) -> dict[str, np.ndarray]:
    n = len(reached)
    invited = -60.0 + random.integers(0, 20, n)
    booked, came = invited + random.integers(1, 15, n), -20.0 + random.integers(0, 15, n)
    late = held_back & (allocation == "staggered")
    # From a lottery's wait list only those who came all the same have an invitation; a staggered order invites everybody in the end.
    sent = reached & ~(held_back & (allocation == "lottery") & ~attended)
    wanted = reached & (attended | (random.random(n) < 0.1)) & sent
    return {
        "invited": np.where(sent, np.where(late & ~attended, 10.0, invited), np.nan),
        "booked": np.where(wanted, np.where(late & ~attended, 15.0, booked), np.nan),
        "attended": np.where(attended, came, np.nan),
    }
