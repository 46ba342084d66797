"""Synthetic cohorts and rotas with known truth, and process folders filled with them. Every candidate is invented."""

# Imported at once: `cohort` and `rota` are also the names of their modules, and the functions must win.
from standardsetting.simulate.cohort import SimulatedCohort, cohort
from standardsetting.simulate.rota import rota

__all__ = ["SimulatedCohort", "cohort", "rota"]
