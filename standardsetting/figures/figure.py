"""A figure: its picture as accessible SVG, its conclusion as title, one sentence for who cannot see it, its numbers as a table."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from io import StringIO
from typing import Any

import matplotlib as mpl
import matplotlib.style
from matplotlib.figure import Figure as Drawing

from standardsetting.tables.table import MIME, Table

# 16 cm, the text width of an A4 page with 2.5 cm margins.
WIDTH = 16 / 2.54

# The Analysis Function's palette: dark blue, orange, light blue, and a grey for the background. Text never takes the light ones.
BLUE, ORANGE, LIGHT, GREY = "#12436D", "#F46A25", "#6BACE6", "#BFBFBF"
INK, QUIET = "#1A1A1A", "#595959"

# The page's own typeface where the browser has it. The drawing is laid out with a wider one, so that text never outgrows its place.
FONTS = "Arial, Helvetica, 'Liberation Sans', 'DejaVu Sans', sans-serif"

_SETTINGS: Any = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 8.5,
    "axes.labelsize": 8.5,
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 8.5,
    "axes.titlesize": 9,
    "axes.grid": False,
    "axes.linewidth": 0.8,
    "text.color": INK,
    "axes.labelcolor": INK,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "ytick.left": False,
    "hatch.linewidth": 0.8,
    "svg.fonttype": "none",
    "figure.dpi": 96,
    "text.parse_math": False,
}


@contextmanager
def drawing(height_cm: float) -> Iterator[Drawing]:
    """A blank drawing, 16 cm wide, in the house style."""
    with mpl.style.context("afcharts.afcharts"), mpl.rc_context(_SETTINGS):
        yield Drawing(figsize=(WIDTH, height_cm / 2.54))


@dataclass(frozen=True)
class Figure:
    """A figure to be read.

    Parameters
    ----------
    name
        Its short name: unique on the page; ids inside the picture begin with it.
    title
        The conclusion, in a sentence without a full stop.
    subtitle
        What is shown, and in which unit.
    alt
        One sentence with the numbers, for those who cannot see the picture.
    drawing
        The matplotlib figure.
    twin
        The numbers behind the picture.
    """

    name: str
    title: str
    subtitle: str
    alt: str
    drawing: Drawing
    twin: Table

    @cached_property
    def svg(self) -> str:
        """The picture as one `<svg>` element: text as text, every id its own, the same bytes for the same numbers."""
        with mpl.rc_context({**_SETTINGS, "svg.hashsalt": self.name}):
            buffer = StringIO()
            self.drawing.savefig(
                buffer, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None}, transparent=True
            )
        return _inline(buffer.getvalue(), self.name, self.alt)

    @property
    def html(self) -> str:
        """The figure as HTML: caption, picture, and its numbers folded below."""
        return (
            f'<figure id="figure-{self.name}"><figcaption><strong class="figure-title">{html.escape(self.title)}</strong><br>'
            f'<span class="figure-unit">{html.escape(self.subtitle)}</span></figcaption>{self.svg}'
            f"<details><summary>The figures behind this chart</summary>{self.twin.html}</details></figure>"
        )

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        if self.twin.data.empty:  # a picture of nothing
            return {"text/plain": "", "text/html": ""}
        return {"text/plain": f"{self.title}. {self.alt}", "text/html": self.html, MIME: self.twin.record}


def _inline(document: str, name: str, alt: str) -> str:
    """A matplotlib SVG document as an element that can stand among others: nothing in it reaches outside it."""
    element = document[document.index("<svg") :]
    element = re.sub(r"<!--.*?-->|<metadata>.*?</metadata>", "", element, flags=re.DOTALL)
    # matplotlib's style element speaks of every element on the page: its two properties are said once, on this one.
    element = re.sub(r"<style[^>]*>.*?</style>", "", element, flags=re.DOTALL)
    element = re.sub(r"<defs>\s*</defs>", "", element)
    element = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', element)
    element = re.sub(r"url\(#([^)]+)\)", rf"url(#{name}-\1)", element)
    element = re.sub(r'href="#([^"]+)"', rf'href="#{name}-\1"', element)
    element = re.sub(r"\s*font-family: [^;\"]*;?", "", element)
    element = re.sub(r' transform="rotate\(-0 [^"]*\)"', "", element)
    element = re.sub(r"\n\s*", "\n", element).strip()
    box = re.search(r'viewBox="([^"]+)"', element)
    size = box.group(1) if box else ""
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="{size}" width="100%" role="img" '
        f'aria-label="{html.escape(alt)}" font-family="{FONTS}" style="max-width:16cm;stroke-linejoin:round;stroke-linecap:butt">'
    )
    return opening + element[element.index(">") + 1 :]
