"""How many agents, organised how? A sweep in a notebook's three cells: run it, look at it, fit it."""

import brooks

# 1. Run: three architectures, one to eight agents, the same noise for all of them.
table = brooks.sweep(
    "hello", agents=range(1, 9), architecture=["preassigned", "self_claim", "lead_dynamic"], reps=200
)
print(table)

# 2. Look: the fastest team of each architecture, and what it costs over one agent.
frame = table.to_pandas()
best = frame.loc[frame.groupby("architecture")["makespan_s.mean"].idxmin()]
columns = ["architecture", "agents", "makespan_s.mean", "speedup.mean", "cost.mean"]
print(best[columns].round(2).to_string(index=False))

# 3. Fit: which law does claiming follow, and where does it peak?
claimed = frame[frame["architecture"] == "self_claim"]
fit = brooks.fit(claimed)
print(fit["verdict"]["law"], "-", fit["verdict"]["reason"])
