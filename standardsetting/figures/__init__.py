"""Figures of results: a result goes in, a `Figure` with its alternative text and its numbers comes out. Nothing is computed here."""

from standardsetting.figures.adjustment import adjusting
from standardsetting.figures.agreement import severity_by_code, severity_spread
from standardsetting.figures.assessor_quality import control_charts, network, panels, severity_caterpillar, who_sat_with_whom
from standardsetting.figures.figure import Figure
from standardsetting.figures.interviewed import flow
from standardsetting.figures.options import not_met_by_reason, options_curve
from standardsetting.figures.profiles import profile_tiles
from standardsetting.figures.totals import where_the_standard_could_lie
from standardsetting.figures.values import value_strip

__all__ = [
    "Figure", "adjusting",
    "control_charts", "flow", "network", "not_met_by_reason", "options_curve", "panels", "profile_tiles", "severity_by_code",
    "severity_caterpillar", "severity_spread", "value_strip", "where_the_standard_could_lie", "who_sat_with_whom",
]  # fmt: skip
