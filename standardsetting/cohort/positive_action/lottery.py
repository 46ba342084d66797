"""A wait-list lottery anybody can check: the seed is sealed before the list is known and opened after the draw.

The draw, for any language that has SHA-256:

1. Before the list is closed, choose a seed of 32 to 128 lower-case hexadecimal characters. Publish SHA-256 of its characters (ASCII).
2. Close the list of references: opaque text, one a person, without line breaks.
3. For each reference compute SHA-256 of the UTF-8 bytes of `seed + "|" + reference`, written as 64 lower-case hexadecimal characters.
4. Sort by those characters. The first `places` references are offered a place now; the others are the wait list, in that order.
5. Publish the seed. The hash of the list is SHA-256 of the references, sorted by their UTF-8 bytes and joined by line feeds.

The seed has to be sealed before the references exist: who knows both could try seeds until a draw suits them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from standardsetting.errors import UsageError

ALGORITHM = "sort by SHA-256(seed|reference), hexadecimal; the first places are offered"
_SEED = re.compile(r"[0-9a-f]{32,128}")


@dataclass(frozen=True)
class SealedSeed:
    """What is published before the draw: the hash of the seed, never the seed."""

    seed_hash: str
    algorithm: str = ALGORITHM


@dataclass(frozen=True)
class Draw:
    """What is published after the draw.

    Attributes
    ----------
    offered, wait_list
        References in the order of the draw. A place given up goes to the first of the wait list; for the analysis both stay where drawn.
    seed, seed_hash, list_hash
        The opened seed, the hash that was published before, and the hash of the list of references.
    """

    offered: tuple[str, ...]
    wait_list: tuple[str, ...]
    seed: str
    seed_hash: str
    list_hash: str
    algorithm: str = ALGORITHM


def seal(seed: str) -> SealedSeed:
    """The hash to publish before the list of references exists.

    Raises
    ------
    UsageError
        A seed that is too short to stay secret under its hash, or not lower-case hexadecimal.

    Examples
    --------
    >>> seal("00112233445566778899aabbccddeeff").seed_hash[:16]
    '5947d7c33d783f94'
    """
    if not _SEED.fullmatch(seed):
        raise UsageError(
            "A seed of 32 to 128 lower-case hexadecimal characters was expected.",
            next_step='Make one with: python -c "import secrets; print(secrets.token_hex(32))", and keep it under lock until the draw.',
        )
    return SealedSeed(_hash(seed))


def draw(references: Sequence[str], *, places: int, seed: str, sealed: SealedSeed) -> Draw:
    """Who is offered a place now, and who goes on the wait list?

    Parameters
    ----------
    references
        Opaque references, one a person; their order does not matter. To give each group its share, draw once a group, with the same
        share of places in each: otherwise a group that does better is offered more, and the comparison of the two sides is bent.
    places
        How many can be offered a place now; fewer than there are people, or nobody stands for what would have happened without.
    seed, sealed
        The seed and what was published of it; another seed is refused.

    Raises
    ------
    UsageError
        A seed that is not the sealed one, references that repeat or are empty, or places for nobody or for all.

    Examples
    --------
    >>> seed = "00112233445566778899aabbccddeeff"
    >>> draw(["A1", "B2", "C3", "D4"], places=2, seed=seed, sealed=seal(seed)).offered
    ('B2', 'D4')
    """
    if seal(seed).seed_hash != sealed.seed_hash or sealed.algorithm != ALGORITHM:
        raise UsageError("The seed whose hash was published was expected, and this is another, or another way to draw.")
    if any(not isinstance(one, str) or not one or "\n" in one or "\r" in one for one in references):
        raise UsageError("References of text on one line were expected.")
    if len(set(references)) != len(references):
        raise UsageError(f"References that do not repeat were expected; {len(references) - len(set(references))} do.")
    if not 0 < places < len(references):
        raise UsageError("Places for some and not for all were expected: with places for all there is nothing to draw.")
    order = sorted(references, key=lambda reference: _hash(f"{seed}|{reference}"))
    listed = "\n".join(sorted(references, key=lambda reference: reference.encode()))
    return Draw(tuple(order[:places]), tuple(order[places:]), seed, sealed.seed_hash, _hash(listed))


def discrepancies(published: Draw, *, references: Sequence[str], sealed: SealedSeed) -> tuple[str, ...]:
    """What does not agree when the draw is done again from the list and the opened seed: a sentence each, none if all agrees."""
    found = []
    if _hash(published.seed) != sealed.seed_hash or published.seed_hash != sealed.seed_hash:
        return ("The opened seed is not the one that was sealed.",)
    again = draw(references, places=len(published.offered), seed=published.seed, sealed=sealed)
    if again.list_hash != published.list_hash:
        found.append("The list of references is not the one that was drawn from.")
    if (again.offered, again.wait_list) != (published.offered, published.wait_list):
        found.append("The draw done again gives another result.")
    return tuple(found)


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()
