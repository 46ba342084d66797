"""The second door: named tables and the sealed standard record in, an anonymous cohort snapshot out.

This is the one place where scores and characteristics meet. It is handed tables and imports nothing of the named zone. It opens on a
standard record whose hashes verify, or on a recorded early access by two people; there is no switch. Early access shows who applied,
was eligible and was interviewed, and no score. It works from an allow-list: a column that is not declared, or a cell that no code list
and no section of the definition declares, stops it.
"""

from standardsetting.linkage.door import Declared, Handover, Passed, pass_through, problems
from standardsetting.linkage.opening import Opening, latest, opening, sequence, stages_open

__all__ = ["Declared", "Handover", "Opening", "Passed", "latest", "opening", "pass_through", "problems", "sequence", "stages_open"]
