"""The comparison before and after as it is told: whole points from released counts, what it rests on, and what it cannot show."""

from __future__ import annotations

from collections.abc import Hashable

import pandas as pd

from standardsetting.cohort.diversity.compared import whole
from standardsetting.cohort.positive_action.across_released import NOTE
from standardsetting.cohort.positive_action.effect import RATE
from standardsetting.cohort.positive_action.reported.before_after import BeforeAfter, Compared
from standardsetting.disclosure.release import SECTIONS, Section

QUESTION = "Before and after"
_RESTS_ON = (
    "This is the effect of opening workshops only if the gap would otherwise have stayed as it was. Whatever else changed together with "
    "the workshops is in it too: who applied, the questions, the panels, the standard itself."
)
_CANNOT = (
    "It cannot show what attending did: everybody to whom a workshop was open is counted, whoever came. People who did not declare are "
    "counted with everybody else, unless something that they did declare places them in a group."
)
_METHOD = (
    "Difference in differences of the share of those interviewed who met the standard, from released counts alone; no earlier cohort was "
    "opened again. The counts are rounded: each is taken to be off by as much as rounding (or an earlier release whose figure was kept) "
    "allows, up or down at random, and this is part of every 95% interval. Each number is rounded by itself."
)


def before_after_section(found: BeforeAfter) -> Section:
    """One row a process, and in sentences what moved, whether it had been moving before, and what that rests on."""
    rows = [
        {
            "who": each.who, "process": at.process, "workshops": "yes" if at.workshops else "no", "people": at.people,
            "rate": whole(100 * at.met / at.people), "others": at.others, "reference_rate": whole(100 * at.others_met / at.others),
            **{name: whole(100 * gaps[name]) for name in ("gap", "low", "high")},
        }
        for each in found.compared
        for at, gaps in zip(each.counts, _gaps(each), strict=True)
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=list(SECTIONS["before_after"]))
    if not rows:
        return Section(table, found.notes)
    sentences = [text for each in found.compared for text in (_moved(each), _before(each)) if text]
    methods = dict.fromkeys(each.found.effect.method for each in found.compared if each.found.effect.method)
    rests_on = (*cautions(found), _RESTS_ON, _CANNOT, *found.notes)
    return Section(table, (*sentences, *rests_on), " ".join([_METHOD, *map(_sentence, methods)]))


def before_after_rows(found: BeforeAfter) -> list[dict[str, object]]:
    """The rows among the effects: one a comparison, or why there is none."""
    rows: list[dict[str, object]] = []
    for each in found.compared:
        effect = each.found.effect
        estimate, low, high = ((None,) * 3 if effect.why else (whole(100 * x) for x in (effect.estimate, effect.low, effect.high)))
        rows.append(
            {"question": f"{QUESTION}: {each.who}", "outcome": RATE, "estimate": estimate, "low": low, "high": high,
             "unit": "" if effect.why else "in 100 people", "method": effect.method, "sentence": _moved(each)}
        )  # fmt: skip
    if not rows:
        rows = [{"question": QUESTION, "outcome": RATE, "estimate": None, "low": None, "high": None, "unit": "", "method": "",
                 "sentence": " ".join(found.notes)}]  # fmt: skip
    return rows


def cautions(found: BeforeAfter) -> tuple[str, ...]:
    """What an interval that is told does not count, beyond what every such comparison rests on."""
    notes = [each.found.effect.note.removeprefix(NOTE).strip() for each in found.compared if not each.found.effect.why]
    return tuple(dict.fromkeys(filter(None, notes)))


def _gaps(each: Compared) -> list[dict[Hashable, float]]:
    return [] if each.found.gaps is None else each.found.gaps[["gap", "low", "high"]].to_dict("records")


def _moved(each: Compared) -> str:
    effect = each.found.effect
    if effect.why:
        return f"{each.who[:1].upper()}{each.who[1:]}: {effect.why}"
    moved, low, high, before, after = (
        whole(100 * share) or 0 for share in (effect.estimate, effect.low, effect.high, effect.level_other, effect.level_one)
    )
    doubt = " The interval includes no change." if effect.low <= 0 <= effect.high else ""
    return (
        f"Before the workshops, {_gap(before)} in 100 {each.who} met the standard {'than' if before else 'as'} of everybody else; "
        f"with them, {_gap(after)}. The gap moved by {abs(moved)} in 100 {_towards(moved)} "
        f"(95% interval: {_end(low)} to {_end(high)}).{doubt}"
    )


def _before(each: Compared) -> str:
    found, shown = each.found, [at for at in each.counts if not at.workshops]
    if found.trend != found.trend:
        return ""
    moved, low, high = (whole(100 * x) or 0 for x in (found.trend, found.trend_low, found.trend_high))
    return (
        f"From one process to the next before the workshops ({len(shown)} processes) their gap moved by {abs(moved)} in 100 "
        f"{_towards(moved)} (95% interval: {_end(low)} to {_end(high)}). {found.parallel}"
    )


def _gap(points: int) -> str:
    return f"{abs(points)} {'more' if points > 0 else 'fewer'}" if points else "as many"


def _towards(points: int) -> str:
    return "in their favour" if points > 0 else "against them" if points < 0 else "either way"


def _end(points: int) -> str:
    return f"{abs(points)} {_towards(points)}" if points else "0"


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
