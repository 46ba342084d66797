"""Ages: a date of birth is put into its band on the day that applications close, and goes no further than this.

That day and no other: it is the same for everybody, is fixed before anybody is assessed, and does not move with the date of an interview
or a report. An age counts whole years; who was born on 29 February is a year older on 1 March of a year without that day.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from standardsetting.code_lists import CodeList
from standardsetting.named.findings import Gathering
from standardsetting.named.typed import dates_of
from standardsetting.process import Process

BORN = "date_of_birth"
# Outside these years somebody mistyped: the day of the form, say, or another century.
YOUNGEST, OLDEST = 16, 100


def with_bands(
    monitoring: pd.DataFrame, lists: Iterable[CodeList], process: Process, gathering: Gathering, account: list[dict[str, Any]]
) -> pd.DataFrame:
    """The monitoring table with age bands in place of dates of birth: the column of the dates is gone from what comes back.

    The bands are those of the most detailed level of the declared code list whose codes have `from_age` (`age_band`, unless the process
    has a list of its own). A row may hold its band instead, or a way not to answer; a row that holds both is a finding.

    Parameters
    ----------
    monitoring
        The checked table; dates of birth as text, those of people who opted out gone.
    lists
        The code lists of the characteristics.
    process
        The definition; its `applications_close` is the day on which ages are taken.
    gathering, account
        Where findings go, by row and never with a date, and what was left out.
    """
    if BORN not in monitoring:
        return monitoring
    rest = monitoring.drop(columns=BORN)
    level = next((its_list.levels[0] for its_list in lists if its_list.levels[0].of_ages), None)
    if level is None:
        why = "no characteristic of [cohort] has a code list with from_age: left out"
        account.append({"what": "dates of birth", "count": int(monitoring[BORN].notna().sum()), "why": why})
        return rest
    closing = process.dates.applications_close
    if closing is None:
        sentence = (
            "Ages are taken on the day that applications close; applications_close in [dates] does not say when that was. Give it before "
            f"the interviews are closed, or export {level.name} instead of dates of birth."
        )
        gathering.add("monitoring", "no day to take ages on", sentence, column=BORN)
        return rest
    # Read here and not with the other tables: a date of birth that cannot be read is no matter for closing, nor for what closing tells.
    born = dates_of(monitoring[BORN], table="monitoring", process=process, gathering=gathering)
    ages = whole_years(born, on=date(closing.year, closing.month, closing.day))
    wrong = (born.notna() & ~ages.between(YOUNGEST, OLDEST)).to_numpy()
    sentence = f"The date of birth of somebody who was {YOUNGEST} to {OLDEST} when applications closed was expected. Mend the export."
    gathering.add("monitoring", "date of birth cannot be right", sentence, column=BORN, rows=monitoring.index[wrong])
    bands = np.full(len(born), None, dtype=object)
    right = (born.notna() & ~wrong).to_numpy()
    bands[right] = [level.band_of(int(age)) for age in ages[right]]
    if level.name in rest:
        given = rest[level.name]
        both = (given.notna() & monitoring[BORN].notna()).to_numpy()
        sentence = f"A date of birth or an answer in {level.name} was expected; the row has both. Leave one of the two cells blank."
        gathering.add("monitoring", "age given twice", sentence, column=BORN, rows=monitoring.index[both])
        bands = np.where(given.notna(), given.astype(object), bands)
    return rest.assign(**{level.name: pd.Categorical(bands)})


def whole_years(born: pd.Series, *, on: date) -> pd.Series:
    """The age on a day in completed years; missing where the date of birth is, and below 0 where it lies after that day.

    Examples
    --------
    >>> born = pd.Series(pd.to_datetime(["1990-03-01", "1990-03-02", "1992-02-29"]))
    >>> whole_years(born, on=date(2023, 3, 1)).tolist()
    [33.0, 32.0, 31.0]
    """
    had_no_birthday_yet = (born.dt.month > on.month) | ((born.dt.month == on.month) & (born.dt.day > on.day))
    return (on.year - born.dt.year - had_no_birthday_yet).astype(float)
