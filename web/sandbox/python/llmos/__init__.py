"""What LLMos adds to Python in the browser: charts and tables that need nothing but the standard library.

    from llmos import plot, table

    rows = table.read("data/sales.csv")
    plot.line([r["month"] for r in rows], [r["units"] for r in rows], title="Units")

`show(value)` shows a chart, a table, a picture or the text of anything else, as the last line of a cell does by itself.
"""

from . import plot, table
from .display import show

__all__ = ["plot", "table", "show"]
