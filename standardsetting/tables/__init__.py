"""Accessible tables of results: a result goes in, a `Table` comes out, and numbers are rounded once on the way to the page."""

from standardsetting.tables.agreement import agreement_by_value, coefficients, measurement_error, severity_by_code, severity_spread
from standardsetting.tables.interviewed import flow, found_in_the_data, hidden, rows_read
from standardsetting.tables.options import above_the_hurdles, curve, every_option, not_met, options_table
from standardsetting.tables.profiles import close_by_cut, close_codes, neighbours, profile_table
from standardsetting.tables.record import checklist, hashes, terms, versions
from standardsetting.tables.scores import correlations, hurdle_counts, meanings, total_distribution, value_distribution, values
from standardsetting.tables.table import Link, Table

__all__ = [
    "Link", "Table", "above_the_hurdles", "agreement_by_value", "checklist", "close_by_cut", "close_codes", "coefficients", "correlations",
    "curve", "every_option", "flow", "found_in_the_data", "hashes", "hidden", "hurdle_counts", "meanings", "measurement_error",
    "neighbours", "not_met", "options_table", "profile_table", "rows_read", "severity_by_code", "severity_spread", "terms",
    "total_distribution", "value_distribution", "values", "versions",
]  # fmt: skip
