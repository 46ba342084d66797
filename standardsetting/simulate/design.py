"""The rota designer: from who is there on which day to panels that let every assessor be compared with every other.

What makes assessors comparable is who sits with whom: the graph of assessors with a candidate in common must be in one part, and no pair
may be the only link between two parts, or one illness cuts it. Evenly spread pairs give severities their smallest error.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from standardsetting.errors import UsageError
from standardsetting.simulate import links
from standardsetting.simulate.rounds import Plan, Round, fill, mend


@dataclass(frozen=True)
class RotaDesign:
    """A rota and what it is good for.

    Attributes
    ----------
    seats
        One row an interview and assessor: `interview`, `day`, `session`, `slot`, `panel`, `assessor` (missing where nobody could be found).
    assessors
        One row an assessor: `assessor`, `days_available`, `sessions`, `interviews`, `partners`, `severity_se`, and with a target
        `interviews_needed` for it.
    pairs
        One row a pair that sits together: `assessor_1`, `assessor_2`, `interviews`.
    changes
        After a repair, one row a seat that changed: `day`, `session`, `panel`, `before`, `now`.
    connected, bridges
        Whether all who sit are in one part; the pairs who are the only link between two parts.
    q, q_even
        q of this rota, and of one in which everybody available sits equally often: for panels of one size q depends on the loads alone.
    load_low, load_high
        Fewest and most sessions of those who sit.
    severity_se, target_se, interviews_needed
        The largest standard error of a severity, in the units of `error_sd`; what was aimed at; and how many interviews on a rota of this
        shape reach it.
    problems
        What could not be had, and why, in sentences. Empty when every property holds.
    panel_size, error_sd, seed
        What it was made with.
    sentence
        The rota in words.
    """

    seats: pd.DataFrame = field(repr=False)
    assessors: pd.DataFrame = field(repr=False)
    pairs: pd.DataFrame = field(repr=False)
    changes: pd.DataFrame = field(repr=False)
    connected: bool
    bridges: tuple[tuple[str, str], ...]
    q: float
    q_even: float
    load_low: int
    load_high: int
    severity_se: float
    target_se: float | None
    interviews_needed: int | None
    problems: tuple[str, ...]
    panel_size: int
    error_sd: float
    seed: int
    sentence: str


def design_rota(
    availability: pd.DataFrame,
    *,
    interviews: int | Mapping[int, int],
    panel_size: int = 2,
    slots: int = 5,
    sessions: int = 1,
    error_sd: float = 0.4,
    target_se: float | None = None,
    seed: int = 0,
) -> RotaDesign:
    """Who should sit with whom, on which day?

    Each session has as few panels as its interviews need. Loads are made as even as availability allows, then pairs as even as they can
    be; then people are moved until the rota is in one part without a bridge. For panels of one size q depends on the loads alone, so that
    no other pairing with these loads has a lower one.

    Parameters
    ----------
    availability
        `assessor` and `day` (whole numbers): one row for each day on which an assessor can sit.
    interviews
        How many in all (spread evenly over the days with anybody there), or by day.
    panel_size
        Assessors in a panel.
    slots
        Interviews that one panel holds in a session.
    sessions
        Sessions a day; panels are formed anew for each.
    error_sd
        Standard deviation of one assessor's error in what severities are measured in (the mean over values: the square root of the error
        variance from variance components).
    target_se
        The standard error of a severity to aim at, in the same units.
    seed
        The same seed and input give the same rota.

    Raises
    ------
    UsageError
        There are too few assessors on some day for its interviews, or too few in all.

    Examples
    --------
    >>> there = pd.DataFrame([(a, d) for a in "abcdef" for d in (1, 2, 3)], columns=["assessor", "day"])
    >>> found = design_rota(there, interviews=45, seed=1)
    >>> found.connected, found.bridges, (found.load_low, found.load_high), len(found.seats)
    (True, (), (3, 3), 90)
    """
    _sensible(panel_size, slots, sessions, error_sd, target_se)
    names, days, there = _availability(availability)
    wanted = _by_day(interviews, days, there, panel_size, slots * sessions)
    rounds = [one for day in sorted(wanted) for one in _rounds(day, wanted[day], there[day], panel_size, slots, sessions)]
    draw = np.random.default_rng(seed)
    plan = fill(rounds, len(names), panel_size, draw)
    if panel_size > 1:
        mend(plan, draw)
    return finished(plan, names, there, error_sd=error_sd, target_se=target_se, seed=seed)


def finished(
    plan: Plan,
    names: np.ndarray,
    there: Mapping[int, np.ndarray],
    *,
    error_sd: float,
    target_se: float | None,
    seed: int,
    changes: pd.DataFrame | None = None,
    shortfalls: tuple[str, ...] = (),
) -> RotaDesign:
    """A plan as a design, with its properties."""
    panels = np.concatenate([one.panels for one in plan.rounds])
    held = np.concatenate([one.interviews for one in plan.rounds])
    whole = (panels >= 0).all(axis=1)
    interviews_of = np.bincount(panels[whole].ravel(), weights=np.repeat(held[whole], plan.size), minlength=plan.n).astype(np.int64)
    parts, _ = plan.weakness()
    weak = tuple((str(names[a]), str(names[b])) for a, b in links.bridges(plan.edges, plan.n))
    connected = parts == 0 and plan.size > 1
    errors = np.full(plan.n, np.nan)
    if connected and whole.any():
        errors = links.severity_errors(panels[whole], held[whole], plan.n, error_sd=error_sd)
    worst = float(np.nanmax(errors)) if not np.isnan(errors).all() else float("nan")
    total = int(held[whole].sum())
    factor = (worst / target_se) ** 2 if target_se else float("nan")
    needed = math.ceil(total * factor - 1e-9) if target_se and np.isfinite(worst) else None
    sat = plan.load[plan.load > 0]
    problems = (*shortfalls, *_problems(plan, names, there, parts, weak))
    result = RotaDesign(
        seats=_seats(plan, names), assessors=_people(plan, names, there, interviews_of, errors, target_se), pairs=_pairs(plan, names),
        changes=pd.DataFrame(columns=["day", "session", "panel", "before", "now"]) if changes is None else changes,
        connected=connected, bridges=weak, q=links.least_q(interviews_of, plan.size, total),
        q_even=links.least_q(np.full(plan.n, total * plan.size / plan.n), plan.size, total),
        load_low=int(sat.min()), load_high=int(sat.max()), severity_se=worst, target_se=target_se, interviews_needed=needed,
        problems=problems, panel_size=plan.size, error_sd=error_sd, seed=seed, sentence="",
    )  # fmt: skip
    object.__setattr__(result, "sentence", _sentence(result, total))
    return result


def _sensible(panel_size: int, slots: int, sessions: int, error_sd: float, target_se: float | None) -> None:
    if min(panel_size, slots, sessions) < 1:
        raise UsageError("A rota needs a panel of at least one assessor, a slot and a session.")
    if error_sd <= 0 or (target_se is not None and target_se <= 0):
        raise UsageError("A standard error above zero was expected.")


def _availability(table: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, dict[int, np.ndarray]]:
    """Names, sorted; days; and who is there on each."""
    missing = [column for column in ("assessor", "day") if column not in table.columns]
    if missing:
        raise UsageError(f"Availability needs the columns assessor and day; {', '.join(missing)} is not there.")
    known = table[["assessor", "day"]].dropna().drop_duplicates()
    if known.empty:
        raise UsageError("Availability was expected; the table has no row with an assessor and a day.")
    names = np.array(sorted(known["assessor"].astype(str).unique()), dtype=object)
    code = {name: at for at, name in enumerate(names)}
    who, day = known["assessor"].astype(str).map(code).to_numpy(), known["day"].to_numpy(dtype=np.int64)
    days = np.unique(day)
    return names, days, {int(one): np.unique(who[day == one]) for one in days}


def _by_day(
    interviews: int | Mapping[int, int], days: np.ndarray, there: Mapping[int, np.ndarray], size: int, per_panel: int
) -> dict[int, int]:
    room = {int(day): len(there[int(day)]) // size * per_panel for day in days}
    if isinstance(interviews, Mapping):
        wanted = {int(day): int(count) for day, count in interviews.items() if count > 0}
        short = {day: count for day, count in wanted.items() if count > room.get(day, 0)}
        if short:
            raise UsageError(
                f"On {len(short)} days there are too few assessors for the interviews.",
                details=[
                    f"Day {day}: {count} interviews are wanted, {room.get(day, 0)} can be held." for day, count in sorted(short.items())
                ],
                next_step="Move interviews to other days, or find more assessors for these.",
            )
    else:
        if interviews > sum(room.values()):
            raise UsageError(
                f"{sum(room.values())} interviews can be held with these assessors; {interviews} are wanted.",
                next_step="Find more assessors or days, or give a panel more slots or sessions.",
            )
        wanted, left = dict.fromkeys(room, 0), int(interviews)
        while left:
            space = [day for day in sorted(room) if wanted[day] < room[day]]
            share = max(1, left // len(space))
            for day in space[:left]:
                more = min(share, room[day] - wanted[day])
                wanted[day] += more
                left -= more
        wanted = {day: count for day, count in wanted.items() if count}
    if not wanted:
        raise UsageError("A rota needs at least one interview.")
    return wanted


def _rounds(day: int, count: int, may: np.ndarray, size: int, slots: int, sessions: int) -> list[Round]:
    at_once = len(may) // size
    found = []
    for session in range(sessions):
        here = count // sessions + (session < count % sessions)
        panels = min(-(-here // slots), at_once)
        if panels:
            held = here // panels + (np.arange(panels) < here % panels)
            found.append(Round(day, session + 1, held.astype(np.int64), np.full((panels, size), -1, dtype=np.int64), may))
    return found


def _problems(
    plan: Plan, names: np.ndarray, there: Mapping[int, np.ndarray], parts: int, weak: tuple[tuple[str, str], ...]
) -> tuple[str, ...]:
    """What does not hold, with the reason where one can be proved."""
    found = []
    there_at_all = np.unique(np.concatenate(list(there.values())))
    unused = names[there_at_all[plan.load[there_at_all] == 0]]
    if len(unused):
        found.append(f"{len(unused)} available assessors are not needed: {', '.join(map(str, unused))}.")
    if plan.size == 1:
        return (*found, "With one assessor a candidate nobody can be compared: severity cannot be told from candidates.")
    if parts:
        found.append(f"The assessors fall into {parts + 1} parts that share no candidate. {_why(plan, bridge=False)}")
    if weak:
        listed = ", ".join(f"{a} and {b}" for a, b in weak)
        found.append(
            f"{len(weak)} pair{'s are' if len(weak) > 1 else ' is'} the only link between two parts: {listed}. {_why(plan, bridge=True)}"
        )
    return tuple(found)


def _why(plan: Plan, *, bridge: bool) -> str:
    """Why a weakness is there: with a proof where there is one."""
    parts, weak = plan.least_weakness()
    sat, panels = int((plan.load > 0).sum()), sum(len(one.panels) for one in plan.rounds)
    if not bridge and parts:
        return "No rota can change that: some are never available, or no longer, in a session with any of the others."
    if not bridge and panels * (plan.size - 1) < sat - 1:
        return f"No rota can change that: {panels} panels cannot link {sat} assessors."
    if bridge and weak:
        return "No rota can change that: they are available, or still available, with nobody else who links the two parts."
    if bridge and plan.size == 2 and panels < sat:
        return f"No rota can change that: without a bridge {sat} assessors need as many panels, and there are {panels}."
    if bridge and plan.size == 2 and (once := int((plan.load == 1).sum())):
        return f"{once} assessors sit once only, and so with one other: let them sit again, or not at all."
    return "None better was found; another seed, one more session or more days may help."


def panel_name(day: int, session: int, panel: int) -> str:
    """The name of a panel: day, session (a, b, ...), number."""
    return f"D{day}{chr(96 + session)}{panel + 1}"


def _seats(plan: Plan, names: np.ndarray) -> pd.DataFrame:
    rows, number = [], 0
    label = [*names, None]
    for one in plan.rounds:
        for slot in range(int(one.interviews.max())):
            for panel, held in enumerate(one.interviews.tolist()):
                if slot < held:
                    number += 1
                    where = (number, one.day, one.session, slot + 1, panel_name(one.day, one.session, panel))
                    rows += [(*where, label[who]) for who in sorted(one.panels[panel].tolist(), key=lambda who: (who < 0, who))]
    return pd.DataFrame(rows, columns=["interview", "day", "session", "slot", "panel", "assessor"])


def _people(
    plan: Plan, names: np.ndarray, there: Mapping[int, np.ndarray], interviews: np.ndarray, errors: np.ndarray, target: float | None
) -> pd.DataFrame:
    days = np.bincount(np.concatenate(list(there.values())), minlength=plan.n)
    table = pd.DataFrame(
        {
            "assessor": names,
            "days_available": days,
            "sessions": plan.load,
            "interviews": interviews,
            "partners": (plan.together > 0).sum(axis=1),
            "severity_se": errors,
        }
    )
    if target is not None:
        table["interviews_needed"] = np.ceil(interviews * (errors / target) ** 2 - 1e-9)
    return table


def _pairs(plan: Plan, names: np.ndarray) -> pd.DataFrame:
    shared = np.zeros_like(plan.together)
    for one in plan.rounds:
        for panel, held in zip(one.panels, one.interviews.tolist(), strict=True):
            sitting = panel[panel >= 0]
            shared[np.ix_(sitting, sitting)] += held
    first, second = np.nonzero(np.triu(shared, 1))
    return pd.DataFrame({"assessor_1": names[first], "assessor_2": names[second], "interviews": shared[first, second]})


def _sentence(found: RotaDesign, total: int) -> str:
    people = int((found.assessors["sessions"] > 0).sum())
    text = (
        f"{total} interviews by {people} assessors in panels of {found.panel_size}; each sits in {found.load_low} to {found.load_high} "
        "sessions."
    )
    if found.connected and not found.bridges:
        text += " All are in one part, and no pair is its only link."
    if np.isfinite(found.severity_se):
        text += f" A severity has a standard error of at most {found.severity_se:.2f}; q is {found.q:.3f}."
    if found.target_se is not None and found.interviews_needed is not None:
        reached = found.severity_se <= found.target_se * (1 + 1e-9)
        text += (
            f" The target of {found.target_se:.2f} is reached."
            if reached
            else f" For the target of {found.target_se:.2f} about {found.interviews_needed} interviews on a rota of this shape are needed."
        )
    return " ".join([text, *found.problems])
