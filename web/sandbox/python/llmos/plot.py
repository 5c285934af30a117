"""Charts as SVG, made of the standard library alone.

    plot.line(x, y, title="Units", x_label="month", y_label="units")
    plot.line(x, {"sold": sold, "planned": planned})           # several lines with a legend
    plot.bar(["north", "south"], [3, 5])
    plot.scatter(x, y)
    plot.histogram(values, bins=20)

Charts in layers, for a forecast:

    chart = plot.Chart(title="Forecast", y_label="units")
    chart.line(months, units, name="so far")
    chart.line(coming, expected, name="expected", dashed=True)
    chart.band(coming, low, high, name="80 %")
    chart.show()                                               # or chart.save("output/forecast.svg")

`x` may be numbers, dates (datetime, date, or text such as 2026-01 and 2026-01-31) or names. A None in `y` leaves a gap. A chart that
was made and not shown is shown when the run ends.
"""

import datetime as _dt
import math
import os

from .display import show as _show
from .display import wait_to_be_shown, was_shown

# Told apart by people who see colours differently, and legible on light and on dark (Okabe and Ito, 2008, darkened).
COLOURS = ["#2b6cc4", "#c2620a", "#1c8a63", "#a3498d", "#8a7400", "#2a93b8", "#b8433a", "#5f6470"]

_WIDTH, _HEIGHT = 680, 360
_STYLE = (
    "text{font:12px Inter,system-ui,sans-serif;fill:var(--plot-ink,#4b4d53)}"
    ".t{font-size:14px;font-weight:600;fill:var(--plot-title,#1b1c1f)}"
    ".g{stroke:var(--plot-line,#e6e6e2);stroke-width:1}.x{stroke:var(--plot-axis,#87898f);stroke-width:1}"
)


class Chart:
    """A chart of layers: lines, bars, points, bands. Each layer has its colour in turn, or the one that is told."""

    def __init__(self, title=None, x_label=None, y_label=None, width=_WIDTH, height=_HEIGHT, zero=None):
        self.title, self.x_label, self.y_label = title, x_label, y_label
        self.width, self.height = max(240, int(width)), max(160, int(height))
        self.zero = zero  # whether the axis of values starts at zero; bars always do
        self.layers = []
        self._colour = 0
        wait_to_be_shown(self)

    def line(self, x, y=None, name=None, dashed=False, colour=None, points=False):
        return self._add("line", x, y, name, colour, dashed=dashed, points=points)

    def scatter(self, x, y=None, name=None, colour=None, size=3.5):
        return self._add("scatter", x, y, name, colour, size=size)

    def bar(self, x, y=None, name=None, colour=None):
        return self._add("bar", x, y, name, colour)

    def band(self, x, low, high, name=None, colour=None):
        """The room between two lines, e.g. where a forecast may fall. Without a colour it has that of the layer before it."""
        x, low, high = list(x), _values(low), _values(high)
        _same_length(x, low, high)
        before = self.layers[-1]["colour"] if self.layers else COLOURS[0]
        self.layers.append({"kind": "band", "x": x, "low": low, "y": high, "name": name, "colour": colour or before})
        return self

    def _add(self, kind, x, y, name, colour, **more):
        if y is None:
            x, y = range(len(x)), x
        if isinstance(y, dict):
            for each, values in y.items():
                self._add(kind, x, values, str(each), None, **more)
            return self
        x, y = list(x), _values(y)
        _same_length(x, y)
        if colour is None:
            colour = COLOURS[self._colour % len(COLOURS)]
            self._colour += 1
        self.layers.append({"kind": kind, "x": x, "y": y, "name": name, "colour": colour, **more})
        return self

    def show(self):
        was_shown(self)
        _show(self)

    def save(self, path):
        """Writes the chart as an SVG file; folders above it are made."""
        folder = os.path.dirname(path)
        if folder:
            os.makedirs(folder, exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(self._repr_svg_())

    def __repr__(self):
        return f"Chart of {len(self.layers)} layers" + (f": {self.title}" if self.title else "")

    def _repr_svg_(self):
        return _draw(self)


def line(x, y=None, title=None, x_label=None, y_label=None, **more):
    return Chart(title, x_label, y_label).line(x, y, **more)


def scatter(x, y=None, title=None, x_label=None, y_label=None, **more):
    return Chart(title, x_label, y_label).scatter(x, y, **more)


def bar(x, y=None, title=None, x_label=None, y_label=None, **more):
    return Chart(title, x_label, y_label).bar(x, y, **more)


def histogram(values, bins=None, title=None, x_label=None, y_label="count"):
    """How often values fall into each of some equal ranges."""
    numbers = sorted(value for value in _values(values) if value is not None)
    if not numbers:
        raise ValueError("histogram: there are no numbers")
    low, high = numbers[0], numbers[-1]
    bins = bins or max(1, min(40, round(math.sqrt(len(numbers)))))
    step = (high - low) / bins or 1
    counts = [0] * bins
    for value in numbers:
        counts[min(bins - 1, int((value - low) / step))] += 1
    names = [f"{_tick(low + i * step, step)} to {_tick(low + (i + 1) * step, step)}" for i in range(bins)]
    return Chart(title, x_label, y_label).bar(names, counts)


# ---- drawing ----------------------------------------------------------------------------------------------------------------


def _values(values):
    result = []
    for value in values:
        if value is None:
            result.append(None)
            continue
        try:
            number = float(value)
        except (TypeError, ValueError):
            raise TypeError(f"a chart needs numbers, not {value!r}") from None
        result.append(number if math.isfinite(number) else None)
    return result


def _same_length(first, *others):
    for other in others:
        if len(first) != len(other):
            raise ValueError(f"x has {len(first)} values and y has {len(other)}")


def _moment(value):
    """A date as seconds, or None."""
    if isinstance(value, _dt.datetime):
        return value.replace(tzinfo=value.tzinfo or _dt.timezone.utc).timestamp()
    if isinstance(value, _dt.date):
        return _dt.datetime(value.year, value.month, value.day, tzinfo=_dt.timezone.utc).timestamp()
    if isinstance(value, str):
        text = value.strip()
        if len(text) == 7 and text[4:5] == "-":
            text += "-01"
        if len(text) >= 10 and text[4:5] == "-" and text[7:8] == "-":
            try:
                return _moment(_dt.datetime.fromisoformat(text))
            except ValueError:
                return None
    return None


def _scale_of_x(layers):
    """How x values become numbers: (kind, position of a value, names)."""
    values = [value for layer in layers for value in layer["x"]]
    bars = any(layer["kind"] == "bar" for layer in layers)
    if values and not bars:
        if all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in values):
            return "number", float, []
        if all(_moment(value) is not None for value in values):
            return "date", _moment, []
    places = {}
    for value in values:
        places.setdefault(str(value), len(places))
    if not bars:
        # text that is a date in one layer and not in another keeps its order
        return "name", lambda value: float(places[str(value)]), list(places)
    return "bar", lambda value: float(places[str(value)]), list(places)


def _nice(low, high, most=6):
    """Round numbers that cover a range (after Heckbert, Graphics Gems, 1990)."""
    if low == high:
        low, high = (low - 1, high + 1) if low else (0.0, 1.0)
    rough = (high - low) / max(1, most - 1)
    power = 10 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough * 0.999)
    first = math.floor(low / step + 1e-9) * step
    ticks = []
    while first + len(ticks) * step < high + step * 0.999:
        ticks.append(first + len(ticks) * step)
    return ticks, step


def _tick(value, step):
    if abs(value) < step * 1e-6:
        return "0"
    if abs(value) >= 1e15 or (abs(value) < 1e-4):
        return f"{value:.2g}"
    digits = max(0, -math.floor(math.log10(step) + 1e-9)) if step < 1 else (1 if step % 1 else 0)
    if step < 1 and round(step * 10**digits, 6) % 1:
        digits += 1
    return f"{value:,.{digits}f}".replace(",", "\u2009").replace("-", "\u2212")


def _dates(low, high, most=7):
    """Round moments that lie in a range, and how to write them."""
    span = high - low
    if span <= 0:
        return [low], "%Y-%m-%d"
    day = 86_400
    for step, form in ((60, "%H:%M"), (300, "%H:%M"), (900, "%H:%M"), (3600, "%H:%M"), (10_800, "%H:%M"), (21_600, "%d %b %H:%M")):
        if span / step <= most:
            return [t * step for t in range(math.ceil(low / step), math.floor(high / step) + 1)], form
    for days in (1, 2, 7, 14):
        if span / (days * day) <= most:
            return [t * days * day for t in range(math.ceil(low / (days * day)), math.floor(high / (days * day)) + 1)], "%d %b"
    start = _dt.datetime.fromtimestamp(low, _dt.timezone.utc)
    for months, form in ((1, "%b %Y"), (2, "%b %Y"), (3, "%b %Y"), (6, "%b %Y"), (12, "%Y"), (24, "%Y"), (60, "%Y"), (120, "%Y"), (1200, "%Y")):
        if span / (months * 30.44 * day) <= most:
            found = []
            count = (start.year * 12 + start.month - 1) // months * months
            while True:
                year, month = divmod(count, 12)
                if year > 9999:
                    return found, form
                moment = _dt.datetime(max(1, year), month + 1, 1, tzinfo=_dt.timezone.utc).timestamp()
                if moment > high + 1:
                    return found, form
                if moment >= low - 1:
                    found.append(moment)
                count += months
    return [low, high], "%Y"


def _escape(text):
    return str(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def _text(x, y, words, anchor="middle", extra=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{extra}>{_escape(words)}</text>'


def _short(words, most):
    words = str(words)
    return words if len(words) <= most else words[: max(1, most - 1)] + "…"


def _draw(chart):
    layers = chart.layers
    kind, place, names = _scale_of_x(layers)
    ys = [v for layer in layers for v in layer["y"] + layer.get("low", []) if v is not None]
    bars = [layer for layer in layers if layer["kind"] == "bar"]
    low, high = (min(ys), max(ys)) if ys else (0.0, 1.0)
    if bars or chart.zero:
        low, high = min(0.0, low), max(0.0, high)
    ticks, step = _nice(low, high, 6)
    low, high = ticks[0], ticks[-1]
    labels = [_tick(value, step) for value in ticks]
    named = [layer for layer in layers if layer["name"]]

    left = 16 + max(len(label) for label in labels) * 7 + (18 if chart.y_label else 0)
    top = 14 + (22 if chart.title else 0) + (20 if named else 0)
    bottom = 28 + (18 if chart.x_label else 0)
    width, height = chart.width - left - 18, chart.height - top - bottom
    xs = [place(value) for layer in layers for value in layer["x"]] or [0.0]
    first, last = min(xs), max(xs)
    if kind == "bar":
        first, last = -0.5, len(names) - 0.5
    elif first == last:
        first, last = first - 1, last + 1

    def at(value):
        return left + (value - first) / (last - first) * width

    def up(value):
        return top + height - (value - low) / (high - low) * height

    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {chart.width} {chart.height}" width="{chart.width}" height="{chart.height}" role="img" data-llmos="chart">',
        f"<title>{_escape(chart.title or 'Chart')}</title><style>{_STYLE}</style>",
    ]
    if chart.title:
        out.append(_text(left, 24, _short(chart.title, 80), "start", ' class="t"'))
    spot = float(left)
    for layer in named:
        y = top - 12
        shape = (
            f'<line x1="{spot:.1f}" x2="{spot + 16:.1f}" y1="{y}" y2="{y}" stroke="{layer["colour"]}" stroke-width="2"'
            f'{" stroke-dasharray=\"5 4\"" if layer.get("dashed") else ""}/>'
            if layer["kind"] == "line"
            else f'<rect x="{spot + 2:.1f}" y="{y - 5}" width="12" height="10" rx="2" fill="{layer["colour"]}"{" opacity=\"0.22\"" if layer["kind"] == "band" else ""}/>'
        )
        name = _short(layer["name"], 28)
        out.append(shape + _text(spot + 21, y + 4, name, "start"))
        spot += 36 + len(name) * 6.6
    for value, label in zip(ticks, labels):
        y = up(value)
        out.append(f'<line class="g" x1="{left}" x2="{left + width}" y1="{y:.1f}" y2="{y:.1f}"/>' + _text(left - 8, y + 4, label, "end"))
    if kind in ("name", "bar"):
        room = max(1, int(width // 64)) if names else 1
        every = max(1, math.ceil(len(names) / room))
        fits = max(4, int(width / max(1, math.ceil(len(names) / every)) / 6.6))
        marks = [(float(i), _short(name, fits)) for i, name in enumerate(names) if i % every == 0]
    elif kind == "date":
        moments, form = _dates(first, last)
        marks = [(m, _dt.datetime.fromtimestamp(m, _dt.timezone.utc).strftime(form)) for m in moments]
    else:
        numbers, gap = _nice(first, last, 8)
        marks = [(n, _tick(n, gap)) for n in numbers if first - 1e-9 <= n <= last + 1e-9]
    for value, label in marks:
        out.append(_text(at(value), top + height + 18, label))
    zero = up(0.0) if low <= 0 <= high and (bars or low < 0) else top + height
    for layer in [one for one in layers if one["kind"] == "band"] + [one for one in layers if one["kind"] != "band"]:
        out.append(_LAYERS[layer["kind"]](layer, place, at, up, bars, zero))
    out.append(f'<line class="x" x1="{left}" x2="{left + width}" y1="{zero:.1f}" y2="{zero:.1f}"/>')
    if chart.x_label:
        out.append(_text(left + width / 2, chart.height - 8, chart.x_label))
    if chart.y_label:
        middle = top + height / 2
        out.append(_text(14, middle, chart.y_label, "middle", f' transform="rotate(-90 14 {middle:.1f})"'))
    if not layers:
        out.append(_text(left + width / 2, top + height / 2, "Nothing is drawn in this chart yet"))
    return "".join(out) + "</svg>"


def _runs(layer, place):
    """Points without gaps between them."""
    runs, current = [], []
    for x, y in zip(layer["x"], layer["y"]):
        if y is None:
            if current:
                runs.append(current)
            current = []
        else:
            current.append((place(x), y))
    return runs + [current] if current else runs


def _draw_line(layer, place, at, up, _bars, _zero):
    dash = ' stroke-dasharray="6 5"' if layer.get("dashed") else ""
    out = []
    for run in _runs(layer, place):
        path = " ".join(f"{'L' if i else 'M'}{at(x):.1f} {up(y):.1f}" for i, (x, y) in enumerate(run))
        out.append(f'<path d="{path}" fill="none" stroke="{layer["colour"]}" stroke-width="2" stroke-linejoin="round" stroke-linecap="round"{dash}/>')
        if layer.get("points") or len(run) == 1:
            out += [f'<circle cx="{at(x):.1f}" cy="{up(y):.1f}" r="3" fill="{layer["colour"]}"/>' for x, y in run]
    return "".join(out)


def _draw_scatter(layer, place, at, up, _bars, _zero):
    return "".join(
        f'<circle cx="{at(place(x)):.1f}" cy="{up(y):.1f}" r="{layer["size"]}" fill="{layer["colour"]}" fill-opacity="0.75"/>'
        for x, y in zip(layer["x"], layer["y"])
        if y is not None
    )


def _draw_bar(layer, place, at, up, bars, zero):
    index, room = bars.index(layer), abs(at(1.0) - at(0.0)) * 0.72
    width = room / len(bars)
    out = []
    for x, y in zip(layer["x"], layer["y"]):
        if y is None:
            continue
        left = at(place(x)) - room / 2 + index * width
        top = min(up(y), zero)
        out.append(f'<rect x="{left:.1f}" y="{top:.1f}" width="{max(1, width - 1):.1f}" height="{abs(up(y) - zero):.1f}" rx="1.5" fill="{layer["colour"]}"/>')
    return "".join(out)


def _draw_band(layer, place, at, up, _bars, _zero):
    edge = [(place(x), lo, hi) for x, lo, hi in zip(layer["x"], layer["low"], layer["y"]) if lo is not None and hi is not None]
    if not edge:
        return ""
    points = [f"{at(x):.1f},{up(hi):.1f}" for x, _, hi in edge] + [f"{at(x):.1f},{up(lo):.1f}" for x, lo, _ in reversed(edge)]
    return f'<polygon points="{" ".join(points)}" fill="{layer["colour"]}" opacity="0.18"/>'


_LAYERS = {"line": _draw_line, "scatter": _draw_scatter, "bar": _draw_bar, "band": _draw_band}
