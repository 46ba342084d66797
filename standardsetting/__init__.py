"""The standard-setting workbench: from assessors' ratings to a minimum acceptable standard that can be defended."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from standardsetting.blind.scores import BlindScores as BlindScores
    from standardsetting.process import Process as Process
    from standardsetting.rule import DecisionRule as DecisionRule
    from standardsetting.scale import Scale as Scale

__version__ = "0.1.0"
__all__ = ["BlindScores", "DecisionRule", "Process", "Scale", "__version__"]

# Loaded on first use, so that `import standardsetting` stays light.
_HOMES = {
    "BlindScores": "standardsetting.blind.scores",
    "DecisionRule": "standardsetting.rule",
    "Process": "standardsetting.process",
    "Scale": "standardsetting.scale",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'standardsetting' has no attribute {name!r}")
