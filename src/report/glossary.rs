//! Glossary of `brooks explain` and docs/GLOSSARY.md: one term per concept.

/// Term with its definition.
pub struct Word {
    /// Term.
    pub word: &'static str,
    /// Definition in this program.
    pub means: &'static str,
    /// Related terms.
    pub see: &'static [&'static str],
}

const fn word(word: &'static str, means: &'static str, see: &'static [&'static str]) -> Word {
    Word { word, means, see }
}

/// Glossary in reading order.
pub static WORDS: &[Word] = &[
    word("run", "One simulation of a scenario: one seed, one replication, one team.", &["scenario", "replication"]),
    word("scenario", "Complete input of a run: work, team, protocol, faults and limits.", &["run", "sweep"]),
    word(
        "sweep",
        "All points of a scenario: every combination of the values on its axes, each with many replications.",
        &["point", "replication"],
    ),
    word(
        "trace",
        "A run as a file: a header and one line per step, recorded elsewhere or written by brooks. It contains names, times and counts, and no text of prompts or replies.",
        &["replay", "importer", "quality of a field"],
    ),
    word("importer", "Converts recorded runs of another program to traces.", &["trace"]),
    word(
        "quality of a field",
        "Reliability of a field of a trace: recorded (in the source), inferred (by a rule that may be wrong), estimated (an approximate number), absent.",
        &["trace"],
    ),
    word(
        "replay",
        "A recorded run executed again: exactly, or its work with another team (what-if).",
        &["trace", "run"],
    ),
    word(
        "calibration",
        "Learning a profile from recorded runs of small teams, to predict large teams before paying for them. The profile contains a behaviour.",
        &["behaviour", "trace"],
    ),
    word(
        "envelope",
        "Range of the recordings of a calibrated profile: team sizes, numbers of tasks, parallel fractions and context sizes. Outside it a scenario is still simulated, with a note about the extrapolation.",
        &["calibration"],
    ),
    word(
        "what-if",
        "Prediction of the work of a recorded session with other teams: `brooks replay SESSION --agents 1..8`. Its intervals come from a block bootstrap: the session is resampled, and profile and simulation are repeated.",
        &["calibration", "behaviour"],
    ),
    word(
        "behaviour",
        "Policy learned from recorded runs, instead of parameters. Each agent follows a script, the calls of one recorded agent, while its observations are similar. The scripts of a team share one style of work. The rules of the board decide the outcome.",
        &["calibration", "run"],
    ),
    word("point", "One combination of a sweep: one value per axis.", &["sweep", "design"]),
    word(
        "shard",
        "A part of a sweep in a process of its own, `--shard 3/12`. `brooks merge` combines all shards. A hash of its values assigns a point to a shard.",
        &["sweep", "plan of a sweep"],
    ),
    word(
        "plan of a sweep",
        "All inputs of the rows of a sweep: version, scenario, axes, replications, seed, and the files that the scenario names. plan.json contains its hash; only results of one plan are merged.",
        &["shard", "sweep"],
    ),
    word(
        "design",
        "Choice of the points of a sweep: all combinations (grid), or a number of points spread over the axes by a Latin hypercube or a scrambled Sobol sequence.",
        &["point"],
    ),
    word(
        "sensitivity",
        "Effect of each axis on a metric, over all values of the other axes. Elementary effects (morris) are cheap and rank the axes; Sobol indices give fractions of the variance.",
        &["sobol index", "elementary effect", "design"],
    ),
    word(
        "sobol index",
        "Fraction of the variance of a metric due to an axis: alone (first order), or with its interactions (total). Without interactions the first-order indices sum to 1. A total index of 0 means no effect.",
        &["sensitivity"],
    ),
    word(
        "elementary effect",
        "Change of a metric when one axis changes, scaled to the whole range of the axis. Over many points: the mean (mu), the mean absolute value (mu*), and the standard deviation (sigma), which is large if the effect varies (Morris 1991).",
        &["sensitivity"],
    ),
    word(
        "crossover",
        "Axis value at which one architecture overtakes another, from `brooks sweep --find crossover`. The result is an interval: the difference of their means has opposite signs at its ends, each with 99 % confidence.",
        &["common random numbers", "architecture"],
    ),
    word(
        "replication",
        "One repetition of a point with new random numbers. Replication 7 of one point shares its random numbers with replication 7 of every other point.",
        &["common random numbers"],
    ),
    word(
        "common random numbers",
        "A task has the same random numbers at every team size and under every architecture. Differences between points then come from the points, not from chance. Comparisons are paired, and their intervals are narrow.",
        &["replication", "variance reduction"],
    ),
    word(
        "optimal",
        "Best team for time, cost or quality, among sizes and architectures. Kim and Nelson's procedure chooses it with a stated probability.",
        &["kim nelson", "indifference zone", "pareto front"],
    ),
    word(
        "kim nelson",
        "Selection procedure that runs all teams in stages and eliminates inferior ones. With a stated probability the remaining team is the best, or within the indifference zone of it (Kim and Nelson 2001).",
        &["indifference zone", "common random numbers"],
    ),
    word(
        "indifference zone",
        "Difference that does not matter: 2 % of the best mean by default. The selection does not distinguish teams within it.",
        &["kim nelson"],
    ),
    word(
        "pareto front",
        "Teams without a significantly better alternative: no other team is better in time, cost or quality without being worse in another of them.",
        &["optimal"],
    ),
    word(
        "variance reduction",
        "Fraction of the variance of differences that common random numbers remove, 1 - var(a - b)/(var a + var b). A reduction of 87 % equals 1/0.13 = 7.7 times the replications.",
        &["common random numbers"],
    ),
    word(
        "precision",
        "Relative error of a mean at 95 % confidence. With --precision g, replications continue until the half-width of the interval is g/(1 + g) of the mean.",
        &["replication"],
    ),
    word(
        "seed",
        "Number that determines all random numbers. The same scenario, seed and version give the same bytes on every machine.",
        &["digest"],
    ),
    word("digest", "Hash of every metric of every run of a point. Equal results have equal digests.", &["seed"]),
    word("agent", "An LLM with its own context that takes part in the work.", &["lead", "worker", "profile"]),
    word(
        "lead",
        "Agent that assigns tasks or monitors, in architectures with a lead. It works on tasks only if it is alone.",
        &["worker", "architecture"],
    ),
    word("worker", "An agent that works on tasks.", &["lead"]),
    word(
        "profile",
        "Parameters of one kind of agent: speed, tokens, error rates and faults, with their source. A profile is data: the code contains no model names.",
        &["agent"],
    ),
    word(
        "architecture",
        "Coordination protocol of a team: assignment of tasks, messages, and the time at which a claim is granted.",
        &["solo", "preassigned", "self_claim"],
    ),
    word("solo", "One agent does every task: the baseline of every team.", &["baseline"]),
    word("preassigned", "Tasks are assigned before the start, and agents keep them.", &["architecture"]),
    word(
        "self_claim",
        "No lead: an idle agent claims a ready task from its last view of the shared board.",
        &["claim", "lost claim"],
    ),
    word(
        "task",
        "Node of the task graph: a number of output tokens of useful work, after its dependencies.",
        &["artifact", "span"],
    ),
    word(
        "artifact",
        "File or object that tasks read and write. A task without declared artifacts writes one of its own.",
        &["conflict"],
    ),
    word(
        "step",
        "One busy interval of an agent: it decides on its current view, computes, and commits its action.",
        &["action", "commit"],
    ),
    word("action", "Content of a step: work on tasks, assign tasks, monitor, or wait.", &["step"]),
    word(
        "commit",
        "Time at which a step takes effect. Changes by others since its decision are detected here: an LLM call is an optimistic transaction.",
        &["stale read", "lost claim"],
    ),
    word(
        "pacing",
        "Synchronization of the agents: independent steps (async), or rounds with a barrier.",
        &["round", "barrier wait"],
    ),
    word(
        "round",
        "Steps between two barriers. All decide on the same board; the round ends with its slowest step.",
        &["barrier wait", "straggler"],
    ),
    word(
        "barrier wait",
        "Time in a round between the own reply of an agent and the last reply.",
        &["round", "straggler"],
    ),
    word(
        "straggler",
        "Last agent of a round. The straggler gap is the slowest latency minus the mean latency.",
        &["round"],
    ),
    word(
        "latency",
        "Duration of a call, including the tool calls of the agent after it.",
        &["ttft", "variance components"],
    ),
    word("ttft", "Time to the first token of a reply.", &["latency"]),
    word(
        "variance components",
        "Latency varies between runs, agents, rounds and calls. Variance shared by the members of a round makes no stragglers; independent draws per call predict up to four times too many.",
        &["straggler", "latency"],
    ),
    word(
        "work",
        "T1: the sum of all task sizes. In the time budget: agent time of completed tasks.",
        &["span", "time budget"],
    ),
    word(
        "span",
        "Tinf: the heaviest path through the task graph, a lower bound on every makespan.",
        &["work", "parallelism"],
    ),
    word("parallelism", "Work divided by span: the maximum speedup of any team.", &["work", "span", "width"]),
    word(
        "width",
        "Size of the largest set of mutually independent tasks: the maximum number of agents busy at a time.",
        &["parallelism"],
    ),
    word("makespan", "Tn: time from the start to the last commit, with n agents.", &["speedup"]),
    word(
        "speedup",
        "Makespan of the baseline divided by the makespan. The baseline is always printed with it.",
        &["baseline", "efficiency"],
    ),
    word("efficiency", "Speedup divided by team size.", &["speedup"]),
    word(
        "baseline",
        "Reference of a speedup: self (the same architecture with one agent), solo (one agent alone), or a named point. For `brooks check`: a recorded curve.",
        &["speedup"],
    ),
    word(
        "check",
        "Comparison of a curve with a committed file (`brooks baseline record`): identical, equivalent, better, worse, or inconclusive. It also tests the claims of the scenario (`assert`).",
        &["equivalent", "digest", "common random numbers"],
    ),
    word(
        "equivalent",
        "Different bytes, but the 90 % interval of the difference lies within the tolerance (2 % by default): two one-sided t-tests at 5 % each (TOST).",
        &["check"],
    ),
    word(
        "parallel fraction",
        "p: the fraction of the work that can run in parallel. (N - CP)/N for N tasks with a longest chain of CP, or (T1 - Tinf)/T1 by size.",
        &["amdahl"],
    ),
    word("serial fraction", "s: the serial fraction of the time of a team of n.", &["gustafson"]),
    word(
        "amdahl",
        "S(n) = 1/((1-p) + p/n): speedup for fixed work with a serial part. G. M. Amdahl, AFIPS 1967.",
        &["parallel fraction", "gustafson"],
    ),
    word(
        "gustafson",
        "S(n) = n - s(n-1): speedup for fixed time, with work that grows with the team. J. L. Gustafson, CACM 1988.",
        &["serial fraction", "amdahl"],
    ),
    word(
        "usl",
        "X(n) = lambda n / (1 + sigma(n-1) + kappa n(n-1)): Gunther's universal scalability law. Contention flattens the curve; coherency makes it decrease.",
        &["sigma", "kappa", "peak_agents"],
    ),
    word("sigma", "Contention in the USL: the fraction of the work that waits for shared resources.", &["usl"]),
    word("kappa", "Coherency in the USL: the synchronization cost of each pair of agents.", &["usl", "peak_agents"]),
    word("lambda", "Throughput of one agent in the USL.", &["usl"]),
    word(
        "peak_agents",
        "Team size of maximum throughput: sqrt((1-sigma)/kappa), evaluated at its floor and ceiling.",
        &["usl", "brooks's law"],
    ),
    word(
        "brooks's law",
        "Adding manpower to a late software project makes it later. F. P. Brooks, The Mythical Man-Month, 1975.",
        &["kappa"],
    ),
    word(
        "karp-flatt",
        "e = (1/S - 1/n)/(1 - 1/n): the serial fraction from a measured speedup. If it grows with n, overhead grows.",
        &["serial fraction"],
    ),
    word(
        "lack of fit",
        "Test of a law: its residuals exceed the variation of repeated measurements at one team size. Such a law is wrong, even with small residuals.",
        &["usl", "replication"],
    ),
    word(
        "at bound",
        "An estimate on the bound of its parameter, such as a coherency of 0, because the unconstrained optimum lies outside. It has a one-sided interval and no standard error.",
        &["kappa", "sigma"],
    ),
    word(
        "superlinear",
        "Speedup above the team size. No law here explains it; possible causes are a cache, a weak baseline, or noise.",
        &["speedup", "karp-flatt"],
    ),
    word(
        "work-span bounds",
        "max(T1/n, Tinf) <= Tn for every schedule; Tn <= T1/n + (1 - 1/n) Tinf for every greedy one without overhead. Brent 1974, Graham 1969.",
        &["work", "span"],
    ),
    word("claim", "Request for the ownership of a task.", &["lost claim", "blocked claim"]),
    word(
        "lost claim",
        "Claim on a task that another agent already owned. Its work is duplicated.",
        &["claim", "stale read"],
    ),
    word("blocked claim", "Claim on a task with unfinished dependencies: a temporal violation.", &["claim"]),
    word(
        "orphaned claim",
        "Granted claim whose owner does not work on it: the task looks taken. Most runs that never end contain one.",
        &["lease"],
    ),
    word(
        "lease",
        "Time after which an orphaned claim expires and the task becomes available again.",
        &["orphaned claim"],
    ),
    word("stale read", "Data read by a step changed before its commit.", &["commit", "conflict"]),
    word(
        "conflict",
        "Overlapping writes to one artifact, or semantically incompatible edits. `conflicts` counts all of them, `conflicts_noticed` those that were rejected or found.",
        &["last_writer_wins", "optimistic", "lock"],
    ),
    word("last_writer_wins", "The later write replaces the earlier one; a test may detect the loss.", &["conflict"]),
    word("lock", "A step locks its artifacts from decision to commit; other writers wait.", &["conflict"]),
    word(
        "optimistic",
        "A step is rejected at commit if its reads or writes changed since its decision.",
        &["conflict"],
    ),
    word("rework", "Repeated work after a conflict, an error, or a premature completion.", &["retry", "time budget"]),
    word(
        "retry",
        "Another attempt after a failed one. With a detected error rate e, a task takes 1/(1-e) attempts on average.",
        &["rework"],
    ),
    word(
        "premature completion",
        "A task is reported as done and is not. It is detected when a dependent task starts, or at the end.",
        &["rework"],
    ),
    word("llm_calls", "Number of agent replies, including idle ones.", &["messages_sent"]),
    word("messages_sent", "Number of messages between agents.", &["deliveries"]),
    word(
        "deliveries",
        "Messages times recipients: n - 1 for a star, n(n-1) if all agents send to all others.",
        &["messages_sent"],
    ),
    word(
        "resource",
        "Shared queue with a capacity: a test runner, a merge queue, a reviewer, or a rate limit.",
        &["waiting"],
    ),
    word(
        "time budget",
        "n x makespan = work + service + coordination + waiting + lost + rework. It always balances, and shows the limiting factor of a team.",
        &["waiting", "service", "coordination", "lost"],
    ),
    word(
        "service",
        "Agent time held up by a shared resource that serves its reply: a test run, a review, a merge. The queue before it is waiting.",
        &["resource", "time budget"],
    ),
    word("coordination", "Agent time in assignment, monitoring and idle calls.", &["time budget"]),
    word(
        "waiting",
        "Agent time without work, service or a call, divided by its cause.",
        &["cause of waiting", "time budget", "barrier wait"],
    ),
    word(
        "cause of waiting",
        "Dependencies of the tasks that are left; the lead, who has to assign a ready task; a lock; the queue of a resource; the barrier of a round; a message; a pause before a retry; a crash of the agent itself; or nothing left to do. Recordings of other programs give barriers and queues only; the rest is unknown.",
        &["waiting", "resource", "lock"],
    ),
    word(
        "lost",
        "Agent time in lost and blocked claims, crashes, calls without effect, and steps interrupted by the end of the run.",
        &["time budget", "lost claim"],
    ),
    word(
        "token multiplier",
        "Tokens of the team divided by tokens of the baseline. It usually exceeds the speedup. Its parts are printed with it: reading the outputs of others, briefings, messages, and the agents' own histories.",
        &["speedup"],
    ),
    word(
        "cell",
        "All recorded runs under one condition: one value of every label, one architecture, one team size. Unit of comparison of `brooks validate`.",
        &["noise floor", "holdout"],
    ),
    word(
        "noise floor",
        "Error of a perfect model, due to few and varying recordings: half the difference between random halves of the recordings. A model at the floor is indistinguishable from the truth.",
        &["cell"],
    ),
    word(
        "holdout",
        "Part of the recordings that a calibration leaves out and then predicts: a model, a kind of work, the larger teams, or every other run.",
        &["noise floor"],
    ),
    word("quality", "Fraction of tasks with a correct final output.", &["premature completion"]),
    word(
        "ending",
        "End state of a run: completed, stalled (no agent can act), or out of time (a limit was reached: censored).",
        &["censored"],
    ),
    word(
        "censored",
        "Run stopped at a limit. Its makespan is the time observed, a lower bound on the time of the work. Means exclude it, with a note.",
        &["ending"],
    ),
];

/// Returns the entry of a term, in any case, with `-` or `_` for a space.
pub fn find(wanted: &str) -> Option<&'static Word> {
    let plain = |text: &str| text.to_lowercase().replace(['-', '_'], " ");
    WORDS.iter().find(|word| plain(word.word) == plain(wanted))
}
