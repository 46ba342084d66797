"""Tables of a release about groups: every cell is a text or a number of the release, as it was released."""

from __future__ import annotations

import pandas as pd

from standardsetting.code_lists.code_list import NOT_KNOWN
from standardsetting.disclosure.release import Release
from standardsetting.tables.table import Table

_UNSAID, _TOO_FEW = "[c]", "too few"
_PER_CENT = "whole per cent"
NO_BASIS = "to be confirmed by counsel"
_NOT_KNOWN = tuple(label for label, _ in NOT_KNOWN.values())


def way_through(release: Release) -> Table:
    """How many of each group were left after each stage, by the characteristics of the declared comparisons."""
    counts = release["counts"].table
    first = next(iter(_stages(release)), "")
    left = counts[(counts["measure"] == "passed") | ((counts["measure"] == "entered") & (counts["stage"] == first))]
    return _wide(release, left, "way-through", "People left after each stage: counts of 10 or more, to the nearest 5.")


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
    data["characteristic"] = data["characteristic"].replace(release.header["labels"]["levels"])
    data = data.rename(columns={"characteristic": "By", "group": "Group", "measure": "Count", **_stages(release)})
    # Rows that hide everything say nothing that the rows above them do not say.
    said = data[[*_stages(release).values()]].apply(lambda column: column.str.fullmatch(r"[0-9,]+")).any(axis=1)
    return Table("every-count", "Every count that may be shown: people.", data[said], ("text",) * data.shape[1], notes=_shorthand(release))


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
            "Per 100": [
                _interval(*each, places=0) for each in zip(rows["difference"], rows["difference_low"], rows["difference_high"], strict=True)
            ],
            "Adjusted p": [_UNSAID if pd.isna(p) else f"{p:.3f}" for p in rows["adjusted_p"]],
            "Verdict": [verdict or "too few people" for verdict in rows["verdict"]],
        }
    )
    what = "the comparisons declared in advance" if family else "all comparisons that can be made"
    notes = [
        "Per 100: how many fewer (−) or more successes per 100 candidates. Adjusted p: mid-p, allowing for the number of comparisons.",
        *_shorthand(release),
    ]
    if left_out:
        notes.append("Comparisons of groups with too few people at a stage are left out.")
    caption = f"Rates and impact ratios with 95% intervals: {what}."
    return Table(_name(f"compared-{family or 'all'}"), caption, data.reset_index(drop=True), ("text",) * 8, notes=tuple(notes))


def released(release: Release, name: str) -> Table:
    """A section of a release as a table, under readable headings."""
    section = release[name]
    levels, stages = release.header["labels"]["levels"], _stages(release)
    data = section.table.drop(columns=[c for c in ("sentence",) if c in section.table])
    data = data.copy() if name in _EVERY_LINE else _saying_something(data)
    if "characteristic" in data:
        data["characteristic"] = data["characteristic"].replace(levels)
    for column in {"stage", "base"} & set(data.columns):
        data[column] = data[column].replace(stages)
    if name in _EVERY_LINE:
        data = data.rename(columns={"shown": "share"})
    if name == "cumulative":
        data = data.drop(columns="beside").drop_duplicates(ignore_index=True)
    if "share" in data and pd.api.types.is_numeric_dtype(data["share"]):
        # With its sign a share is no count, and the gate lets it pass as a share only.
        data["share"] = [_UNSAID if pd.isna(share) else f"{share:.0f}%" for share in data["share"]]
    kinds = tuple("number" if pd.api.types.is_numeric_dtype(data[column]) else "text" for column in data.columns)
    data.columns = pd.Index([_HEADINGS.get(column, column.replace("_", " ").capitalize()) for column in data.columns])
    # As it was released: a number that is rounded once more would be another number.
    places = {heading: places for heading, places in _PLACES.items() if heading in data}
    places |= {"Difference": 1} if name == "items" else {}
    places |= dict.fromkeys({"Low", "High"} & set(data.columns), 2) if {"Impact ratio", "Share of pairs"} & set(data.columns) else {}
    return Table(_name(name), _CAPTIONS[name], data, kinds, places=places, missing=_UNSAID)


def due_regard(release: Release) -> Table:
    """The record to be filled in: a blank that is waiting says so."""
    data = release["due_regard"].table.replace("", "to be filled in").rename(columns=str.capitalize)
    return Table("due-regard", "Findings, and what follows from them.", data, ("text",) * data.shape[1])


def code_lists(release: Release) -> Table:
    """What was asked, by which list it was coded, on what basis it is monitored; in notes, what merged groups hold."""
    header, cohort = release.header, release.process.cohort
    basis = header["legal_basis"]
    rows = [{**one, "monitored on the basis of": basis.get(one["characteristic"], NO_BASIS)} for one in header["code_lists"]]
    data = pd.DataFrame(rows).rename(columns=str.capitalize)
    kept = f"{cohort.retain_until.day} {cohort.retain_until:%B %Y}" if cohort.retain_until else "not stated"
    notes = (
        *(f"{level}: {text}" for level, text in header["labels"]["notes"].items()),
        f"Appropriate policy document: {cohort.policy_document or NO_BASIS}. Monitoring data are kept until: {kept}.",
    )
    caption = "Code lists: what was asked, by which edition of which list it was coded, and on what basis it is monitored."
    return Table("code-lists", caption, data, ("text",) * data.shape[1], notes=notes)


_HEADINGS = {
    "r2_change": "Change of R²",
    "p": "p at most",
    "adjusted_p": "Adjusted p at most",
    "superiority": "Share of pairs",
    "rate": "Rate (%)",
    "base": "Of those",
    "smallest": "Smallest ratio",
    "largest": "Largest ratio",
    "ratio": "Impact ratio",
    "shown": "People",
}
_RATIOS = ("Share of pairs", "Impact ratio", "Smallest ratio", "Largest ratio", "Band low", "Band high", "Running low", "Running high")
_PLACES = {"p at most": 2, "Adjusted p at most": 2, "Change of R²": 2, **dict.fromkeys(_RATIOS, 2)}
_CAPTIONS = {
    "declared": "Share of those who applied who said what they are: whole per cent.",
    "frames": "Share of each group among applicants and in other populations: whole per cent.",
    "ladder": "Share of each group among everybody left after each stage: whole per cent.",
    "cumulative": "Share of those at the first stage shown who were left after each later stage: whole per cent.",
    "waterfall": "Impact ratio of each part of the way and of all of them together, with 95% intervals, and the shortfall in people.",
    "undeclared": "The impact ratio as it is shown, and its smallest and largest possible value.",
    "reasons": "Applicants who were not eligible, by reason: people.",
    "gates": "Share of those interviewed who fell short at each gate: whole per cent.",
    "superiority": "Probability that a candidate of the group has the higher score, ties counted half, with 95% intervals.",
    "items": "Difference in score at equal scores on the other values, in standard deviations.",
    "panels": "Spread of assessors' differences, and allocation to panels.",
    "adjusted": "Difference in the rate of meeting the standard: percentage points, with 95% intervals.",
    "trend": "Impact ratio of each process, with its interval, the band that chance explains, and the interval of all processes so far.",
    "legal_file": "The legal file of the workshops.",
    "reach": "Who was eligible for a workshop, invited, booked and attended: people.",
    "not_attending": "Why people who were invited did not attend: people.",
    "balance": "Standardised differences between attenders and others before and after weighting.",
    "effects": "Estimated effects with 95% intervals.",
    "sensitivity": "How strong something unmeasured would have to be to explain the association away.",
    "detectable": "The smallest effect that this cohort would show four times in five.",
    "next_trial": "How many people a lottery of places would need.",
}


# Shares that are few enough for a hidden one to keep its line.
_EVERY_LINE = ("declared", "frames")


def _saying_something(table: pd.DataFrame) -> pd.DataFrame:
    """The rows that hold a figure: whole groups of hidden figures are told in a sentence, not in a page of signs."""
    figures = [column for column in ("share", "shown") if column in table]
    hidden = table[figures].isna() | (table[figures] == _UNSAID)
    return table[~hidden.all(axis=1)].copy() if figures else table.copy()


def _stages(release: Release) -> dict[str, str]:
    return dict(release.header["labels"]["stages"])


def _wide(release: Release, rows: pd.DataFrame, name: str, caption: str) -> Table:
    stages, levels = _stages(release), release.header["labels"]["levels"]
    compared = release["comparisons"].table
    declared = compared.loc[compared["family"] == "declared", "characteristic"].drop_duplicates().tolist()
    rows = rows[rows["characteristic"].isin(declared)]
    wide = rows.pivot_table(index=["characteristic", "group"], columns="stage", values="shown", aggfunc="first", sort=False)
    data = wide.reindex(columns=[s for s in stages if s in set(rows["stage"])]).fillna("").reset_index()
    # Groups keep their line whatever it shows; the kinds of not known stand together where nothing can be told of each.
    figures = data.drop(columns=["characteristic", "group"])
    hidden = ~figures.apply(lambda column: column.str.contains(r"[0-9]")).any(axis=1)
    data = data[~(hidden & data["group"].isin(_NOT_KNOWN))]
    data = data.assign(characteristic=data["characteristic"].replace(levels))
    data = data.rename(columns={"characteristic": "By", "group": "Group", **stages})
    return Table(name, caption, data, ("text",) * data.shape[1], notes=_shorthand(release))


def _interval(value: float, low: float, high: float, *, places: int = 2) -> str:
    if pd.isna(value):
        return _UNSAID
    ends = ["no limit" if pd.isna(end) else f"{end:.{places}f}" for end in (low, high)]
    return f"{value:.{places}f} ({ends[0]} to {ends[1]})".replace("-", "−")


def _shorthand(release: Release) -> tuple[str, ...]:
    return tuple(text for text in release["counts"].sentences if text.startswith("["))


def _name(text: str) -> str:
    return text.replace("_", "-").replace(" ", "-")[:31]
