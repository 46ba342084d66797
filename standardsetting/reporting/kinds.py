"""The kinds of reports: which notebook each is made by, and what that notebook reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Kind:
    """A kind of report: its notebook, its title, what the notebook reads (blind scores, or a release), and whether anybody may read it."""

    notebook: str
    title: str
    reads: Literal["blind", "release"]
    to_publish: bool = False

    @property
    def sealed(self) -> str:
        """What its notebook reads, as the imprint calls it."""
        return "Blind data" if self.reads == "blind" else "Release"

    @property
    def parameters(self) -> dict[str, str]:
        return {f"{self.reads}_folder": self.reads}


# A kind is added here and nowhere else.
KINDS = {
    "standard-setting": Kind("standard_setting_pack", "Standard-setting pack", "blind"),
    "assessor-quality": Kind("assessor_quality", "Assessor quality", "blind"),
    "cohort-diversity": Kind("cohort_diversity", "Cohort diversity", "release"),
    "cohort-diversity-public": Kind("cohort_diversity", "Cohort diversity, published edition", "release", to_publish=True),
    "positive-action": Kind("positive_action", "Positive action", "release"),
}
