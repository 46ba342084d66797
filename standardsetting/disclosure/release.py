"""A release: everything that a report about groups may say, protected and rounded, and nothing else.

The notebook of such a report reads a release and never the cohort. What is written here has passed disclosure control; numbers stand as
they will be read, rounded once, so that the gate can hold every rendered artefact against them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from standardsetting.errors import DisclosureError
from standardsetting.process import Process
from standardsetting.sealed import file_digest, seal, unseal

HEADER, DEFINITION = "header.json", "definition.json"

# What each section may hold: an allow-list of columns. All cells are text or rounded numbers; a blank number says that there is none.
SECTIONS: dict[str, tuple[str, ...]] = {
    # Protected counts: `shown` is what is read ("45", "[c]", "[z]").
    "counts": ("characteristic", "group", "stage", "measure", "shown"),
    # Who said what they are: whole per cent of everybody who applied. Other populations: whole per cent of the people they count.
    "declared": ("characteristic", "shown"),
    "frames": ("characteristic", "group", "population", "dated", "source", "shown"),
    # Representation at each stage: whole per cent of those who declared, from protected counts.
    "ladder": ("characteristic", "group", "stage", "share"),
    # Of those at the stage `base`, the whole per cent left after a later one; `beside` is the group that the picture is about.
    "cumulative": ("characteristic", "beside", "group", "base", "stage", "share"),
    # One row a comparison. `basis` is "rounded counts", "verdict only" or "too few"; rates are whole per cent; `concern` orders page one.
    "comparisons": (
        "characteristic", "group", "comparator", "stage", "family", "basis", "rate", "reference_rate", "ratio", "ratio_low", "ratio_high",
        "difference", "difference_low", "difference_high", "p", "adjusted_p", "other_ratio", "shortfall", "flip_number",
        "smallest_detectable_ratio", "verdict", "sentence", "concern",
    ),
    # What comparisons that were not declared ask, worst first.
    "questions": ("sentence",),
    "waterfall": ("characteristic", "group", "stage", "ratio", "low", "high", "shortfall"),
    "undeclared": ("characteristic", "group", "stage", "ratio", "smallest", "largest", "verdict", "whoever_they_are", "sentence"),
    "reasons": ("characteristic", "group", "reason", "shown"),
    "gates": ("characteristic", "group", "gate", "share"),
    # Superiority to two decimals, or to the nearest twentieth where few scores are in use.
    "superiority": ("characteristic", "group", "comparator", "value", "superiority", "low", "high", "sentence"),
    "items": ("characteristic", "group", "value", "difference", "r2_change", "p", "adjusted_p"),
    "panels": ("characteristic", "measure", "value", "low", "high", "p", "sentence"),
    "intersection": ("sentence",),
    # `view` is "unadjusted", "prior" or "prior and possibly tainted"; differences in percentage points.
    "adjusted": ("characteristic", "group", "view", "difference", "low", "high", "sentence"),
    # After the interview: protected counts over everybody; the share of everybody, and of groups, posted by a time ("weeks_4").
    "after_interview": ("step", "what", "shown"),
    "waiting": ("time", "share", "interval"),
    "waiting_groups": ("characteristic", "group", "time", "share"),
    # `series` counts up where a code list changed; the band is what chance explains, the running interval holds at every look.
    "trend": (
        "process", "characteristic", "group", "stage", "series", "ratio", "low", "high", "band_low", "band_high", "running_low",
        "running_high", "sentence",
    ),
    "due_regard": ("finding", "decision", "owner", "date"),
    "changes": ("what", "sentence"),
    # Positive action. `share` is whole per cent of those to whom a workshop was open; effects are whole points.
    "answer": ("about", "sentence"),
    "legal_file": ("item", "content"),
    "reach": ("group", "step", "shown", "share"),
    "not_attending": ("reason", "shown"),
    "design": ("item", "content"),
    # Released counts of each process: those to whom workshops were open, everybody else; whole per cent, and the gap in points.
    "before_after": ("who", "process", "workshops", "people", "rate", "others", "reference_rate", "gap", "low", "high"),
    "balance": ("covariate", "before", "after"),
    "effects": ("question", "outcome", "estimate", "low", "high", "unit", "method", "sentence"),
    "sensitivity": ("effect", "e_value", "e_value_limit", "sentence"),
    "detectable": ("outcome", "detectable", "unit", "sentence"),
    "next_trial": ("effect_of", "difference", "people", "sentence"),
    "cost": ("what", "pounds", "sentence"),
}  # fmt: skip


# Sections that stand beside the cube and are told of one snapshot alone: a second look after a correction would tell what was corrected.
TOLD_ONCE = frozenset(
    ("reasons", "gates", "superiority", "items", "panels", "intersection", "adjusted", "waiting_groups", "before_after", "balance",
     "effects", "sensitivity")
)  # fmt: skip


@dataclass(frozen=True)
class Section:
    """A part of a release.

    Attributes
    ----------
    table
        Its rows; the columns are those of `SECTIONS`.
    sentences
        What the part says in words, the most important first. Where there is no table, the reason.
    method
        How it was made: method, seed, what was left out and why.
    """

    table: pd.DataFrame
    sentences: tuple[str, ...] = ()
    method: str = ""


@dataclass(frozen=True)
class Release:
    """Everything that a report about groups may say.

    Attributes
    ----------
    kind
        ``"cohort-diversity"`` or ``"positive-action"``.
    tier
        ``"director"`` (tier B) or ``"public"`` (tier C).
    process
        The definition, without its sources.
    header
        Milestone, release number, cube hash, rules version, audit result in words, the standard in words, early access: what stands on
        page one and in the certificate. Texts and whole numbers only.
    sections
        By name, in the order of the report.
    seal
        SHA-256 over the folder; empty before it was written.
    """

    kind: str
    tier: str
    process: Process
    header: Mapping[str, Any]
    sections: Mapping[str, Section]
    seal: str = field(default="")

    def __post_init__(self) -> None:
        for name, section in self.sections.items():
            if name not in SECTIONS:
                raise DisclosureError("A release holds a section that is not on the allow-list.", next_step="Nothing was released.")
            strangers = [column for column in section.table.columns if column not in SECTIONS[name]]
            if strangers:
                raise DisclosureError(
                    f"The section {name} of a release holds {len(strangers)} columns that are not on the allow-list.",
                    next_step="Nothing was released.",
                )

    @property
    def told_once(self) -> tuple[str, ...]:
        """The sections of this release that no release of another snapshot may tell again."""
        return tuple(name for name, section in self.sections.items() if name in TOLD_ONCE and not section.table.empty)

    def __getitem__(self, name: str) -> Section:
        """A section; one that this release does not have is empty and says so."""
        empty = Section(pd.DataFrame(columns=list(SECTIONS[name])), ("This release does not hold this part.",))
        return self.sections.get(name, empty)

    def write(self, folder: Path) -> Release:
        """Write and seal the folder that a report's notebook reads. The same release gives the same bytes."""
        folder.mkdir(parents=True)
        names = [HEADER, DEFINITION]
        parts = {name: {"sentences": list(part.sentences), "method": part.method} for name, part in self.sections.items()}
        head = {"kind": self.kind, "tier": self.tier, "header": dict(self.header), "sections": parts}
        _write_json(folder / HEADER, head)
        _write_json(folder / DEFINITION, self.process.model_copy(update={"sources": {}, "reports": None}).model_dump(mode="json"))
        for name, part in self.sections.items():
            part.table.to_json(folder / f"{name}.json", orient="split", index=False, indent=1, double_precision=10)
            names.append(f"{name}.json")
        return Release(self.kind, self.tier, self.process, self.header, self.sections, seal=seal(folder, names))

    @classmethod
    def read(cls, folder: str | Path) -> Release:
        """Open a release folder and check its seal.

        Raises
        ------
        StageError
            There is no release.
        DisclosureError
            The folder is not as it was released.
        """
        folder = Path(folder)
        unseal(folder, needed=(HEADER, DEFINITION), what="release", how_to_get="Make one: standardsetting report cohort-diversity")
        head = json.loads((folder / HEADER).read_text(encoding="utf-8"))
        sections = {
            name: Section(_table(folder / f"{name}.json"), tuple(part["sentences"]), part["method"])
            for name, part in head["sections"].items()
        }
        process = Process.from_mapping(json.loads((folder / DEFINITION).read_text(encoding="utf-8")), name=DEFINITION)
        return cls(head["kind"], head["tier"], process, head["header"], sections, seal=file_digest(folder / "seal.json"))


def count_of(shown: str) -> int | None:
    """The number that a line of counts shows; None where it shows a sign, or nothing.

    Examples
    --------
    >>> count_of("1,250"), count_of("[c]"), count_of("")
    (1250, None, None)
    """
    digits = shown.replace(",", "")
    return int(digits) if digits.isdigit() else None


def _table(file: Path) -> pd.DataFrame:
    content = json.loads(file.read_text(encoding="utf-8"))
    return pd.DataFrame(content["data"], columns=content["columns"])


def _write_json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, indent=1, sort_keys=False, ensure_ascii=False) + "\n", encoding="utf-8")
