"""The legal file of positive action: why these steps, for whom, on what evidence, until when. Without a valid file there is no report."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from standardsetting.errors import StageError

# Section 158 of the Equality Act 2010 names these three grounds.
GROUNDS = ("disadvantage", "different needs", "low participation")
_NEXT = "Renew the positive-action file with the legal adviser, or end the invitations; nothing is reported until then."


@dataclass(frozen=True)
class Evidence:
    """Why a group is thought to be disadvantaged, to have different needs or to take part too little: one dated piece of evidence.

    Attributes
    ----------
    group
        The group it is about, by the name used in `LegalFile.groups`.
    ground
        One of the three of section 158.
    statement, source
        What it shows, and where it stands.
    dated
        The day the evidence describes or was published.
    review_by
        The last day on which it may be relied on.
    """

    group: str
    ground: str
    statement: str
    source: str
    dated: date
    review_by: date


@dataclass(frozen=True)
class Excluded:
    """People to whom no workshop was open, and what they were offered instead."""

    who: str
    offered: str


@dataclass(frozen=True)
class LegalFile:
    """The file as it stood for one process. See `valid_on`.

    Attributes
    ----------
    process, aim
        The process, and what the steps are to achieve.
    groups
        The groups to which workshops were open.
    evidence
        At least one valid piece a group.
    alternatives, proportionality
        What else was considered and why it would not do; why the steps go no further than the aim needs.
    review_by
        The last day on which the file as a whole may be relied on.
    excluded
        Who was left out and what they were offered.
    """

    process: str
    aim: str
    groups: tuple[str, ...]
    evidence: tuple[Evidence, ...]
    alternatives: str
    proportionality: str
    review_by: date
    excluded: tuple[Excluded, ...]


def shortcomings(file: LegalFile, *, on: date) -> tuple[str, ...]:
    """What is missing or expired on a day: a sentence each, none if the file is valid."""
    texts = {
        "the aim": file.aim, "the alternatives considered": file.alternatives, "proportionality": file.proportionality,
        "the process": file.process,
    }  # fmt: skip
    found = [f"The file says nothing about {what}." for what, text in texts.items() if not text.strip()]
    if not file.groups:
        found.append("The file names no group.")
    if file.review_by < on:
        found.append(f"The file was to be reviewed by {file.review_by.isoformat()}.")
    if not file.excluded or any(not part.who.strip() or not part.offered.strip() for part in file.excluded):
        found.append("The file does not say who was left out and what they were offered.")
    for group in file.groups:
        found += _about_group(group, [piece for piece in file.evidence if piece.group == group], on)
    strangers = {piece.group for piece in file.evidence} - set(file.groups)
    if strangers:
        found.append(f"{len(strangers)} of the groups with evidence are not among the groups of the file.")
    return tuple(found)


def valid_on(file: LegalFile, *, on: date) -> LegalFile:
    """The file, if it may be relied on that day.

    Parameters
    ----------
    file
        The legal file.
    on
        The day that counts: that of the invitations, or of the report. It is never read from a clock.

    Raises
    ------
    StageError
        What is missing or expired, one reason a line.

    Notes
    -----
    The product keeps the file; whether the evidence is good enough is for a lawyer to say.

    Examples
    --------
    >>> piece = Evidence("women", "low participation", "31% of constables, 19% of sergeants", "workforce return", date(2022, 3, 31), date(2023, 12, 31))
    >>> file = LegalFile("2023", "More women apply and succeed", ("women",), (piece,), "Outreach to all: tried in 2021", "Advice only, no place reserved",
    ...                  date(2023, 12, 31), (Excluded("men", "the same reading list and a recorded briefing"),))
    >>> valid_on(file, on=date(2023, 7, 14)) is file
    True
    >>> shortcomings(file, on=date(2024, 1, 1))
    ('The file was to be reviewed by 2023-12-31.', 'The evidence for women was valid until 2023-12-31.')
    """  # noqa: E501
    found = shortcomings(file, on=on)
    if found:
        raise StageError("A valid positive-action file was expected, and this one cannot be relied on.", details=found, next_step=_NEXT)
    return file


def _about_group(group: str, pieces: list[Evidence], on: date) -> list[str]:
    if not pieces:
        return [f"There is no evidence for {group}."]
    if any(piece.ground not in GROUNDS for piece in pieces):
        return [f"A ground for {group} is none of {', '.join(GROUNDS)}."]
    whole = [piece for piece in pieces if piece.statement.strip() and piece.source.strip()]
    if not whole:
        return [f"The evidence for {group} has no statement or no source."]
    known = [piece for piece in whole if piece.dated <= on]
    if not known:
        return [f"The evidence for {group} is dated after the day it is relied on."]
    latest = max(piece.review_by for piece in known)
    return [f"The evidence for {group} was valid until {latest.isoformat()}."] if latest < on else []
