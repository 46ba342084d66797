"""Would adjusting for severity help? What it would change here, what to expect of it, and that nothing was adjusted."""

from __future__ import annotations

import numpy as np

from standardsetting.blind.adjustment import CANNOT_TELL, HARM, HELP, HIGHEST, LOWEST, NO_DIFFERENCE, Adjustment
from standardsetting.blind.how_far import NO_RATINGS, ONE_EACH, ONLY_AGREED, TOO_MANY
from standardsetting.prose.passage import Passage, listed, paragraphs
from standardsetting.tables.rounding import count, number, of, percent

_VERDICTS = {
    HELP: "Adjusting the scores for the assessors' severity would likely make fewer decisions wrong.",
    HARM: "Adjusting the scores for the assessors' severity would likely make more decisions wrong.",
    NO_DIFFERENCE: "Adjusting the scores for the assessors' severity would make no difference that matters to the decisions.",
    CANNOT_TELL: "Whether adjusting the scores for the assessors' severity would make decisions better cannot be told from these ratings.",
}
_NOT_ADJUSTED = "No score in this pack was adjusted, and none is: the rule counts the scores as they were given."
# Where the whole page has said already why nothing can be said.
_SAID_ALREADY = (ONLY_AGREED, NO_RATINGS, ONE_EACH, TOO_MANY)


def adjusting(found: Adjustment) -> Passage | None:
    """The verdict, what is expected, and what would change in this cohort; or why it cannot be said."""
    if found.reason in _SAID_ALREADY:
        return None
    title = Passage('<h3 id="adjusting">Would adjusting for severity help?</h3>')
    if not found.known:
        return title + paragraphs(_NOT_ADJUSTED, f"What adjusting would do is not computed: {found.reason}.")
    return title + paragraphs(f"{_VERDICTS[found.verdict]} {_NOT_ADJUSTED}", _expected(found), _range(found), _here(found))


def adjusting_limits(found: Adjustment) -> Passage | None:
    """What the simulation rests on."""
    if not found.known:
        return None
    kind = (
        "Each assessor is taken as equally severe from the first interview to the last, and towards everybody. Where that is not so, "
        "adjusting may do worse than here. Whoever wants adjusted scores decides so before the interviews and tells the candidates."
    )
    return paragraphs(_agreed(found), _likeness(found), kind)


def _expected(found: Adjustment) -> str:
    if found.change is None or found.error_change is None:
        return ""
    low, high = number(found.change.low, 2), number(found.change.high, 2)
    return (
        f"In {count(found.replicates)} simulated campaigns with this rota, raw scores led to {number(found.wrong_raw, 1)} wrong decisions "
        f"per 100 candidates and adjusted scores to {number(found.wrong_adjusted, 1)}, on average over the totals shown: a change of "
        f"{number(found.change.value, 2)} ({percent(found.confidence, 0)} Monte-Carlo interval {low} to {high}). A change of "
        f"{number(found.matters)} counts as one that matters. {_against(found)}The error of a total (root mean square) went from "
        f"{number(found.error_raw, 2)} to {number(found.error_adjusted, 2)} points."
    )


def _against(found: Adjustment) -> str:
    """The totals at which the change goes the other way than on average."""
    rows, worse = found.by_cut, found.change is not None and found.change.value > 0
    other = rows["change_high"] < 0 if worse else rows["change_low"] > 0
    if not other.any():
        return ""
    at = listed([number(cut) for cut in rows.loc[other, "cut"]])
    return f"At {'a total' if int(other.sum()) == 1 else 'totals'} of {at} it goes the other way. "


def _range(found: Adjustment) -> str:
    """What follows from not knowing how far assessors differ."""
    rows = found.by_severity.set_index("severity")
    spread, change = rows["deviation"].to_dict(), rows["change"].to_dict()
    said = (
        "How far assessors differ is itself an estimate. At the least that the ratings allow (standard deviation of an assessor's total "
        f"{number(spread[LOWEST], 2)} points) the change would be {number(change[LOWEST], 2)}; at the most ({number(spread[HIGHEST], 2)} "
        f"points), {number(change[HIGHEST], 2)}."
    )
    if found.verdict != CANNOT_TELL:
        return said
    if (rows["high"] <= 0).all():
        open_ = "whether there would be fewer by enough to matter is open"
        return f"{said} In none of these cases were there more wrong decisions on average; {open_}."
    return f"{said} That is why it cannot be told."


def _here(found: Adjustment) -> str:
    moved = (
        f"In this cohort {of(found.would_move, 'total')} of {count(found.n_candidates)} would move by half a point or more, "
        f"the furthest by {number(found.largest, 1)}."
    )
    leave, enter = found.by_cut["would_leave"].to_numpy(), found.by_cut["would_enter"].to_numpy()
    most = int((leave + enter).argmax())
    if not leave[most] + enter[most]:
        return f"{moved} At no total shown would any outcome change."
    return (
        f"{moved} Most outcomes would change at a total of {number(found.by_cut['cut'].tolist()[most])}: "
        f"{of(int(leave[most]), 'candidate')} would no longer meet the rule, and {of(int(enter[most]), 'candidate')} would come to meet it."
    )


def _agreed(found: Adjustment) -> str:
    wrong = (
        "A decision is wrong where the true scores would have decided otherwise: those that many such assessors would give on average. "
        "A true or an adjusted score meets a hurdle or a total where the nearest score that the process can give does."
    )
    if not np.isfinite(found.agreed_as_modelled):
        return wrong
    near = percent(found.agreed_as_modelled, found.n_candidates)
    said = (
        f"{wrong} An agreed score is simulated as the mean of the panel's ratings at the nearest step, a tie by the toss of a coin; "
        f"{near} of the agreed scores here lie within half a step of that mean."
    )
    if not np.isfinite(found.carried):
        return said
    took = "all of it" if found.carried_used >= 1 else f"{_hundredths(found.carried_used)}%"
    return (
        f"{said} How much of a panel's severity is left in its agreed scores is estimated at {_hundredths(found.carried)}% "
        f"({percent(found.confidence, 0)} interval {_hundredths(found.carried_low)}% to {_hundredths(found.carried_high)}%); the "
        f"simulation leaves {took} in."
    )


def _hundredths(share: float) -> str:
    return number(100 * share, 0)


def _likeness(found: Adjustment) -> str:
    if not np.isfinite(found.deviation_seen) or not np.isfinite(found.deviation_simulated):
        return ""
    left = f" {of(found.left_out, 'candidate')} without a score or a rating on every value are left out." if found.left_out else ""
    return (
        f"How like this cohort the simulated ones are: their totals have a standard deviation of {number(found.deviation_simulated, 2)} "
        f"points, those here of {number(found.deviation_seen, 2)}.{left}"
    )
