"""The tables of a fit: one row an element of a facet, one row a threshold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from standardsetting.blind.facets.design import Design
from standardsetting.blind.facets.extremes import ADJUSTMENT, Extremes
from standardsetting.blind.facets.fit_statistics import mean_squares
from standardsetting.blind.facets.fitted import Fitted
from standardsetting.blind.facets.jml import shrinkage
from standardsetting.blind.facets.model import Model, adjusted_severity
from standardsetting.blind.facets.review import Review
from standardsetting.blind.facets.subsets import candidates_subset
from standardsetting.scale import Scale


@dataclass(frozen=True)
class Tables:
    """Builds the tables from a fit, its review and the simulated bounds; `subset` is by assessor of the whole design, from 1."""

    design: Design
    extremes: Extremes
    fit: Fitted
    review: Review
    bounds: dict[str, pd.DataFrame]
    scale: Scale
    subset: np.ndarray

    def candidates(self) -> pd.DataFrame:
        subset = candidates_subset(self.design, self.subset)
        fair = self._fair_model().expected(np.nan_to_num(self.fit.measure)).mean(axis=1)
        fair = np.where(np.isnan(self.fit.measure), np.nan, fair)
        return self._frame("candidate", self.fit.measure, self.fit.measure_se, fair, self.fit.extra, subset)

    def assessors(self) -> pd.DataFrame:
        fit, whole = self.fit, self.extremes.spread("assessor")
        measure, joint = whole(fit.severity), whole(np.sqrt(np.maximum(np.diag(fit.severity_covariance), 0)))
        sums = self.review.facets["assessor"]
        extra: dict[str, np.ndarray] = {}
        if fit.sigma is None:
            se = whole(sums.variance**-0.5)
            extra |= {"measure_corrected": measure * shrinkage(fit.core), "se_joint": joint}
        else:
            se = joint
        for element in np.flatnonzero((self.extremes.labels["assessor"] == "minimum") | (self.extremes.labels["assessor"] == "maximum")):
            measure[element], se[element] = self._extreme_assessor(int(element))
        at = self._typical_candidate()[self.subset - 1] - measure
        known = np.nan_to_num(at)
        fair = np.where(np.isnan(at), np.nan, self._fair_model().expected(known).mean(axis=1))
        total = np.where(np.isnan(at), np.nan, self._ratings(fit.model.expected(known)).sum(axis=1))
        extra["expected_total"] = total
        with np.errstate(divide="ignore", invalid="ignore"):
            extra |= {"agreement": whole(sums.agreed / sums.others), "agreement_expected": whole(sums.agreement / sums.others)}
        pairs = self.design.candidate.astype(np.int64) * self.design.size("assessor") + self.design.assessor
        first = np.r_[True, np.diff(pairs) != 0]
        extra["n_candidates"] = np.bincount(self.design.assessor[first], minlength=self.design.size("assessor"))
        return self._frame("assessor", measure, se, fair, extra, self.subset)

    def values(self) -> pd.DataFrame:
        fit, whole = self.fit, self.extremes.spread("value")
        n = fit.core.size("value")
        joint = whole(np.sqrt(np.maximum(np.diag(fit.beta_covariance)[:n], 0)))
        measure, extra = whole(fit.beta[:n]), {}
        if fit.sigma is None:
            se = whole(self.review.facets["value"].variance ** -0.5)
            extra = {"measure_corrected": measure * shrinkage(fit.core), "se_joint": joint}
        else:
            se = joint
        fair = fit.model.expected(np.array([float(self._typical_candidate().mean())]))[0]
        return self._frame("value", measure, se, whole(fair), extra, None)

    def thresholds(self) -> pd.DataFrame:
        fit, core = self.fit, self.fit.core
        points = [float(point) for point in self.scale.points]
        measure = dict(zip(fit.steps.labels, fit.steps.thresholds @ fit.beta, strict=True))
        error = np.einsum("ta,ab,tb->t", fit.steps.thresholds, fit.beta_covariance, fit.steps.thresholds)
        se = dict(zip(fit.steps.labels, np.sqrt(np.maximum(error, 0)), strict=True))
        shared = all(value < 0 for value, _ in fit.steps.labels)
        width = core.top + 1
        counts = np.bincount(core.value * width + core.category, minlength=core.size("value") * width).reshape(-1, width)
        rows = []
        for group in [-1] if shared else range(core.size("value")):
            mine = slice(None) if shared else slice(group, group + 1)
            given, expected, standardised, wanted = self.review.categories[:, mine].sum(axis=1)
            for x in range(1, width):
                rows.append(
                    {
                        "value": "all" if shared else core.codes["value"][group],
                        "below": points[x - 1],
                        "above": points[x],
                        "measure": measure.get((group, x), np.nan),
                        "se": se.get((group, x), np.nan),
                        "n": int(counts[mine, x].sum()),
                        "infit": given[x] / expected[x] if expected[x] > 0 else np.nan,
                        "outfit": standardised[x] / wanted[x] if wanted[x] > 0 else np.nan,
                    }
                )
        found = pd.DataFrame(rows)
        if fit.sigma is None:
            found.insert(4, "measure_corrected", found["measure"] * shrinkage(core))
        return found

    def _extreme_assessor(self, element: int) -> tuple[float, float]:
        """The adjusted measure: their score, moved by a part of a step, on the candidates and values that have a measure."""
        extremes = self.extremes
        candidates, values = extremes.present("candidate"), extremes.present("value")
        mine = (self.design.assessor == element) & candidates[self.design.candidate] & values[self.design.value]
        if not mine.any():
            return np.nan, np.nan
        rows = self.design.keep(mine)
        measure = self.fit.measure[np.unique(self.design.candidate[mine])]
        in_core = np.cumsum(values) - 1
        model = Model(np.zeros(1), self.fit.model.constants[in_core[np.unique(self.design.value[mine])]])
        sign = 1 if extremes.labels["assessor"][element] == "minimum" else -1
        return adjusted_severity(model, rows, measure, 0, float(rows.category.sum()) + sign * ADJUSTMENT)

    def _typical_candidate(self) -> np.ndarray:
        """The mean measure of the candidates, by subset: the mean of the latent distribution where there is one and one subset."""
        n = int(self.subset.max())
        if self.fit.sigma is not None and n == 1:
            return np.zeros(1)
        inside = self.extremes.present("candidate")
        subset, measure = candidates_subset(self.design, self.subset)[inside] - 1, self.fit.measure[inside]
        return np.bincount(subset, measure, minlength=n) / np.maximum(np.bincount(subset, minlength=n), 1)

    def _fair_model(self) -> Model:
        """Every value at the mean difficulty."""
        n, beta = self.fit.core.size("value"), self.fit.beta.copy()
        beta[:n] = beta[:n].mean()
        return Model(np.zeros(1), self.fit.steps.table(beta))

    def _ratings(self, category: np.ndarray) -> np.ndarray:
        return float(self.scale.minimum) + float(self.scale.step) * category

    def _frame(
        self, facet: str, measure: np.ndarray, se: np.ndarray, fair: np.ndarray, extra: dict[str, np.ndarray], subset: np.ndarray | None
    ) -> pd.DataFrame:
        n = self.design.total(facet)
        columns = {facet: self.design.codes[facet], "measure": measure, "se": se, **extra, "n": n}
        columns["average"] = self._ratings(self.design.total(facet, self.design.category) / n)
        columns["fair_average"] = self._ratings(fair)
        whole = self.extremes.spread(facet)
        for table in (mean_squares(self.review.facets[facet]), self.bounds[facet]):
            columns |= {str(name): whole(table[name].to_numpy()) for name in table}
        columns["extreme"] = self.extremes.labels[facet]
        if subset is not None:
            columns["subset"] = subset
        return pd.DataFrame(columns)
