"""What a part of the cohort-diversity report found, for its heading. A part that found nothing that can be said in a line has none."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pandas as pd

from standardsetting.cohort.families import PRIMARY
from standardsetting.cohort.verdict import GAPS, Verdict
from standardsetting.cohort.waiting import in_weeks, weeks_of
from standardsetting.disclosure.release import Release

_LIKELY_CHANCE = 0.05


def finding(release: Release, name: str) -> str:
    """The finding of a part, or nothing."""
    return _FINDINGS[name](release, release[name].table) if name in _FINDINGS else ""


def _says(release: Release, name: str, begins: str) -> bool:
    """Whether a part gives this reason for being empty."""
    return any(text.startswith(begins) for text in release[name].sentences)


def _declared(release: Release, table: pd.DataFrame) -> str:
    shares = sorted(int(text.rstrip("%")) for text in table["shown"] if text.endswith("%") and text[:-1].isdigit())
    if not shares:
        return ""
    if shares[0] == shares[-1]:
        return f"{shares[0]}% said what they are"
    return f"between {shares[0]}% and {shares[-1]}% said what they are"


def _ladder(release: Release, table: pd.DataFrame) -> str:
    first = table[table["group"] == table["group"].iloc[0]].dropna(subset="share") if len(table) else table
    if len(first) < 2:
        return ""
    begin, end = first.iloc[0], first.iloc[-1]
    stages = release.header["labels"]["stages"]
    return (
        f"the share of {begin['group']} was {begin['share']:.0f}% at “{stages[begin['stage']].lower()}” and "
        f"{end['share']:.0f}% at “{stages[end['stage']].lower()}”"
    )


def _comparisons(release: Release, table: pd.DataFrame) -> str:
    told = table["verdict"][table["family"] == PRIMARY]
    cannot = told.isin([Verdict.CANNOT_TELL.value, Verdict.CANNOT_TELL_UNDECLARED.value])
    if told.empty:
        return ""
    if told.isin(GAPS).any():
        found = "gaps among those declared"
    elif (told == Verdict.NO_MATERIAL_GAP.value).any():
        found = "no gap among those declared"
    else:
        return "this cohort cannot tell"
    return f"{found}, most cannot tell" if cannot.mean() > 0.5 else found


def _waterfall(release: Release, table: pd.DataFrame) -> str:
    clear = table[(table["high"] < 1) & (table["ratio"] < 1)]
    if clear.empty:
        return "at no stage clear of chance" if len(table) else ""
    worst = clear.sort_values("ratio", kind="stable").iloc[0]
    return f"the largest is that of {worst['group']} at “{worst['stage'].lower()}”"


def _reasons(release: Release, table: pd.DataFrame) -> str:
    return "too few people to say by group" if table.empty and _says(release, "reasons", "Every group and reason") else ""


def _superiority(release: Release, table: pd.DataFrame) -> str:
    if table.empty:
        return ""
    clear = (table["low"] > 0.5) | (table["high"] < 0.5)
    return "a difference on some, clear of chance" if clear.any() else "no difference clear of chance"


def _items(release: Release, table: pd.DataFrame) -> str:
    if table.empty:
        return ""
    return "a question to follow up" if (table["adjusted_p"] <= _LIKELY_CHANCE).any() else "none does, as far as this cohort can tell"


def _panels(release: Release, table: pd.DataFrame) -> str:
    if table.empty:
        return ""
    chance = table["p"].min() * len(table)  # the more is looked at, the more often chance alone shows something
    return "a question to follow up" if chance <= _LIKELY_CHANCE else "no difference by group, as far as this cohort can tell"


def _intersection(release: Release, table: pd.DataFrame) -> str:
    return "this cohort is too small to tell" if table.empty and _says(release, "intersection", "A group with fewer") else ""


def _after_interview(release: Release, table: pd.DataFrame) -> str:
    waited = release["waiting"].table
    if waited.empty:
        return ""
    last = waited.iloc[-1]
    share = int(str(last["share"]).removesuffix("%"))
    return f"{share}% of those in the pool were posted within {in_weeks(weeks_of(str(last['time'])))}"


def _trend(release: Release, table: pd.DataFrame) -> str:
    return "one process alone makes no series" if table.empty and _says(release, "trend", "There is one process only") else ""


def _undeclared(release: Release, table: pd.DataFrame) -> str:
    if table.empty:
        return ""
    could = (table["verdict"] == Verdict.CANNOT_TELL_UNDECLARED.value).any()
    return "their answers could change verdicts" if could else "their answers could change no verdict"


_FINDINGS: Mapping[str, Callable[[Release, pd.DataFrame], str]] = {
    "declared": _declared,
    "ladder": _ladder,
    "comparisons": _comparisons,
    "waterfall": _waterfall,
    "reasons": _reasons,
    "superiority": _superiority,
    "items": _items,
    "panels": _panels,
    "intersection": _intersection,
    "after_interview": _after_interview,
    "trend": _trend,
    "undeclared": _undeclared,
}
