"""The sentences of the positive-action report, from a release: nothing here sees a count that was not released."""

from __future__ import annotations

import html

from standardsetting.disclosure.release import Release
from standardsetting.prose import cohort
from standardsetting.prose.passage import Passage, heading, paragraphs

# Headings and openings of the parts, in the order of the report.
PARTS: dict[str, tuple[str, str]] = {
    "legal_file": (
        "The legal file",
        "Why these steps, for whom, on what evidence and until when. Without a complete file in date there is no report.",
    ),
    "reach": (
        "Whom the workshops reached",
        "People who were eligible for the interview and to whom a workshop was open, and how far they came.",
    ),
    "not_attending": ("Why people did not attend", "Of those who were invited and could have come."),
    "design": (
        "What this design can show",
        "Said before any number: how the workshops were offered decides what can be known of their effect.",
    ),
    "before_after": (
        "Before the workshops and with them",
        "Those to whom workshops are open beside everybody else in each process, whoever came. If the gap between them changed when "
        "workshops began, the change (the difference in differences) may be theirs.",
    ),
    "balance": (
        "Were attenders like the others before?",
        "Only people to whom a workshop was open are compared, with each other, and only on what was fixed before the invitations.",
    ),
    "effects": ("What was found", "A comparison is told in whole points, with its interval, and only where every part has enough people."),
    "sensitivity": (
        "What something unmeasured could explain",
        "The E-value: how strongly one unmeasured cause would have to go with attending, and with success, to explain the finding.",
    ),
    "detectable": (
        "How large an effect would have to be to be seen here",
        "What this many people would have shown, had half of them been drawn by lot.",
    ),
    "next_trial": ("Next time: a lottery", "How many people a lottery of places needs, half of them offered a place now and half later."),
    "cost": ("Cost of an attended place", "What was spent, by how many came."),
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
        told = _found(release, "Effect of the offer") or _found(release, "Before and after")
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
    """What a part says in words, and how it was made."""
    return cohort.part(release, name, told_in_full=_TOLD_IN_ROWS)


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


def _finding(release: Release, name: str) -> str:
    """The conclusion of a part in a few words; empty where it has none."""
    rows = release[name].table
    if name == "reach" and (share := _share_attended(release)) is not None:
        return f"{share:.0f} in 100 of those to whom a workshop was open attended one"
    if name == "design":
        within = release["effects"].table["question"].str.startswith("Effect of the offer").any()
        can = within or _identified(release).startswith("yes")
        return "" if can else "This design cannot show what the workshops did"
    if name == "before_after":
        return _found(release, "Before and after")
    if name == "effects":
        return _found(release, "Effect of the offer") or _found(release, "Attended or not")
    if name == "balance" and not rows.empty:
        alike = (rows["after"].abs() <= _LARGE).all()
        return "On record, attenders and others are alike after weighting" if alike else "Attenders and others differ, even after weighting"
    if name == "detectable" and not rows.empty:
        return f"With this many people, an effect under {int(rows['detectable'].iloc[0])} in 100 would often be missed"
    if name == "next_trial" and rows["people"].notna().any():
        smallest = rows.dropna(subset=["people"]).iloc[0]
        return f"Next time: a lottery; {int(smallest['people']):,} people would show an effect of {smallest['difference']} in 100"
    return ""


_LARGE = 0.1


def _found(release: Release, question: str) -> str:
    """The first comparison of shares by this question, in a few words."""
    rows = release["effects"].table
    told = rows[rows["question"].str.startswith(question) & rows["estimate"].notna() & (rows["unit"] == "in 100 people")]
    if told.empty:
        return ""
    row = told.iloc[0]
    estimate, chance = int(row["estimate"]), row["low"] <= 0 <= row["high"]
    size = f"{abs(estimate)} in 100"
    if question == "Before and after":
        way, whose = "in favour of" if estimate > 0 else "against", str(row["question"]).partition(": ")[2]
        moved = f"The gap moved by {size} {way} {whose}, and workshops are one possible reason"
        return "Whether workshops moved the gap cannot be told from chance" if chance else moved
    if question == "Attended or not":
        way = "more" if estimate > 0 else "less"
        met = f"Attenders met the standard {size} {way} often: an association"
        return "Whether attenders met the standard more often cannot be told from chance" if chance else met
    return "An effect of the offer cannot be told from chance" if chance else f"With the offer, {size} {_more(estimate)} met the standard"


def _more(estimate: int) -> str:
    return "more" if estimate > 0 else "fewer"


def _identified(release: Release) -> str:
    design = release["design"].table
    return str(design.loc[design["item"] == "Is an effect identified?", "content"].iloc[0])


def _share_attended(release: Release) -> float | None:
    rows = release["reach"].table
    shares = rows.loc[rows["group"] == "everybody", "share"].tolist()[-1:]
    return None if not shares or shares[0] is None or shares[0] != shares[0] else float(shares[0])
