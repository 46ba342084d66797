"""A rota after somebody drops out: as few changes as possible, and still in one part without a bridge."""

from __future__ import annotations

import numpy as np
import pandas as pd

from standardsetting.errors import UsageError
from standardsetting.simulate.design import RotaDesign, finished, panel_name
from standardsetting.simulate.rounds import Plan, Round, mend


def repair(
    rota: RotaDesign, availability: pd.DataFrame, drop_outs: pd.DataFrame, *, from_day: int | None = None, seed: int = 0
) -> RotaDesign:
    """Who takes the seats of those who drop out?

    Each vacated seat goes to somebody who is available that day and free in that session, chosen so that fewest parts and bridges are left,
    then loads and pairs stay even. Nobody else moves, unless the rota would fall apart or hang by one pair: then the fewest moves that mend
    it are looked for. Where nobody is free the seat stays empty and `problems` says so.

    Parameters
    ----------
    rota
        The rota as it is.
    availability
        `assessor` and `day`, as for the design; people may have been added.
    drop_outs
        `assessor`, and `day` where only some days are meant: a missing day means every day.
    from_day
        The first day that may still change; earlier days have been held.
    seed
        The same seed and input give the same repair.

    Returns
    -------
    RotaDesign
        With `changes`: one row a seat that changed.

    Examples
    --------
    >>> from standardsetting.simulate.design import design_rota
    >>> there = pd.DataFrame([(a, d) for a in "abcdefgh" for d in (1, 2, 3, 4)], columns=["assessor", "day"])
    >>> before = design_rota(there, interviews=60, seed=1)
    >>> after = repair(before, there, pd.DataFrame({"assessor": ["a"], "day": [2]}))
    >>> bool(((after.seats["assessor"] == "a") & (after.seats["day"] == 2)).any()), len(after.changes) <= 1, after.connected
    (False, True, True)
    """
    names, there, gone = _people(rota, availability, drop_outs)
    first = int(rota.seats["day"].min()) if from_day is None else from_day
    rounds = _as_rounds(rota, names, there, first)
    before = [one.panels.copy() for one in rounds]
    plan = Plan(rounds, len(names), rota.panel_size)
    shortfalls = _reseat(plan, gone, first)
    if rota.panel_size > 1 and plan.weakness() != plan.least_weakness():
        _fewest_moves(plan, seed)
    return finished(
        plan, names, there, error_sd=rota.error_sd, target_se=rota.target_se, seed=seed, changes=_changes(plan, before, names),
        shortfalls=shortfalls,
    )  # fmt: skip


def _people(
    rota: RotaDesign, availability: pd.DataFrame, drop_outs: pd.DataFrame
) -> tuple[np.ndarray, dict[int, np.ndarray], set[tuple[int, int]]]:
    """Everybody in the rota or available; who is there on each day once those who drop out are taken away; and who is gone when."""
    if "assessor" not in drop_outs.columns or drop_outs.empty:
        raise UsageError("Drop-outs need a row and the column assessor.")
    known = availability[["assessor", "day"]].dropna()
    sat = rota.seats["assessor"].dropna().astype(str)
    names = np.array(sorted(set(known["assessor"].astype(str)) | set(sat)), dtype=object)
    code = {name: at for at, name in enumerate(names)}
    strangers = sorted(set(drop_outs["assessor"].astype(str)) - set(names))
    if strangers:
        raise UsageError(f"{len(strangers)} of those who drop out are neither in the rota nor available.")
    days = sorted({int(day) for day in known["day"]} | {int(day) for day in rota.seats["day"]})
    when = drop_outs["day"] if "day" in drop_outs.columns else pd.Series(pd.NA, index=drop_outs.index)
    gone = {
        (code[str(who)], day)
        for who, one in zip(drop_outs["assessor"], when, strict=True)
        for day in (days if pd.isna(one) else [int(one)])
    }
    free = {day: {code[str(who)] for who in known.loc[known["day"].astype(int) == day, "assessor"]} for day in days}
    there = {day: np.array(sorted(who for who in free[day] if (who, day) not in gone), dtype=np.int64) for day in days}
    return names, there, gone


def _as_rounds(rota: RotaDesign, names: np.ndarray, there: dict[int, np.ndarray], first: int) -> list[Round]:
    code = {name: at for at, name in enumerate(names)}
    rounds = []
    sessions = rota.seats[["day", "session"]].drop_duplicates().sort_values(["day", "session"])
    for day, session in sessions.to_numpy(dtype=np.int64).tolist():
        part = rota.seats[(rota.seats["day"] == day) & (rota.seats["session"] == session)]
        held = part.groupby("panel", sort=False)["interview"].nunique()
        # By the number at the end of the name, so that panel 10 stands after panel 9.
        order = sorted(held.index, key=lambda name: (len(name), name))
        panels = np.full((len(order), rota.panel_size), -1, dtype=np.int64)
        for at, name in enumerate(order):
            sitting = part.loc[part["panel"] == name, "assessor"].dropna().unique()
            panels[at, : len(sitting)] = sorted(code[str(who)] for who in sitting)
        rounds.append(Round(day, session, held[order].to_numpy(dtype=np.int64), panels, there[day], day >= first))
    return rounds


def _reseat(plan: Plan, gone: set[tuple[int, int]], first: int) -> tuple[str, ...]:
    """Fill each vacated seat; what could not be filled, in sentences."""
    vacant = []
    for at in plan.rounds:
        for panel, place in np.argwhere(at.panels >= -1):
            who = int(at.panels[panel, place])
            if at.day >= first and (who < 0 or (who, at.day) in gone):
                plan.put(at, int(panel), int(place), -1)
                vacant.append((at, int(panel), int(place)))
    short: dict[int, int] = {}
    # Sessions with least choice first: whoever is left over helps the others.
    for at, panel, place in sorted(vacant, key=lambda seat: (len(seat[0].free), seat[0].day, seat[0].session, seat[1])):
        free = [int(who) for who in at.free]
        if not free:
            short[at.day] = short.get(at.day, 0) + 1
            continue
        plan.put(at, panel, place, min(free, key=lambda who: _cost(plan, at, panel, place, who)))
    return tuple(
        f"Day {day} is {count} assessor{'s' if count > 1 else ''} short: nobody who is available is free. Find somebody for that day, or "
        "move the interviews of the panels concerned."
        for day, count in sorted(short.items())
    )


def _cost(plan: Plan, at: Round, panel: int, place: int, who: int) -> tuple[int, int, int, int, int]:
    """Parts, bridges, load, times together with the panel's others, and the code as a last resort."""
    mates = [mate for mate in at.panels[panel].tolist() if mate >= 0]
    load, met = int(plan.load[who]), int(sum(plan.together[who, mate] for mate in mates))
    plan.put(at, panel, place, who)
    parts, weak = plan.weakness()
    plan.put(at, panel, place, -1)
    return parts, weak, load, met, who


def _fewest_moves(plan: Plan, seed: int) -> None:
    """Several attempts at mending; the one that mends most with fewest seats changed is kept."""
    start = [one.panels.copy() for one in plan.rounds]
    best, best_cost = start, (*plan.weakness(), 0)
    for attempt in range(5):
        trial = Plan(
            [Round(r.day, r.session, r.interviews, p.copy(), r.may, r.open) for r, p in zip(plan.rounds, start, strict=True)],
            plan.n,
            plan.size,
        )
        mend(trial, np.random.default_rng([seed, attempt]))
        moved = sum(int((np.sort(one.panels) != np.sort(was)).sum()) for one, was in zip(trial.rounds, start, strict=True))
        cost = (*trial.weakness(), moved)
        if cost < best_cost:
            best, best_cost = [one.panels.copy() for one in trial.rounds], cost
    for one, panels in zip(plan.rounds, best, strict=True):
        one.panels[:] = panels
    plan.__post_init__()


def _changes(plan: Plan, before: list[np.ndarray], names: np.ndarray) -> pd.DataFrame:
    label = [*names, None]
    rows = []
    for one, panels in zip(plan.rounds, before, strict=True):
        for panel, (was, now) in enumerate(zip(panels, one.panels, strict=True)):
            left = [who for who in was.tolist() if who not in now.tolist()]
            came = [who for who in now.tolist() if who not in was.tolist()]
            for out, come in zip(left, came, strict=False):
                rows.append((one.day, one.session, panel_name(one.day, one.session, panel), label[out], label[come]))
    return pd.DataFrame(rows, columns=["day", "session", "panel", "before", "now"])
