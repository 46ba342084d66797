"""The pack's sentences, written from results: a result goes in, a `Passage` comes out, and no number is typed by hand."""

from standardsetting.prose.adjustment import adjusting, adjusting_limits
from standardsetting.prose.agreement import (
    agreement,
    agreement_heading,
    agreement_warning,
    measurement_error,
    severity,
    severity_codes_heading,
)
from standardsetting.prose.assessor_quality import (
    calibrated,
    done_heading,
    interviews_done,
    network,
    panel_layer,
    quality_logits,
    quality_severity,
    quality_severity_heading,
    section,
    to_do,
    tomorrow_heading,
    tonight,
)
from standardsetting.prose.front import decision_box, where, where_heading
from standardsetting.prose.interviewed import anonymised, anonymised_heading, found, interviewed_heading
from standardsetting.prose.interviewed import interviewed as who_was_interviewed
from standardsetting.prose.options import (
    close,
    close_heading,
    codes_heading,
    neighbours,
    neighbours_heading,
    not_met,
    not_met_heading,
    options_heading,
    vacancies,
)
from standardsetting.prose.options import options as what_each_total_means
from standardsetting.prose.passage import Passage, heading
from standardsetting.prose.record import annex_heading, lines, record_heading, rounding
from standardsetting.prose.record import record as what_the_record_needs
from standardsetting.prose.rule import extremes, meanings, rule_heading, why, why_heading
from standardsetting.prose.rule import rule as rule_in_words
from standardsetting.prose.scores import correlations, every_profile_heading, profiles, profiles_heading, scores_heading
from standardsetting.prose.scores import scores as how_the_scores_lie

__all__ = [
    "Passage", "adjusting", "adjusting_limits",
    "agreement", "agreement_heading", "agreement_warning", "annex_heading", "anonymised", "anonymised_heading",
    "calibrated", "close", "close_heading", "codes_heading", "correlations", "decision_box", "done_heading",
    "every_profile_heading", "extremes", "found", "heading", "how_the_scores_lie", "interviewed_heading", "interviews_done",
    "lines", "meanings", "measurement_error", "neighbours", "neighbours_heading", "network", "not_met", "not_met_heading",
    "options_heading", "panel_layer", "profiles", "profiles_heading", "quality_logits", "quality_severity",
    "quality_severity_heading", "record_heading", "rounding", "rule_heading", "rule_in_words", "scores_heading", "section", "severity",
    "severity_codes_heading", "to_do", "tomorrow_heading", "tonight", "vacancies", "what_each_total_means", "what_the_record_needs",
    "where", "where_heading", "who_was_interviewed", "why", "why_heading",
]  # fmt: skip
