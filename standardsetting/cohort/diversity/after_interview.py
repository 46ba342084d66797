"""After the interview: checks that were not passed, offers and refusals, and how long people waited in the pool for a posting.

Over everybody these are counts as everywhere else, and shares of people whose postings readers know anyway. Of a group one figure is told:
the share that was posted within a time that everybody's postings alone decide. It comes from the rounded count and from the protected
size of the group, and stays ten people away from every other count of the group. It is told once (see `build`): a second look would tell
whom a correction moved.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from standardsetting.cohort.diversity.compared import Shown, whole
from standardsetting.cohort.diversity.interview import Pair, section
from standardsetting.cohort.intervals import newcombe_difference
from standardsetting.cohort.snapshot import CohortSnapshot, pool_columns
from standardsetting.cohort.waiting import METHOD, after_weeks, in_weeks, kaplan_meier, weeks_of
from standardsetting.cohort.words import per_100
from standardsetting.disclosure.cells import EVERYBODY
from standardsetting.disclosure.policy import CONFIDENTIAL, Policy
from standardsetting.disclosure.release import Section, count_of

ALL_CHECKS, OFFERS = "All checks", "Posting"
_NOTHING = "Nothing on record says who entered the pool and who was posted, so checks, offers and waiting cannot be told."
# With more than one in so many unknown the others would not stand for all: it is mostly those who were posted whose day can be missing.
_MOST_UNKNOWN = 10
_REFUSALS = (
    "Who declined an offer is not told by group: beside how many of a group were in the pool and were posted, it would tell on people."
)


def on_record(snapshot: CohortSnapshot) -> bool:
    """Whether the snapshot holds what came after the assessment: the stages between which people wait are there, and so is the table."""
    columns = pool_columns(snapshot.process, snapshot.stages)
    return bool(columns) and set(columns) <= set(snapshot.people)


def checks_and_offers(snapshot: CohortSnapshot, shown: Shown) -> Section:
    """How many went into the checks and did not pass each of them; how many were offered a posting, declined and accepted."""
    people, pool = snapshot.people, snapshot.process.cohort.pool()
    if pool is None or not on_record(snapshot):
        return section("after_interview", [], sentences=(_NOTHING,))
    since, until, policy = *pool, shown.cube.policy
    stages = [stage.name for stage in snapshot.stages]
    begins = (people[f"stage_{stages[stages.index(since.name) - 1]}"] == "passed").to_numpy()
    failed = [int((people.loc[begins, f"check_{n}"] == 0).sum()) for n in range(1, len(since.steps) + 1)]
    ends = ((since.name, "entered"), (since.name, "passed"), (until.name, "passed"))
    entered, passed, posted = (_everybody(shown, stage, measure) for stage, measure in ends)
    in_pool = _in_pool(snapshot)
    not_passed = _not_passed(int(begins.sum()), failed, int(in_pool.sum()), policy)
    rows = [(ALL_CHECKS, "went in", entered)]
    rows += [(_capital(step), "did not pass", text) for step, text in zip(since.steps, not_passed, strict=True)]
    offered, declined = (int((people.loc[in_pool, name] > 0).sum()) for name in ("offers", "offers_declined"))
    offers = _offers(passed, int(in_pool.sum()), offered, declined, posted, policy)
    rows += [(ALL_CHECKS, "passed them all", passed)]
    rows += [(OFFERS, what, text) for what, text in zip(("offered", "declined an offer", "accepted"), (*offers, posted), strict=True)]
    lines = [{"step": step, "what": what, "shown": text} for step, what, text in rows]
    method = (
        f"Counts under {policy.smallest_count} hidden, others to the nearest {policy.round_to}; so are counts from which a small one could "
        "be had by subtraction. People who met the standard are followed; offers are of those who passed every check."
    )
    sentences = (_of_checks(entered, passed, since.steps, not_passed), _of_offers(*offers, posted))
    return section("after_interview", lines, sentences=tuple(text for text in sentences if text), method=method)


def waiting(snapshot: CohortSnapshot, policy: Policy) -> Section:
    """The share of everybody in the pool who had been posted after every so many weeks."""
    people, every = snapshot.people, snapshot.process.cohort.waiting.weeks
    if not on_record(snapshot):
        return section("waiting", [], sentences=(_NOTHING,))
    mine = people[_in_pool(snapshot)]
    known = mine[mine["pool_weeks"].notna()]
    if mine.empty:
        return section("waiting", [], sentences=("Nobody had passed every check by then, so nobody waited for a posting.",))
    left_out = "Whoever has a day that is not on record, or a posting before the last check, is left out." if len(known) < len(mine) else ""
    if _MOST_UNKNOWN * (len(mine) - len(known)) > len(mine):
        unknown = "How long people waited in the pool cannot be told: too many days are not on record, or come before the last check."
        return section("waiting", [], sentences=(unknown,))
    weeks, posted = known["pool_weeks"].to_numpy(dtype=float), known["pool_posted"].to_numpy(dtype=bool)
    found, rows, before = kaplan_meier(weeks, posted), list[dict[str, object]](), 0
    for week in range(every, int(weeks.max()) + 1, every):
        now, so_far = found.after(week), int((posted & (weeks <= week)).sum())
        still = now["at_risk"] - int((posted & (weeks == week)).sum())
        if min(now["at_risk"], still, so_far - before) < policy.smallest_count:
            continue
        before = so_far
        low, high, share = (whole(100 * (1 - now[name])) for name in ("high", "low", "waiting"))
        rows.append({"time": after_weeks(week), "share": f"{share}%", "interval": f"{low}% to {high}%"})
    if not rows:
        few = "How long people waited in the pool cannot be told: too few were posted, or too few were still followed and waiting."
        return section("waiting", [], sentences=tuple(text for text in (few, left_out) if text))
    first_and_last = rows if len(rows) < 3 else [rows[0], rows[-1]]
    said = [f"{row['share']} within {in_weeks(weeks_of(str(row['time'])))} (95% interval {row['interval']})" for row in first_and_last]
    told = [f"Of those who entered the pool {' and '.join(said)} had been posted."]
    # A week in which ten people or more were posted is no single person's.
    if int((posted & (weeks == found.median)).sum()) >= policy.smallest_count:
        told.append(f"Half of them had been posted within {in_weeks(int(found.median))}.")
    method = (
        f"{METHOD}, in whole weeks; a step is shown where {policy.smallest_count} people or more were posted since the last one, and "
        "as many were still followed without a posting. Who still waits, and who left the list, counts until the milestone."
    )
    return section("waiting", rows, sentences=tuple(text for text in (*told, left_out) if text), method=method)


def waiting_by_group(snapshot: CohortSnapshot, found: tuple[Pair, ...], shown: Shown) -> Section:
    """The share of a group, and of everybody else, that was posted within one time."""
    policy, rows, notes = shown.cube.policy, list[dict[str, object]](), list[str]()
    if not on_record(snapshot):
        return section("waiting_groups", rows, sentences=(_NOTHING,))
    within = time_for_groups(snapshot, policy)
    for pair in found:
        told = None if within is None else _of_group(pair, within, snapshot, shown)
        if within is None or told is None:
            notes.append(f"{pair.level.title}: how long each group waited cannot be told without telling on people.")
            continue
        (a, n), (c, m) = told
        shares = [whole(100 * part / size) for part, size in told]
        names = (pair.focal, f"{pair.comparator} or not declared")
        rows += [
            {"characteristic": pair.name, "group": group, "time": after_weeks(within.weeks), "share": f"{share}%"}
            for group, share in zip(names, shares, strict=True)
        ]
        limits = newcombe_difference(a, n, c, m)
        low, high, gap = float(limits.low), float(limits.high), a / n - c / m
        clear = "more than chance explains" if low > 0 or high < 0 else "these numbers cannot tell whether they waited differently"
        notes.append(
            f"{pair.level.title}: {shares[0]}% of {pair.called[0]} in the pool had been posted within {in_weeks(within.weeks)}, and "
            f"{shares[1]}% of {pair.called[1]} or those who did not declare. Of 100 of each that is {per_100(gap)} "
            f"(95% interval: {per_100(low)} to {per_100(high)}); {clear}."
        )
    method = (
        f"Share of everybody who passed every check, from counts rounded to the nearest {policy.round_to}; Newcombe's interval. Of the "
        "times at which everybody's posting is known, the one by which nearest to half of everybody had been posted."
    )
    return section("waiting_groups", rows, sentences=(*notes, *((_REFUSALS,) if found else ())), method=method)


@dataclass(frozen=True)
class Within:
    """A time by which it is known of everybody in the pool whether they were posted: who was, who was later, and who is there at all."""

    weeks: int
    posted: np.ndarray
    later: np.ndarray
    in_pool: np.ndarray


def time_for_groups(snapshot: CohortSnapshot, policy: Policy) -> Within | None:
    """The time at which groups are looked at. Everybody's postings decide it, which readers know; no group does."""
    people, cohort = snapshot.people, snapshot.process.cohort
    in_pool, until = _in_pool(snapshot), cohort.waiting.until
    weeks = people["pool_weeks"].to_numpy(dtype=float)
    if not in_pool.any() or np.isnan(weeks[in_pool]).any():
        return None
    within, left = (people[name].fillna(False).to_numpy(dtype=bool) & in_pool for name in ("pool_posted", "pool_left"))
    ever = (people[f"stage_{until}"] == "passed").to_numpy() & in_pool
    # Who left the list was not posted, however long one looks.
    known_to = int(weeks[in_pool & ~within & ~left].min(initial=weeks[in_pool].max()))
    best: tuple[float, Within] | None = None
    for week in range(cohort.waiting.weeks, known_to + 1, cohort.waiting.weeks):
        by_then = within & (weeks <= week)
        parts = [int(mask.sum()) for mask in (by_then, ever & ~by_then, in_pool & ~by_then)]
        # Readers can tell that no part is small on either side, so each has to leave values enough between the two.
        if min(parts) - 2 * policy.smallest_count + 1 < policy.fewest_of_any:
            continue
        off = abs(parts[0] / int(in_pool.sum()) - 0.5)
        if best is None or off < best[0]:
            best = off, Within(week, by_then, ever & ~by_then, in_pool)
    return None if best is None else best[1]


def _of_group(pair: Pair, within: Within, snapshot: CohortSnapshot, shown: Shown) -> tuple[tuple[int, int], tuple[int, int]] | None:
    cohort = snapshot.process.cohort
    n, ever = (shown.count((pair.name,), pair.focal, stage, "passed") for stage in (cohort.waiting.since, cohort.waiting.until))
    masks = (within.posted, within.later, within.in_pool & ~within.posted)
    true, totals = ([int(mask.sum()) for mask in each] for each in ([mask & pair.is_focal for mask in masks], masks))
    return told_of(true, totals, n, ever, shown.cube.policy)


def told_of(
    true: Sequence[int], totals: Sequence[int], n: int | None, ever: int | None, policy: Policy
) -> tuple[tuple[int, int], tuple[int, int]] | None:
    """Posted by then and in the pool, of the group and of everybody else, as they are told; None where a part is too small.

    Parameters
    ----------
    true, totals
        Posted by then, posted later, not posted by then: of the group, and of everybody.
    n, ever
        The protected counts of the group in the pool and posted at all, as the cube shows them.
    policy
        The rules.
    """
    everybody = totals[0] + totals[2]
    if n is None or min(n, everybody - n) < policy.counts_from:
        return None
    told = policy.rounded(true[0])
    as_told = (told, policy.rounded(true[1]) if ever is None else ever - told, n - told)
    # True parts decide, and those that readers will work out: of the group, and of everybody else.
    parts = [part for mine in (true, as_told) for a, total in zip(mine, totals, strict=True) for part in (a, total - a)]
    return None if min(parts) < policy.smallest_count else ((told, n), (totals[0] - told, everybody - n))


def _not_passed(begun: int, failed: Sequence[int], passed: int, policy: Policy) -> list[str]:
    """How many did not pass each check, as far as whoever stopped for another reason keeps values enough.

    Readers know exactly how many met the standard and how many passed every check. What gives way is the smallest count: it stands beside
    those that are hidden anyway. How many went into each check is not told: beside how many did not pass the one before, it would give
    counts away.
    """
    texts = [_count(n, policy) for n in failed]
    after = (passed, passed)
    for _, at in sorted((n, at) for at, n in enumerate(failed)):
        if _leaves_enough((begun, begun), after, texts, policy):
            break
        texts[at] = CONFIDENTIAL
    return texts


def _leaves_enough(before: tuple[int, int], after: tuple[int, int], between: list[str], policy: Policy) -> bool:
    """Whether the people lost between two counts may be shared among hidden counts in values enough. Who withdrew is one hidden count."""
    told = [_window(text, policy) for text in between if text != CONFIDENTIAL]
    if not told:
        return True
    most = before[1] - after[0] - sum(low for low, _ in told)
    fewest = 0 if len(told) < len(between) else max(0, before[0] - after[1] - sum(high for _, high in told))
    return most - fewest + 1 >= policy.fewest_values


def _offers(passed: str, in_pool: int, offered: int, declined: int, posted: str, policy: Policy) -> tuple[str, str]:
    """How many were offered a posting and how many declined, where people without an offer or an answer are not told by subtraction.

    Where fewer than the smallest count had no offer the number of offers is hidden, as the cube hides such a stage.
    """
    first, second = _count(offered, policy), _count(declined, policy)
    if in_pool - offered < policy.smallest_count:
        first = CONFIDENTIAL
    if CONFIDENTIAL not in (passed, first) and not _leaves_enough(_window(passed, policy), (0, 0), [first], policy):
        first = CONFIDENTIAL
    base = first if first != CONFIDENTIAL else passed
    if CONFIDENTIAL not in (base, second, posted) and not _leaves_enough(_window(base, policy), (0, 0), [second, posted], policy):
        second = CONFIDENTIAL
    return first, second


def _window(text: str, policy: Policy) -> tuple[int, int]:
    """The counts that a text may stand for."""
    value = count_of(text)
    if value is None:
        return 0, policy.smallest_count - 1
    low, high = policy.window(value)
    return max(low, policy.smallest_count), high


def _count(n: int, policy: Policy) -> str:
    return CONFIDENTIAL if n < policy.smallest_count else f"{policy.rounded(n):,}"


def _everybody(shown: Shown, stage: str, measure: str) -> str:
    """A count over everybody as the cube shows it."""
    lines = (shown.line(table, EVERYBODY, stage, measure)[0] for table in shown.cube.declaration.tables)
    return next((text for text in lines if count_of(text) is not None), CONFIDENTIAL)


def _of_checks(entered: str, passed: str, steps: tuple[str, ...], not_passed: list[str]) -> str:
    told = [f"{step} (about {text})" for step, text in zip(steps, not_passed, strict=True) if text != CONFIDENTIAL]
    both = CONFIDENTIAL not in (entered, passed)
    begins = f"About {entered} people went into the checks and about {passed} passed them all." if both else ""
    return " ".join(text for text in (begins, f"Most often not passed: {', '.join(told)}." if told else "") if text)


def _of_offers(offered: str, declined: str, posted: str) -> str:
    parts = [(offered, "were offered a posting"), (declined, "declined an offer"), (posted, "accepted one")]
    told = [f"about {text} {what}" for text, what in parts if text != CONFIDENTIAL]
    if not told:
        return ""
    *first, last = told
    return f"Of those who passed every check {', '.join(first)}{' and ' if first else ''}{last}."


def _in_pool(snapshot: CohortSnapshot) -> np.ndarray:
    inside: np.ndarray = (snapshot.people[f"stage_{snapshot.process.cohort.waiting.since}"] == "passed").to_numpy()
    return inside


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
