"""Tables of a release about groups: every cell is a text or a number of the release, as it was released."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import pandas as pd

from standardsetting.code_lists.code_list import NOT_KNOWN
from standardsetting.cohort.waiting import in_weeks, weeks_of
from standardsetting.cohort.words import written
from standardsetting.disclosure.cells import EVERYBODY
from standardsetting.disclosure.cube import NOT_DECLARED
from standardsetting.disclosure.policy import NOT_APPLICABLE, SHORTHAND
from standardsetting.disclosure.release import Release
from standardsetting.tables.table import Table

_UNSAID, _TOO_FEW = "[c]", "too few"
_PER_CENT = "whole per cent"
NO_BASIS = "to be confirmed by counsel"
_NOT_KNOWN = tuple(label for label, _ in NOT_KNOWN.values())
_ALL = "all of them"
# Lines that are a part of another line.
_WITHIN = {NOT_DECLARED: "of them, not declared"} | {label: f"of them, {label[:1].lower()}{label[1:]}" for label in _NOT_KNOWN}


def way_through(release: Release) -> Table:
    """How many of each group were left after each stage, by the characteristics of the declared comparisons."""
    counts = release["counts"].table
    first = next(iter(_stages(release)), "")
    left = counts[(counts["measure"] == "passed") | ((counts["measure"] == "entered") & (counts["stage"] == first))]
    return _wide(release, left, "way-through", "People left after each stage: small counts hidden, others rounded.")


def rates(release: Release) -> Table:
    """The share of those who entered each stage that passed it, by the characteristics of the declared comparisons."""
    counts = release["counts"].table
    caption = f"Share of those who entered each stage that passed it: {_PER_CENT}, from the counts as shown."
    return _wide(release, counts[counts["measure"] == "rate"], "rates", caption)


def every_count(release: Release) -> Table:
    """Every protected count: a row for each group and count, a column for each stage."""
    counts = release["counts"].table
    mine = counts[counts["measure"] != "rate"]
    index = ["characteristic", "group", "measure"]
    wide = mine.pivot_table(index=index, columns="stage", values="shown", aggfunc="first", sort=False)
    data = wide.reindex(columns=list(_stages(release))).fillna("").reset_index()
    data["characteristic"] = data["characteristic"].replace(release.header["labels"]["levels"]).mask(data["group"] == EVERYBODY, _ALL)
    data = data.rename(columns={"characteristic": "Characteristic", "group": "Group", "measure": "Count of", **_stages(release)})
    # Rows that hide everything say nothing that the rows above them do not say, and everybody is the same everybody each time.
    said = data[[*_stages(release).values()]].apply(lambda column: column.str.fullmatch(r"[0-9,]+")).any(axis=1)
    said &= (data["Group"] != EVERYBODY) | ~data.duplicated(["Group", "Count of"])
    return Table("every-count", "Every count that may be shown: people.", data[said], _figures(data, 3), notes=_shorthand(release))


def comparisons(release: Release, *, family: str | None = None) -> Table:
    """Rates, ratio and verdict of each comparison. All of the declared family keep their line; of the others those that say something."""
    rows = release["comparisons"].table
    told = rows["family"] == family if family else rows["basis"] != _TOO_FEW
    left_out = 0 if family else int((~told).sum())
    rows = rows[told]
    data = pd.DataFrame(
        {
            "Group": rows["group"],
            "Compared with": rows["comparator"],
            "Stage": rows["stage"],
            "Rates": [
                _UNSAID if pd.isna(a) else f"{a:.0f}% and {b:.0f}%" for a, b in zip(rows["rate"], rows["reference_rate"], strict=True)
            ],
            "Impact ratio": [_interval(*each) for each in zip(rows["ratio"], rows["ratio_low"], rows["ratio_high"], strict=True)],
            "Gap per 100": [
                _interval(*each, places=0) for each in zip(rows["difference"], rows["difference_low"], rows["difference_high"], strict=True)
            ],
            "Adjusted p": [_UNSAID if pd.isna(p) else f"{p:.3f}" for p in rows["adjusted_p"]],
            "Verdict": [verdict or "may not be shown" for verdict in rows["verdict"]],
        }
    )
    what = "the comparisons declared in advance" if family else "all comparisons that can be made"
    notes = [
        "Rates: of the group, and of those it is compared with. Gap per 100: how many fewer (−) or more successes per 100 candidates. "
        "Adjusted p: mid-p, allowing for the number of comparisons.",
        *_shorthand(release),
    ]
    if left_out:
        notes.append("Comparisons that may not be shown are left out.")
    caption = f"Rates and impact ratios with 95% intervals: {what}."
    return Table(_name(f"compared-{family or 'all'}"), caption, data.reset_index(drop=True), ("text",) * 8, notes=tuple(notes))


def released(release: Release, name: str) -> Table:
    """A section of a release as a table, under readable headings."""
    view, data = _VIEWS[name], release[name].table
    data = data[[column for column in data.columns if column not in ("sentence", *view.left_out)]]
    data = data if view.every_line else _saying_something(data)
    words = {"characteristic": release.header["labels"]["levels"], "stage": _stages(release), "base": _stages(release)}
    data = data.assign(**{column: data[column].replace(words[column]) for column in words if column in data})
    if "time" in data:
        data["time"] = [in_weeks(weeks_of(time)) for time in data["time"]]
    if name in _IN_PER_CENT:
        # With its sign a share is no count, and the gate lets it pass as a share only.
        data["share"] = [_UNSAID if pd.isna(share) else f"{share:.0f}%" for share in data["share"]]
    headings = {column: view.headings.get(column, column.replace("_", " ").capitalize()) for column in data.columns}
    kinds = tuple(_kind(column, data[column]) for column in data.columns)
    # As it was released: a number that is rounded once more would be another number.
    places = {headings[column]: places for column, places in view.places.items() if column in headings}
    table = data.rename(columns=headings).drop_duplicates(ignore_index=True)
    hidden = table.isna().any(axis=None) or (table == _UNSAID).any(axis=None)
    notes = (f"{_UNSAID} {SHORTHAND[_UNSAID]}.",) if hidden else ()
    return Table(_name(name), view.caption, table, kinds, notes, places=places, missing=_UNSAID)


def _kind(column: str, cells: pd.Series) -> str:
    if column in ("share", "shown"):
        return "shown"
    return "number" if pd.api.types.is_numeric_dtype(cells) else "text"


def due_regard(release: Release) -> Table:
    """The record to be filled in: a blank that is waiting says so."""
    data = release["due_regard"].table.replace("", "to be filled in").rename(columns=str.capitalize)
    return Table("due-regard", "Findings, and what follows from them.", data, ("text",) * data.shape[1])


def code_lists(release: Release) -> Table:
    """What was asked, by which list it was coded, on what basis it is monitored; in notes, what merged groups hold."""
    header, cohort = release.header, release.process.cohort
    basis = header["legal_basis"]
    rows = [
        {
            **one,
            "list": one["list"].replace("_", " "),
            "date": written(date.fromisoformat(one["date"])),
            "question": one["question"] or "not on record",
            "monitored on the basis of": basis.get(one["characteristic"], NO_BASIS),
        }
        for one in header["code_lists"]
    ]
    data = pd.DataFrame(rows).rename(columns=str.capitalize)
    kept = written(cohort.retain_until) if cohort.retain_until else "not stated"
    notes = (
        *(f"{level}: {text}" for level, text in header["labels"]["notes"].items()),
        f"Appropriate policy document: {cohort.policy_document or NO_BASIS}. Monitoring data are kept until: {kept}.",
    )
    caption = "Code lists: what was asked, by which edition of which list it was coded, and on what basis it is monitored."
    return Table("code-lists", caption, data, ("text",) * data.shape[1], notes=notes)


@dataclass(frozen=True)
class _View:
    """How a section is read: its caption, headings other than the columns' names, decimals, columns that only pictures need."""

    caption: str
    headings: Mapping[str, str] = field(default_factory=dict)
    places: Mapping[str, int] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    # Whether a line keeps its place where it may say nothing.
    every_line: bool = False


_IN_PER_CENT = ("ladder", "cumulative", "gates")
_RATIO, _LIMITS = {"ratio": "Impact ratio"}, {"ratio": 2, "low": 2, "high": 2}
_VIEWS = {
    "declared": _View("Share of those who applied who said what they are: whole per cent.", {"shown": "Share"}, every_line=True),
    "frames": _View(
        "Share of each group, in whole per cent: of everybody who applied, said or unsaid; elsewhere of those whose group is on record.",
        {"shown": "Share"},
        every_line=True,
    ),
    "ladder": _View("Share of each group among everybody left after each stage: whole per cent."),
    "cumulative": _View(
        "Share of those at the first stage shown who were left after each later stage: whole per cent.",
        {"base": "Of those"},
        left_out=("beside",),
    ),
    "waterfall": _View(
        "Impact ratio of each part of the way and of all of them together, with 95% intervals, and the shortfall in people.",
        _RATIO,
        _LIMITS,
    ),
    "undeclared": _View(
        "The impact ratio as it is shown, and its smallest and largest possible value.",
        {**_RATIO, "smallest": "Smallest ratio", "largest": "Largest ratio", "whoever_they_are": "Whoever they are"},
        {"ratio": 2, "smallest": 2, "largest": 2},
        left_out=("verdict",),
    ),
    "reasons": _View("Applicants who were not eligible, by reason: people.", {"shown": "People"}),
    "gates": _View("Share of those interviewed who fell short at each gate: whole per cent."),
    "superiority": _View(
        "Probability that a candidate of the group has the higher score, ties counted half, with 95% intervals.",
        {"superiority": "Share of pairs", "comparator": "Compared with"},
        {"superiority": 2, "low": 2, "high": 2},
    ),
    "items": _View(
        "Difference in score at equal scores on the other values, in standard deviations.",
        {"r2_change": "Change of R²", "p": "p at most", "adjusted_p": "Adjusted p at most"},
        {"difference": 1, "r2_change": 2, "p": 2, "adjusted_p": 2},
    ),
    "panels": _View(
        "Spread of assessors' differences, and allocation to panels.",
        {"p": "p at most", "value": "Spread"},
        {"value": 2, "low": 2, "high": 2, "p": 2},
    ),
    "adjusted": _View("Difference in the rate of meeting the standard: percentage points, with 95% intervals.", {"view": "Among people"}),
    "after_interview": _View(
        "Checks and offers of a posting: people; small counts hidden, others rounded.",
        {"what": "Outcome", "shown": "People"},
        every_line=True,
    ),
    "waiting": _View(
        "Share of those who entered the pool who had been posted after each time: whole per cent, with 95% intervals.",
        {"time": "Within", "share": "Posted", "interval": "95% interval"},
    ),
    "waiting_groups": _View(
        "Share of each group in the pool that had been posted within the time: whole per cent.", {"time": "Within", "share": "Posted"}
    ),
    "trend": _View(
        "Impact ratio of each process, with its interval, the band that chance explains, and the interval of all processes so far.",
        {**_RATIO, "running_low": "All so far, low", "running_high": "All so far, high"},
        {**_LIMITS, "band_low": 2, "band_high": 2, "running_low": 2, "running_high": 2},
    ),
}


def _saying_something(table: pd.DataFrame) -> pd.DataFrame:
    """The rows that hold a figure: whole groups of hidden figures are told in a sentence, not in a page of signs."""
    figures = [column for column in ("share", "shown") if column in table]
    hidden = table[figures].isna() | (table[figures] == _UNSAID)
    return table[~hidden.all(axis=1)].copy() if figures else table.copy()


def _stages(release: Release) -> dict[str, str]:
    return dict(release.header["labels"]["stages"])


def _wide(release: Release, rows: pd.DataFrame, name: str, caption: str) -> Table:
    stages, levels = _stages(release), release.header["labels"]["levels"]
    rows = rows[rows["characteristic"].isin([comparison.level for comparison in release.process.cohort.primary_family])]
    wide = rows.pivot_table(index=["characteristic", "group"], columns="stage", values="shown", aggfunc="first", sort=False)
    data = wide.reindex(columns=[s for s in stages if s in set(rows["stage"])]).fillna("").reset_index()
    # Groups keep their line whatever it shows; everybody is the same everybody each time, and the kinds of not known stand together
    # where nothing can be told of each.
    figures = data.drop(columns=["characteristic", "group"])
    hidden = ~figures.apply(lambda column: column.str.contains(r"[0-9]")).any(axis=1)
    data = data[~(hidden & data["group"].isin(_NOT_KNOWN))]
    data = data[(data["group"] != EVERYBODY) | ~data.duplicated("group")]
    # Where nobody can fail there is no rate to show.
    data = data[[column for column in data.columns if not (data[column] == NOT_APPLICABLE).all()]]
    by = data["characteristic"].replace(levels).mask(data["group"] == EVERYBODY, _ALL)
    data = data.assign(characteristic=by, group=data["group"].replace(_WITHIN))
    data = data.rename(columns={"characteristic": "Characteristic", "group": "Group", **stages})
    return Table(name, caption, data, _figures(data, 2), notes=_shorthand(release))


def _figures(data: pd.DataFrame, first: int) -> tuple[str, ...]:
    """Columns of protected figures after the first ones, which are words."""
    return (*("text",) * first, *("shown",) * (data.shape[1] - first))


def _interval(value: float, low: float, high: float, *, places: int = 2) -> str:
    if pd.isna(value):
        return _UNSAID
    ends = ["no limit" if pd.isna(end) else f"{end:.{places}f}" for end in (low, high)]
    return f"{value:.{places}f} ({ends[0]} to {ends[1]})".replace("-", "−")


def _shorthand(release: Release) -> tuple[str, ...]:
    return tuple(text for text in release["counts"].sentences if text.startswith("["))


def _name(text: str) -> str:
    return text.replace("_", "-").replace(" ", "-")[:31]
