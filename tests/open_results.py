"""Opens the results of a sweep, FOLDER with sweep.* and runs.parquet, in pandas, Polars and DuckDB, and compares what they see.

Run by tests/it/sweeps.rs where BROOKS_PYTHON names a Python that has the three (and pyarrow)."""

import sys

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow.parquet as pq

folder = sys.argv[1]


def same(one, other, what):
    one, other = list(one), list(other)
    assert len(one) == len(other), what
    if one and isinstance(one[0], str):
        assert one == other, what
    else:
        numbers = [np.array(values, dtype=float) for values in (one, other)]
        assert np.array_equal(*numbers, equal_nan=True), what


for name in ("sweep", "runs"):
    path = f"{folder}/{name}.parquet"
    frames = [pd.read_parquet(path), pl.read_parquet(path), duckdb.sql(f"select * from '{path}'").df()]
    for frame in frames[1:]:
        assert list(frame.columns) == list(frames[0].columns), name
        for column in frame.columns:
            same(frames[0][column], frame[column], f"{name}: {column}")
    about = {key.decode(): value.decode() for key, value in pq.read_metadata(path).metadata.items()}
    for key in ("brooks.version", "brooks.seed", "brooks.plan", "brooks.axes", "brooks.scenario"):
        assert about.get(key), f"{name}: no {key} in the metadata"

text, columns = pd.read_csv(f"{folder}/sweep.csv"), pd.read_parquet(f"{folder}/sweep.parquet")
assert list(text.columns) == list(columns.columns)
for column in columns.columns:
    same(text[column], columns[column], f"sweep.csv: {column}")

means = duckdb.sql(
    f"""select r.m, s."makespan_s.mean" from '{folder}/sweep.parquet' s join
    (select architecture, agents, avg(makespan_s) m from '{folder}/runs.parquet' group by all) r using (architecture, agents)"""
).fetchall()
assert len(means) == len(columns) and all(abs(a - b) < 1e-9 * b for a, b in means), means
print(f"{len(columns)} rows, {sum(columns.runs)} runs")
