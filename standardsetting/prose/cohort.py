"""The sentences of the cohort-diversity report, from a release: nothing here sees a count that was not released."""

from __future__ import annotations

import html
import re
from collections.abc import Collection, Mapping
from datetime import date

import pandas as pd

from standardsetting.cohort.verdict import GAPS
from standardsetting.disclosure.release import Release
from standardsetting.prose.passage import Passage, heading, note, paragraphs
from standardsetting.tables.rounding import of

DECLARED = "declared"
_STRENGTH = {
    "material gap": "A material gap",
    "gap, size uncertain": "A gap of uncertain size",
    "gap in favour, size uncertain": "A gap in favour, of uncertain size",
    "material gap in favour": "A material gap in favour",
    "no material gap": "No material gap",
    "cannot tell": "Cannot tell",
    "cannot tell (undeclared)": "Cannot tell, because of who did not declare",
}
_MILESTONES = {
    "eligibility": "after the eligibility sift",
    "interview_outcomes": "once the interview outcomes were known",
    "pool": "once the promotion pool was formed",
}
# Headings and openings of the parts; where a part has a finding its own sentence follows.
PARTS: dict[str, tuple[str, str]] = {
    "declared": (
        "Who applied",
        "How many of those who applied said what they are, and how the applicants compare with the people who could have applied.",
    ),
    "ladder": (
        "Who was left at each stage",
        "The share of each group among everybody who was left after each stage. Counts are rounded, so a share can move by a "
        "point or two without anybody leaving.",
    ),
    "counts": (
        "The way through the stages",
        "How many people of each group entered and passed each stage. People who withdrew, deferred or are waiting are among those who "
        "entered, and did not pass yet.",
    ),
    "cumulative": (
        "How far each group came",
        "Of all who were there at the first stage that may be shown, how many were left after each later one.",
    ),
    "waterfall": (
        "Where along the way gaps arose",
        "The impact ratio of the parts of the way together is the product of their ratios; a stage that may not be shown is taken "
        "together with the next. A favourable end does not undo an unfavourable stage.",
    ),
    "comparisons": (
        "Impact ratios and what can be said of them",
        "The impact ratio is a group's success rate divided by that "
        "of the group it is compared with; 1 is no difference. The "
        "lines at 0.8 and 1.25 mark what would be material.",
    ),
    "reasons": (
        "Why applicants were not eligible",
        "The attendance rule can weigh on disabled people and on pregnancy, so reasons are looked at by group.",
    ),
    "gates": ("Where candidates fell short at interview", "The share of those interviewed who fell short at each gate."),
    "superiority": (
        "Scores value by value",
        "If one candidate is taken from each group, how often does the first have the higher score? 50 times in 100 is no difference.",
    ),
    "items": (
        "Whether a value works differently for a group",
        "Among candidates with equal scores on the other values. This is "
        "exploratory: a finding is a question for those who wrote the "
        "indicators.",
    ),
    "panels": (
        "Assessors and panels",
        "Whether assessors differ from each other in how they rate a group, and whether panels were allocated independently of it.",
    ),
    "intersection": (
        "People who share two characteristics",
        "How much of the differences between the groups lies beyond what the two characteristics say separately. Their own rates "
        "would tell on people, and are not shown.",
    ),
    "adjusted": (
        "The gap among people alike in other facts",
        "The gap as it is comes first. A gap that vanishes only beside "
        "facts which may carry the same disadvantage is not explained by "
        "them.",
    ),
    "trend": (
        "Over the years",
        "One point a process, from what each process released. A difference from one year to the next is mostly chance in groups of "
        "this size.",
    ),
    "undeclared": (
        "What those who did not declare could change",
        "Each ratio is worked out again for every way in which the undeclared could belong to the groups.",
    ),
    "due_regard": (
        "Due regard: what was found, and what follows",
        "To be filled in by those who decide: what follows from each finding, who does it, and by when; or no action, and because of what.",
    ),
}


# Parts whose rows are sentences; elsewhere the picture or the table has them.
_TOLD_IN_FULL = ("panels",)


def part_heading(release: Release, name: str, *, parts: Mapping[str, tuple[str, str]] = PARTS) -> Passage:
    """The heading of a part and what it shows; nothing where this tier does not hold the part."""
    if name not in release.sections:
        return Passage("")
    title, opening = parts[name]
    return heading(title, name.replace("_", "-")) + paragraphs(opening)


def part(release: Release, name: str, *, told_in_full: Collection[str] = _TOLD_IN_FULL) -> Passage:
    """What a part says in words, and how it was made; where there is nothing to show, why."""
    if name not in release.sections:
        return Passage("")
    section = release[name]
    told = [text for text in section.table["sentence"].tolist() if text] if name in told_in_full else []
    method = f"How this was made: {section.method}" if section.method and not section.table.empty else ""
    return paragraphs(*dict.fromkeys(told), *section.sentences) + paragraphs(method, kind="quiet")


def diversity_heading(release: Release) -> Passage:
    """The finding of the declared comparisons as a heading."""
    primary = _primary(release)
    gaps = int(primary["verdict"].isin(GAPS).sum())
    untold = int(
        (primary["basis"] != "rounded counts").sum()
        + (primary["verdict"].str.startswith("cannot tell") & (primary["basis"] == "rounded counts")).sum()
    )
    if gaps:
        text = f"{gaps} of the {len(primary)} declared comparisons {'shows' if gaps == 1 else 'show'} a gap"
    elif untold:
        text = f"No declared comparison shows a gap; {untold} of {len(primary)} cannot tell"
    else:
        text = "No declared comparison shows a gap"
    return heading(text if len(primary) else "What this cohort can and cannot tell", "answer")


def early_access(release: Release) -> Passage:
    """On page one where the cohort was opened before a standard was recorded."""
    early = release.header["early_access"]
    if early is None:
        return Passage("")
    return note(
        f"{early['sentence']} These figures reach no further than who was interviewed.",
        warning=True,
    )


def diversity_answer(release: Release) -> Passage:
    """The declared comparisons in order of concern, one sentence each; those that may not be spoken of by name together."""
    primary = _primary(release)
    # Small groups of whom nothing can be told are told together: a list of the same sentence hides the others.
    small = primary[(primary["basis"] == "verdict only") & (primary["verdict"] == "cannot tell")]
    said = primary[primary["basis"] != "too few"].drop(index=small.index)
    items = "".join(
        f"<li><strong>{html.escape(_STRENGTH[row['verdict']])}.</strong> <em>{html.escape(row['stage'])}.</em> "
        f"{html.escape(_in_short(row['sentence']))}</li>"
        for row in said.to_dict("records")
    )
    together = (
        f"This cohort cannot tell about groups of fewer than 50 people, which would show only very large gaps: "
        f"{'; '.join(small['group'].drop_duplicates())}."
        if len(small)
        else ""
    )
    few = [group for group in primary["group"].drop_duplicates() if group not in {*said["group"], *small["group"]}]
    untold = f"Too few people to say anything without telling who they are: {'; '.join(few)}." if few else ""
    told = release["comparisons"].sentences
    return (
        Passage(f"<ul>{items}</ul>" if items else "")
        + paragraphs(together, untold, *told, _beside_earlier(release))
        + _standing(release)
        + paragraphs(*_changes(release))
    )


def _beside_earlier(release: Release) -> str:
    """What the series of processes says, where there is one."""
    trend = release["trend"]
    return "" if trend.table.empty else f"Beside earlier processes: {' '.join(trend.sentences)}"


def _in_short(text: str) -> str:
    """The difference, and where these numbers cannot tell what it would take; ratio and verdict stand in the table and in bold."""
    sentences = _BETWEEN.split(text)
    return " ".join(sentence for at, sentence in enumerate(sentences) if at == 0 or sentence.startswith(_KEPT))


_BETWEEN = re.compile(r"(?<=[.!?]) (?=[A-Z])")
_KEPT = ("Groups of this size", "Depending on who", "The exact test does not agree", "A group of fewer than")


def _standing(release: Release) -> Passage:
    standard = release.header["standard"]
    when = _MILESTONES.get(release.header["milestone"], "")
    if standard is None:
        return paragraphs(f"Looked at {when}; no standard was recorded yet.")
    return paragraphs(
        f"Looked at {when}. The minimum acceptable standard, a total of {standard['cut']}, was recorded on "
        f"{_day(standard['when'])} (record "
        f"{standard['number']}), before anything here was opened."
    )


def _changes(release: Release) -> list[str]:
    return release["changes"].table["sentence"].tolist() if "changes" in release.sections else []


def purpose(release: Release) -> Passage:
    """What these figures may not be used for."""
    return note(release.header["purpose"])


def how_to_read() -> Passage:
    """The words of the report."""
    return heading("How to read this", "reading") + paragraphs(
        "A verdict is not a pass or a fail. It says what the interval of the impact ratio allows: a material gap lies wholly "
        "below 0.8, a gap wholly below 1, no "
        "material gap wholly between 0.8 and 1.25. Everything else is an honest “cannot tell”: this cohort is too small for an "
        "answer, and that is no proof of fairness.",
        "Each group is compared with one group that was named before anybody looked, and is the same every year. Who did not "
        "declare cannot be taken out of a small table without telling "
        "on them, so they stand with that group: “or not declared”. What they could change is worked out below.",
        "Small counts are hidden and others rounded, so that nobody can be found in a table, by anybody, not even by "
        "subtracting one table from another or from an earlier report. Rates and ratios "
        "come from the rounded counts. A group of fewer than 50 people has a verdict and no counts.",
    )


def certificate(release: Release) -> Passage:
    """What was done to keep people from being found, and how hard it was tried."""
    told, audit = release.header["release"], release.header["audit"]
    tier = (
        "the director’s tier"
        if release.tier == "director"
        else "the public tier: fit to be published, and to answer a request for information"
    )
    return (
        heading("Release certificate", "certificate")
        + paragraphs(
            f"Release {told['number']}, {tier}. Rules {told['rules']}.",
            "Before release everything said so far was attacked as a reader would who knows the rules, the totals and every earlier "
            f"release: {of(audit['attacked'], 'figure')} were bounded. None that is not printed is known exactly; the narrowest has "
            f"{audit['fewest_values']} possible values.",
            *_provably_small(audit["warnings"]),
            *(
                ["What is asked about the cohort was changed after the interviews were closed; the ledger has both versions."]
                if release.header["changed_since_closing"]
                else []
            ),
        )
        + paragraphs(f"Cube {told['cube']}. Snapshot {told['snapshot']}.", kind="quiet")
    )


def _provably_small(warnings: list[str]) -> list[str]:
    """That some hidden counts can be shown to be small is no secret; which they are is nobody's business."""
    return ["Some hidden counts can be shown to be under 5. None of them is known exactly."] if warnings else []


def sequence(release: Release) -> Passage:
    """The order in which standard and looking were recorded."""
    return Passage("<ol>" + "".join(f"<li>{html.escape(text)}</li>" for text in release.header["sequence"]) + "</ol>")


def annex_of_release() -> Passage:
    return heading("Annex", "annex")


def _primary(release: Release) -> pd.DataFrame:
    table = release["comparisons"].table
    return table[table["family"] == DECLARED].sort_values("concern", kind="stable")


def _day(moment: str) -> str:
    day = date.fromisoformat(moment[:10])
    return f"{day.day} {day:%B %Y}"
