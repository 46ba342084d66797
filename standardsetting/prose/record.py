"""The record: what the decision has to leave behind, lines to write on, and the annex."""

from __future__ import annotations

from standardsetting.prose.passage import Passage, heading, paragraphs
from standardsetting.tables.rounding import RULE

_LINES = (
    "Minimum acceptable standard (total)",
    "Reason, for a reader who was not in the room",
    "If above the sum of the hurdles: what the higher total shows",
    "Evidence looked at besides this pack",
)

_ROLES = ("Assessment director", "Psychologist", "Independent member")


def record_heading() -> Passage:
    """The heading of the record."""
    return heading("The record", "record")


def record() -> Passage:
    """What the checklist is for."""
    return paragraphs(
        "A standard can be shown to be reasonable; it cannot be shown to be correct. What makes it defensible is the evidence that was "
        "looked "
        "at, the reason that was given, and the dissent that was written down. The checklist says which evidence is in this pack and "
        "which is not."
    )


def lines() -> Passage:
    """Lines for the decision, for dissent and for signatures, to fill in by hand or to copy from when sealing."""
    rows = "".join(f'<p>{line}:<span class="write-here"></span></p>' for line in _LINES)
    dissent = '<p>Dissent, and by which role (write “none” if there was none):<span class="write-here"></span></p>'
    signed = "".join(f'<p>{role} (name, signature, date):<span class="write-here"></span></p>' for role in _ROLES)
    return Passage(
        f'<div class="decision-box"><h3>The decision</h3>{rows}<h3>Dissent</h3>{dissent}</div>'
        f'<div class="decision-box"><h3>Sign-off</h3>{signed}</div>'
    )


def annex_heading() -> Passage:
    """The heading of the annex."""
    return heading("Annex", "annex")


def rounding() -> Passage:
    """How numbers are rounded in this pack."""
    return paragraphs(RULE)
