"""Conversion of tables: a sweep to pandas, and frames of other libraries to JSON Lines."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from brooks._brooks import Table


def to_pandas(table: Table) -> Any:
    """Converts a table to a `pandas.DataFrame`; missing values are NaN."""
    try:
        import pandas
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"to_pandas() needs pandas ({error}): pip install pandas; rows(), t[column], to_csv(path) and"
            " pyarrow.table(t) or polars.DataFrame(t) do not need it",
            name=error.name,
        ) from None
    frame = pandas.DataFrame({name: table[name] for name in table.columns})
    # A column without any value would have no type.
    empty = [name for name in frame.columns if frame[name].isna().all()]
    return frame.astype({name: float for name in empty})


def json_lines(table: Any) -> bytes:
    """Converts rows of measurements to JSON Lines, from a list of dicts, a dict of columns, or a frame or table of brooks,
    pandas, Polars or Arrow."""
    if isinstance(table, (list, tuple)):
        rows = [dict(row) for row in table]
    elif not hasattr(table, "__getitem__"):
        expected = "a path, a dict of columns, a list of dicts, or a frame or table of pandas, Polars, Arrow or brooks.sweep"
        raise TypeError(f"table: {type(table).__name__} given; expected {expected}")
    else:
        names = getattr(table, "column_names", None) or getattr(table, "columns", None)
        columns = {str(name): _values(table[name]) for name in (table if names is None else names)}
        if len({len(values) for values in columns.values()}) > 1:
            lengths = ", ".join(f"{name} {len(values)}" for name, values in columns.items())
            raise ValueError(f"the columns differ in length: {lengths}")
        rows = [dict(zip(columns, row)) for row in zip(*columns.values())]
    return "".join(json.dumps(row, default=_plain, allow_nan=False) + "\n" for row in map(_known, rows)).encode()


def _values(column: Any) -> list[Any]:
    for name in ("to_pylist", "tolist", "to_list"):
        if hasattr(column, name):
            return list(getattr(column, name)())
    return list(column)


def _known(row: dict[Any, Any]) -> dict[str, Any]:
    return {str(name): None if isinstance(value, float) and math.isnan(value) else value for name, value in row.items()}


def _plain(value: Any) -> Any:
    """Converts a NumPy scalar to Python; other values, such as times, to text."""
    return value.item() if hasattr(value, "item") else str(value)
