"""A table from a SQL query. The database's address comes from the environment and is never printed."""

from __future__ import annotations

import os

import numpy as np
import pandas as pd

from standardsetting.errors import DefinitionError, UsageError
from standardsetting.named.cells import Grid, coded, text_of


def read_query(query: str, variable: str, *, table: str) -> Grid:
    """Run a query and take its result as text; what the query changed, if anything, is rolled back.

    Parameters
    ----------
    query
        The query as `process.toml` gives it.
    variable
        The environment variable that holds the database's address (a SQLAlchemy URL).
    table
        Our name of the table, for messages.

    Raises
    ------
    UsageError
        SQLAlchemy is not installed.
    DefinitionError
        The environment variable is not set.
    """
    try:
        import sqlalchemy
    except ImportError:
        raise UsageError(
            f"The {table} table comes from a database; the software for that is not installed.",
            next_step='Install the sql extra: pip install "standardsetting[sql]"',
        ) from None
    address = os.environ.get(variable)
    if not address:
        raise DefinitionError(
            f"sources.{table}.database names the environment variable {variable}; it is not set.",
            next_step=f"Set {variable} to the database's address (a SQLAlchemy URL) and run this again.",
        )
    # Drivers raise whatever they like, and their messages may hold the address or a row: the kind of trouble is all we tell.
    try:
        engine = sqlalchemy.create_engine(address)
    except Exception:
        return Grid.unreadable(
            "database address not understood", f"{variable} was expected to hold a SQLAlchemy URL with an installed driver."
        )
    try:
        with engine.connect() as connection:
            result = connection.execute(sqlalchemy.text(query))
            headings = tuple(str(key) for key in result.keys())  # noqa: SIM118
            rows = result.fetchall()
            connection.rollback()
    except Exception:
        sentence = (
            "A result with rows was expected; the database could not be reached or refused the query. Try the query in its own client."
        )
        return Grid.unreadable("query failed", sentence)
    finally:
        engine.dispose()
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(headings)
    frame = pd.DataFrame(
        {i: coded([text_of(cell) for cell in cells]) for i, cells in enumerate(columns)}, index=np.arange(2, len(rows) + 2)
    )
    return Grid(headings, frame)
