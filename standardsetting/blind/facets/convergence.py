"""Whether an estimation arrived: never claimed without a look at the gradient."""

from __future__ import annotations

from dataclasses import dataclass

# Largest gradient of the log-likelihood, a rating, that passes for zero: a ten-thousandth of a raw point in ten thousand ratings.
_GRADIENT_PER_RATING = 1e-8
_GRADIENT_FLOOR = 1e-5


@dataclass(frozen=True)
class Convergence:
    """How an estimation ended.

    Attributes
    ----------
    converged
        The search stopped by its own rule, the gradient is zero to within rounding, and the information is positive definite.
    iterations
        Newton steps taken.
    gradient_norm
        The largest element of the gradient of the log-likelihood (raw points).
    message
        In words.
    """

    converged: bool
    iterations: int
    gradient_norm: float
    message: str

    @classmethod
    def judged(cls, stopped: bool, gradient_norm: float, sound: bool, iterations: int, message: str, n_ratings: int) -> Convergence:
        """Converged only if the rule of stopping, the gradient and the information all agree."""
        flat = gradient_norm <= max(_GRADIENT_FLOOR, _GRADIENT_PER_RATING * n_ratings)
        if stopped and not flat:
            message = "the search stopped although the gradient is not zero"
        if not sound:
            message += "; the information matrix is not positive definite, so there are no standard errors"
        return cls(converged=stopped and flat and sound, iterations=iterations, gradient_norm=gradient_norm, message=message)
