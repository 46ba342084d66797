"""The trend: one point a process, from what each process released. No earlier cohort is opened again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from standardsetting.cohort.diversity.compared import Shown, rounded_to
from standardsetting.cohort.diversity.declared import Span
from standardsetting.cohort.trend import trend
from standardsetting.cohort.words import in_a_sentence
from standardsetting.disclosure import releases
from standardsetting.disclosure.policy import Tier
from standardsetting.disclosure.release import SECTIONS, Release, Section, count_of
from standardsetting.errors import StageError
from standardsetting.sealed import SEAL, file_digest

_ALONE = "There is one process only: a series needs a release of an earlier one."


def released_by(folder: Path, *, tier: Tier = "director") -> Release:
    """The newest diversity release of a tier by an earlier process: the one that its ledger holds.

    A public report may say of an earlier process only what that process told the public.

    Raises
    ------
    StageError
        That process released nothing of this tier, or what lies there is not what its ledger holds.
    """
    seals = (folder / "cohort" / "releases").glob(f"cohort-diversity-{tier}-*/{SEAL}")
    places = {file_digest(seal): seal.parent for seal in sorted(seals)}
    for body in reversed(releases.read(folder).releases):
        if (place := places.get(body["report"].get("seal", ""))) is not None:
            return Release.read(place)
    raise StageError(
        f"An earlier process was named for the trend; it has released no report of the tier {tier}.",
        next_step="Release that report of the earlier process first, or take the process out of [[cohort.previous]].",
    )


def over_the_years(
    shown: Shown, spans: Sequence[Span], *, label: str, lists: dict[str, str], earlier: Sequence[tuple[str, Release]]
) -> Section:
    """The impact ratio process by process, for the groups and spans that every process may show counts of.

    Parameters
    ----------
    shown, spans, label, lists
        This process: its protected counts, the spans of its primary family, its name, and the edition of the code list of each level.
    earlier
        Name and release of each earlier process, oldest first.
    """
    if not earlier:
        return Section(pd.DataFrame(columns=list(SECTIONS["trend"])), (_ALONE,))
    rows: list[dict[str, Any]] = []
    notes: list[str] = []
    for table in (t for t in shown.cube.declaration.tables if len(t) == 1):
        for group in shown.focal(table):
            for span in spans:
                points = [_point(name, release, table[0], group, shown.comparator(table), span) for name, release in earlier]
                counts, others = shown.over_a_span(table, group, span), shown.over_a_span(table, shown.comparator(table), span)
                if counts and others and shown.may_have_a_rate(*counts) and shown.may_have_a_rate(*others):
                    points.append(_row(label, counts, others, lists.get(table[0], "")))
                there = [point for point in points if point]
                if len(there) < 2:
                    continue
                found = trend(pd.DataFrame(there))
                notes += [f"{group}: {note}" for note in found.notes[1:]]
                outside = found.points.loc[found.points["outside"], "process"].tolist()
                if outside:
                    notes.append(f"{group}, {in_a_sentence(span.label)}: outside the band that chance explains in {', '.join(outside)}.")
                rows += [_released(point, table[0], group, span) for point in found.points.to_dict("records")]
    sentences = tuple(dict.fromkeys(notes)) or ("Every point lies inside the band that chance explains.",)
    sentences = sentences if rows else ("No group has counts in two processes.",)
    method = (
        "Released counts of each process, rounded as they were released. Band: exact binomial limits, tails of 0.00135, around the series' "
        "pooled ratio. Running interval: holds at every look. A new code list or another comparator starts a new series."
    )
    return Section(pd.DataFrame(rows, columns=list(SECTIONS["trend"])), sentences, method)


def _point(name: str, release: Release, level: str, group: str, comparator: str, span: Span) -> dict[str, Any] | None:
    """A process's point; None where its release does not show the counts."""
    counts = release["counts"].table
    counts = counts[counts["characteristic"] == level]

    def shown(who: str, stage: str, measure: str) -> int | None:
        text = counts.loc[(counts["group"] == who) & (counts["stage"] == stage) & (counts["measure"] == measure), "shown"]
        return count_of(text.iloc[0]) if len(text) else None

    first = next(iter(release.header["labels"]["stages"]), "")
    begun = "entered" if span.since == first else "passed"
    found = [shown(who, *where) for who in (group, comparator) for where in ((span.until, "passed"), (span.since, begun))]
    if any(count is None for count in found):
        return None
    a, n, c, m = (int(count) for count in found if count is not None)
    return _row(name, (a, n), (c, m), release.header["editions"].get(level, ""))


def _row(name: str, counts: tuple[int, int], others: tuple[int, int], edition: str) -> dict[str, Any]:
    return {
        "process": name,
        "successes": counts[0],
        "n": counts[1],
        "reference_successes": others[0],
        "reference_n": others[1],
        "code_list": edition,
    }


def _released(point: Mapping[Any, Any], level: str, group: str, span: Span) -> dict[str, Any]:
    outside = "outside" if point["outside"] else "inside"
    return {
        "process": point["process"],
        "characteristic": level,
        "group": group,
        "stage": span.label,
        "series": int(point["segment"]),
        "ratio": rounded_to(point["ratio"], 2),
        "low": rounded_to(point["low"], 2),
        "high": rounded_to(point["high"], 2),
        "band_low": rounded_to(point["limit_low"], 2),
        "band_high": rounded_to(point["limit_high"], 2),
        "running_low": rounded_to(point["running_low"], 2),
        "running_high": rounded_to(point["running_high"], 2),
        "sentence": f"{point['process']}: {group}, {in_a_sentence(span.label)}: {outside} the band that chance explains.",
    }
