"""Would adjusting scores for the assessors' severity make them better? Expected on this rota, by simulation; nothing is ever adjusted."""

from standardsetting.blind.adjustment.expected import would_adjusting_help
from standardsetting.blind.adjustment.result import CANNOT_TELL, ESTIMATED, HARM, HELP, HIGHEST, LOWEST, NO_DIFFERENCE, Adjustment

__all__ = ["CANNOT_TELL", "ESTIMATED", "HARM", "HELP", "HIGHEST", "LOWEST", "NO_DIFFERENCE", "Adjustment", "would_adjusting_help"]
