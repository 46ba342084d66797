"""One family of errors: an exit code, what was expected, what was found, and what to do next.

A message never holds a value from the data. It may hold kinds, counts, file names, sheets, row numbers and column positions.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import Any


class Exit(IntEnum):
    """The exit codes of the command line, one for each cause."""

    DONE = 0
    USAGE = 2
    DEFINITION = 10
    FINDINGS = 11
    STAGE = 12
    DISCLOSURE = 13
    TIMED_OUT = 14
    BUSY = 15
    NOTEBOOK_FAILED = 16
    KERNEL_DIED = 17
    PUBLISHING_FAILED = 18


class WorkbenchError(Exception):
    """What a person is told when the work cannot go on.

    Parameters
    ----------
    message
        What was expected and what was found, in a sentence.
    next_step
        What to do now, in a sentence.
    details
        Further lines: one finding each, for instance.
    """

    exit_code: Exit = Exit.USAGE

    def __init__(self, message: str, *, next_step: str = "", details: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.next_step = next_step
        self.details = tuple(details)

    def __str__(self) -> str:
        return "\n".join(part for part in (self.message, *self.details, self.next_step) if part)

    def as_record(self) -> dict[str, Any]:
        """The error for a machine (`--json`)."""
        return {
            "error": type(self).__name__,
            "exit_code": int(self.exit_code),
            "message": self.message,
            "details": list(self.details),
            "next_step": self.next_step,
        }


class UsageError(WorkbenchError):
    """The call itself is wrong: an unknown option, a cut nobody can score, a folder that is not there."""

    exit_code = Exit.USAGE


class DefinitionError(WorkbenchError):
    """`process.toml` cannot be read as a process definition."""

    exit_code = Exit.DEFINITION


class FindingsError(WorkbenchError):
    """The input tables hold something that a person has to put right."""

    exit_code = Exit.FINDINGS


class StageError(WorkbenchError):
    """The process is not at the stage that this step needs."""

    exit_code = Exit.STAGE


class DisclosureError(WorkbenchError):
    """Something that identifies a person, or a characteristic, would have crossed a zone."""

    exit_code = Exit.DISCLOSURE


class TimedOutError(WorkbenchError):
    """A notebook took longer than it may."""

    exit_code = Exit.TIMED_OUT


class BusyError(WorkbenchError):
    """Another run holds the lock of this process."""

    exit_code = Exit.BUSY


class NotebookFailedError(WorkbenchError):
    """A cell of a report's notebook failed; nothing was published."""

    exit_code = Exit.NOTEBOOK_FAILED


class KernelDiedError(WorkbenchError):
    """The process that ran a report's notebook died; nothing was published."""

    exit_code = Exit.KERNEL_DIED


class PublishingError(WorkbenchError):
    """The report was made and could not be put in its place."""

    exit_code = Exit.PUBLISHING_FAILED
