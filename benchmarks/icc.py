"""Six intraclass correlations with intervals, of one value that the same two assessors rated on every candidate."""

from __future__ import annotations

from typing import Any

from benchmarks.contest import Contest, Side
from benchmarks.panels import VALUES, Panels

# Two-way forms by what they are about: A is agreement, C consistency.
NAMES = {"ICC(A,1)": "ICC(2,1)", "ICC(C,1)": "ICC(3,1)", "ICC(A,k)": "ICC(2,k)", "ICC(C,k)": "ICC(3,k)"}


def _one_value(panels: Panels) -> Any:
    table = panels.table()
    return table[table["value"] == VALUES[1]].drop(columns="value").reset_index(drop=True)


def _plain(panels: Panels) -> Any:
    return _one_value(panels).astype({"candidate": str, "assessor": str})


def _ours(table: Any) -> Any:
    from standardsetting.blind.icc import intraclass_correlations

    return intraclass_correlations(table)


def _pingouin(table: Any) -> Any:
    import pingouin

    return pingouin.intraclass_corr(table, targets="candidate", raters="assessor", ratings="rating")


def _of_pingouin(found: Any, _: Panels) -> dict[str, float]:
    return {NAMES.get(name, name): float(one) for name, one in zip(found["Type"], found["ICC"], strict=True)}


CONTESTS = (
    Contest(
        "icc",
        "Intraclass correlation, six forms with intervals",
        "one pair",
        Side("standardsetting", _one_value, _ours, lambda found, _: {form: float(one) for form, one in found["estimate"].items()}),
        (Side("pingouin", _plain, _pingouin, _of_pingouin),),
    ),
)
