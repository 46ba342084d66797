"""Tables for the record: the evidence checklist, the hashes, the versions, the terms."""

from __future__ import annotations

import platform
from importlib import metadata

import pandas as pd

import standardsetting
from standardsetting.blind.how_far import HowFar
from standardsetting.blind.scores import BlindScores
from standardsetting.process import Process
from standardsetting.tables.table import Link, Table

# Sections that a pack has only where the ratings allow it.
AGREEMENT, ERROR = "agreement", "error"
_IN_WORDS = "The performance standard in words: what each score means"

# What a defensible record holds, and the section of this pack that answers it; None where this pack does not.
_CHECKLIST: tuple[tuple[str, str | None, str], ...] = (
    ("Purpose, population, campaign, version of the process", "rule", "The rule"),
    ("The decision rule word for word, with hash", "rule", "The rule"),
    (_IN_WORDS, "rule", "The rule"),
    ("Why a total above the sum of the hurdles needs a reason", "why", "Why above the hurdles"),
    ("Why this method of setting a standard, and why not others", None, ""),
    ("Who decided: roles, expertise, conflicts of interest, training", None, ""),
    ("Agenda, materials and judgements round by round", None, ""),
    ("The judges' evaluation of the process", None, ""),
    ("What was hidden, and who could see what", "anonymised", "How this was anonymised"),
    ("Data quality: who was interviewed, exceptions, findings", "interviewed", "Who was interviewed"),
    ("Distribution of each value and of the total", "scores", "The scores"),
    ("Profiles that meet the hurdles, and candidates on each", "profiles", "The profiles"),
    ("How far assessors agree", AGREEMENT, "How far assessors agree"),
    ("Reliability appropriate to the design: coefficient, k, q, interval", AGREEMENT, "How far assessors agree"),
    ("Quality of the assessors' ratings: a report of its own, assessor-quality; actions taken", None, ""),
    ("Whether adjusting for severity would help, and what it would change", AGREEMENT, "How far assessors agree"),
    ("Measurement error near the line", ERROR, "Measurement error near the line"),
    ("How often another panel would have decided otherwise", None, ""),
    ("Standards suggested by formal methods, and how they compare", None, ""),
    ("Impact of each total: met, not met by reason, ties", "options", "The options"),
    ("Vacancies, as a consequence kept apart from the standard", "options", "The options"),
    ("What one step more or less would change", "neighbours", "What each step would change"),
    ("Candidates close to the line, both ways, blind", "close", "Close to the line"),
    ("Stability: leaving out a judge or a panel", None, ""),
    ("External evidence: earlier standards, later performance", None, ""),
    ("Equality analysis, only after the standard is recorded", None, ""),
    ("Reasonable adjustments, and that ratings kept one standard", None, ""),
    ("Appeals, feedback and publication", None, ""),
    ("Sign-off and dissent", "record", "The record"),
    ("Reproducibility: hashes, versions", "annex", "Annex"),
)  # fmt: skip

NOT_HERE = "not in this pack"

_TERMS = (
    ("blind code", "A random code that stands for a candidate or an assessor in this pack. It says nothing about the person."),
    (
        "close to the line",
        "One score, raised by one step of the rating scale, would change the outcome: the total is reached and exactly one hurdle missed, "
        "by at most one step; or every hurdle is met, and the total would be reached with one score one step higher.",
    ),
    ("complete", "A candidate with a score on every value."),
    ("correlation", "How far two values put candidates in the same order: 0 not at all, 1 entirely."),
    ("cut score", "The statistical term for the minimum acceptable standard."),
    ("decision rule", "Hurdles and total together. A candidate meets the rule who meets every hurdle and reaches the total."),
    (
        "G(q,k)",
        "Reliability for the rota that happened: the share of the differences between candidates' totals that is their own. k is how many "
        "assessors a candidate had; q says how much of severity stays in comparisons of candidates: 0 where all had the same assessors, "
        "1/k where none had.",
    ),
    ("hurdle", "The least score that a value needs, whatever the other scores are."),
    ("incomplete", "A candidate with a score missing. Neither met nor not met; never counted as zero."),
    (
        "interval",
        "The range of shares that candidates like these could show in another intake, if nothing but chance differed (Wilson score "
        "interval).",
    ),
    (
        "minimum acceptable standard",
        "The least total that a candidate needs beside meeting every hurdle. A candidate who has exactly this total meets it.",
    ),
    ("profile", "The scores of one candidate on the values, side by side."),
    ("seal", "A fingerprint (SHA-256) of the anonymised data. A change to the data changes it."),
    (
        "severity",
        "How far below co-assessors of the same candidates an assessor rates, once it is allowed for who they were. Above zero is severe.",
    ),
    (
        "standard error of measurement",
        "By how much an observed total typically misses the one that many such assessors would give.",
    ),
    ("select list", "The order in which posts are offered. It is decided separately from the standard."),
    ("tied", "Having the same total."),
    ("total", "The value scores added up, with the weights of the process definition."),
    ("value score", "The score that the rule uses for a value, formed from the ratings as the process definition says."),
)  # fmt: skip


def checklist(process: Process | None = None, agreement: HowFar | None = None) -> Table:
    """The evidence that a record of the standard needs: where this pack has it, and where it does not.

    Parameters
    ----------
    process
        The definition: one that gives no score a meaning has nothing to show for the performance standard in words.
    agreement
        How far assessors agree, as far as the ratings can say.
    """
    found = agreement or HowFar(NOT_HERE)
    absent = {AGREEMENT: not found.known or found.suspect, ERROR: found.error is None}
    silent = process is not None and not process.scale.meanings
    listed = [
        (what, None if anchor is None or absent.get(anchor) or (silent and what == _IN_WORDS) else anchor, title)
        for what, anchor, title in _CHECKLIST
    ]
    rows = [(what, Link(f"in this pack: {title}", anchor) if anchor else NOT_HERE) for what, anchor, title in listed]
    data = pd.DataFrame(rows, columns=["Evidence", "Where it is"])
    here = sum(anchor is not None for _, anchor, _ in listed)
    note = (
        f"{here} of {len(rows)} kinds of evidence are in this pack. The others have to come from elsewhere, "
        "or the record has to say why they are missing."
    )
    return Table("checklist", "Evidence that the record of a standard needs", data, ("text", "text"), (note,))


def hashes(scores: BlindScores) -> Table:
    """Fingerprints of the definition, of what decides in it, and of the anonymised data."""
    rows = [
        ("Process definition, without the places of its sources", scores.process.without_sources().hash),
        ("The rule: scale, values, hurdles, weights, scoring", scores.process.rule_hash),
        ("Anonymised data (seal)", scores.seal),
    ]
    data = pd.DataFrame(rows, columns=["Fingerprint of", "SHA-256"])
    return Table("hashes", "Fingerprints of what this pack was made from", data, ("text", "code"))


def versions() -> Table:
    """The software that made the pack."""
    names = ("numpy", "pandas", "matplotlib")
    rows = [("standardsetting", standardsetting.__version__), ("Python", platform.python_version())]
    rows += [(name, metadata.version(name)) for name in names]
    data = pd.DataFrame(rows, columns=["Software", "Version"])
    return Table("versions", "The software that made this pack", data, ("text", "text"))


def terms() -> Table:
    """Every term that the pack uses, in words."""
    data = pd.DataFrame(_TERMS, columns=["Term", "What it means here"])
    return Table("terms", "Terms used in this pack", data, ("text", "text"))
