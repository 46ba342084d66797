"""How the pack was anonymised, who was interviewed, and what was found in the data."""

from __future__ import annotations

from datetime import datetime

from standardsetting.blind.scores import Account, BlindScores
from standardsetting.prose.passage import Passage, heading, paragraphs
from standardsetting.prose.rule import written
from standardsetting.tables.rounding import count, of, verb


def anonymised_heading() -> Passage:
    """The heading of the page about anonymity."""
    return heading("How this was anonymised", "anonymised")


def anonymised(scores: BlindScores) -> Passage:
    """How names and characteristics were kept away from this pack."""
    people, assessors = len(scores.interviews), int(scores.ratings["assessor"].nunique())
    sitting = f" and {of(assessors, 'assessor')}" if assessors else ""
    return paragraphs(
        f"The scores of {of(people, 'candidate')}{sitting} came to this pack under random codes that were drawn afresh for this process "
        "and say "
        "nothing about the person. Only listed columns were let through; a column that was not on the list would have stopped the work. "
        "The "
        "list that links codes to people stayed in the named folder, and the software that made these pages had no way to it.",
        "Before it was published, everything in this report was searched for every name, number and other detail that could identify "
        "somebody "
        "in the named data. One hit would have stopped it.",
        "Scores can still point at somebody for a reader who already knows them, a candidate with a rare profile for instance. Keep this "
        "pack "
        "to those who set the standard.",
    )


def interviewed_heading(account: Account) -> Passage:
    """The finding about who was interviewed."""
    if account.scored == account.interviews:
        one, some = "The only interview is fully scored", f"All {count(account.interviews)} interviews are fully scored"
        return heading({0: "No interview was arranged", 1: one}.get(account.interviews, some), "interviewed")
    return heading(
        f"{count(account.scored)} of {of(account.interviews, 'interview')} {'is' if account.scored == 1 else 'are'} fully scored",
        "interviewed",
    )


def interviewed(account: Account) -> Passage:
    """From applications to scores, in words."""
    closed = datetime.fromisoformat(account.closed_at)
    parts = [f"The interviews were closed on {written(closed.date())}: from then on no score could change unnoticed."]
    gone = sum(account.excepted.values())
    if gone:
        parts.append(f"{verb(gone, 'interview is', 'interviews are')} not scored, {'' if gone == 1 else 'each '}with a recorded reason.")
    if account.incomplete:
        parts.append(
            f"{verb(account.incomplete, 'interview', 'interviews')} took place with a rating that cannot be recovered; nothing was filled "
            "in for it."
        )
    if account.single_assessor:
        parts.append(f"{verb(account.single_assessor, 'interview was', 'interviews were')} rated by one assessor alone.")
    if account.applied is not None and account.applied > account.interviews:
        parts.append(
            f"{of(account.applied, 'candidate')} {'is' if account.applied == 1 else 'are'} listed; those without an interview are not "
            "part of this pack."
        )
    return paragraphs(" ".join(parts))


def found(account: Account) -> Passage:
    """How many findings there were, or that there were none."""
    if not account.notes:
        above = account.incomplete + sum(account.excepted.values())
        return paragraphs(f"No irregularity was found in the data{' beyond the exceptions above' if above else ''}.")
    n = len(account.notes)
    return paragraphs(f"{verb(n, 'irregularity was', 'irregularities were')} found in the data. What was done about each is below.")
