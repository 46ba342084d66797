"""Dates and times as exports write them. What could be read in two ways, or in none, is a kind of trouble and not a guess."""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np
import pandas as pd

_ISO = r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.][0-9]{1,9})?)?)?"
_OFFSET = r"\s?(?:Z|[+-][0-9]{2}:?[0-9]{2})"
_NUMERIC = re.compile(r"([0-9]{1,2})[/.-]([0-9]{1,2})[/.-]([0-9]{4})")
_TWO_DIGIT_YEAR = re.compile(r"[0-9]{1,2}[/. -]([0-9]{1,2}|[A-Za-z]{3,9})[/. -][0-9]{2}(\s.*)?")
_SERIAL = re.compile(r"[2-6][0-9]{4}([.][0-9]+)?")
_PADDED = r"[0-9]{2}[/.-][0-9]{2}[/.-][0-9]{4}(?: [0-9]{2}:[0-9]{2}(?::[0-9]{2})?)?"
_CLOCKS = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
_WORDED = ("%d %B %Y", "%d %b %Y", "%d-%b-%Y", "%d-%B-%Y", "%Y/%m/%d")

NOT_UNDERSTOOD, TWO_DIGITS, SWAPPED, SERIAL = (
    "date not understood", "year in two digits", "day and month swapped", "date stored as a number",
)  # fmt: skip
SENTENCES = {
    NOT_UNDERSTOOD: "A date such as 2023-09-06 or 06/09/2023 was expected; the cell holds something else.",
    TWO_DIGITS: "A date with four digits for the year was expected; two digits can be read in several ways. Export the year in full.",
    SWAPPED: "The date can only be read with day and month the other way round than day_first in process.toml says. Look which is right.",
    SERIAL: "A date was expected; the cell holds Excel's number for one. Format the column as a date and export it again.",
}


def read_dates(texts: Iterable[str], *, day_first: bool, zone: str) -> tuple[np.ndarray, np.ndarray]:
    """Read dates and times.

    Parameters
    ----------
    texts
        Distinct texts, trimmed.
    day_first
        Whether 06/09/2023 is 6 September (as the definition declares) or June 9.
    zone
        The process's time zone: a time with an offset becomes local time there.

    Returns
    -------
    array of datetime64[us], array of str
        The moments, missing where not understood, and the kind of trouble, blank where there is none.

    Examples
    --------
    >>> moments, trouble = read_dates(["06/09/2023", "6 Sept"], day_first=True, zone="Europe/London")
    >>> str(moments[0])[:10], str(trouble[1])
    ('2023-09-06', 'date not understood')
    """
    given = pd.Series(list(texts), dtype="str")
    moments = pd.Series(pd.NaT, index=given.index, dtype="datetime64[us]")
    local = given.str.fullmatch(_ISO)
    moments[local] = pd.to_datetime(given[local], format="ISO8601", errors="coerce").astype("datetime64[us]")
    offset = given.str.fullmatch(_ISO + _OFFSET)
    if offset.any():
        aware = pd.to_datetime(given[offset], format="ISO8601", errors="coerce", utc=True)
        moments[offset] = aware.dt.tz_convert(zone).dt.tz_localize(None).astype("datetime64[us]")
    rest = given[~local & ~offset]
    if len(rest):
        moments[rest.index] = _written_out(rest, day_first=day_first)
    trouble = pd.Series("", index=given.index, dtype="object")
    lost = given[moments.isna()]
    if len(lost):
        trouble[lost.index] = NOT_UNDERSTOOD
        trouble[_written_out(lost, day_first=not day_first).dropna().index] = SWAPPED
        trouble[lost.index[lost.str.fullmatch(_TWO_DIGIT_YEAR.pattern)]] = TWO_DIGITS
        trouble[lost.index[lost.str.fullmatch(_SERIAL.pattern)]] = SERIAL
    return moments.to_numpy(), trouble.to_numpy()


def _written_out(texts: pd.Series, *, day_first: bool) -> pd.Series:
    """Dates with slashes, points or hyphens, and with the month in words; the common shapes are tried one after another."""
    moments = pd.Series(pd.NaT, index=texts.index, dtype="datetime64[us]")
    # The commonest shape is turned round into ISO 8601, which is read ten times faster.
    padded = texts[texts.str.fullmatch(_PADDED)]
    if len(padded):
        day, month = (padded.str[0:2], padded.str[3:5]) if day_first else (padded.str[3:5], padded.str[0:2])
        turned = padded.str[6:10] + "-" + month + "-" + day + padded.str[10:]
        moments[padded.index] = pd.to_datetime(turned, format="ISO8601", errors="coerce").astype("datetime64[us]")
        texts = texts.drop(padded.index)
    numeric = texts.str.match(_NUMERIC.pattern)
    plain = texts[numeric].str.replace(_NUMERIC.pattern, r"\1/\2/\3", regex=True, n=1)
    shapes = [(plain, ("%d/%m/%Y" if day_first else "%m/%d/%Y") + clock) for clock in _CLOCKS]
    shapes += [(texts[~numeric], day + clock) for day in _WORDED for clock in _CLOCKS]
    for candidates, shape in shapes:
        left = candidates[moments[candidates.index].isna()]
        if len(left):
            moments[left.index] = pd.to_datetime(left, format=shape, errors="coerce").astype("datetime64[us]")
    return moments
