"""The cohort-diversity release: from a cohort snapshot, through disclosure control, to what a report may say."""

from standardsetting.cohort.diversity.build import cube_of, diversity_release

__all__ = ["cube_of", "diversity_release"]
