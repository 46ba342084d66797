"""The positive-action release: from a cohort snapshot, through disclosure control, to what a report about workshops may say."""

from standardsetting.cohort.positive_action.reported.before_after import ProcessReleased, processes_released
from standardsetting.cohort.positive_action.reported.build import positive_action_release
from standardsetting.cohort.positive_action.reported.declared import legal_file_of, participants_of, reach_cube
from standardsetting.cohort.positive_action.reported.two_cubes import linked

__all__ = ["ProcessReleased", "legal_file_of", "linked", "participants_of", "positive_action_release", "processes_released", "reach_cube"]
