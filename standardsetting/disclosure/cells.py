"""The printed cells of a 10-5 release: one line a table, group, stage and measure, the text to print, and what a reader knows from it."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import pandas as pd

from standardsetting.disclosure.chain import Chain, Link, fitted, links, unfailing
from standardsetting.disclosure.cube import MEASURES, NOT_DECLARED, PASSED, STATES, VERDICT, Cube, Declaration
from standardsetting.disclosure.family import undeclared_groups
from standardsetting.disclosure.plan import Judged, Plan, Seen, Table
from standardsetting.disclosure.policy import CONFIDENTIAL, NOT_APPLICABLE, Policy

EVERYBODY = "everybody"
COLUMNS = ("table", "group", "stage", "measure", "shown", "value", "low", "high", "channel")
Line = tuple[str, str, str, str, str, int | None, int | None, int | None, str]


def remainder_label(declaration: Declaration, table: Table) -> str:
    """The comparator's row: it is the remainder, so it carries the people who did not declare.

    Examples
    --------
    >>> from standardsetting.disclosure.cube import Characteristic
    >>> sex = Characteristic("sex", ("women", "men"), "men")
    >>> remainder_label(Declaration(("applied", "eligible"), (sex,), (("sex",),)), ("sex",))
    'men or not declared'
    """
    return f"{declaration.comparator(table)} or {NOT_DECLARED}"


def cells(cube: Cube, plans: Mapping[Table, Plan], codes: Mapping[Judged, int], policy: Policy) -> pd.DataFrame:
    """All lines of a release in the order of the declaration. `codes` are the verdicts by table, group and span."""
    lines: list[Line] = []
    for table, plan in plans.items():
        lines += lines_of(cube.declaration, plan.label, EVERYBODY, totals(cube, policy), policy, "total", states=_states(cube, policy))
        for group, channel in plan.channels.items():
            label, known = group, plan.seen(group)
            if group == plan.comparator:
                label, channel = remainder_label(cube.declaration, table), "derived" if known else channel
            elif group in plan.derived:
                label, channel = f"{group} or {NOT_DECLARED}", "derived"
            lines += lines_of(cube.declaration, plan.label, label, known, policy, channel)
            if channel == "verdict" and group != plan.comparator:
                lines += [_verdict_line(plan, group, until, VERDICT, codes.get((table, group, since, until)))
                          for since, until in pairwise(cube.declaration.stages)]  # fmt: skip
                lines += [_verdict_line(plan, group, until, cube.declaration.judged[since, until], codes.get((table, group, since, until)))
                          for since, until in cube.declaration.spans]  # fmt: skip
        for kind in undeclared_groups(cube.declaration, table):
            lines += lines_of(cube.declaration, plan.label, kind, plan.undeclared.get(kind, {}), policy, "undeclared")
    frame = pd.DataFrame(lines, columns=list(COLUMNS))
    return frame.astype({"value": "Int64", "low": "Int64", "high": "Int64"})


def totals(cube: Cube, policy: Policy) -> Seen:
    """The totals over everybody by place of the chain, from true values, then rounded, under the same thresholds."""
    chain, seen, free = Chain.of(cube, ()), Seen(), unfailing(cube.declaration)
    for at in fitted(cube.declaration):
        if chain.may_show(at, seen, policy, free=free):
            value = policy.rounded(int(chain.counts[at]))
            seen[at] = (value, *policy.window(value))
    return seen


def _states(cube: Cube, policy: Policy) -> dict[Link, tuple[int, int, int]]:
    """Of everybody, how many did not pass, withdrew, were deferred or are pending at each stage: rounded."""
    counts = dict(zip(cube.declaration.classes, cube.totals.tolist(), strict=True))
    shown = {kind: policy.rounded(n) for kind, n in counts.items() if n >= policy.smallest_count}
    return {kind: (value, *policy.window(value)) for kind, value in shown.items()}


def lines_of(
    declaration: Declaration, table: str, group: str, known: Seen, policy: Policy, channel: str,
    *, states: Mapping[Link, tuple[int, int, int]] | None = None,
) -> list[Line]:  # fmt: skip
    """The lines of one group: counts where they are known, what follows from them, and the shorthand where nothing may be said."""
    place = {link: at for at, link in enumerate(links(declaration.stages))}
    lines: list[Line] = []
    for number, stage in enumerate(declaration.stages):
        before = (declaration.stages[number - 1], PASSED if number > 1 else "entered") if number else (stage, "entered")
        entered, passed = known.get(place[before]), known.get(place[stage, PASSED]) if number else None
        here = {state: at for (where, state), at in (states or {}).items() if where == stage and state != PASSED}
        found = {"entered": entered, PASSED: passed, **here}
        measures = MEASURES if number else ("entered",)
        for measure in measures:
            if (stage, measure) in declaration.impossible:
                lines.append((table, group, stage, measure, NOT_APPLICABLE, None, 0, 0, channel))
            else:
                lines.append(_line(table, group, stage, measure, found.get(measure), policy, channel))
        if number:
            lines.append(_rate(declaration, table, group, stage, entered, passed, policy, channel))
    return lines


def _line(table: str, group: str, stage: str, measure: str, known: tuple[int, int, int] | None, policy: Policy, channel: str) -> Line:
    if known is None or known[0] < policy.smallest_count:
        return (table, group, stage, measure, CONFIDENTIAL, None, None, None, channel)
    value, low, high = known
    return (table, group, stage, measure, f"{value:,}", value, max(low, policy.smallest_count), high, channel)


def _rate(
    declaration: Declaration, table: str, group: str, stage: str, entered: tuple[int, int, int] | None, passed: tuple[int, int, int] | None,
    policy: Policy, channel: str,
) -> Line:  # fmt: skip
    """A pass rate in whole per cent, from the protected counts alone; never nothing and never everybody."""
    if (stage, STATES[0]) in declaration.impossible:
        return (table, group, stage, "rate", NOT_APPLICABLE, None, None, None, channel)
    hidden: Line = (table, group, stage, "rate", CONFIDENTIAL, None, None, None, channel)
    if entered is None or passed is None or group == NOT_DECLARED:
        return hidden
    n, a = entered[0], passed[0]
    if n < policy.rate_denominator or min(a, n - a) < policy.rate_count:
        return hidden
    rate = (200 * a + n) // (2 * n)
    if rate in (0, 100):
        return hidden
    low, high = 100 * passed[1] // max(entered[2], 1), -(-100 * passed[2] // max(entered[1], 1))
    return (table, group, stage, "rate", f"{rate}%", rate, max(0, low), min(100, high), channel)


def _verdict_line(plan: Plan, group: str, stage: str, measure: str, code: int | None) -> Line:
    from standardsetting.cohort.verdict import CODES

    shown = CONFIDENTIAL if code is None else str(CODES[code].value)
    return (plan.label, group, stage, measure, shown, None, None, None, "verdict")
