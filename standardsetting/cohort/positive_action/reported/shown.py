"""What the workshops' effect, or the association with attendance, may be told of: whole points, no counts beside them."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from standardsetting.cohort.diversity.compared import rounded_to, whole
from standardsetting.cohort.positive_action.complier import ComplierEffect, complier_effect
from standardsetting.cohort.positive_action.design import ACROSS, LOTTERY, NOBODY_HELD_BACK, STAGGERED, Design, identify
from standardsetting.cohort.positive_action.effect import RATE, Effect
from standardsetting.cohort.positive_action.intention_to_treat import IntentionToTreat, intention_to_treat
from standardsetting.cohort.positive_action.overlap import Association, association
from standardsetting.cohort.positive_action.participants import Participants
from standardsetting.cohort.positive_action.release import releasable
from standardsetting.cohort.positive_action.reported.before_after import BeforeAfter
from standardsetting.cohort.positive_action.reported.before_after_told import before_after_rows
from standardsetting.disclosure.release import SECTIONS, Section
from standardsetting.process import Process

SEED = 20230724
ASSOCIATION = "Attended or not: an association"
IN_100, POINTS = "in 100 people", "points of the total score"
NO_OUTCOME = "Not shown: no outcome is known yet."
_NOT_IDENTIFIED = (
    "Nobody stands for what would have happened without the workshops: there was no lottery, no declared order of invitations, and no "
    "earlier processes are compared. What workshops did is not identified. People chose to attend, so the results of attenders show how "
    "attenders differ, not what the workshop did."
)
_BESIDE_EARLIER = (
    "Nobody was held back in this process, and earlier processes without workshops stand for what would have happened: the gap between "
    "people to whom workshops are open and everybody else would have stayed as it was. Whatever else changed together with the workshops "
    "is taken for them."
)
_CAN_SAY = {
    LOTTERY: "the effect of being offered a place, and of attending on people who attend because they are offered one",
    STAGGERED: "the effect of being invited before the interview, if the order had nothing to do with how well people would do",
    ACROSS: "whether the gap to everybody else moved when workshops were opened, and not what attending did",
    NOBODY_HELD_BACK: "how attenders differ from people who stayed away, and not what the workshop did",
}


@dataclass(frozen=True)
class Results:
    """What the methods gave, and for each why it may not be shown (empty where it may). `across` is missing where none is declared."""

    design: Design
    across: BeforeAfter | None
    to_treat: IntentionToTreat | None
    complier: ComplierEffect | None
    attended: Association | None
    refused: dict[str, str]


def results(people: Participants, process: Process, across: BeforeAfter | None) -> Results:
    """The design first, then what it allows; then what of it may be shown, decided from the people (`across` is from releases alone)."""
    told = process.positive_action
    order = "as the definition declares" if told is not None and told.design == "staggered" else ""
    design = identify(people, process=process.id, order_of_invitations=order)
    if design.kind == NOBODY_HELD_BACK:
        moved = across is not None and any(not each.found.effect.why for each in across.compared)
        design = Design(ACROSS, True, False, _BESIDE_EARLIER) if moved else Design(design.kind, False, False, _NOT_IDENTIFIED, process.id)
    within = design.kind in (LOTTERY, STAGGERED)
    if people.table["met_standard"].isna().all():
        return Results(design, across, None, None, None, {"association": NO_OUTCOME, "offer": NO_OUTCOME, "complier": NO_OUTCOME})
    to_treat = intention_to_treat(people, design=design, seed=SEED) if within else None
    complier = complier_effect(people, design=design) if design.randomised else None
    attended = association(people, process=process.id) if people.prior else None
    allowed = releasable(people, process=process.id, to_treat=to_treat, attended=attended, complier=complier)
    why = {permission.result: permission.why for permission in allowed}
    refused = {
        "association": why.get("association with attendance, its balance table and E-value", _NO_PRIOR),
        "offer": why.get("effect of the offer", ""),
        "complier": why.get("complier effect", ""),
    }
    return Results(design, across, to_treat, complier, attended, refused)


_NO_PRIOR = "Not shown: nothing is declared as fixed before the invitations, so attenders and others cannot be made alike."


def design_section(found: Results, process: Process) -> Section:
    """What the way the workshops were offered can show: said before any number."""
    told = process.positive_action
    no_comparison = "in a way that allows no comparison by offer"
    rows = [
        {"item": "How workshops were offered", "content": found.design.kind if found.design.identified else no_comparison},
        {"item": "Is an effect identified?", "content": _identified(found.design)},
        {"item": "What it can show", "content": _CAN_SAY.get(found.design.kind, "")},
        {"item": "Why" if not found.design.identified else "What has to hold", "content": found.design.sentence},
    ]
    sentences: tuple[str, ...] = ()
    if told is not None and told.design == "lottery" and found.design.kind != LOTTERY:
        sentences = ("The definition declares a lottery, and the register of workshops does not hold both of its sides.",)
    if found.across is not None and found.design.kind != ACROSS:
        sentences = ("The definition declares a comparison with earlier processes; it tells no effect here.",)
    return Section(pd.DataFrame(rows), sentences)


def _identified(design: Design) -> str:
    if design.kind == ACROSS:
        return "yes, if the gap would otherwise have stayed as it was"
    return "yes" if design.identified else "no"


def effects_section(found: Results) -> Section:
    """Every estimate with its interval, or the reason why there is none."""
    rows = before_after_rows(found.across) if found.across is not None else []
    if found.design.kind in (LOTTERY, STAGGERED):
        offer = found.to_treat
        for effect in (offer.rate, offer.total) if offer else ():
            rows.append(_row("Effect of the offer of a place", effect, found.refused["offer"]))
        if offer is None:
            rows.append(_untold("Effect of the offer of a place", found.refused["offer"]))
        if found.complier is not None:
            rows.append(_row("Effect of attending, on who attends because of the offer", found.complier.effect, found.refused["complier"]))
    attended = found.attended
    for effect in (attended.rate, attended.total) if attended else ():
        rows.append(_row(ASSOCIATION, effect, found.refused["association"]))
    if attended is None:
        rows.append(_untold(ASSOCIATION, found.refused["association"]))
    # The same refusal of shares and totals is said once.
    rows = [row for at, row in enumerate(rows) if row["estimate"] is not None or row["sentence"] not in [r["sentence"] for r in rows[:at]]]
    table = pd.DataFrame(rows, columns=list(SECTIONS["effects"])).astype(dict.fromkeys(("estimate", "low", "high"), "Int64"))
    return Section(table, _notes(found, rows), "95% intervals. Rounded to whole points; the counts behind a comparison are not shown.")


def balance_section(found: Results, process: Process) -> Section:
    """How alike attenders and others are on what was known before, before and after weighting."""
    blank = Section(pd.DataFrame(columns=list(SECTIONS["balance"])), (found.refused["association"],))
    if found.refused["association"] or found.attended is None or found.attended.balance is None:
        return blank
    table = found.attended.balance
    labels = {covariate.column: covariate.label for covariate in process.cohort.covariates}
    rows = [
        {"covariate": _labelled(str(name), labels), "before": rounded_to(before, 2), "after": rounded_to(after, 2)}
        for name, before, after in zip(table.index, table["before"], table["after"], strict=True)
    ]
    apart = int(table["large_after"].sum())
    said = (
        "People are taken as alike where they differ by 0.1 standard deviations or less."
        if not apart
        else f"After weighting, {apart} of {len(table)} differences are still above 0.1 standard deviations: read on with caution."
    )
    method = (
        "Differences of averages, attenders less others, in standard deviations of the people. The weights (overlap weights) count most "
        "the people who, by what is compared here and nothing else, were about as likely to attend as not."
    )
    return Section(pd.DataFrame(rows), (said, "What was not recorded, such as interest and preparation, may still differ."), method)


def sensitivity_section(found: Results) -> Section:
    """How strong something unmeasured would have to be to explain the association away."""
    value = found.attended.e_value if found.attended else None
    if found.refused["association"] or value is None:
        why = found.refused["association"] or "There is no ratio to explain."
        return Section(pd.DataFrame(columns=list(SECTIONS["sensitivity"])), (why,))
    point, limit = rounded_to(value.point, 1), rounded_to(value.limit, 1)
    said = (
        "The interval of the ratio of shares already includes no difference, so little is left that would need explaining."
        if value.limit == 1
        else f"For the interval of the ratio of shares to include no difference, {limit:.1f} times would do."
    )
    sentence = (
        f"A cause that was not measured and that makes attending {point:.1f} times as likely, and meeting the standard as well, would "
        f"explain all of the association. {said} Interest and support at work can be as strong as that."
    )
    row = {"effect": "Attended or not, share meeting the standard", "e_value": point, "e_value_limit": limit, "sentence": sentence}
    method = "E-value of the weighted ratio of shares, and of the nearer limit of its interval, to one decimal."
    return Section(pd.DataFrame([row]), (), method)


def _notes(found: Results, rows: list[dict[str, object]]) -> tuple[str, ...]:
    """What has to be known beside the estimates that are told."""
    if all(row["estimate"] is None for row in rows):
        return ()
    effects = [found.to_treat.rate, found.to_treat.total] if found.to_treat else []
    effects += [found.complier.effect] if found.complier else []
    effects += [found.attended.rate] if found.attended else []
    return tuple(dict.fromkeys(effect.note for effect in effects if not effect.why))


def _row(question: str, effect: Effect, refused: str) -> dict[str, object]:
    if refused or effect.why:
        return _untold(question, refused or effect.why)
    scale, unit = (100, IN_100) if effect.outcome == RATE else (1, POINTS)
    # An Anderson-Rubin interval may have no end.
    estimate, low, high = (whole(scale * each) for each in (effect.estimate, effect.low, effect.high))
    return {
        "question": question, "outcome": effect.outcome, "estimate": estimate, "low": low, "high": high, "unit": unit,
        "method": effect.method, "sentence": _in_words(effect, estimate, low, high, unit),
    }  # fmt: skip


_PEOPLE = {
    "attended": "people who attended",
    "did not attend": "people who did not",
    "offered a place": "people offered a place",
    "wait list": "people on the wait list",
    "invited before the interview": "people invited before the interview",
    "invited after it": "people invited after it",
}


def _untold(question: str, why: str) -> dict[str, object]:
    return {"question": question, "outcome": RATE, "estimate": None, "low": None, "high": None, "unit": "", "method": "", "sentence": why}


def _in_words(effect: Effect, estimate: int | None, low: int | None, high: int | None, unit: str) -> str:
    sides = f"{_PEOPLE[effect.one]} compared with {_PEOPLE[effect.other]}"
    more, fewer = ("more", "fewer") if unit == IN_100 else ("higher", "lower")
    if not estimate:
        found = "as many in 100 met the standard" if unit == IN_100 else "total scores about as high"
    else:
        by = more if estimate > 0 else fewer
        found = f"{abs(estimate)} {by} in 100 met the standard" if unit == IN_100 else f"total scores {by} by {abs(estimate)} on average"
    sides = f"{sides[:1].upper()}{sides[1:]}"
    if low is None or high is None:
        return f"{sides}: {found}; the 95% interval has no end."
    ends = " to ".join(f"{abs(end)} {more if end > 0 else fewer}" if end else "0" for end in (low, high))
    doubt = " The interval includes no difference." if effect.low <= 0 <= effect.high else ""
    return f"{sides}: {found} (95% interval: {ends}).{doubt}"


def _labelled(name: str, labels: dict[str, str]) -> str:
    column, colon, level = name.partition(": ")
    return f"{labels.get(column, column)}{colon}{level}"
