"""How values are shown: charts and pictures as such, rows as a table, anything else as text."""

import json

_pending = []  # charts that were made and not shown yet: they are shown when the run ends


def _host():
    import _llmos_host

    return _llmos_host


def wait_to_be_shown(chart):
    _pending.append(chart)


def was_shown(chart):
    if chart in _pending:
        _pending.remove(chart)


def show(value, title=None):
    """Shows a value now. Gives True if it was shown as a chart, picture or table; text goes to the output."""
    if _show_rich(value, title):
        return True
    print(value)
    return False


def _show_rich(value, title=None):
    from .table import Table, as_table

    for name, mime in (("_repr_svg_", "image/svg+xml"), ("_repr_png_", "image/png")):
        maker = getattr(type(value), name, None)
        if maker is not None:
            data = maker(value)
            if data is not None:
                was_shown(value)
                _send_plot(mime, data, title or getattr(value, "title", None))
                return True
    if type(value).__name__ == "Figure" and hasattr(value, "savefig"):
        _send_figure(value, title)
        return True
    found = value if isinstance(value, Table) else as_table(value)
    if found is None:
        return False
    _host().table(json.dumps(found.payload(title)))
    return True


def _send_plot(mime, data, title):
    if isinstance(data, str):
        data = data.encode()
    _host().plot(mime, str(title) if isinstance(title, str) and title else "", bytes(data))


def _send_figure(figure, title=None):
    import io

    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=144, bbox_inches="tight")
    _send_plot("image/png", buffer.getvalue(), title)


def finish(quietly=False):
    """At the end of a run: what was drawn and not shown yet."""
    import sys

    charts, _pending[:] = list(_pending), []
    if quietly:
        return
    for chart in charts:
        _show_rich(chart)
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:
        for number in pyplot.get_fignums():
            _send_figure(pyplot.figure(number))
        pyplot.close("all")
