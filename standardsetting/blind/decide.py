"""The decision: seal the minimum acceptable standard as a record that says what was decided, on what, by whom and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from standardsetting import records
from standardsetting.blind.scores import BlindScores
from standardsetting.errors import UsageError
from standardsetting.profiles import cut_meaning, possible_totals
from standardsetting.rule import INCOMPLETE, MET
from standardsetting.scale import Number, as_fraction, plain
from standardsetting.stages import STANDARD_RECORD, looked_beyond_scores

# What makes two decisions the same decision.
_DECISION = ("cut", "rationale", "decided_by", "evidence", "rule_hash", "blind_seal")


@dataclass(frozen=True)
class StandardRecord:
    """A sealed standard. `sentence` is what was recorded, in words; `hash` is what minutes and letters quote."""

    cut: str
    sentence: str
    warning: str
    number: int
    hash: str
    already_done: bool


def seal_standard(
    scores: BlindScores,
    folder: Path,
    *,
    cut: Number,
    rationale: str,
    by: Sequence[str],
    evidence: Mapping[str, Any],
    when: datetime,
    change_reason: str | None = None,
    legal_sign_off: str | None = None,
) -> StandardRecord:
    """Record the minimum acceptable standard of a process.

    Parameters
    ----------
    scores
        The blind scores that the decision is about.
    folder
        The process folder, which holds the ledger.
    cut
        The least total that meets the standard (inclusive).
    rationale
        Why this total: for a reader who was not in the room.
    by
        Who decided.
    evidence
        The pack that was looked at: its run and the SHA-256 of its manifest.
    when
        The moment of the decision, with its time zone.
    change_reason
        Why an earlier standard is replaced. Needed when there is one; the earlier record stays.
    legal_sign_off
        Who on the legal side signed the change off. Needed where the ledger says that results were looked at beyond the scores.

    Raises
    ------
    UsageError
        Nobody can score the cut; the rationale or the names are empty; the reason for a change, or its sign-off, is missing.
    StageError
        The ledger does not verify.
    """
    decided_by = [name.strip() for name in by if name.strip()]
    if not rationale.strip() or not decided_by:
        raise UsageError("A standard needs a rationale and the name of who decides it; one of them is empty.")
    exact = _a_total(scores, cut)
    meaning = cut_meaning(scores.rule, exact)
    outcome = scores.rule.at(exact).decide(scores.value_scores)["status"].value_counts()
    complete = int(outcome.sum() - outcome[INCOMPLETE])
    body: dict[str, Any] = {
        "cut": plain(exact),
        "rule": scores.process.reading,
        "rationale": rationale.strip(),
        "decided_by": decided_by,
        "evidence": dict(evidence),
        "definition_hash": scores.process.hash,
        "rule_hash": scores.process.rule_hash,
        "blind_seal": scores.seal,
        "meaning": meaning.sentence,
        "candidates": {"complete": complete, "met": int(outcome[MET]), "incomplete": int(outcome[INCOMPLETE])},
    }
    standing = records.latest(folder, STANDARD_RECORD)
    sentence = standard_sentence(body)
    warning = "" if meaning.kind == "both decide" else meaning.sentence
    if standing is not None and all(standing.body[part] == body[part] for part in _DECISION):
        return StandardRecord(body["cut"], sentence, warning, standing.number, standing.hash, already_done=True)
    if standing is not None:
        if not (change_reason or "").strip():
            raise UsageError(
                f"A standard is already recorded (record {standing.number}). A change is a new record and needs its reason.",
                next_step="Say why with --change-reason; the earlier record stays in the ledger.",
            )
        body["replaces"], body["change_reason"] = standing.hash, (change_reason or "").strip()
        if (legal_sign_off or "").strip():
            body["legal_sign_off"] = (legal_sign_off or "").strip()
        elif looked_beyond_scores(folder):
            raise UsageError(
                "Results were looked at beyond the scores. A change of the standard now needs legal sign-off as well.",
                next_step="Name who signed it off with --legal-sign-off. Both records stay, and reports show the sequence.",
            )
    record = records.append(folder, STANDARD_RECORD, body, when=when)
    return StandardRecord(body["cut"], sentence, warning, record.number, record.hash, already_done=False)


def standard_sentence(body: Mapping[str, Any]) -> str:
    """What a standard record says, in the words that are shown before sealing and read out afterwards."""
    people = body["candidates"]
    return (
        f"The minimum acceptable standard is a total of {body['cut']}, with every hurdle met. "
        f"Of {people['complete']} candidates with complete scores, {people['met']} meet it."
    )


def _a_total(scores: BlindScores, cut: Number) -> Any:
    try:
        exact = as_fraction(cut)
    except (ValueError, ZeroDivisionError):
        raise UsageError('The cut must be a number, such as 14, 13.5 or "40/3".') from None
    totals = possible_totals(scores.rule)
    if exact > totals[-1]:
        raise UsageError(cut_meaning(scores.rule, exact).sentence, next_step="Choose a total that can be reached.")
    if exact not in totals:
        below = max((t for t in totals if t < exact), default=None)
        above = min(t for t in totals if t > exact)
        near = f"{plain(below)} and {plain(above)}" if below is not None else f"{plain(above)} upwards"
        raise UsageError(
            f"A cut is a total that somebody can score; {plain(exact)} is not one.",
            next_step=f"The nearest are {near}. Decide which is meant: a cut is never rounded silently.",
        )
    return exact
