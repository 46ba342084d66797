"""Variance components of candidate, assessor, value, their three pairs and the residual: by REML, complete and with gaps; by moments."""

from __future__ import annotations

import warnings
from typing import Any

from benchmarks.contest import Contest, R, Side
from benchmarks.panels import Panels

PAIRS = {"ca": "candidate x assessor", "cv": "candidate x value", "av": "assessor x value"}


def _ours(method: str) -> Side:
    def run(table: Any) -> Any:
        from standardsetting.blind.generalizability import variance_components

        return variance_components(table, method=method)

    return Side("standardsetting", Panels.table, run, _found, "with standard errors and intervals" if method == "reml" else "")


def _found(result: Any, _: Panels) -> dict[str, float]:
    numbers = dict(zip(result.table["component"], result.table["estimate"].astype(float), strict=True))
    return numbers if result.loglik is None else {**numbers, "log-likelihood": result.loglik}


def _codes(panels: Panels) -> Any:
    import pandas as pd

    frame = pd.DataFrame({name: getattr(panels, name) for name in ("candidate", "assessor", "value")})
    frame["rating"] = panels.rating.astype(float)
    return frame


def _with_pairs(panels: Panels) -> Any:
    frame = _codes(panels).assign(everything=1)
    frame["ca"], frame["cv"], frame["av"] = (
        frame.groupby(list(pair)).ngroup() for pair in (("candidate", "assessor"), ("candidate", "value"), ("assessor", "value"))
    )
    return frame


def _mixedlm(frame: Any) -> Any:
    import statsmodels.formula.api as smf

    parts = {PAIRS.get(name, name): f"0 + C({name})" for name in ("candidate", "assessor", "value", *PAIRS)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return smf.mixedlm("rating ~ 1", frame, groups="everything", vc_formula=parts).fit(reml=True, method="lbfgs")


def _of_mixedlm(found: Any, _: Panels) -> dict[str, float]:
    numbers = {name: float(one) for name, one in zip(found.model.exog_vc.names, found.vcomp, strict=True)}
    return {**numbers, "residual": float(found.scale), "log-likelihood": float(found.llf)}


def _as_text(panels: Panels) -> Any:
    return _codes(panels).astype({"candidate": str, "assessor": str, "value": str})


def _generalizit(frame: Any) -> Any:
    from generalizit import GeneralizIT

    study = GeneralizIT(frame, "candidate x assessor x value", "rating")
    study.calculate_anova()
    return study


def _of_generalizit(study: Any, _: Panels) -> dict[str, float]:
    numbers = {str(name): float(one) for name, one in study.design.anova_table["Variance"].items() if name != "mean"}
    numbers["residual"] = numbers.pop("candidate x assessor x value")
    return numbers


def _elsewhere(_: Any, __: Any = None) -> dict[str, float]:
    raise NotImplementedError("lme4 runs in lme4.R")


LME4 = Side("lme4", _elsewhere, _elsewhere, _elsewhere, "estimates only", R, growth=1.3)
MIXEDLM = Side("statsmodels", _with_pairs, _mixedlm, _of_mixedlm, "mixedlm, all candidates in one group", growth=2.5, first=30)

CONTESTS = (
    Contest(
        "reml",
        "Seven variance components by REML, complete panels",
        "seven components",
        _ours("reml"),
        (LME4, MIXEDLM),
        facts=("log-likelihood",),
    ),
    Contest(
        "reml-gaps",
        "Seven variance components by REML, 15 % of the ratings missing",
        "seven components, 15 % gaps",
        _ours("reml"),
        (LME4,),
        facts=("log-likelihood",),
    ),
    Contest(
        "moments",
        "Seven variance components by moments",
        "seven components",
        _ours("moments"),
        (Side("generalizit", _as_text, _generalizit, _of_generalizit, "rounded to four decimals by the package"),),
    ),
)
