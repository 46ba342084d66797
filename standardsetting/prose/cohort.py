"""The sentences of the cohort-diversity report, from a release: nothing here sees a count that was not released."""

from __future__ import annotations

import html
import re
from collections.abc import Collection, Mapping, Sequence
from datetime import date

import pandas as pd

from standardsetting.cohort.families import PRIMARY
from standardsetting.cohort.verdict import GAPS, Verdict
from standardsetting.cohort.words import in_a_sentence, written
from standardsetting.disclosure.release import Release
from standardsetting.prose.findings import finding
from standardsetting.prose.passage import Passage, heading, note, paragraphs
from standardsetting.tables.rounding import of

_HIDDEN = "too few"
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
        "entered, and did not pass yet. Before the interview people leave only by withdrawing or deferring, so that step has no rate.",
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
        "A rule on attendance, where there is one, can weigh on disabled people and on pregnancy, so reasons are looked at by group.",
    ),
    "gates": ("Where candidates fell short at interview", "The share of those interviewed who fell short at each gate."),
    "superiority": (
        "Scores value by value",
        "If one candidate is taken from each group, in which share of such pairs does the first have the higher score? 0.50, half of "
        "them, is no difference.",
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
    "after_interview": (
        "After the interview",
        "The checks before a posting, and what became of the offers, over everybody. How far each group came stands above, with the other "
        "stages.",
    ),
    "waiting": (
        "How long people waited in the pool",
        "From the day on which the last check was passed to the day on which a posting was accepted. The share allows for "
        "people who could not be followed as long as others.",
    ),
    "trend": (
        "Over the years",
        "One point a process, from what each process released. A difference from one year to the next is mostly chance in groups of "
        "this size.",
    ),
    "undeclared": (
        "What those who did not declare could change",
        "Each ratio is worked out again for every way in which the undeclared could belong to the groups. How many of them came to "
        "which stage is not told, so any of them may have come to all; that makes the lines as long as they can be.",
    ),
    "due_regard": (
        "Due regard: what was found, and what follows",
        "To be filled in by those who decide: what follows from each finding, who does it, and by when; or no action, and because of what.",
    ),
}


# Parts whose rows are sentences; elsewhere the picture or the table has them.
_TOLD_IN_FULL = ("panels",)


def part_heading(release: Release, name: str, *, parts: Mapping[str, tuple[str, str]] = PARTS) -> Passage:
    """The heading of a part with what it found, and what it shows; nothing where this tier does not hold the part."""
    if name not in release.sections:
        return Passage("")
    title, opening = parts[name]
    if parts is PARTS and (found := finding(release, name)):
        title = f"{title}: {found}"
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
    n, hidden = len(primary), int((primary["basis"] == _HIDDEN).sum())
    gaps, clear = int(primary["verdict"].isin(GAPS).sum()), int((primary["verdict"] == Verdict.NO_MATERIAL_GAP.value).sum())
    if not n:
        text = "What this cohort can and cannot tell"
    elif gaps:
        text = f"{gaps} of {of(n, 'declared comparison')} {'shows' if gaps == 1 else 'show'} a gap"
    elif clear:
        text = f"No material gap in {clear} of {of(n, 'declared comparison')}" + ("" if clear == n else "; the others cannot tell")
    else:
        text = f"This cohort cannot tell: {n - hidden} of {of(n, 'declared comparison')} {'is' if n - hidden == 1 else 'are'} too uncertain"
        text += "; the others may not be shown" if hidden else ""
    return heading(text, "answer")


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
    """The declared comparisons in order of concern, one sentence each; then what the others ask."""
    primary = _primary(release)
    # Small groups of whom nothing can be told are told together: a list of the same sentence hides the others.
    small = primary[(primary["basis"] == "verdict only") & (primary["verdict"] == Verdict.CANNOT_TELL.value)]
    hidden = primary[primary["basis"] == _HIDDEN]
    items = [
        (f"{_STRENGTH[row['verdict']]}.", row["stage"], _in_short(row["sentence"]))
        for row in primary.drop(index=[*small.index, *hidden.index]).to_dict("records")
    ]
    together = (
        f"This cohort cannot tell about groups of fewer than 50 people, which would show only very large gaps: "
        f"{'; '.join(small['group'].drop_duplicates())}."
        if len(small)
        else ""
    )
    untold = f"May not be shown, because it would tell on people: {'; '.join(_by_group(hidden, primary))}." if len(hidden) else ""
    return (
        Passage(_list(items))
        + paragraphs(together, untold)
        + _asked(release)
        + paragraphs(_beside_earlier(release))
        + paragraphs(" ".join([_standing(release), *_changes(release)]))
    )


def _list(items: Sequence[tuple[str, str, str]]) -> str:
    lines = (
        f"<li><strong>{html.escape(strength)}</strong> <em>{html.escape(stage)}.</em> {html.escape(said)}</li>"
        for strength, stage, said in items
    )
    return f"<ul>{''.join(lines)}</ul>" if items else ""


def _by_group(hidden: pd.DataFrame, all_of_them: pd.DataFrame) -> list[str]:
    """Groups that have nothing to show, and single comparisons of the others."""
    told = []
    for group, rows in hidden.groupby("group", sort=False):
        whole = len(rows) == int((all_of_them["group"] == group).sum())
        told += [str(group)] if whole else [f"{group}, {in_a_sentence(stage)}" for stage in rows["stage"]]
    return told


def _asked(release: Release) -> Passage:
    """Questions that comparisons outside the declared family raise."""
    asked = release["questions"]
    if asked.table.empty:
        return Passage("")
    lines = "".join(f"<li>{html.escape(text)}</li>" for text in asked.table["sentence"])
    begins = "Outside the comparisons declared in advance there are questions to follow up; these are not findings."
    return paragraphs(f"{begins} {' '.join(asked.sentences)}") + Passage(f"<ul>{lines}</ul>")


def _withheld(release: Release) -> str:
    """What the public tier leaves out."""
    if release.tier != "public":
        return ""
    return (
        "This is the public report. The director’s report also looks at reasons for not being eligible, at hurdles, values, assessors, "
        "adjusted gaps and how long groups waited for a posting, and records what follows; those parts are withheld because beside what "
        "anybody may know they could tell on people."
    )


def _beside_earlier(release: Release) -> str:
    """What the series of processes says, where there is one."""
    trend = release["trend"]
    return "" if trend.table.empty else f"Beside earlier processes: {' '.join(trend.sentences)}"


def _in_short(text: str) -> str:
    """The difference, and where these numbers cannot tell what they could have; ratio and verdict stand in the table and in bold."""
    sentences = _BETWEEN.split(text)
    return " ".join(_NEEDED.sub(".", each) for at, each in enumerate(sentences) if at == 0 or each.startswith(_KEPT))


_BETWEEN = re.compile(r"(?<=[.!?]) (?=[A-Z])")
_NEEDED = re.compile(r"; to show a ratio of .*$")
_KEPT = ("Groups of this size", "Depending on who", "The exact test does not agree", "A group of fewer than")


def _standing(release: Release) -> str:
    standard, when = release.header["standard"], _MILESTONES.get(release.header["milestone"], "")
    if standard is None:
        return f"The cohort was looked at {when}; no standard was recorded yet."
    return (
        f"The cohort was looked at {when}. The minimum acceptable standard, a total of {standard['cut']}, was recorded on "
        f"{_day(standard['when'])} (record {standard['number']}), before anything here was opened."
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
        "answer, and that is no proof of fairness. “Cannot tell (undeclared)” is a verdict that those who did not declare could change.",
        "Each group is compared with one group that was named before anybody looked, and is the same every year. Who did not "
        "declare cannot be taken out of a small table without telling "
        "on them, so they stand with that group: “or not declared”. A group that has a verdict and no counts is compared without them. "
        "What they could change is worked out below.",
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
            f"Release {told['number']}, {tier}, under rules {told['rules']} of disclosure control.",
            "Before release we tried to work out every hidden figure from all that was published so far, as a reader could who knows the "
            f"rules, the totals and every earlier release: {of(audit['attacked'], 'figure')}. None can be worked out exactly; "
            + (
                f"each leaves at least {audit['fewest_values']} possible values."
                if audit["fewest_values"] > 1
                else "but for those that the totals over everybody settle by themselves."
            ),
            "The ledger of the process holds who prepared this release and who signed it.",
            _withheld(release),
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
    """The annex opens with the words that the report uses."""
    return heading("Annex: words, history, tables", "annex") + paragraphs(*(f"{word}: {meaning}" for word, meaning in _WORDS.items()))


_WORDS = {
    "Impact ratio": "a group’s success rate divided by that of the group it is compared with.",
    "95% interval": "the range of values that fit these numbers; a wide one says that they cannot tell much.",
    "Adjusted p": "how often chance alone would bring a gap as large as this, made larger for the number of comparisons.",
    "Shortfall": "how many more people of the group would have succeeded, had everybody succeeded at the same rate.",
    "Declared comparison": "one that the definition of the process named before anybody looked; all others are exploratory.",
    "Snapshot and cube": "the cohort as it stood on one day, and everything that is counted of it, by their fingerprints.",
}


def _primary(release: Release) -> pd.DataFrame:
    table = release["comparisons"].table
    return table[table["family"] == PRIMARY]


def _day(moment: str) -> str:
    return written(date.fromisoformat(moment[:10]))
