"""`[cohort]` and `[positive_action]`: what is asked about the cohort once the standard is recorded, declared before anybody looks."""

from __future__ import annotations

from standardsetting.process.sections import Part


class Cohort(Part):
    """`[cohort]`: characteristics, comparators and the stages of the funnel."""


class PositiveAction(Part):
    """`[positive_action]`: the legal file of the workshops."""
