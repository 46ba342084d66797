"""How far do scores generalise beyond the assessors who gave them? Variance components, D-studies, and the coefficient G(q,k)."""

from standardsetting.blind.generalizability.components import variance_components
from standardsetting.blind.generalizability.decision_study import d_study
from standardsetting.blind.generalizability.result import VarianceComponents
from standardsetting.blind.generalizability.shared_assessors import GqkResult, g_qk, sharing

__all__ = ["GqkResult", "VarianceComponents", "d_study", "g_qk", "sharing", "variance_components"]
