"""The data that every side of a contest gets: panels of two assessors from a rota, four values, a scale from 1 to 5, known truth."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from math import ceil, sqrt
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

SEED = 20240906
POINTS = (1, 2, 3, 4, 5)
VALUES = ("professionalism", "integrity", "courage", "compassion")
ASSESSORS = {300: 24, 2_000: 60, 10_000: 200, 100_000: 1_000}
KINDS = ("interviews", "one pair", "seven components", "seven components, 15 % gaps", "many-facet Rasch")
FAULTLESS = {"specific_sd": 0.0, "occasion_sd": 0.0, "erratic": 0.0, "central": 0.0, "undifferentiated": 0.0, "drifting": 0.0}
# Standard deviations of the seven components: the simulation of interviews has no candidate x assessor or assessor x value of its own.
SPREAD = {"candidate": 0.55, "assessor": 0.25, "candidate x assessor": 0.25, "candidate x value": 0.35, "assessor x value": 0.15}
RESIDUAL = 0.45


@dataclass(frozen=True)
class Panels:
    """Independent ratings, one entry a rating, by candidate, assessor and value; and the assessors' true severity where there is one."""

    candidate: np.ndarray
    assessor: np.ndarray
    value: np.ndarray
    rating: np.ndarray
    severity: np.ndarray

    @property
    def n(self) -> int:
        """How many candidates."""
        return int(self.candidate.max()) + 1

    def table(self) -> pd.DataFrame:
        """The long table, with the column types that blind scores have."""
        import pandas as pd

        def coded(codes: np.ndarray, labels: list[str]) -> Any:
            return pd.Categorical.from_codes(codes, categories=pd.Index(labels))

        return pd.DataFrame(
            {
                "candidate": coded(self.candidate, [f"C-{code:06}" for code in range(self.n)]),
                "assessor": coded(self.assessor, [f"A-{code:06}" for code in range(int(self.assessor.max()) + 1)]),
                "value": coded(self.value, list(VALUES)),
                "rating": self.rating.astype(float),
            }
        )

    def seats(self) -> np.ndarray:
        """Complete panels as candidate, seat and value: what programs that know no assessors take."""
        return self.rating.reshape(self.n, 2, len(VALUES)).astype(float)

    def units(self) -> np.ndarray:
        """Complete panels, one row for each value of each candidate and one column for each seat."""
        return self.seats().transpose(0, 2, 1).reshape(-1, 2)

    def save(self, file: Path) -> None:
        """Keep for the processes that measure."""
        np.savez(file, **vars(self))

    @classmethod
    def load(cls, file: Path) -> Panels:
        """What `save` kept."""
        with np.load(file) as kept:
            return cls(**{name: kept[name] for name in kept.files})


def draw(n: int, kind: str) -> Panels:
    """The panels of one kind for `n` candidates. The same size and kind give the same panels."""
    if kind == "interviews":
        return _interviews(n)
    if kind == "many-facet Rasch":
        return _interviews(n, **FAULTLESS)
    if kind == "one pair":
        drawn = _interviews(n)
        # The seats as if the same two people had sat in them throughout: the design that two-way forms and Cohen's kappa are made for.
        return Panels(drawn.candidate, np.tile(np.repeat([0, 1], len(VALUES)), n), drawn.value, drawn.rating, np.full(2, np.nan))
    return _components(n, gaps=0.15 if kind.endswith("gaps") else 0.0)


def assessors_for(n: int) -> int:
    """The size of the pool. Very few candidates get four, or the rota falls apart."""
    return 4 if n < 60 else ASSESSORS.get(n, round(1.4 * sqrt(n)))


def _window(n: int) -> dict:
    """A pool, and a window long enough for it."""
    from standardsetting.simulate.settings import Settings

    pool = assessors_for(n)
    weekdays = ceil(n / (pool // 2 * len(Settings.slots))) + 1
    return {"n_assessors": pool, "last_day": Settings.first_day + timedelta(days=ceil(weekdays * 7 / 5) + 3)}


def _interviews(n: int, **settings: Any) -> Panels:
    from standardsetting.simulate import cohort

    drawn = cohort(n, seed=SEED, withdrawn=0, deferred=0, revised=0, **_window(n), **settings)
    truth = drawn.truth["assessors"]
    ratings = drawn.tables["ratings"].query("kind == 'independent'")
    codes = {
        "candidate": ratings["candidate_id"].factorize()[0],
        "assessor": truth["assessor_id"].reset_index().set_index("assessor_id")["index"].loc[ratings["assessor_id"]].to_numpy(),
        "value": np.array([VALUES.index(value) for value in ratings["value"].tolist()]),
    }
    return _in_order(codes, ratings["rating"].to_numpy(), truth["severity"].to_numpy())


def _components(n: int, *, gaps: float) -> Panels:
    from standardsetting.simulate import rota

    random, pool, v = np.random.default_rng(SEED), assessors_for(n), len(VALUES)
    seats = rota(n, seed=SEED, **_window(n))
    candidate, assessor = seats["candidate"].to_numpy(), seats["assessor"].to_numpy()
    place = 3.3 + np.linspace(-0.2, 0.2, v) + RESIDUAL * random.standard_normal((len(seats), v))
    place += SPREAD["candidate"] * random.standard_normal((n, 1))[candidate]
    place += SPREAD["assessor"] * random.standard_normal((pool, 1))[assessor]
    place += SPREAD["candidate x assessor"] * random.standard_normal((len(seats), 1))
    place += SPREAD["candidate x value"] * random.standard_normal((n, v))[candidate]
    place += SPREAD["assessor x value"] * random.standard_normal((pool, v))[assessor]
    rating = np.clip(np.rint(place), POINTS[0], POINTS[-1]).ravel()
    keep = random.random(len(rating)) >= gaps
    codes = {"candidate": np.repeat(candidate, v), "assessor": np.repeat(assessor, v), "value": np.tile(np.arange(v), len(seats))}
    return _in_order({name: code[keep] for name, code in codes.items()}, rating[keep], np.full(pool, np.nan))


def _in_order(codes: dict[str, np.ndarray], rating: np.ndarray, severity: np.ndarray) -> Panels:
    order = np.lexsort((codes["value"], codes["assessor"], codes["candidate"]))
    kept = {name: code[order].astype(np.int32) for name, code in codes.items()}
    return Panels(**kept, rating=rating[order].astype(np.int8), severity=severity)
