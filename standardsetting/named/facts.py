"""What else may be known of a candidate as one of a group: adjustment, reason of the sift, workshops, and the declared covariates."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from standardsetting.code_lists import read_list
from standardsetting.named.cells import on_distinct, texts_of
from standardsetting.named.findings import Gathering
from standardsetting.named.schemas import ARMS, flag_of, folded
from standardsetting.named.validate import Checked
from standardsetting.process import Process

_DAYS = ("invited", "booked", "attended")


def facts(
    checked: Checked, process: Process, people: pd.Index, *, not_eligible: np.ndarray, gathering: Gathering, account: list[dict[str, Any]]
) -> pd.DataFrame:
    """One row a candidate (the index): covariates as numbers or declared words, and the facts of a snapshot.

    Parameters
    ----------
    checked
        The checked tables.
    process
        The definition with its `[cohort]`.
    people
        The candidates.
    not_eligible
        Who the sift excluded: the reason is kept for nobody else.
    gathering, account
        Where findings go, and what was left out.
    """
    out = pd.DataFrame(index=people)
    candidates = checked.tables.get("candidates")
    if candidates is not None:
        whose = pd.Index(candidates["candidate_id"].astype(object))
        for covariate in process.cohort.covariates:
            if covariate.column not in candidates:
                account.append({"what": f"covariate {covariate.label}", "count": 0, "why": "the candidates table has no such column"})
                continue
            read = _words if covariate.levels else _numbers
            out[covariate.column] = pd.Series(
                read(candidates[covariate.column], covariate.levels, gathering), index=whose, dtype="str" if covariate.levels else float
            ).reindex(people)
        if "adjustment_made" in candidates:
            column = candidates["adjustment_made"]
            flags = pd.array(on_distinct(column, flag_of, missing=None).tolist(), dtype="boolean")
            sentence = "Yes or no was expected; the cell holds neither. What the adjustment was belongs in another column."
            _tell(column, np.asarray(flags.isna()), "neither yes nor no", sentence, gathering)
            out["adjustment_made"] = pd.Series(flags, index=whose).reindex(people)
        if "reason_not_eligible" in candidates:
            out["reason_not_eligible"] = pd.Series(
                _reasons(candidates["reason_not_eligible"], gathering), index=whose, dtype="str"
            ).reindex(people)
            out.loc[~not_eligible, "reason_not_eligible"] = None
    return out.join(_workshops(checked, process, people, gathering, account))


def _tell(column: pd.Series, failed: np.ndarray, kind: str, sentence: str, gathering: Gathering) -> None:
    gathering.add("candidates", kind, sentence, column=str(column.name), rows=column.index[failed & column.notna().to_numpy()])


def _numbers(column: pd.Series, levels: tuple[str, ...], gathering: Gathering) -> np.ndarray:
    distinct = pd.to_numeric(pd.Series(texts_of(column), dtype=object), errors="coerce").to_numpy(dtype=float)
    numbers: np.ndarray = np.append(np.where(np.isfinite(distinct), distinct, np.nan), np.nan)[column.cat.codes.to_numpy()]
    _tell(column, np.isnan(numbers), "covariate is not a number", "A number was expected, as [[cohort.covariates]] says.", gathering)
    return numbers


def _words(column: pd.Series, levels: tuple[str, ...], gathering: Gathering) -> np.ndarray:
    place = {folded(level): level for level in levels}
    words = on_distinct(column, lambda text: place.get(folded(text)), missing=None).astype(object)
    _tell(column, pd.isna(words), "level not declared", "One of the levels that [[cohort.covariates]] lists was expected.", gathering)
    return words


def _reasons(column: pd.Series, gathering: Gathering) -> np.ndarray:
    level = read_list("not_eligible").levels[0]
    codes = on_distinct(column, level.code_of, missing=None).astype(object)
    sentence = f"A reason of the list was expected ({', '.join(code.code for code in level.codes)}); the cell holds another."
    _tell(column, pd.isna(codes), "reason not in the list", sentence, gathering)
    return codes


def _workshops(
    checked: Checked, process: Process, people: pd.Index, gathering: Gathering, account: list[dict[str, Any]]
) -> pd.DataFrame:
    """Days from the interview: -20 is twenty days before it; without its date, days from the first day of the window.

    And who was certainly still there when workshops began, because something on the register is dated on that day or after it.
    """
    table = checked.tables.get("workshops")
    if table is None:
        return pd.DataFrame(index=people)
    whose = pd.Index(table["candidate_id"].astype(object))
    out = pd.DataFrame({"workshop_listed": people.isin(whose)}, index=people)
    reference = _interview_days(checked, people)
    first = process.dates.first_interview
    without = out["workshop_listed"] & reference.isna()
    if without.any():
        why = "their workshop days are counted from the first day of the window" if first else "their workshop days are not known"
        account.append({"what": "people of the workshops table without the date of an interview", "count": int(without.sum()), "why": why})
    if first is not None:
        reference = reference.fillna(pd.Timestamp(first))
    for name in _DAYS:
        moment = pd.Series(table[name].to_numpy(), index=whose).reindex(people) if name in table else pd.Series(pd.NaT, index=people)
        out[f"workshop_{name}"] = (moment.dt.normalize() - reference).dt.days.astype(float)
    begin = process.positive_action.workshops_begin if process.positive_action else None
    if begin is not None:
        out["workshop_there"] = _there(table, pd.Timestamp(begin), whose, gathering).reindex(people, fill_value=False)
    if "arm" in table:
        out["workshop_arm"] = pd.Series(table["arm"].astype(object).to_numpy(), index=whose, dtype=pd.CategoricalDtype(list(ARMS))).reindex(
            people
        )
    return out


def _there(table: pd.DataFrame, begin: pd.Timestamp, whose: pd.Index, gathering: Gathering) -> pd.Series:
    """Whom the register shows on the day of the first workshop or later. Nobody can have attended before that day."""
    days = pd.DataFrame({name: table[name].dt.normalize() for name in _DAYS if name in table})
    if "attended" in days:
        sentence = "An attendance on or after workshops_begin of [positive_action] was expected; this is before the first workshop."
        early = days.index[days["attended"] < begin]
        gathering.add("workshops", "attended before workshops began", sentence, column="attended", rows=early)
    return pd.Series((days >= begin).any(axis=1).to_numpy(), index=whose)


def _interview_days(checked: Checked, people: pd.Index) -> pd.Series:
    interviews = checked.tables["interviews"]
    if "date" not in interviews:
        return pd.Series(pd.NaT, index=people)
    days = pd.Series(interviews["date"].dt.normalize().to_numpy(), index=pd.Index(interviews["candidate_id"].astype(object)))
    return days.reindex(people)
