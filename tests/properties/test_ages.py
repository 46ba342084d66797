"""Ages in whole years, beside counting the birthdays that a person has had."""

from datetime import date

import pandas as pd
from hypothesis import example, given
from hypothesis import strategies as st

from standardsetting.named.ages import whole_years

DAYS = st.dates(min_value=date(1900, 1, 1), max_value=date(2060, 12, 31))


def birthday(born: date, year: int) -> date:
    """Who was born on 29 February has a birthday on 1 March of a year without that day."""
    try:
        return born.replace(year=year)
    except ValueError:
        return date(year, 3, 1)


@given(born=DAYS, on=DAYS)
@example(born=date(1992, 2, 29), on=date(2023, 2, 28))
@example(born=date(1992, 2, 29), on=date(2023, 3, 1))
@example(born=date(1992, 2, 29), on=date(2024, 2, 28))
@example(born=date(1992, 2, 29), on=date(2024, 2, 29))
def test_an_age_is_the_number_of_birthdays_reached(born: date, on: date) -> None:
    found = whole_years(pd.Series(pd.to_datetime([born, None])), on=on)
    reached = sum(birthday(born, year) <= on for year in range(born.year + 1, on.year + 1))
    assert found.isna().tolist() == [False, True]
    assert found[0] == reached if born <= on else found[0] < 0
