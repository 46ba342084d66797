"""The quality lead's report in words: what to do tomorrow first. A screen raises a question; it accuses nobody."""

from __future__ import annotations

import html

from standardsetting.blind.quality_control import QualityControl
from standardsetting.blind.scores import BlindScores
from standardsetting.prose.passage import Passage, heading, note, paragraphs, sentence
from standardsetting.tables.rounding import count, number, of, verb

# Said once for all instead of after each.
_REPEATED = " A screen raised a question; it does not say why."


def tomorrow_heading() -> Passage:
    """The heading of page one."""
    return heading("What to do tomorrow", "tomorrow")


def tonight(found: QualityControl, scores: BlindScores) -> Passage:
    """How far the interviews are, and how many questions the screens raised."""
    done, opening = found.done, "The interviews are closed." if scores.account.closed_at else ""
    when = f" up to day {count(done.last_day)} of the window" if done.last_day is not None else ""
    so_far = f"{of(done.rated, 'candidate')} of {of(done.interviews, 'interview')} {'has' if done.rated == 1 else 'have'} ratings{when}."
    asked = f"Assessors cannot be compared: {found.reason}." if found.reason else str(found.assessors.attrs["sentence"])
    return paragraphs(" ".join(filter(None, (opening, so_far, asked))), kind="lead answer")


def to_do(found: QualityControl, scores: BlindScores) -> Passage:
    """One item for each thing to do; nothing is asked of anybody without the figures that raised it."""
    items = []
    for row in found.flagged.to_dict("records"):
        items.append(f"{str(row['sentence']).replace(_REPEATED, '')} {row['action']}")
    done = found.done
    if done.second_missing:
        items.append(f"{verb(done.second_missing, 'candidate has', 'candidates have')} one assessor's ratings only: ask for the second.")
    if done.part_missing:
        items.append(f"{verb(done.part_missing, 'candidate lacks', 'candidates lack')} an assessor's rating of a value: ask for it.")
    items += _links(found)
    if found.rota is not None and (found.rota.identical.copied or found.rota.identical.beyond_chance):
        items.append(found.rota.identical.sentence)
    if found.calibration is not None:
        again = _again(found)
        if again:
            items.append(f"Ask {of(again, 'assessor')} to score a benchmark video again before interviewing; the table says whom and why.")
    if not items:
        return paragraphs("Nothing: no screen raised a question, and no rating is missing from the interviews that were held.")
    listed = "".join(f"<li>{html.escape(sentence(item))}</li>" for item in items)
    return Passage(f"<ul>{listed}</ul>") + note(
        "A screen raised a question; it does not say why. Many screens on many assessors raise some by chance alone. Look at the "
        "recordings and talk before anything else; nobody is judged by a screen, and no score is changed by one."
    )


def _links(found: QualityControl) -> list[str]:
    rota = found.rota
    if rota is None or found.reason:
        return []
    if rota.components > 1:
        return [f"The assessors fall into {rota.components} parts that share no candidate: let one of each part sit with another part."]
    if len(rota.bridges):
        return [f"{verb(len(rota.bridges), 'pair is', 'pairs are')} the only link between two parts of the network: mix the pairs there."]
    return []


def _again(found: QualityControl) -> int:
    """Assessors whose newest occasion asks for another video."""
    rows = found.calibration.assessors if found.calibration is not None else None
    return 0 if rows is None else int(rows.groupby("assessor", sort=False)["repeat"].last().sum())


def done_heading() -> Passage:
    """The heading of the page about what is done."""
    return heading("Interviews done and outstanding", "done")


def interviews_done(found: QualityControl) -> Passage:
    """What is done, what is outstanding, which ratings are missing."""
    done = found.done
    return paragraphs(
        f"Of {of(done.interviews, 'interview')} {verb(done.scored, 'is', 'are')} scored, {verb(done.excepted, 'is', 'are')} excepted with "
        f"a reason and {verb(done.outstanding, 'is', 'are')} outstanding.",
        f"{verb(done.second_missing, 'candidate has', 'candidates have')} one assessor's ratings only, and "
        f"{verb(done.part_missing, 'candidate lacks', 'candidates lack')} an assessor's rating of a value."
        if done.second_missing or done.part_missing
        else "Every candidate who was rated has a second assessor's ratings, and no value is missing from any.",
    )


def quality_severity_heading(found: QualityControl) -> Passage | None:
    """The finding about severity."""
    if found.reason:
        return None
    asked = sum(bool({"severe", "lenient"} & set(flags)) for flags in found.assessors["flags"])
    text = f"Screens ask about the severity of {of(asked, 'assessor')}" if asked else "No screen asks about severity"
    return heading(text, "severity")


def quality_severity(found: QualityControl) -> Passage | None:
    """What severity is here."""
    if found.reason:
        return None
    at_most = " in the exercise where they spread most" if found.exercises else ""
    return paragraphs(
        "Severity is how far below the co-assessors of the same candidates somebody rates, allowing for who they were. It is drawn in to "
        "the mean by its error, so that few candidates do not make anybody look extreme. True severities spread with a standard deviation "
        "of "
        f"{number(float(found.assessors.attrs['severity_spread']), 2)} points on one value{at_most}. "
        "What all assessors do alike cannot be seen."
    )


def quality_logits(found: QualityControl) -> Passage | None:
    """Whether severity in logits could be had, and what its fit says."""
    if found.reason or found.logits is None:
        return None
    logits, said = found.logits, []
    if len(logits.table):
        out = f"{verb(logits.outside, 'infit lies', 'infits lie')}" if logits.outside else "No infit lies"
        said.append(
            f"The table also gives severity in logits (many-facet Rasch). {out} outside the limits that simulation gives each of "
            f"{of(len(logits.table), 'assessor')} if the model holds; about one in twenty does by chance, and where many do "
            "the model does not hold."
        )
    if logits.reason:
        said.append(f"There is no severity in logits{' for some' if said else ''}: {logits.reason}.")
    return paragraphs(*said)


def section(title: str, anchor: str, shown: object) -> Passage | None:
    """A heading for what is there; none where there is nothing to show."""
    return None if shown is None else heading(title, anchor)


def network(found: QualityControl) -> Passage | None:
    """The design in words."""
    if found.rota is None or found.reason:
        return None
    said = [found.rota.sentence]
    if found.exercises:
        said.append(
            f"There are {count(len(found.exercises))} exercises. A candidate in an exercise counts as one candidate here, assessors who "
            "met a candidate in different exercises are not compared, and each exercise is looked at by itself."
        )
    return paragraphs(*said)


def panel_layer(found: QualityControl) -> Passage | None:
    """Whether panels differ more than shuffling gives."""
    if found.panels is None:
        return None
    return paragraphs(
        found.panels.sentence,
        "This takes candidates as sent to panels by lot within a day; where they were not, panels may differ for their candidates.",
    )


def calibrated(found: QualityControl) -> Passage | None:
    """What the benchmark videos show."""
    return None if found.calibration is None else paragraphs(found.calibration.sentence)
