"""Rows of a table: read from and written to CSV, shown, summed up. A row is a dict, as `csv.DictReader` gives it, but with numbers.

    rows = table.read("data/sales.csv")          # [{"month": "2026-01", "units": 120}, ...]
    table.show(rows, title="Sales")
    table.summary(rows)                          # least, most, mean ... of each column of numbers, shown as a table
    table.write("data/forecast.csv", rows)
"""

import csv
import io
import math
import os
import statistics

MOST_ROWS = 1000
MOST_COLUMNS = 100
MOST_TEXT = 500


class Table:
    """Rows with the names of their columns. Shown as a table when it is the last value of a cell."""

    def __init__(self, rows, columns=None, title=None):
        self.rows = [dict(row) for row in rows]
        self.columns = [str(name) for name in columns] if columns else _columns(self.rows)
        self.title = title

    def payload(self, title=None):
        columns = self.columns[:MOST_COLUMNS]
        return {
            "columns": columns,
            "rows": [[_cell(row.get(name)) for name in columns] for row in self.rows[:MOST_ROWS]],
            "total": len(self.rows),
            "title": title or self.title,
        }

    def __len__(self):
        return len(self.rows)

    def __iter__(self):
        return iter(self.rows)

    def __getitem__(self, key):
        """A column by its name, a row by its number."""
        return [row.get(key) for row in self.rows] if isinstance(key, str) else self.rows[key]

    def __repr__(self):
        return f"Table of {len(self.rows)} rows: {', '.join(self.columns)}"

    def show(self):
        from .display import show

        show(self)


def read(source, delimiter=None):
    """Rows of a CSV file (or of CSV text with line breaks). Numbers become numbers, empty cells None; the delimiter is found."""
    if "\n" in str(source):
        text = str(source)
    else:
        with open(source, encoding="utf-8-sig", newline="") as file:
            text = file.read()
    if delimiter is None:
        head = text.split("\n", 1)[0]
        delimiter = max(",;\t|", key=head.count)
    rows = list(csv.DictReader(io.StringIO(text), delimiter=delimiter))
    return Table(
        [{(key or "").strip(): _number(value) for key, value in row.items() if key is not None} for row in rows],
        [name.strip() for name in (csv.DictReader(io.StringIO(text), delimiter=delimiter).fieldnames or [])],
    )


def write(path, rows, columns=None):
    """Writes rows as a CSV file; folders above it are made."""
    table = rows if isinstance(rows, Table) and columns is None else Table(rows, columns)
    folder = os.path.dirname(path)
    if folder:
        os.makedirs(folder, exist_ok=True)
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, table.columns, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows({name: "" if row.get(name) is None else row.get(name) for name in table.columns} for row in table)


def show(rows, columns=None, title=None):
    """Shows rows as a table."""
    from .display import show as show_value

    show_value(Table(rows, columns, title))


def summary(rows):
    """Count, least, most, mean, median and standard deviation of each column of numbers, as a table."""
    table = rows if isinstance(rows, Table) else Table(rows)
    lines = []
    for name in table.columns:
        values = [row.get(name) for row in table.rows]
        numbers = [value for value in values if isinstance(value, (int, float)) and not isinstance(value, bool)]
        if not numbers:
            continue
        lines.append(
            {
                "column": name,
                "count": len(numbers),
                "missing": len(values) - len(numbers),
                "least": min(numbers),
                "most": max(numbers),
                "mean": round(statistics.fmean(numbers), 4),
                "median": statistics.median(numbers),
                "deviation": round(statistics.stdev(numbers), 4) if len(numbers) > 1 else None,
            }
        )
    return Table(lines, title="Summary")


def as_table(value):
    """Rows of what looks like a table: a list of dicts, a DataFrame; None for anything else."""
    if isinstance(value, (list, tuple)) and value and all(isinstance(row, dict) for row in value):
        return Table(value)
    if hasattr(value, "columns") and callable(getattr(value, "to_dict", None)):
        try:
            total = len(value)
            split = (value.head(MOST_ROWS) if hasattr(value, "head") else value).to_dict("split")
            columns = [str(name) for name in split["columns"]]
            found = Table([dict(zip(columns, row)) for row in split["data"]], columns)
            found.payload = lambda title=None: {**Table.payload(found, title), "total": total}
            return found
        except Exception:
            return None
    return None


def _columns(rows):
    names = {}
    for row in rows:
        for name in row:
            names[str(name)] = True
    return list(names)


def _number(text):
    if text is None or not isinstance(text, str):
        return text
    text = text.strip()
    if text == "":
        return None
    # 007 and +49 are names, not numbers
    digits = text.lstrip("-")
    if len(digits) > 1 and digits[0] == "0" and digits[1] not in ".,eE" or text[0] == "+" or "_" in text:
        return text
    try:
        return int(text)
    except ValueError:
        pass
    try:
        value = float(text)
        return value if math.isfinite(value) else text
    except ValueError:
        return text


def _cell(value):
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if abs(value) < 2**53 else str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    item = getattr(value, "item", None)  # numbers of numpy
    if callable(item) and type(value).__module__ == "numpy":
        return _cell(item())
    return str(value)[:MOST_TEXT]
