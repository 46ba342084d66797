"""Process folders: a new one with a commented definition and empty tables, or one filled with a synthetic cohort."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from string import Template
from typing import Any

import pandas as pd

from standardsetting.errors import UsageError
from standardsetting.process import DEFINITION_FILE
from standardsetting.simulate.cohort import SimulatedCohort, cohort
from standardsetting.simulate.export import LAYOUTS, as_exported, layouts, sources_as_toml, with_not_eligible, write_csv, write_files
from standardsetting.simulate.flaws import plant
from standardsetting.simulate.settings import Settings

DEFAULT_SIZE, DEFAULT_SEED = 360, 2023
# An open process is looked at on this day, when about half of the window is over.
_LOOKED_AT = date(2023, 9, 19)
_WITHOUT_AGREED_SCORE = 3
# What the written definition says and the cohort therefore may not change.
_FIXED = ("values", "scale", "first_day", "last_day")
_TRUTH_NOTE = """This folder exists only because the data are synthetic: a real process has no such truth.

It holds what the ratings were drawn from: abilities, severities, difficulties and true characteristics, in logits where they are measures,
and `settings.json` with every setting. Nothing in the workbench reads it; tests and teaching do.
"""


def new(folder: str | Path, *, title: str | None = None) -> Path:
    """Write a process folder with a commented definition and empty tables.

    Parameters
    ----------
    folder
        A folder that is not there yet, or is empty.
    title
        What reports call the process; by default the folder's name.

    Raises
    ------
    UsageError
        The folder holds something already: nothing is overwritten.
    """
    target = _empty(folder)
    title = title or re.sub(r"[-_]+", " ", target.resolve().name).strip().capitalize() or "A new process"
    sources = "\n".join(f'[sources.{name}]\nfile = "{name}.csv"\n' for name in LAYOUTS)
    definition = _template("new_process.toml").substitute(id=_quoted(_identifier(target)), title=_quoted(title), sources=sources)
    (target / DEFINITION_FILE).write_text(definition, encoding="utf-8", newline="\n")
    for name, layout in LAYOUTS.items():
        write_csv(pd.DataFrame(columns=list(layout.headings)), target / f"{name}.csv")
    return target


def write(
    folder: str | Path, *, n: int = DEFAULT_SIZE, seed: int = DEFAULT_SEED, open_: bool = False, flawed: bool = False, **changes: Any
) -> Path:
    """Write a process folder filled with a synthetic cohort, complete and ready to close.

    Parameters
    ----------
    folder
        A folder that is not there yet, or is empty. Its name becomes the id of the process.
    n
        How many candidates.
    seed
        The same seed gives the same bytes.
    open_
        The process as it stands in the middle of the window: later interviews are still scheduled, and a few that were held lack an
        agreed score.
    flawed
        With errors planted, and listed in truth/planted.csv.
    **changes
        Settings of the cohort, as in `cohort`; the values, the scale and the window stay those of the first process.

    Raises
    ------
    UsageError
        The folder holds something already, or a setting cannot be changed here.
    """
    if set(changes) & set(_FIXED):
        raise UsageError(f"A written process keeps its {', '.join(_FIXED)}.", next_step="Use standardsetting.simulate.cohort for others.")
    drawn = cohort(n, seed=seed, **changes)
    target = _empty(folder)
    tables = _half_way(drawn) if open_ else drawn.tables
    exported = with_not_eligible(as_exported(tables, seed=seed), drawn.not_eligible, seed=seed)
    planted = None
    if flawed:
        exported, planted = plant(exported, seed=seed)
    write_files(exported, target, n=n)
    definition = _template("synthetic_process.toml").substitute(
        id=_quoted(_identifier(target)), seed=seed, vacancies=max(1, round(n / 3)), sources=sources_as_toml(n)
    )
    (target / DEFINITION_FILE).write_text(definition, encoding="utf-8", newline="\n")
    _write_truth(drawn, planted, target / "truth")
    rows = {name: len(tables[name]) + len(drawn.not_eligible.get(name, ())) for name in tables}
    about = _about(drawn, n, rows, tables["interviews"], open_=open_, flawed=flawed)
    (target / "README.md").write_text(about, encoding="utf-8", newline="\n")
    return target


def _empty(folder: str | Path) -> Path:
    target = Path(folder)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise UsageError(
            "A folder that is new or empty was expected; there is something in this place already.",
            next_step="Name another folder, or empty this one yourself. Nothing was written.",
        )
    target.mkdir(parents=True, exist_ok=True)
    return target


def _template(name: str) -> Template:
    return Template((Path(__file__).parent / name).read_text(encoding="utf-8"))


def _identifier(folder: Path) -> str:
    """A process id from the folder's name.

    Examples
    --------
    >>> _identifier(Path("Sergeant 2024 (external)"))
    'sergeant-2024-external'
    """
    return re.sub(r"[^a-z0-9_]+", "-", folder.resolve().name.casefold()).strip("-_")[:60] or "process"


def _quoted(text: str) -> str:
    """Text as a TOML string."""
    return json.dumps(text, ensure_ascii=False)


def _half_way(drawn: SimulatedCohort) -> dict[str, pd.DataFrame]:
    """The tables as they stand in the middle of the window."""
    tables = dict(drawn.tables)
    interviews = tables["interviews"].copy()
    later = (interviews["date"] > pd.Timestamp(_LOOKED_AT)) & (interviews["status"] == "completed")
    interviews.loc[later, "status"] = "scheduled"
    to_come = set(interviews.loc[later, "candidate_id"])
    held = interviews.loc[interviews["status"] == "completed", "candidate_id"].tolist()
    ratings = tables["ratings"]
    unsettled = ratings["candidate_id"].isin(held[-_WITHOUT_AGREED_SCORE:]) & (ratings["kind"] != "independent")
    for name in ("ratings", "global_ratings"):
        kept = ~tables[name]["candidate_id"].isin(to_come)
        tables[name] = tables[name][kept & ~unsettled if name == "ratings" else kept].reset_index(drop=True)
    tables["interviews"], tables["progress"] = interviews, tables["progress"].iloc[:0]
    return tables


def _write_truth(drawn: SimulatedCohort, planted: pd.DataFrame | None, folder: Path) -> None:
    folder.mkdir()
    (folder / "README.md").write_text(_TRUTH_NOTE, encoding="utf-8", newline="\n")
    settings = {"seed": drawn.seed, **drawn.settings.as_record()}
    (folder / "settings.json").write_text(json.dumps(settings, indent=1) + "\n", encoding="utf-8", newline="\n")
    of_the_excluded = {"characteristics_of_the_not_eligible": drawn.not_eligible["characteristics"]}
    for name, table in (drawn.truth | of_the_excluded).items():
        as_text = table.astype(object)
        for column in table.columns[[dtype.kind == "f" for dtype in table.dtypes]]:
            # Four decimals: enough for any use, and the same on machines whose last digits differ.
            as_text[column] = table[column].map("{:.4f}".format)
        write_csv(as_text, folder / f"{name}.csv")
    if planted is not None:
        write_csv(planted, folder / "planted.csv")


def _about(
    drawn: SimulatedCohort, n: int, rows: Mapping[str, int], interviews: pd.DataFrame, *, open_: bool, flawed: bool
) -> str:
    """The folder's README."""
    size = f" --candidates {n}" * (n != DEFAULT_SIZE) + f" --seed {drawn.seed}" * (drawn.seed != DEFAULT_SEED)
    command = f"`standardsetting simulate FOLDER{size}{' --open' * open_}{' --flawed' * flawed}`"
    if drawn.settings != Settings():
        command += " with settings changed as `truth/settings.json` says"
    told = {
        "candidates": f"who applied, {n} of them invited to interview: identities, sift, adjustments, deferrals",
        "monitoring": "declarations under a random key of their own, with the four kinds of not known",
        "interviews": "who was to be interviewed when, where and by which panel, and what became of it",
        "ratings": "each assessor's ratings before discussion, the few revised after it, and the agreed scores",
        "global_ratings": "each assessor's overall judgement before any total was shown: 0 clearly below, 1 borderline, 2 meets, 3 exceeds",
        "assessors": "the assessors, their role and the day they were trained",
        "benchmark": "ratings of the benchmark videos before and after discussion, and the reference scores",
        "workshops": "developmental workshops: invited, booked, attended",
        "exceptions": "interviews that will not be scored, why, and who approved that",
        "progress": f"checks and offers after the assessment, as if a total of {drawn.settings.notional_total:g} had been the standard",
    }
    files = "\n".join(f"| {layouts(n)[name].file} | {rows[name]} | {text} |" for name, text in told.items())
    status = interviews["status"].value_counts()
    counts = ", ".join(f"{count} {words}" for words, count in status.items())
    notes = [
        "The process is still open: later interviews are scheduled, and a few that were held have no agreed score yet." if open_ else "",
        "Errors were planted in the tables on purpose; `truth/planted.csv` lists them." if flawed else "",
    ]
    extra = "".join(f"{note}\n\n" for note in notes if note)
    return f"""# Promotion to sergeant {drawn.settings.first_day.year}: a synthetic process

**Everything here is invented.** No candidate, assessor, rating or declaration is real. Names are drawn from a list independently of every
characteristic, addresses are at example.org, and telephone numbers come from the range set aside for fiction. Only the names of the forces
are real, and nothing here says anything about them.

Made by {command}: the same again gives the same files.
Interviews: {counts}.

{extra}| file | rows | what |
|---|---|---|
{files}
| process.toml | | the definition: values, scale, rule, dates, and which heading is which column |
| truth/ | | what the ratings were drawn from; it exists only because the data are synthetic |

The files look like exports: headings of their own, numbers stored as text (candidate numbers begin with zeros), days before months, some
spaces too many. Independent ratings follow a many-facet rating scale model: ability, difficulty of the value, severity of the assessor and
category thresholds. A few assessors rate erratically, keep to the middle, do not tell the values apart, or grow more severe. What attending
a workshop truly adds, how much more often abler candidates book one, and whether groups differ in ability is in `truth/settings.json`
(by default 0.3 standard deviations, 0.3 log odds for each standard deviation, and not at all).
"""
