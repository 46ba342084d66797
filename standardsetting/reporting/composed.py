"""The sentences that reports about groups compose, read out of the modules that compose them: fixed words with gaps for values.

A gap holds one number, or words without a number; what a name stands for is looked up in its function. Whether the numbers are the
release's is for the gate to say. Nothing is run.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from standardsetting.disclosure.sentences import Composed, folded

_NUMBER = r"(?<![\w.,])[-+]?\d[\d,]*(?:\.\d+)?"
# Words without a number, within one sentence. At the ends of a sentence they are left standing.
_WORDS = r"((?:(?![.!?]\s)[^\d]){0,160}?)"
_DAY = r"\d{1,2}\s+[a-z]{3,9}\s+\d{4}"
_VALUE = f"{_NUMBER}(?:%?\\s+to\\s+{_NUMBER}%?|\\s+weeks|%)?"
_GAP = f"(?:{_DAY}|{_VALUE}|{_WORDS})"
_DECIMALS = {f".{places}f": _NUMBER.replace(r"(?:\.\d+)?", rf"\.\d{{{places}}}(?!\d)") for places in (1, 2, 3)}
_DEEP = 6
# With fewer words than this a sentence has to stand alone.
_FEW = 3


def composed_in(source: str) -> Iterator[Composed]:
    """Every sentence with a gap that a module's formatted texts can make."""
    tree = ast.parse(source)
    known = _Known.of(tree)
    specs = [node.format_spec for node in ast.walk(tree) if isinstance(node, ast.FormattedValue) and node.format_spec]
    formats = {id(part) for spec in specs for part in ast.walk(spec)}
    for function, node in _formatted(tree, None):
        if id(node) not in formats:
            for sentence in _sentences([*_tokens(node, known, function)]):
                yield from _composed(sentence)


@dataclass(frozen=True)
class _Known:
    """What names stand for: in the module, in each of its functions, and what functions return."""

    constants: Mapping[str, Sequence[ast.expr]]
    within: Mapping[str, Mapping[str, Sequence[ast.expr]]]
    returned: Mapping[str, Sequence[ast.expr]]

    @classmethod
    def of(cls, tree: ast.Module) -> _Known:
        functions = {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        returned = {
            name: [n.value for n in ast.walk(node) if isinstance(n, ast.Return) and n.value is not None] for name, node in functions.items()
        }
        return cls(_assigned(tree.body), {name: _assigned(list(ast.walk(node))) for name, node in functions.items()}, returned)


def _assigned(nodes: Sequence[ast.AST]) -> dict[str, list[ast.expr]]:
    found: dict[str, list[ast.expr]] = {}
    for node in nodes:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    found.setdefault(target.id, []).append(node.value)
                elif isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                    for name, value in zip(target.elts, node.value.elts, strict=False):
                        if isinstance(name, ast.Name):
                            found.setdefault(name.id, []).append(value)
    return found


def _formatted(node: ast.AST, function: str | None) -> Iterator[tuple[str | None, ast.JoinedStr]]:
    """Every formatted text and the function in which it stands."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.JoinedStr):
            yield function, child
        yield from _formatted(child, child.name if isinstance(child, ast.FunctionDef) else function)


@dataclass(frozen=True)
class _Gap:
    """What an expression can write, as a pattern, and how many fixed words it writes at least."""

    pattern: str
    words: int = 0


_ANYTHING = _Gap(_GAP)


def _tokens(node: ast.JoinedStr, known: _Known, function: str | None) -> Iterator[str | _Gap]:
    for part in node.values:
        yield str(part.value) if isinstance(part, ast.Constant) else _gap(part, known, function, 0)


def _gap(node: ast.expr, known: _Known, function: str | None, depth: int) -> _Gap:
    """What an expression can write; what names and functions of its module stand for is looked up."""

    def of(child: ast.expr) -> _Gap:
        return _gap(child, known, function, depth + 1)

    if depth > _DEEP:
        return _ANYTHING
    match node:
        case ast.Constant(value=str() | int() | float() as value) if not isinstance(value, bool):
            return _Gap(_escaped(str(value)), len(_LETTERS.findall(str(value))))
        case ast.FormattedValue(format_spec=ast.JoinedStr(values=[ast.Constant(value=str(spec))])) if spec in _DECIMALS:
            return _Gap(_DECIMALS[spec])
        case ast.FormattedValue(format_spec=ast.JoinedStr()):
            return _Gap(_NUMBER)
        case ast.FormattedValue(value=value) | ast.Call(func=ast.Attribute(value=value, attr="replace" | "rstrip")):
            return of(value)
        case ast.JoinedStr(values=values):
            return _joined([of(value) for value in values])
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _joined([of(left), of(right)])
        case ast.IfExp(body=body, orelse=orelse):
            return _any_of([of(body), of(orelse)])
        case ast.Subscript(value=ast.Tuple(elts=parts) | ast.List(elts=parts)):
            return _any_of([of(part) for part in parts])
        case ast.Call(func=ast.Name(id="of"), args=[_, ast.Constant(value=str(one)), *_]):
            return _Gap(rf"(?:{_NUMBER}|no)\s+{_escaped(one)}s?", len(one.split()))
        case ast.Call(func=ast.Name(id=name)) if known.returned.get(name):
            return _any_of([_gap(value, known, name, depth + 1) for value in known.returned[name]])
        case ast.Name(id=name) if named := known.within.get(function or "", {}).get(name) or known.constants.get(name):
            return _any_of([of(value) for value in named])
        case ast.Call(func=ast.Attribute()) | ast.Subscript(slice=ast.Slice()):  # a list, or a part of a text
            return _Gap(f"(?:{_DAY}|{_WORDS})")
    return _ANYTHING


def _joined(gaps: Sequence[_Gap]) -> _Gap:
    return _Gap("".join(gap.pattern for gap in gaps), sum(gap.words for gap in gaps))


def _any_of(gaps: Sequence[_Gap]) -> _Gap:
    if all(gap == _ANYTHING for gap in gaps):
        return _ANYTHING
    return _Gap(f"(?:{'|'.join(dict.fromkeys(gap.pattern for gap in gaps))})", min(gap.words for gap in gaps))


def _escaped(text: str) -> str:
    """Fixed words, over one line or several."""
    return re.sub(r"(?:\\?\s)+", lambda _: r"\s+", re.escape(folded(text)))


def _sentences(tokens: Sequence[str | _Gap]) -> Iterator[list[str | _Gap]]:
    """The tokens of each sentence of a formatted text."""
    one: list[str | _Gap] = []
    for token in tokens:
        if isinstance(token, _Gap):
            one.append(token)
            continue
        first, *more = re.split(r"(?<=[.!?])\s+(?=[A-Z]|$)", token)
        one.append(first)
        for each in more:
            yield one
            one = [each]
    yield one


def _composed(tokens: Sequence[str | _Gap]) -> Iterator[Composed]:
    """A sentence with gaps. A gap at its beginning or end holds a number, or is left out: its words stay where they are."""
    tokens = [token for token in tokens if token]
    own = " ".join(token for token in tokens if isinstance(token, str))
    gaps = [token for token in tokens if isinstance(token, _Gap)]
    words = len(_LETTERS.findall(own)) + sum(gap.words for gap in gaps)
    if not gaps or "<" in own:  # markup is never read
        return
    parts = [_escaped(token) if isinstance(token, str) else token.pattern for token in tokens]
    first, last = tokens[0], tokens[-1]
    firsts = [parts[0]] if isinstance(first, str) else list(dict.fromkeys([parts[0].replace(_WORDS, ""), ""]))
    lasts = [parts[-1]] if isinstance(last, str) else [""] if last == _ANYTHING else list(dict.fromkeys([parts[-1], ""]))
    for begins in firsts:
        for ends in lasts if len(parts) > 1 else [""]:
            whole = "".join([begins, *parts[1:-1], ends])
            if len(_LETTERS.findall(_plain(whole))) and r"\d" in whole.replace(_WORDS, ""):
                made = re.compile(re.sub(r"(?:\\s\+|\\\.|[;:, ])+$", "", whole))
                anchor = max(_LETTERS.findall(folded(own)), key=len, default="")
                yield Composed(made, _plain(whole), anchor, words < _FEW, opens=bool(begins), closes=bool(ends))


_LETTERS = re.compile(r"[^\W\d_]{2,}")


def _plain(pattern: str) -> str:
    """The fixed words and numbers of a pattern."""
    for gap in (_DAY, _VALUE, *_DECIMALS.values(), _NUMBER, _WORDS):
        pattern = pattern.replace(gap, " ")
    return re.sub(r"\\(.)", r"\1", re.sub(r"\\s\+|\(\?:|(?<!\\)[()|?]", " ", pattern))
