"""A sentence for each assessor: what the screens ask, and what to do tomorrow. A screen raises a question and accuses nobody."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from standardsetting.blind.assessors.screens import SCREENS, Screens

PARTNERS, RECORDINGS = 2, 2

ONLY_AGREED = (
    "Only agreed scores are here: what one assessor adds to them cannot be estimated. Ask for the ratings given before the discussion."
)


def partners(severity: np.ndarray, n: np.ndarray, questioned: np.ndarray, flagged: np.ndarray, names: np.ndarray) -> list[tuple[str, ...]]:
    """For each flagged assessor two others about whom no screen asks anything, nearest to the mean of severity, the more experienced first.

    They are dealt out in turn over the better half, so that one person is not asked to sit with everybody.
    """
    usable = np.flatnonzero(~questioned & ~np.isnan(severity))
    # Rounded, so that nearness that is noise does not beat experience.
    order = usable[np.lexsort((names[usable].astype(str), -n[usable], np.round(np.abs(severity[usable]), 1)))]
    half = order[: max(PARTNERS, -(-len(order) // 2))]
    dealt: list[tuple[str, ...]] = [() for _ in names]
    for turn, who in enumerate(np.flatnonzero(flagged)):
        dealt[who] = tuple(str(names[half[(PARTNERS * turn + at) % len(half)]]) for at in range(min(PARTNERS, len(half))))
    return dealt


def recordings(found: Any, below: np.ndarray, sign: np.ndarray) -> list[tuple[str, ...]]:
    """For each assessor two candidates on whom the ratings lay furthest from the co-assessors' (in the direction of the question)."""
    table = found.table
    own = np.nan_to_num(found.severity.adjusted.value)[table.assessor]
    amount = below + own
    direction = sign[table.assessor]
    size = np.where(direction == 0, np.abs(amount), amount * direction)
    use = np.flatnonzero(~np.isnan(size))
    labels = table.candidates.astype(str)
    order = use[np.lexsort((labels[table.candidate[use]], -np.round(size[use], 9), table.assessor[use]))]
    start = np.searchsorted(table.assessor[order], np.arange(len(table.assessors) + 1))
    return [tuple(labels[table.candidate[one]] for one in order[first : min(first + RECORDINGS, stop)]) for first, stop in pairwise(start)]


def sentence(who: int, found: Any, flags: tuple[str, ...], screens: Screens) -> str:
    """What the figures of one assessor say."""
    name, n = found.table.assessors[who], int(found.n_shared[who])
    if n == 0:
        return f"Assessor {name} shared no candidate with another assessor: nothing can be compared."
    if n < screens.fewest_candidates:
        return f"Assessor {name} shared {n} candidate{'s' if n > 1 else ''} with others: too few for the screens (at least {screens.fewest_candidates})."  # noqa: E501
    if not flags:
        alone = found.subset_size[who] < screens.fewest_in_subset
        note = " Severity cannot be told from that of the one co-assessor." if alone else ""
        return f"Assessor {name}: no screen raised a question over {n} candidates.{note}"
    asked = "; ".join(_asked(flag, who, found) for flag in flags)
    return f"Assessor {name} {asked} ({n} shared candidates). A screen raised a question; it does not say why."


def action(flags: tuple[str, ...], with_whom: tuple[str, ...], review: tuple[str, ...]) -> str:
    """What to do about it."""
    if not flags:
        return ""
    pair = f"Pair with {' or '.join(with_whom)}" if with_whom else "Pair with an assessor about whom no screen asks anything"
    look = f" and review the recordings of {' and '.join(review)}" if review else ""
    extra = {
        "dependence": " Ask whether ratings were written down before the discussion.",
        "undifferentiated": " Go through the meaning of each value together.",
        "central": " Go through what the ends of the scale look like.",
        "contrast": " Leave a few minutes between candidates.",
    }
    return f"{pair}{look}." + "".join(extra[flag] for flag in flags if flag in extra)


def overall(found: Any, flags: list[tuple[str, ...]], screens: Screens) -> str:
    """The sentence for the whole table."""
    n = len(flags)
    asked = {screen: sum(screen in one for one in flags) for screen in SCREENS}
    raised = ", ".join(f"{screen} {count}" for screen, count in asked.items() if count)
    few = int((found.n_shared < screens.fewest_candidates).sum())
    some = sum(bool(one) for one in flags)
    text = (
        f"Screens raised a question about {some} of {n} assessors ({raised})."
        if some
        else f"No screen raised a question about any of {n} assessors."
    )
    if few:
        text += f" {few} shared fewer than {screens.fewest_candidates} candidates: too few for the screens."
    sizes = [int(size) for size in np.bincount(found.table.subset)[1:]]
    if len(sizes) > 1:
        listed = ", ".join(f"subset {at} of {size}" for at, size in enumerate(sizes, start=1))
        text += f" The assessors fall into {len(sizes)} subsets that share no candidate ({listed}): severity is relative to the own subset, and is not compared across them."  # noqa: E501
    if found.drift is None:
        text += " Without the day of the interviews drift cannot be seen."
    return text


def _span(figure: Any, who: int, digits: int = 1, sign: int = 1) -> str:
    ends = sorted((sign * figure.low[who], sign * figure.high[who]))
    return f"95% interval {ends[0]:.{digits}f} to {ends[1]:.{digits}f}" if np.isfinite(ends).all() else "no interval"


def _asked(flag: str, who: int, found: Any) -> str:
    adjusted, percent = found.severity.adjusted, round(100 * found.confidence)
    text: str
    if flag in ("severe", "lenient"):
        sign = 1 if flag == "severe" else -1
        place = "below" if sign > 0 else "above"
        points = sign * adjusted.value[who] * found.per_point
        text = (
            f"rated {sign * adjusted.value[who]:.1f} points {place} co-assessors on each value ({_span(adjusted, who, sign=sign)}), "
            f"about {points:.1f} points of an average candidate's total"
        )
    elif flag == "inconsistent":
        text = (
            f"differed from co-assessors by more than others do: {found.noise.ratio.value[who]:.1f} times the mean error variance, "
            f"correlation {found.spread.correlation.value[who]:.2f} ({found.spread.correlation_expected:.2f} overall)"
        )
    elif flag in ("central", "extreme"):
        side = "kept closer to the middle of the scale than" if flag == "central" else "used the ends of the scale more than"
        text = f"{side} co-assessors of the same candidates: standard deviation {found.spread.sd_ratio.value[who]:.2f} of theirs ({_span(found.spread.sd_ratio, who, 2)})"  # noqa: E501
    elif flag == "undifferentiated":
        own = found.undifferentiated
        text = f"gave {100 * own.flat.value[who]:.0f}% of candidates the same rating on every value; {100 * own.flat_expected[who]:.0f}% would be expected"  # noqa: E501
    elif flag == "drift":
        way = "more severe" if found.drift.change.value[who] > 0 else "more lenient"
        text = f"became {way} over the window: {abs(found.drift.change.value[who]):.1f} points on each value from the earlier to the later half"  # noqa: E501
    elif flag == "contrast":
        text = (
            f"rated lower by {abs(found.contrast.value[who]):.1f} for each point by which the candidate before was better"
            if found.contrast.value[who] > 0
            else f"rated higher by {abs(found.contrast.value[who]):.1f} for each point by which the candidate before was better"
        )
    else:
        own = found.dependence
        text = f"gave the same ratings as co-assessors in {100 * own.exact.value[who]:.0f}% of cases; {100 * own.exact_expected[who]:.0f}% would be expected"  # noqa: E501
    return text.replace("95% interval", f"{percent}% interval")
