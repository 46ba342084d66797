"""Complete panels: each assessor of a candidate rated every value. Everything is sums over pairs of assessors, counted once."""

from __future__ import annotations

import numpy as np

from standardsetting.blind.generalizability.blocks import Blocks, Pairs


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
        size_of = np.bincount(candidate)
        self.sizes, members = np.unique(size_of[size_of > 0], return_counts=True)
        self.members = members.astype(float)
        self.rated = np.bincount(assessor, minlength=n_assessors).astype(float)
        self.square = float((scores**2).sum())
        self.assessor_sums = _sums(assessor, scores, n_assessors)
        candidate_sums = _sums(candidate, scores, len(size_of))
        one, other, sums, squares = [], [], [], []
        for size in self.sizes:
            here = slice(None) if len(self.sizes) == 1 else np.flatnonzero(size_of[candidate] == size)
            sums.append(_sums(assessor[here], candidate_sums[candidate[here]], n_assessors))
            squares.append(float((candidate_sums[size_of == size] ** 2).sum()))
            panels = _by_candidate(candidate[here], assessor[here]).reshape(-1, size)
            low, high = np.tril_indices(size)
            one.append(panels[:, low].ravel())
            other.append(panels[:, high].ravel())
        self.pairs = Pairs(np.concatenate(one), np.concatenate(other), (n_assessors, 1))
        ends = np.cumsum([len(part) for part in one])[:-1]
        together = [np.bincount(part, minlength=len(self.pairs)) for part in np.split(self.pairs.number, ends)]
        # For each panel size: how often two assessors sat together, and each assessor's sum of the candidates' sums.
        self.together, self.panel_sums, self.panel_squares = np.array(together, dtype=float), np.array(sums), np.array(squares)
        self.shared = [Blocks(self.pairs, counts[:, None, None]) for counts in self.together]

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
        blocks = -(shrink @ s.together)
        blocks[: len(s.rated)] += s.rated
        self.information = Blocks(s.pairs, (blocks / own)[:, None, None])
        self.response = (s.assessor_sums - np.tensordot(shrink, s.panel_sums, 1)) / own
        self.square = (s.square - float(shrink @ s.panel_squares)) / own
        self.log_determinant = float(s.members @ ((sizes - 1) * np.log(own) - np.log(self.along)))
        self.traces = np.array([s.members @ (sizes * self.along), s.members @ ((sizes - 1) / own + self.along)])
        self.second = (self.along**2 - own**-2) / sizes

    def inner(self, blocks: np.ndarray) -> np.ndarray:
        """See `eliminated.Eliminated`."""
        s, entries = self.stratum, blocks.ravel()
        by_size = s.together @ (s.pairs.twice * entries)
        return np.array([self.along**2 @ by_size, s.rated @ entries[: len(s.rated)] / self.own**2 + self.second @ by_size])

    def directions(self, effects: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """See `eliminated.Eliminated`."""
        s, along, own, sizes = self.stratum, self.along, self.own, self.stratum.sizes
        shared = np.array([counts.times(effects) for counts in s.shared])
        panels = s.panel_squares + np.einsum("rm,srm->s", effects, shared - 2 * s.panel_sums)
        all_squares = s.square + float((effects * (s.rated[:, None] * effects - 2 * s.assessor_sums)).sum())
        rest = all_squares - float((panels / sizes).sum())
        quadratic = np.array([along**2 @ panels, rest / own**2 + along**2 @ (panels / sizes)])
        panel_residuals = s.panel_sums - shared
        onto = [
            np.tensordot(along**2, panel_residuals, 1),
            (s.assessor_sums - s.rated[:, None] * effects) / own**2 + np.tensordot(self.second, panel_residuals, 1),
        ]
        mixed = along**3 @ panels
        pairs = np.array([[along**3 @ (sizes * panels), mixed], [mixed, rest / own**3 + along**3 @ (panels / sizes)]])
        return quadratic, np.stack(onto, axis=1), pairs


def _by_candidate(candidate: np.ndarray, assessor: np.ndarray) -> np.ndarray:
    """The assessors of each candidate side by side."""
    return assessor if (candidate[1:] >= candidate[:-1]).all() else assessor[np.argsort(candidate, kind="stable")]


def _sums(code: np.ndarray, scores: np.ndarray, levels: int) -> np.ndarray:
    return np.column_stack([np.bincount(code, weights=column, minlength=levels) for column in scores.T])
