"""Figures of results: a result goes in, a `Figure` with its alternative text and its numbers comes out. Nothing is computed here."""

from standardsetting.figures.agreement import severity_by_code, severity_spread
from standardsetting.figures.figure import Figure
from standardsetting.figures.interviewed import flow
from standardsetting.figures.options import not_met_by_reason, options_curve
from standardsetting.figures.profiles import profile_tiles
from standardsetting.figures.totals import where_the_standard_could_lie
from standardsetting.figures.values import value_strip

__all__ = [
    "Figure", "flow", "not_met_by_reason", "options_curve", "profile_tiles", "severity_by_code", "severity_spread", "value_strip",
    "where_the_standard_could_lie",
]  # fmt: skip
