"""Accessible tables of results: a result goes in, a `Table` comes out, and numbers are rounded once on the way to the page."""

from standardsetting.tables.adjustment import adjusting, rota_parts, wrong_decisions
from standardsetting.tables.agreement import agreement_by_value, coefficients, measurement_error, severity_by_code, severity_spread
from standardsetting.tables.assessor_quality import (
    calibration,
    control_chart,
    days_done,
    dependence,
    links,
    panels,
    screens,
    severity_shrunk,
    use_of_the_scale,
    who_sat_with_whom,
)
from standardsetting.tables.interviewed import flow, found_in_the_data, hidden, rows_read
from standardsetting.tables.options import above_the_hurdles, curve, every_option, not_met, options_table
from standardsetting.tables.profiles import close_by_cut, close_codes, neighbours, profile_table
from standardsetting.tables.record import checklist, hashes, terms, versions
from standardsetting.tables.scores import correlations, hurdle_counts, meanings, total_distribution, value_distribution, values
from standardsetting.tables.table import Link, Table

__all__ = [
    "Link", "Table", "above_the_hurdles", "adjusting",
    "agreement_by_value", "calibration", "checklist", "close_by_cut", "close_codes", "coefficients",
    "control_chart", "correlations", "curve", "days_done", "dependence", "every_option", "flow", "found_in_the_data", "hashes", "hidden",
    "hurdle_counts", "links", "meanings", "measurement_error", "neighbours", "not_met", "options_table", "panels", "profile_table",
    "rota_parts", "rows_read", "screens", "severity_by_code", "severity_shrunk", "severity_spread", "terms", "total_distribution",
    "use_of_the_scale", "value_distribution", "values", "versions", "who_sat_with_whom", "wrong_decisions",
]  # fmt: skip
