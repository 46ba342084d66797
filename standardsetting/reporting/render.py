"""An executed notebook becomes one self-contained page, and the page a PDF.

The page has no script and no address of another server; code is hidden. Its words and numbers come from the notebook; its frame (marking,
contents, landmarks, footer) from the template beside this module.
"""

from __future__ import annotations

import base64
import gc
import html
import re
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from standardsetting.errors import PublishingError
from standardsetting.process import Process

TEMPLATE = Path(__file__).parent / "template"
LINUX, MAC, WINDOWS = (
    "Debian and Ubuntu: sudo apt install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0",
    "macOS: brew install pango",
    "Windows: install MSYS2, then pacman -S mingw-w64-x86_64-pango",
)
PDF_MISSING = (
    f"No PDF was made, because the Pango library is not on this machine; the HTML is complete. {LINUX}. {MAC}. {WINDOWS}. Then run again."
)

_NO_PANGO = 3
_SHORT_TABLE = 14  # rows, heading included: kept on one page in print
_HEADING = re.compile(r"<h([1-6])\b([^>]*)>(.*?)</h\1>", re.DOTALL)
_TABLE = re.compile(r"<table\b.*?</table>", re.DOTALL)
_CAPTION = re.compile(r"<caption\b[^>]*>(.*?)</caption>", re.DOTALL)
_FIGCAPTION = re.compile(r"<figcaption\b[^>]*>(.*?)</figcaption>", re.DOTALL)
_FIGURE_TITLE = re.compile(r"<strong\b[^>]*>(.*?)</strong>", re.DOTALL)
_LABEL = re.compile(r'\saria-label="([^"]*)"')
_PICTURE = re.compile(r"<svg\b.*?</svg>", re.DOTALL)
_FOLDED = re.compile(r"<details\b.*?</details>", re.DOTALL)
_PRINTED_CONTENTS = '<div class="printed-contents">'
_TAGS = re.compile(r"<[^>]*>")
# A code of the blind zone in running text or in a cell, not in a picture: it must not break at its hyphen.
_CODE = re.compile(r"(?:(<svg\b.*?</svg>|<[^>]*>)|(?<![\w-])([CAPV]-[2-9BCDFGHJKLMNPQRSTVWXZ]{3,})(?![\w-]))", re.DOTALL)
# What anybody may read is marked as official information without a need for care.
PUBLISHED = "OFFICIAL"


@dataclass(frozen=True)
class Imprint:
    """What a report says about itself, beside its content.

    Attributes
    ----------
    kind
        The kind of report, in words: the title where the notebook has none, and of every report that is made to be published.
    process
        The definition: title, organisation, marking, stamp, hashes.
    run
        The name of the run.
    seal
        The seal of what the notebook read.
    sealed
        What that was, in words.
    to_publish
        Whether the report is made to be published: then the process's marking does not hold for it.
    """

    kind: str
    process: Process
    run: str
    seal: str
    sealed: str = "Blind data"
    to_publish: bool = False

    @property
    def marking(self) -> str:
        """The line at the top and the bottom of every page."""
        return PUBLISHED if self.to_publish else self.process.process.marking

    @property
    def title(self) -> str:
        """The report and the process in one line."""
        return f"{self.kind}: {self.process.process.title}"

    @property
    def sentences(self) -> tuple[str, ...]:
        """The imprint as sentences, for a workbook's cover."""
        identity = self.process.process
        return (
            self.marking,
            *(["SYNTHETIC: these data were simulated. Nobody in this report exists."] if identity.synthetic else []),
            f"Process: {identity.title}",
            *(["Made to be published; other reports of this process are not."] if self.to_publish else []),
            f"Run, the name of this report: {self.run}",
            "Fingerprints (SHA-256), by which anybody who holds the definition and the data can tell that this was made from them:",
            f"Definition of the process: {self.process.hash}",
            f"Decision rule: {self.process.rule_hash}",
            f"{self.sealed}: {self.seal}",
        )


def to_html(notebook: Any, imprint: Imprint) -> str:
    """The page: one `h1`, a contents list from the `h2`, landmarks, marking, footer, every table in a region that scrolls by itself.

    Parameters
    ----------
    notebook
        An executed notebook as nbformat has it. Markdown cells and results are shown; code, streams and plain prints are not.
    imprint
        What the report says about itself.
    """
    whole: str = _exporter(_frame(imprint)).from_notebook_node(notebook)[0]
    before, _, rest = whole.partition("<!--body-->")
    body, _, after = rest.rpartition("<!--end of body-->")
    heading, body = _one_h1(body, imprint)
    body, contents = _with_ids(body)
    body = _with_named_pictures(body)
    body = _TABLE.sub(_in_a_region, body)
    body = _CODE.sub(lambda m: m[1] or f'<span class="code">{m[2]}</span>', body)
    title = html.escape(f"{_plain(heading)}: {imprint.process.process.title}", quote=False)
    entries = "\n".join(f'<li><a href="#{name}">{text}</a></li>' for name, text in contents)
    before = before.replace("<!--title-->", title, 1).replace("<!--heading-->", heading, 1).replace("<!--contents-->", entries)
    return before + _with_printed_contents(body, contents, entries) + after


def to_pdf(page: str) -> bytes:
    """The same page as a tagged PDF, the same bytes for the same page.

    Raises
    ------
    OSError
        Pango, which sets the type, is not on this machine.
    """
    import logging

    logging.getLogger("weasyprint").setLevel(logging.CRITICAL)
    from weasyprint import HTML
    from weasyprint.urls import URLFetcher

    document = HTML(
        string=_PICTURE.sub(_as_image, _page_one_alone(page)), media_type="print", url_fetcher=URLFetcher(allowed_protocols={"data"})
    )
    pdf: bytes = document.write_pdf(pdf_variant="pdf/ua-1", pdf_identifier=b"standardsetting")
    return pdf


def _page_one_alone(page: str) -> str:
    """Tables behind the charts of page one go to the page after it, below the contents."""
    frame, main, body = page.partition("<main")
    first, contents, rest = body.partition(_PRINTED_CONTENTS)
    tables = _FOLDED.findall(first)
    if not contents or not tables:
        return page
    inside, end, after = rest.partition("</div>")
    moved = '<div class="behind-page-one"><h2>The figures behind page one</h2>' + "".join(tables) + "</div>"
    return frame + main + _FOLDED.sub("", first) + contents + inside + end + moved + after


def _as_image(match: re.Match[str]) -> str:
    """A chart as an image with its alternative text: the PDF looks for it there, and sets such a page in half the time."""
    svg = match.group()
    label = _LABEL.search(svg[: svg.find(">")])
    name = ' xmlns="http://www.w3.org/2000/svg"' if "xmlns=" not in svg[: svg.find(">")] else ""
    encoded = base64.b64encode(svg.replace("<svg", f"<svg{name}", 1).encode()).decode()
    return f'<img alt="{label.group(1) if label else "Chart"}" src="data:image/svg+xml;base64,{encoded}">'


def _exporter(page: dict[str, Any]) -> Any:
    from nbconvert.exporters.templateexporter import TemplateExporter
    from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

    def prose(text: str) -> str:
        renderer = IPythonRenderer(escape=False, allow_harmful_protocols=False, exclude_anchor_links=True)
        return str(MarkdownWithMath(renderer=renderer).render(text))

    class Pack(TemplateExporter):
        """Our one template, found beside this module and nowhere else."""

        file_extension = ".html"
        output_mimetype = "text/html"

        def _template_file_default(self) -> str:
            return "index.html.j2"

    exporter = Pack(template_paths=[str(TEMPLATE)], filters={"prose": prose}, default_preprocessors=[])
    exporter.environment.globals["page"] = page
    return exporter


def _frame(imprint: Imprint) -> dict[str, Any]:
    identity = imprint.process.process
    definition, rule = imprint.process.hash, imprint.process.rule_hash
    return {
        "css": style(),
        "marking": imprint.marking,
        "synthetic": identity.synthetic,
        "organisation": identity.organisation,
        "process": identity.title,
        "run": imprint.run,
        "definition_hash": definition,
        "rule_hash": rule,
        "seal": imprint.seal,
        "sealed": imprint.sealed,
        "hashes": f"definition {definition[:8]}, rule {rule[:8]}",
    }


@lru_cache(maxsize=1)
def style() -> str:
    """The style sheet, for the screen and for print."""
    return "\n".join((TEMPLATE / name).read_text(encoding="utf-8") for name in ("screen.css", "print.css"))


def _plain(fragment: str) -> str:
    return " ".join(html.unescape(_TAGS.sub("", fragment)).split())


def _one_h1(body: str, imprint: Imprint) -> tuple[str, str]:
    """The first `h1` goes into the masthead; any other becomes an `h2`. What is made to be published has a title of its own."""
    own = f"<h1>{html.escape(imprint.kind, quote=False)}</h1>"
    found = [m for m in _HEADING.finditer(body) if m.group(1) == "1"]
    if not found:
        return own, body
    first = found[0]
    rest = body[: first.start()] + body[first.end() :]
    rest = _HEADING.sub(lambda m: f"<h2{m.group(2)}>{m.group(3)}</h2>" if m.group(1) == "1" else m.group(), rest)
    return own if imprint.to_publish else f"<h1>{first.group(3)}</h1>", rest


def _with_ids(body: str) -> tuple[str, list[tuple[str, str]]]:
    """Every heading with an id of its own; the `h2` make the contents list."""
    contents: list[tuple[str, str]] = []
    taken: set[str] = {"content", "about-this-run"}

    def named(match: re.Match[str]) -> str:
        level, attributes, inner = match.groups()
        attributes = re.sub(r'\sid="[^"]*"', "", attributes)
        wanted = re.search(r'\sid="([^"]*)"', match.group(2))
        text = _plain(inner)
        base = wanted.group(1) if wanted else "-".join(re.findall(r"[a-z0-9]+", text.lower()))[:60].strip("-") or "section"
        name, number = base, 2
        while name in taken:
            name, number = f"{base}-{number}", number + 1
        taken.add(name)
        if level == "2":
            contents.append((name, html.escape(text, quote=False)))
        return f'<h{level} id="{name}"{attributes}>{inner}</h{level}>'

    return _HEADING.sub(named, body), contents


def _with_named_pictures(body: str) -> str:
    """Every picture in a group that the keyboard reaches and that bears the title of its figure: no two groups have one name."""
    taken: set[str] = set()

    def named(match: re.Match[str]) -> str:
        names = [name for name in (*_titles(body, match.start()), _alternative(match.group())) if name]
        name = next((name for name in names if name not in taken), "")
        taken.add(name)
        label = html.escape(f"Chart: {name}" if name else "Chart", quote=True)
        return f'<div class="picture" role="group" tabindex="0" aria-label="{label}">{match.group()}</div>'

    return _PICTURE.sub(named, body)


def _titles(body: str, place: int) -> tuple[str, ...]:
    """The title of the figure in which a place lies, and its whole caption."""
    start = max(body.rfind("<figure", 0, place), 0)
    caption = _FIGCAPTION.search(body, start, place)
    if caption is None or body.find("</figure>", start, place) >= 0:
        return ()
    title = _FIGURE_TITLE.search(caption.group(1))
    return (*([_plain(title.group(1))] if title else []), _plain(caption.group(1).replace("<br>", ": ")))


def _alternative(svg: str) -> str:
    label = _LABEL.search(svg[: svg.find(">")])
    return html.unescape(label.group(1)) if label else ""


def _in_a_region(match: re.Match[str]) -> str:
    """A table that is wider than the screen scrolls by itself, also by keyboard."""
    caption = _CAPTION.search(match.group())
    label = html.escape(_plain(caption.group(1)) if caption else "Table", quote=True)
    size = "scroll short" if match.group().count("<tr") <= _SHORT_TABLE else "scroll"
    return f'<div class="{size}" role="region" tabindex="0" aria-label="{label}">{match.group()}</div>'


def _with_printed_contents(body: str, contents: list[tuple[str, str]], entries: str) -> str:
    """On paper the contents, with page numbers, follow page one; page one stands alone."""
    if len(contents) < 2:
        return body
    second = body.find(f'<h2 id="{contents[1][0]}"')
    return f"{body[:second]}{_PRINTED_CONTENTS}<h2>Contents</h2><ol>{entries}</ol></div>\n{body[second:]}"


class Printer:
    """Makes the PDF in a process of its own, which loads what it needs while the notebook runs and sets the type beside the workbook."""

    def __enter__(self) -> Printer:
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "standardsetting.reporting.render"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(BrokenPipeError):
                    pipe.close()
        self._process.wait()

    def send(self, page: str) -> None:
        """Hand over the page; the PDF is made while the caller does something else."""
        if self._process.stdin is not None:
            with suppress(BrokenPipeError):  # a process without Pango has left; its exit code says so
                self._process.stdin.write(page.encode())
                self._process.stdin.close()

    def receive(self) -> bytes | None:
        """The PDF, or None where Pango is missing.

        Raises
        ------
        PublishingError
            Pango is there and the PDF failed all the same.
        """
        self._process.stdin = None
        pdf, _ = self._process.communicate()
        if self._process.returncode == _NO_PANGO:
            return None
        if self._process.returncode or not pdf.startswith(b"%PDF"):
            raise PublishingError(
                "The PDF could not be made.", next_step="The page may hold markup that cannot be printed; nothing was published."
            )
        return pdf


def main() -> int:
    """A page on standard input, its PDF on standard output."""
    try:
        import weasyprint  # noqa: F401
    except OSError:
        return _NO_PANGO
    page = sys.stdin.buffer.read().decode()
    gc.disable()  # this process ends with the page; collecting would take a fifth of its time
    if page:
        sys.stdout.buffer.write(to_pdf(page))
    return 0


if __name__ == "__main__":
    sys.exit(main())
