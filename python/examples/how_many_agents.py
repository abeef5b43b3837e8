"""How many agents, organised how? A sweep in a notebook's three cells: run it, look at it, fit it."""

import brooks

# 1. Run: the scenario's three architectures, one to eight agents, the same noise for all of them.
table = brooks.sweep("hello", agents=range(1, 9), reps=200)
print(table)

# 2. Look: the fastest team of each architecture, and what it costs.
frame = table.to_pandas()
best = frame.loc[frame.groupby("architecture")["makespan_s.mean"].idxmin()]
columns = ["architecture", "agents", "makespan_s.mean", "speedup.mean", "cost.mean"]
print(best[columns].round(2).to_string(index=False))

# 3. Fit: which law does each follow, and how sure is that?
fit = brooks.fit(table, y="makespan_s.mean")
for curve in fit["curves"]:
    law, verdict = curve["laws"]["amdahl"], curve["verdict"]
    share, sure = law["parameters"]["p"]["estimate"], verdict["reason"].split(":")[0]
    if verdict["law"] is None:
        print(f"{curve['curve']}: {verdict['reason']}")
    else:
        print(f"{curve['curve']}: {verdict['law']} ({sure}); by Amdahl's law {share:.0%} of the work is parallel")
