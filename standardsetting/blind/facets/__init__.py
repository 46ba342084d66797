"""Many-facet Rasch measurement: how severe each assessor is, how hard each value, how good each candidate, in one model."""

from standardsetting.blind.facets.estimate import fit
from standardsetting.blind.facets.result import FacetsResult

__all__ = ["FacetsResult", "fit"]
