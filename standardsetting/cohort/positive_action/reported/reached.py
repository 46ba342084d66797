"""Whom the workshops reached, read from protected counts and nothing else; and what an attended place cost."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from standardsetting.cohort.diversity.compared import whole
from standardsetting.cohort.positive_action.reported.declared import STEPS
from standardsetting.disclosure.cells import COLUMNS, EVERYBODY, lines_of, totals
from standardsetting.disclosure.cube import NOT_DECLARED, Cube, ending
from standardsetting.disclosure.policy import CONFIDENTIAL, SHORTHAND
from standardsetting.disclosure.protect import ProtectedCube
from standardsetting.disclosure.release import SECTIONS, Section

_FIRST, _LAST = next(iter(STEPS)), list(STEPS)[-1]


@dataclass(frozen=True)
class Reached:
    """The protected counts of the reach cube, looked up."""

    cube: ProtectedCube

    @property
    def groups(self) -> tuple[str, ...]:
        """The lines: the groups in their order, then everybody."""
        lines = list(dict.fromkeys(self._rows["group"]))
        return (*(line for line in lines if line != EVERYBODY), EVERYBODY)

    @cached_property
    def _rows(self) -> pd.DataFrame:
        cells = self.cube.cells if self.cube.declaration.tables else _totals(self.cube)
        return cells[cells["measure"].isin(("entered", "passed"))]

    def line(self, group: str, step: str) -> tuple[str, int | None]:
        """The text of a count and its number."""
        measure = "entered" if step == _FIRST else "passed"
        rows = self._rows
        (row,) = rows[(rows["group"] == group) & (rows["stage"] == step) & (rows["measure"] == measure)].to_dict("records")
        return str(row["shown"]), None if pd.isna(row["value"]) else int(row["value"])

    def share(self, group: str, step: str, *, of: str = _FIRST) -> int | None:
        """Of those to whom a workshop was open (or of another step), in whole per cent, where a rate may be shown."""
        (_, n), (_, a), policy = self.line(group, of), self.line(group, step), self.cube.policy
        if n is None or a is None or n < policy.rate_denominator or min(a, n - a) < policy.rate_count:
            return None
        return whole(100 * a / n)

    @property
    def open_to(self) -> int | None:
        """To how many people a workshop was open."""
        return self.line(EVERYBODY, _FIRST)[1]

    @property
    def attended(self) -> int | None:
        """How many attended before their interview."""
        return self.line(EVERYBODY, _LAST)[1]

    @property
    def attended_share(self) -> int | None:
        """The share of those to whom a workshop was open, in whole per cent."""
        return self.share(EVERYBODY, _LAST)

    @property
    def uptake(self) -> int | None:
        """The share of the invited who attended; of those to whom a workshop was open where nearly all of them were invited."""
        _, invited = self.line(EVERYBODY, "invited")
        return self.attended_share if invited is None else self.share(EVERYBODY, _LAST, of="invited")


def _totals(protected: ProtectedCube) -> pd.DataFrame:
    """The lines of everybody, where there is no table by group, under the same rules."""
    declaration = protected.declaration
    ends = [ending(*kind) for kind in declaration.classes]
    counts = pd.DataFrame({"ending": ends, "count": protected.totals})
    cube = Cube(protected.process, protected.milestone, declaration, counts[counts["count"] > 0])
    lines = lines_of(declaration, "", EVERYBODY, totals(cube, protected.policy), protected.policy, "total")
    return pd.DataFrame(lines, columns=list(COLUMNS)).astype({"value": "Int64"})


def reach_section(reached: Reached, once: tuple[str, ...], notes: tuple[str, ...]) -> Section:
    """Every step by group; in which line people of several groups are, and who is counted at all."""
    rows = [
        {"group": group.removesuffix(f" or {NOT_DECLARED}"), "step": label, "shown": reached.line(group, step)[0], "share": share}
        for group in reached.groups
        for step, label in STEPS.items()
        for share in [None if step == _FIRST else reached.share(group, step)]
    ]
    table = pd.DataFrame(rows, columns=list(SECTIONS["reach"])).astype({"share": "Int64"})
    policy = reached.cube.policy
    sentences = [*(f"{mark} {meaning}." for mark, meaning in SHORTHAND.items() if (table["shown"] == mark).any()), *once]
    if (table["shown"] == CONFIDENTIAL).any():
        sentences.append(
            f"A count is also hidden where fewer than {policy.smallest_count} people, or none, were lost since the last one shown: "
            "that all went on, or all but a few, would be known of each of them."
        )
    method = (
        f"Rules {reached.cube.rules}: counts under {policy.smallest_count} hidden, others rounded to the nearest {policy.round_to}. "
        "Shares are of those to whom a workshop was open, from the counts as shown."
    )
    return Section(table, (*sentences, *reached.cube.steps, *notes), method)


def cost_section(reached: Reached, cost: float | None) -> Section:
    """What the workshops cost for each place that was attended."""
    blank = pd.DataFrame(columns=list(SECTIONS["cost"]))
    if cost is None:
        return Section(blank, ("The cost was not entered.",))
    if not reached.attended:
        return Section(blank, ("Not shown: how many attended may not be told, and the cost of a place would tell it.",))
    rows = [
        {"what": "All workshops", "pounds": whole(cost), "sentence": f"The workshops cost £{whole(cost):,} in all."},
        _each("Each attended place", cost / reached.attended),
    ]
    return Section(pd.DataFrame(rows), (), "Cost of all workshops by the protected count of people who attended, to two figures.")


def _each(what: str, pounds: float) -> dict[str, object]:
    figures = round(pounds, 1 - math.floor(math.log10(pounds))) if pounds > 0 else 0.0
    amount = whole(figures) if figures >= 1 else 0
    return {"what": what, "pounds": amount, "sentence": f"Each place that was attended cost about £{amount:,}."}
