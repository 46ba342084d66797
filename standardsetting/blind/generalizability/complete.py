"""Complete panels: each assessor of a candidate rated every value. Everything is sums over pairs of assessors, counted once."""

from __future__ import annotations

import numpy as np


class CompleteStratum:
    """Candidates by assessors, one number (or several replicates) a pair; variances within candidates: candidate, then residual.

    Parameters
    ----------
    candidate, assessor
        Codes, one entry a pair.
    scores
        One row a pair, one column a replicate.
    n_assessors
        How many assessors there are.
    """

    def __init__(self, candidate: np.ndarray, assessor: np.ndarray, scores: np.ndarray, n_assessors: int) -> None:
        self.ratings, self.replicates = scores.shape
        self.cells = (n_assessors, 1)
        size_of = np.bincount(candidate)
        self.sizes, members = np.unique(size_of[size_of > 0], return_counts=True)
        self.members = members.astype(float)
        self.rated = np.bincount(assessor, minlength=n_assessors).astype(float)
        self.square = float((scores**2).sum())
        self.assessor_sums = _sums(assessor, scores, n_assessors)
        candidate_sums = _sums(candidate, scores, len(size_of))
        together, sums, squares = [], [], []
        for size in self.sizes:
            here = size_of[candidate] == size
            order = np.argsort(candidate[here], kind="stable")
            panels = assessor[here][order].reshape(-1, size)
            codes = panels[:, :, None] * n_assessors + panels[:, None, :]
            together.append(np.bincount(codes.ravel(), minlength=n_assessors**2).reshape(n_assessors, n_assessors).astype(float))
            sums.append(_sums(assessor[here], candidate_sums[candidate[here]], n_assessors))
            squares.append(float((candidate_sums[size_of == size] ** 2).sum()))
        # For each panel size: how often two assessors sat together, and each assessor's sum of the candidates' sums.
        self.together, self.panel_sums, self.panel_squares = np.array(together), np.array(sums), np.array(squares)

    def eliminate(self, within: np.ndarray) -> CompleteEliminated:
        """See `eliminated.Stratum`."""
        return CompleteEliminated(self, float(within[0]), float(within[1]))


class CompleteEliminated:
    """The sums of one complete stratum. A candidate's covariance is `common` everywhere plus `own` on the diagonal."""

    def __init__(self, stratum: CompleteStratum, common: float, own: float) -> None:
        s, sizes = stratum, stratum.sizes.astype(float)
        self.stratum, self.own = s, own
        self.along = 1.0 / (own + sizes * common)  # K on the mean of a candidate, by panel size; 1 / own on everything else
        shrink = common * self.along
        self.information = (np.diag(s.rated) - np.tensordot(shrink, s.together, 1)) / own
        self.response = (s.assessor_sums - np.tensordot(shrink, s.panel_sums, 1)) / own
        self.square = (s.square - float(shrink @ s.panel_squares)) / own
        self.log_determinant = float(s.members @ ((sizes - 1) * np.log(own) - np.log(self.along)))
        self.traces = np.array([s.members @ (sizes * self.along), s.members @ ((sizes - 1) / own + self.along)])
        self.second = (self.along**2 - own**-2) / sizes

    def inner(self, matrix: np.ndarray) -> np.ndarray:
        """See `eliminated.Eliminated`."""
        s = self.stratum
        by_size = s.together.reshape(len(s.sizes), -1) @ matrix.ravel()
        return np.array([self.along**2 @ by_size, s.rated @ np.diag(matrix) / self.own**2 + self.second @ by_size])

    def directions(self, effects: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """See `eliminated.Eliminated`."""
        s, along, own, sizes = self.stratum, self.along, self.own, self.stratum.sizes
        shared = s.together @ effects
        panels = s.panel_squares + np.einsum("rm,srm->s", effects, shared - 2 * s.panel_sums)
        all_squares = s.square + float((effects * (s.rated[:, None] * effects - 2 * s.assessor_sums)).sum())
        rest = all_squares - float((panels / sizes).sum())
        quadratic = np.array([along**2 @ panels, rest / own**2 + along**2 @ (panels / sizes)])
        panel_residuals = s.panel_sums - shared
        onto = np.array(
            [
                np.tensordot(along**2, panel_residuals, 1),
                (s.assessor_sums - s.rated[:, None] * effects) / own**2 + np.tensordot(self.second, panel_residuals, 1),
            ]
        )
        mixed = along**3 @ panels
        pairs = np.array([[along**3 @ (sizes * panels), mixed], [mixed, rest / own**3 + along**3 @ (panels / sizes)]])
        return quadratic, onto, pairs


def _sums(code: np.ndarray, scores: np.ndarray, levels: int) -> np.ndarray:
    return np.column_stack([np.bincount(code, weights=column, minlength=levels) for column in scores.T])
