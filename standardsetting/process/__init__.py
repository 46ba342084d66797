"""The process definition: what `process.toml` says, checked, frozen and hashed.

Every policy of a process is here as a named choice, because forces change scales, values and rules from year to year.
"""

from standardsetting.process.definition import DEFINITION_FILE, Process
from standardsetting.process.sections import Disclosure, Exercise, Scheduled, Scoring, Source, TableName, Value

__all__ = ["DEFINITION_FILE", "Disclosure", "Exercise", "Process", "Scheduled", "Scoring", "Source", "TableName", "Value"]
