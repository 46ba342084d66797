"""The sentences of the positive-action report, from a release: nothing here sees a count that was not released."""

from __future__ import annotations

import html
from collections.abc import Hashable
from dataclasses import replace
from typing import Any

import pandas as pd

from standardsetting.disclosure.release import Release
from standardsetting.prose import cohort
from standardsetting.prose.passage import Passage, heading, listed, paragraphs

# Headings and openings of the parts, in the order of the report.
PARTS: dict[str, tuple[str, str]] = {
    "legal_file": (
        "The legal file",
        "The file says why these steps were taken, for whom, on what evidence and until when. Without a complete file in date there is no "
        "report.",
    ),
    "reach": (
        "Whom the workshops reached",
        "This part counts people who were eligible for the interview and to whom a workshop was open, and shows how far they came.",
    ),
    "not_attending": (
        "Why people did not attend",
        "This part gives the reasons of people who were invited and could have come, where these are on record.",
    ),
    "design": (
        "What this design can show",
        "How the workshops were offered decides what can be known of their effect. This is said before any number.",
    ),
    "before_after": (
        "Before the workshops and with them",
        "In each process those to whom workshops are open are set beside everybody else, whoever came. If the gap between them changed "
        "when workshops began, the change (the difference in differences) may be theirs.",
    ),
    "balance": (
        "Were attenders like the others before?",
        "Only people to whom a workshop was open are compared, with each other, and only on what was fixed before the invitations.",
    ),
    "effects": ("What was found", "A comparison is told in whole points, with its interval, and only where every part has enough people."),
    "sensitivity": (
        "What something unmeasured could explain",
        "The E-value says how strongly one unmeasured cause would have to go with attending, and with success, to explain the finding.",
    ),
    "detectable": (
        "How large an effect would have to be to be seen here",
        "This is the smallest effect that as many people as here would usually have shown, had half of them been drawn by lot.",
    ),
    "next_trial": (
        "Next time: a lottery",
        "The table says how many people a lottery of places needs, half of them offered a place now and half later.",
    ),
    "cost": ("Cost of an attended place", "This part divides what was spent by how many people attended."),
    "due_regard": (
        "Due regard: what was found, and what follows",
        "To be filled in by those who decide: what follows from each finding, who does it, and by when; or no action, and because of what.",
    ),
}
_LOTTERY = (
    "Before the list of people exists, somebody chooses a secret seed and publishes its hash. The seed stays under lock.",
    "The list is closed. Everybody who wants a place is on it, by a reference that says nothing of them.",
    "The seed is opened, and a rule that was published before sorts the list by it. The first are offered a place now; the others are the "
    "wait list, and are offered one later. A place given up goes to the first of the wait list.",
    "The seed is published, so that anybody can do the draw again and see that nobody chose.",
    "Everybody who was offered a place is compared with everybody on the wait list, whoever came. A difference is the effect of the offer.",
)
# Parts whose rows are said in full; the others have a table.
_TOLD_IN_ROWS = ("effects", "sensitivity", "detectable", "cost")


def action_heading(release: Release) -> Passage:
    """The finding as a heading: who was reached, and whether an effect is told."""
    share = _share_attended(release)
    reached = f"{share:.0f} in 100 attended a workshop" if share is not None else "How many attended may not be told"
    said = "what attending did cannot be told"
    if _identified(release).startswith("yes"):
        told = _found(release, "Effect of the offer") or _found(release, _MOVED)
        said = f"{told[:1].lower()}{told[1:]}" if told else "the design can show the effect of the offer"
    return heading(f"{reached}; {said}", "answer")


def action_answer(release: Release) -> Passage:
    """Page one: who was reached, what can and cannot be said, what to do next time; and what changed since the last release."""
    table = release["answer"].table
    parts = []
    for about, rows in table.groupby("about", sort=False):
        items = "".join(f"<li>{html.escape(text)}</li>" for text in rows["sentence"])
        parts.append(f"<h3>{html.escape(str(about))}</h3><ul>{items}</ul>")
    changes = release["changes"].table["sentence"].tolist() if "changes" in release.sections else []
    return Passage("".join(parts)) + paragraphs(*changes)


def part_heading(release: Release, name: str) -> Passage:
    """The heading of a part, its finding where it has one, and what it shows; nothing where this tier does not hold the part."""
    title, opening = PARTS[name]
    return cohort.part_heading(release, name, parts={name: (_finding(release, name) or title, opening)})


def part(release: Release, name: str) -> Passage:
    """What a part says in words, and how it was made; nothing that stands under its table or in the part before."""
    if name not in release.sections:
        return Passage("")
    section, rows = release[name], release[name].table
    if name == "effects" and "before_after" in release.sections:
        rows = rows[~rows["question"].str.startswith(_MOVED)]
    said = tuple(text for text in section.sentences if not text.startswith("["))
    method = "" if name == "next_trial" else section.method  # this table is never folded away, and says it itself
    shown = replace(release, sections={**release.sections, name: replace(section, table=rows, sentences=said, method=method)})
    return cohort.part(shown, name, told_in_full=_TOLD_IN_ROWS)


def lottery() -> Passage:
    """How the sealed lottery works, in the order of events."""
    return Passage("<ol>" + "".join(f"<li>{html.escape(text)}</li>" for text in _LOTTERY) + "</ol>")


def how_to_read() -> Passage:
    """The words of the report."""
    return heading("How to read this", "reading") + paragraphs(
        "Attenders are never compared with people to whom no workshop was open: that would show how groups of people differ and call it "
        "the workshop.",
        "Colleagues saw who went. Results by attendance, or by who was offered a place, are therefore told only where at least 20 people "
        "with and 20 without success are on both sides, in whole points, without the counts.",
        "Small counts are hidden and others rounded. Shares come from the rounded counts.",
    )


def chart_title(release: Release, name: str) -> str:
    """What a picture shows, as a conclusion in the words of the release."""
    rows = release[name].table
    if name == "reach":
        return _reached(release)
    if name == "before_after":
        told = release["effects"].table
        return "; ".join(_sizes(told[told["question"].str.startswith(_MOVED)])) or "Whether the gap changed cannot be told"
    if name == "balance":
        apart = _apart(rows)
        still = f"After weighting, differences in {listed(apart)} are still above 0.1 standard deviations"
        return still if apart else "After weighting, no difference is above 0.1 standard deviations"
    return "; ".join(_sizes(rows))


def _finding(release: Release, name: str) -> str:
    """The conclusion of a part in a few words; empty where it has none."""
    rows, said = release[name].table, release[name].sentences
    if name == "legal_file" and said:
        return _sentence(said[0]).replace("The file", "The legal file", 1)
    if name == "reach":
        share = _share_attended(release)
        return _reached(release) if share is None else f"{share:.0f} in 100 of those to whom a workshop was open attended one"
    if name == "not_attending":
        return "" if len(rows) else "Why people did not attend is not on record"
    if name == "design":
        within = release["effects"].table["question"].str.startswith("Effect of the offer").any()
        can = within or _identified(release).startswith("yes")
        return f"This design can show {_content(release, 'What it can show')}" if can else "This design cannot show what the workshops did"
    if name == "before_after":
        return _found(release, _MOVED)
    if name == "effects":
        found = _found(release, "Effect of the offer") or _found(release, "Attended or not")
        return found if found or rows["estimate"].notna().any() else "No difference may be told"
    if name == "balance" and not rows.empty:
        apart = _apart(rows)
        differ = f"Even after weighting, attenders and others differ in {listed(apart)}"
        return differ if apart else f"After weighting, attenders and others are alike in {listed(_labels(rows))}"
    if name == "sensitivity" and not rows.empty:
        # Where the interval reaches no difference, chance alone would do; else the release says how strong a cause would have to be.
        weak = float(rows["e_value_limit"].iloc[0]) <= 1
        return "Chance alone could explain the association" if weak else _sentence(rows["sentence"].iloc[0])
    if name == "detectable" and not rows.empty:
        return f"With this many people, an effect under {int(rows['detectable'].iloc[0])} in 100 would often be missed"
    if name == "next_trial" and rows["people"].notna().any():
        smallest = rows.dropna(subset=["people"]).iloc[0]
        return f"Next time: a lottery; {int(smallest['people']):,} people would show an effect of {smallest['difference']} in 100"
    if name == "cost" and not rows.empty:
        return _sentence(rows["sentence"].iloc[-1])
    return ""


def _sentence(text: str) -> str:
    """The first sentence of a text, as a heading."""
    return text.partition(". ")[0].removesuffix(".")


_LARGE, _MOVED = 0.1, "Before and after"
# Shares that are said in words where they are this near, in points.
_ABOUT, _NEAR = {25: "a quarter", 33: "a third", 50: "half", 67: "two thirds", 75: "three quarters"}, 3


def _labels(rows: pd.DataFrame) -> list[str]:
    """What was compared, each once; a covariate with levels has a row for each."""
    names = dict.fromkeys(str(name).partition(": ")[0] for name in rows["covariate"])
    return [name if name[1:2].isupper() else f"{name[:1].lower()}{name[1:]}" for name in names]


def _apart(rows: pd.DataFrame) -> list[str]:
    """What still differs after weighting."""
    return _labels(rows[rows["after"].abs() > _LARGE])


def _reached(release: Release) -> str:
    """The last step of everybody that may be told, in words."""
    rows = release["reach"].table
    told = rows[(rows["group"] == "everybody") & rows["share"].notna()]
    if told.empty:
        return "How many of those to whom a workshop was open attended may not be told"
    step, share = str(told["step"].iloc[-1]), int(told["share"].iloc[-1])
    words = [f"About {words}" for near, words in _ABOUT.items() if abs(share - near) <= _NEAR]
    did = "attended one" if step.startswith("Attended") else f"{_DID[step]}; how many attended may not be told"
    return f"{(*words, f'{share} in 100')[0]} of those to whom a workshop was open {did}"


_DID = {"Invited": "were invited", "Booked": "booked a place"}


def _sizes(rows: pd.DataFrame) -> list[str]:
    """The comparisons of shares that a picture can hold, each with its size."""
    told = rows[rows[["estimate", "low", "high"]].notna().all(axis=1) & (rows["unit"] == "in 100 people")]
    sizes = [_size(row) for row in told.to_dict("records")]
    return [*sizes[:1], *(f"{size[:1].lower()}{size[1:]}" for size in sizes[1:])]


def _size(row: dict[Hashable, Any]) -> str:
    estimate, question = int(row["estimate"]), str(row["question"])
    chance = ", which could be chance" if estimate and row["low"] <= 0 <= row["high"] else ""
    by = f"{abs(estimate)} in 100"
    if question.startswith(_MOVED):
        way = "in favour of" if estimate > 0 else "against"
        whose = question.partition(": ")[2]
        return f"The gap moved by {by} {way} {whose}{chance}" if estimate else f"The gap between {whose} and everybody else did not move"
    more = "more" if estimate > 0 else "less"
    who = next(words for start, words in _WHO.items() if question.startswith(start))
    return f"{who} {f'{by} {more} often than' if estimate else 'about as often as'} {_OTHERS[who]}{chance}"


_WHO = {
    "Attended or not": "Attenders met the standard",
    "Effect of attending": "Who attends because of the offer meets the standard",
    "Effect of the offer": "People offered a place met the standard",
}
_OTHERS = {
    "Attenders met the standard": "others",
    "Who attends because of the offer meets the standard": "without it",
    "People offered a place met the standard": "others",
}


def _found(release: Release, question: str) -> str:
    """The first comparison of shares by this question, in a few words."""
    rows = release["effects"].table
    told = rows[rows["question"].str.startswith(question) & rows["estimate"].notna() & (rows["unit"] == "in 100 people")]
    if told.empty:
        return ""
    row = told.iloc[0]
    estimate, chance = int(row["estimate"]), row["low"] <= 0 <= row["high"]
    size = f"{abs(estimate)} in 100"
    if question == _MOVED:
        way, whose = "in favour of" if estimate > 0 else "against", str(row["question"]).partition(": ")[2]
        moved = f"The gap moved by {size} {way} {whose}, and workshops are one possible reason"
        return "The change of the gap could be chance" if chance else moved
    if question == "Attended or not":
        way = "more" if estimate > 0 else "less"
        met = f"Attenders met the standard {size} {way} often: an association"
        return "The difference between attenders and others could be chance" if chance else met
    way = "more" if estimate > 0 else "fewer"
    lifted = f"With the offer, {size} {way} met the standard"
    return "The difference between people offered a place and others could be chance" if chance else lifted


def _identified(release: Release) -> str:
    return _content(release, "Is an effect identified?")


def _content(release: Release, item: str) -> str:
    """What the design has to say on a point."""
    design = release["design"].table
    return str(design.loc[design["item"] == item, "content"].iloc[0])


def _share_attended(release: Release) -> float | None:
    rows = release["reach"].table
    shares = rows.loc[rows["group"] == "everybody", "share"].tolist()[-1:]
    return None if not shares or shares[0] is None or shares[0] != shares[0] else float(shares[0])
