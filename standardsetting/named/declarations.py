"""What people declared, coded by the code lists of `[cohort]`: unknown codes are findings, the four kinds of not known stay apart."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from standardsetting.code_lists import OPTED_OUT, UNKNOWN_IN_HR, CodeList, read_list
from standardsetting.errors import DefinitionError
from standardsetting.linkage import Declared
from standardsetting.named.ages import with_bands
from standardsetting.named.cells import on_distinct
from standardsetting.named.findings import Gathering
from standardsetting.named.validate import Checked
from standardsetting.process import Process

_KEYS = ("candidate_id", "monitoring_key", "opt_out")


@dataclass(frozen=True)
class Declarations:
    """Codes by candidate (the index), one column a level; the characteristics; and what was read and left out."""

    codes: pd.DataFrame
    declared: tuple[Declared, ...]
    account: tuple[dict[str, Any], ...]
    inputs: dict[str, dict[str, Any]]


def declarations(checked: Checked, process: Process, folder: Path, people: pd.Index, gathering: Gathering) -> Declarations:
    """Code the monitoring table for these candidates.

    A cell without text, and a candidate without a row, are read as unknown in HR and counted; nobody's characteristic is ever filled in
    from anything else. Who opted out is opted out of every characteristic. A date of birth gives the age band and nothing else (`ages`).

    Parameters
    ----------
    checked
        The checked tables.
    process
        The definition with its `[cohort]`.
    folder
        The process folder, where its own code lists lie.
    people
        The candidates.
    gathering
        Where findings go.
    """
    monitoring = checked.tables.get("monitoring")
    if monitoring is None:
        sentence = "This table is needed for a report by groups; process.toml has no [sources.monitoring]. Say where it is."
        gathering.add("monitoring", "table missing", sentence)
        return Declarations(pd.DataFrame(index=people), (), (), {})
    coded, declared, inputs = pd.DataFrame(index=monitoring.index), [], {}
    account: list[dict[str, Any]] = []
    lists = {each.name: read_list(each.list_name, folder=folder) for each in process.cohort.characteristics}
    _only_known_levels(process, {level.name for its_list in lists.values() for level in its_list.levels})
    monitoring = with_bands(monitoring, lists.values(), process, gathering, account)
    for characteristic in process.cohort.characteristics:
        its_list = lists[characteristic.name]
        held = [level.name for level in its_list.levels if level.name in monitoring]
        if not held:
            account.append(_row(f"characteristic {its_list.title}", 0, "the monitoring table has no column for it: left out"))
            continue
        levels = _levels(monitoring, its_list, held, gathering)
        coded = coded.join(levels)
        declared.append(
            Declared(characteristic, its_list, tuple(map(str, levels)), tuple(str(name) for name in levels if name not in held))
        )
        inputs[f"code list {its_list.name}"] = {"sha256": its_list.hash, "rows": sum(len(level.codes) for level in its_list.levels)}
    if not declared:
        sentence = "A column for at least one characteristic of [cohort] was expected; the table has none. See columns in its source."
        gathering.add("monitoring", "no characteristic", sentence)
    opted_out = (
        monitoring["opt_out"].fillna(False).to_numpy(dtype=bool) if "opt_out" in monitoring else np.zeros(len(monitoring), dtype=bool)
    )
    coded[opted_out] = OPTED_OUT
    whose = _candidate_of(checked, monitoring, gathering)
    known = whose.notna() & whose.isin(people)
    if len(monitoring) and not known.any():
        sentence = "Keys that the candidates table holds too were expected; not one row has such a key. Export both from the same process."
        gathering.add("monitoring", "declarations of nobody", sentence)
    theirs = coded[known.to_numpy()].set_axis(pd.Index(whose[known]), axis="index")
    counts = {
        "declarations": (len(monitoring), "rows of the monitoring table read"),
        "declarations of nobody": (int((~known).sum()), "no candidate has their key: left out"),
        "candidates without a declaration": (len(people.difference(theirs.index)), "counted as unknown in HR"),
        "blank cells": (
            int(monitoring.loc[~opted_out, [column for column in monitoring if column in coded]].isna().sum().sum()),
            "an answer without text counts as unknown in HR",
        ),
        "opted out": (int((opted_out & known.to_numpy()).sum()), "no declaration of theirs was kept"),
    }
    account += [_row(what, count, why) for what, (count, why) in counts.items()]
    return Declarations(theirs.reindex(people, fill_value=UNKNOWN_IN_HR), tuple(declared), tuple(account), inputs)


def _only_known_levels(process: Process, levels: set[str]) -> None:
    """What a definition says of its own accord about tables and comparisons must be about levels that a code list has."""
    cohort = process.cohort
    named = {
        "tables": {level for table in cohort.tables for level in table},
        "primary_family": {comparison.level for comparison in cohort.primary_family},
        "frames": {frame.level for frame in cohort.frames},
    }
    details = [
        f"cohort.{key}: {len(asked - levels)} levels that no code list of [cohort] has"
        for key, asked in named.items()
        if key in cohort.model_fields_set and not asked <= levels
    ]
    strangers = len({group.level for group in process.positive_action.groups} - levels) if process.positive_action else 0
    if strangers:
        details.append(f"positive_action.groups: {strangers} levels that no code list of [cohort] has")
    if details:
        raise DefinitionError(
            "[cohort] names levels that are not there.", details=details, next_step=f"The levels are: {', '.join(sorted(levels))}."
        )


def _levels(monitoring: pd.DataFrame, its_list: CodeList, held: list[str], gathering: Gathering) -> pd.DataFrame:
    """The levels that are columns of the table, and the broader ones that follow from them."""
    coded: dict[str, np.ndarray] = {}
    names = [level.name for level in its_list.levels]
    for name in names[names.index(held[0]) :]:
        finer = next(reversed(coded), None)
        rolled = None if finer is None else pd.Series(coded[finer]).map(its_list.roll_up(finer, name)).to_numpy(dtype=object)
        if name not in held and rolled is not None:
            coded[name] = rolled
            continue
        codes = on_distinct(monitoring[name], its_list.level(name).code_of, missing=UNKNOWN_IN_HR).astype(object)
        unknown = pd.isna(codes)
        gathering.add(
            "monitoring",
            "code not in the code list",
            f"A group of the code list {its_list.title}, {its_list.version}, was expected; the cell holds something else. "
            "Mend the export, or name a code list of your own in [cohort].",
            column=name,
            rows=monitoring.index[unknown],
        )
        codes[unknown] = UNKNOWN_IN_HR
        if rolled is not None:
            groups = [code.code for code in its_list.level(name).codes]
            both = np.isin(codes, groups) & np.isin(rolled, groups)
            gathering.add(
                "monitoring",
                "two answers that do not belong together",
                f"The answer in column {finer} belongs to another group than the one in this column. Look which is right.",
                column=name,
                rows=monitoring.index[both & (codes != rolled)],
            )
        coded[name] = codes
    return pd.DataFrame(coded, index=monitoring.index)


def _candidate_of(checked: Checked, monitoring: pd.DataFrame, gathering: Gathering) -> pd.Series:
    """Whose declaration each row is: by candidate, or by the key that the candidates table holds."""
    if "candidate_id" in monitoring:
        return monitoring["candidate_id"].astype(object)
    candidates = checked.tables.get("candidates", pd.DataFrame())
    if not {"candidate_id", "monitoring_key"} <= set(candidates):
        return pd.Series(None, index=monitoring.index, dtype=object)
    keys = candidates[["monitoring_key", "candidate_id"]].dropna()
    twice = keys.index[keys.duplicated("monitoring_key", keep=False)]
    sentence = "A monitoring key of their own was expected for each candidate; several have this one."
    gathering.add("candidates", "monitoring key twice", sentence, column="monitoring_key", rows=twice)
    keys = keys.drop_duplicates("monitoring_key")
    return monitoring["monitoring_key"].astype(object).map(keys.astype(object).set_index("monitoring_key")["candidate_id"])


def _row(what: str, count: int, why: str) -> dict[str, Any]:
    return {"what": what, "count": count, "why": why}
