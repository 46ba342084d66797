"""How far assessors agree: every coefficient takes the long table of ratings and the declared scale, and says how it was made.

Coefficients that do not ask who rated (exact and adjacent agreement, Fleiss, Gwet, Brennan and Prediger, Krippendorff) suit panels
drawn from a pool. Cohen, Light and Conger keep the people apart. Kendall's W needs assessors who all rated the same candidates. r_wg and
the average deviation speak of one performance at a time.
"""

from standardsetting.blind.agreement.chance_corrected import brennan_prediger, fleiss_kappa, gwet_ac
from standardsetting.blind.agreement.coefficient import Coefficient
from standardsetting.blind.agreement.conger import conger_kappa
from standardsetting.blind.agreement.kendall import kendall_w
from standardsetting.blind.agreement.krippendorff import krippendorff_alpha
from standardsetting.blind.agreement.overview import agreement_table
from standardsetting.blind.agreement.pair_kappas import cohen_kappa, light_kappa
from standardsetting.blind.agreement.performances import by_candidate, null_variance
from standardsetting.blind.agreement.shares import adjacent_agreement, exact_agreement
from standardsetting.blind.agreement.within_candidate import average_deviation, r_wg

__all__ = [
    "Coefficient",
    "adjacent_agreement",
    "agreement_table",
    "average_deviation",
    "brennan_prediger",
    "by_candidate",
    "cohen_kappa",
    "conger_kappa",
    "exact_agreement",
    "fleiss_kappa",
    "gwet_ac",
    "kendall_w",
    "krippendorff_alpha",
    "light_kappa",
    "null_variance",
    "r_wg",
]
