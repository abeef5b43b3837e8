//! The words of the field, one a concept, as `brooks explain` and docs/GLOSSARY.md tell them.

/// A word and what it means.
pub struct Word {
    /// The word.
    pub word: &'static str,
    /// What it means here.
    pub means: &'static str,
    /// Words that belong to it.
    pub see: &'static [&'static str],
}

const fn word(word: &'static str, means: &'static str, see: &'static [&'static str]) -> Word {
    Word { word, means, see }
}

/// The glossary, in reading order.
pub static WORDS: &[Word] = &[
    word("run", "One execution of a scenario: one seed, one replication, one team.", &["scenario", "replication"]),
    word(
        "scenario",
        "Everything that a run needs to know: the work, the team, the protocol, the faults, the limits.",
        &["run", "sweep"],
    ),
    word(
        "sweep",
        "Many points of a scenario: every combination of the values on its axes, each with many replications.",
        &["point", "replication"],
    ),
    word(
        "trace",
        "A run as a file tells it: a header and a line a step, recorded elsewhere or written by brooks. Holds names, times and counts, and nothing that anybody wrote.",
        &["replay", "importer", "quality of a field"],
    ),
    word("importer", "Reads recorded runs in the format of another program and makes traces of them.", &["trace"]),
    word(
        "quality of a field",
        "How far a field of a trace can be trusted: recorded (in the source), inferred (follows by a rule that may be wrong), estimated (a guess at a number), absent.",
        &["trace"],
    ),
    word(
        "replay",
        "A recorded run through the engine again: as it was, or its work under another team (what if).",
        &["trace", "run"],
    ),
    word(
        "calibration",
        "What is learned from recorded runs of few agents so that teams of many can be predicted before they are paid for: a profile with a behaviour.",
        &["behaviour", "trace"],
    ),
    word(
        "envelope",
        "What a calibrated profile was learned from: the team sizes, numbers of tasks, parallel fractions and contexts that its recordings had. A scenario beyond it is simulated all the same, and said to be beyond it.",
        &["calibration"],
    ),
    word(
        "what-if",
        "The work of a recorded session under other teams: `brooks replay SESSION --agents 1..8`. Its ranges hold what one session leaves open: the session is drawn again in blocks, learned from and simulated again.",
        &["calibration", "behaviour"],
    ),
    word(
        "behaviour",
        "What agents of one kind do by what they see: habits learned from recorded runs, in place of parameters. Each agent follows a script, the calls of one recorded agent, as long as what it sees is much the same; scripts of a team are of one style of work. The board's rules settle what comes of it.",
        &["calibration", "run"],
    ),
    word("point", "One cell of a sweep: one value from each axis.", &["sweep", "design"]),
    word(
        "shard",
        "A part of a sweep that is run by itself, `--shard 3/12`; `brooks merge` puts all of them together. A hash of its values decides to which shard a point belongs.",
        &["sweep", "plan of a sweep"],
    ),
    word(
        "plan of a sweep",
        "What the rows of a sweep depend on: version, scenario, axes, replications, seed, and the files that the scenario names. Its hash is in plan.json, and only results of one plan are put together.",
        &["shard", "sweep"],
    ),
    word(
        "design",
        "Which points of a sweep are run: all combinations (grid), or a number of points spread over the axes by a Latin hypercube or a scrambled Sobol sequence.",
        &["point"],
    ),
    word(
        "sensitivity",
        "Which axis moves a figure most, over all the values of the others: by elementary effects (morris), which are cheap and say how much, or by Sobol indices, which say which share of the variance.",
        &["sobol index", "elementary effect", "design"],
    ),
    word(
        "sobol index",
        "The share of a figure's variance that an axis is the cause of: by itself (first order), or with its part in every interplay with other axes (total). Without interplay those of first order add up to 1; a total index of 0 means that the axis does nothing.",
        &["sensitivity"],
    ),
    word(
        "elementary effect",
        "What changing one axis does to a figure from some place, scaled to the axis' whole range. Over many places: the mean (mu), the mean size (mu*), and the spread (sigma), which is large where the effect depends on the place (Morris 1991).",
        &["sensitivity"],
    ),
    word(
        "crossover",
        "Where one architecture overtakes another along an axis, found by `brooks sweep --find crossover`: two places between which the sign of the difference of their means changes, known at both with 99 %.",
        &["common random numbers", "architecture"],
    ),
    word(
        "precision",
        "The share of a mean that its 95 % interval may be off by. With --precision replications go on until the mean makespan is known so well.",
        &["replication"],
    ),
    word(
        "replication",
        "One repetition of a point with fresh randomness. Replication 7 of one point shares its randomness with replication 7 of every other point.",
        &["common random numbers"],
    ),
    word(
        "common random numbers",
        "The same task takes the same noise at every team size and under every architecture, so that differences between points come from what differs and not from luck. Comparisons are paired and their intervals narrow.",
        &["replication", "variance reduction"],
    ),
    word(
        "optimal",
        "The team that is best for time, cost or quality, among sizes and architectures; chosen by Kim and Nelson's procedure, so that how sure it is can be said.",
        &["kim nelson", "indifference zone", "pareto front"],
    ),
    word(
        "kim nelson",
        "A procedure that runs all teams side by side, leaves out each as soon as it is shown not to be the best, and promises that what is left at the end is the best or within the indifference zone of it, with a stated probability (Kim and Nelson 2001).",
        &["indifference zone", "common random numbers"],
    ),
    word(
        "indifference zone",
        "The difference that is too small to care for: 2 % of the best mean if nothing else is said. Teams within it cannot be told apart, and need not be.",
        &["kim nelson"],
    ),
    word(
        "pareto front",
        "The teams to choose among whatever time, cost and quality are worth to you: no other team is shown to be better in one of the three without being shown to be worse in another.",
        &["optimal"],
    ),
    word(
        "variance reduction",
        "The share of the variance of differences that common random numbers take away, 1 - var(a - b)/(var a + var b). One of 87 % is worth 1/0.13 = 7.7 times the replications.",
        &["common random numbers"],
    ),
    word(
        "precision",
        "The share of a mean by which it may be off, at 95 %. With --precision replications go on until the half-width of the interval is g/(1 + g) of the mean.",
        &["replication"],
    ),
    word(
        "seed",
        "The number that all randomness of a result comes from. Same scenario, seed and version: the same bytes, on every machine.",
        &["digest"],
    ),
    word(
        "digest",
        "A fingerprint of every figure of every run of a point. Equal results have equal digests.",
        &["seed"],
    ),
    word("agent", "An LLM worker with its own context.", &["lead", "worker", "profile"]),
    word(
        "lead",
        "The agent that hands out tasks or watches, under architectures that have one. It does not work on tasks unless it is alone.",
        &["worker", "architecture"],
    ),
    word("worker", "An agent that works on tasks.", &["lead"]),
    word(
        "profile",
        "What one kind of agent is like: speed, tokens, habits and failings, with its origin. A profile is data; the code knows no model.",
        &["agent"],
    ),
    word(
        "architecture",
        "The coordination protocol of a team: who takes which task, who is told, when a claim is granted.",
        &["solo", "preassigned", "self_claim"],
    ),
    word("solo", "One agent does every task: the baseline that every team has to beat.", &["baseline"]),
    word("preassigned", "Tasks are dealt before the start and everybody sticks to their own.", &["architecture"]),
    word(
        "self_claim",
        "No lead: whoever is free claims a ready task from the shared board it last saw.",
        &["claim", "lost claim"],
    ),
    word(
        "task",
        "A node of the task graph: some output tokens of useful work, after the tasks that it depends on.",
        &["artifact", "span"],
    ),
    word(
        "artifact",
        "A file or object that tasks read and write. A task that declares none writes one of its own.",
        &["conflict"],
    ),
    word(
        "step",
        "One busy interval of an agent: it decides from what it sees, thinks for a while, and its action lands.",
        &["action", "commit"],
    ),
    word("action", "What a step does: work on tasks, hand out tasks, monitor; or wait.", &["step"]),
    word(
        "commit",
        "The moment when a reply lands. What others changed since the decision surfaces here: an LLM call is an optimistic transaction.",
        &["stale read", "lost claim"],
    ),
    word(
        "pacing",
        "Whether agents go on at their own pace (async) or in rounds with a barrier.",
        &["round", "barrier wait"],
    ),
    word(
        "round",
        "The steps between two barriers. All are decided on the same board; the round ends with its slowest member.",
        &["barrier wait", "straggler"],
    ),
    word("barrier wait", "Time in a round between one's own reply and the last one.", &["round", "straggler"]),
    word("straggler", "Who ends a round last. The straggler gap is the slowest latency less the mean one.", &["round"]),
    word("latency", "Think time of a call, with the agent's own tools after it.", &["ttft", "variance components"]),
    word("ttft", "Time to the first token of a reply.", &["latency"]),
    word(
        "variance components",
        "A latency varies between runs, agents, rounds and calls. What is shared by a round's members makes no stragglers; one independent draw a call predicts up to four times too many.",
        &["straggler", "latency"],
    ),
    word(
        "work",
        "T1: the sum of all task sizes; in the time budget, agent time that got tasks done.",
        &["span", "time budget"],
    ),
    word("span", "Tinf: the heaviest path through the task graph. No team is faster.", &["work", "parallelism"]),
    word("parallelism", "Work over span: the greatest speedup that any team can have.", &["work", "span", "width"]),
    word(
        "width",
        "The largest set of tasks of which none depends on another: more agents than that can't all be busy.",
        &["parallelism"],
    ),
    word("makespan", "Tn: from the start to the last commit, with n agents.", &["speedup"]),
    word(
        "speedup",
        "Makespan of the baseline over makespan here. It means nothing without its baseline, which is always printed.",
        &["baseline", "efficiency"],
    ),
    word("efficiency", "Speedup over team size: what one agent of the team is worth.", &["speedup"]),
    word(
        "baseline",
        "What a speedup is relative to: self (the same architecture with one agent), solo (one agent alone), or a named point.",
        &["speedup"],
    ),
    word(
        "check",
        "Whether a curve is still what a committed file (`brooks baseline record`) says it was: identical, equivalent, better, worse, or inconclusive; and whether the claims of its scenario (`assert`) hold.",
        &["equivalent", "digest", "common random numbers"],
    ),
    word(
        "equivalent",
        "Not the same bytes, but the 90 % interval of the difference lies inside the tolerance (2 % unless said otherwise): two one-sided t-tests at 5 % each (TOST).",
        &["check"],
    ),
    word(
        "parallel fraction",
        "p: the share of the work that can be shared out. (N - CP)/N for N tasks with a longest chain of CP, or (T1 - Tinf)/T1 by size.",
        &["amdahl"],
    ),
    word("serial fraction", "s: the share of the time that is not shared out, as seen by a team of n.", &["gustafson"]),
    word(
        "amdahl",
        "S(n) = 1/((1-p) + p/n): the work is fixed, and its serial part stays. G. M. Amdahl, AFIPS 1967.",
        &["parallel fraction", "gustafson"],
    ),
    word(
        "gustafson",
        "S(n) = n - s(n-1): the time is fixed, and the work grows with the team. J. L. Gustafson, CACM 1988.",
        &["serial fraction", "amdahl"],
    ),
    word(
        "usl",
        "X(n) = lambda n / (1 + sigma(n-1) + kappa n(n-1)): Gunther's universal scalability law. Contention bends the curve, coherency makes it fall.",
        &["sigma", "kappa", "peak_agents"],
    ),
    word("sigma", "Contention in the USL: the share of the work that queues for something shared.", &["usl"]),
    word(
        "kappa",
        "Coherency in the USL: the cost of every pair of agents keeping each other up to date.",
        &["usl", "peak_agents"],
    ),
    word("lambda", "Throughput of one agent in the USL.", &["usl"]),
    word(
        "peak_agents",
        "The team size at which throughput is greatest: sqrt((1-sigma)/kappa), evaluated at its floor and ceiling.",
        &["usl", "brooks's law"],
    ),
    word(
        "brooks's law",
        "Adding manpower to a late software project makes it later. F. P. Brooks, The Mythical Man-Month, 1975.",
        &["kappa"],
    ),
    word(
        "karp-flatt",
        "e = (1/S - 1/n)/(1 - 1/n): the serial fraction seen from outside. If it grows with n, overhead grows.",
        &["serial fraction"],
    ),
    word(
        "lack of fit",
        "A curve misses the means by more than repeated measurements at one team size differ: the law is not the truth, however small its residuals.",
        &["usl", "replication"],
    ),
    word(
        "at bound",
        "The best value of a parameter would lie beyond what it can be, so it is set to the bound: coherency of 0, say. It has no standard error, but an interval to one side.",
        &["kappa", "sigma"],
    ),
    word(
        "superlinear",
        "Faster than so many times one: more than its share. No law here explains it; look for a cache, a handicapped baseline, or noise.",
        &["speedup", "karp-flatt"],
    ),
    word(
        "work-span bounds",
        "max(T1/n, Tinf) <= Tn for every schedule; Tn <= T1/n + (1 - 1/n) Tinf for every greedy one without overhead. Brent 1974, Graham 1969.",
        &["work", "span"],
    ),
    word("claim", "Asking for the ownership of a task.", &["lost claim", "blocked claim"]),
    word(
        "lost claim",
        "A claim on a task that somebody else already had. The work that went into it is duplicated.",
        &["claim", "stale read"],
    ),
    word("blocked claim", "A claim on a task whose dependencies are not done: a temporal violation.", &["claim"]),
    word(
        "orphaned claim",
        "A claim that was granted and forgotten: the task looks taken and nobody works on it. Most runs that never end hold one.",
        &["lease"],
    ),
    word("lease", "How long a forgotten claim lasts before the task goes back to the pool.", &["orphaned claim"]),
    word("stale read", "What a step saw has changed before it lands.", &["commit", "conflict"]),
    word(
        "conflict",
        "Overlapping writes to one artifact, or edits that clash in meaning.",
        &["last_writer_wins", "optimistic", "lock"],
    ),
    word("last_writer_wins", "The later write replaces the earlier one, and a test may notice.", &["conflict"]),
    word("lock", "A step holds all it will write from decision to commit; others wait.", &["conflict"]),
    word(
        "optimistic",
        "A step is rejected at commit if what it read or writes has changed since it decided.",
        &["conflict"],
    ),
    word(
        "rework",
        "What is done again because of a conflict, an error, or a task that was said to be done and was not.",
        &["retry", "time budget"],
    ),
    word(
        "retry",
        "Another attempt after a wrong one. With error rate e that is noticed, a task takes 1/(1-e) attempts.",
        &["rework"],
    ),
    word(
        "premature completion",
        "A task is said to be done and is not. That comes out when a task that needs it is tried, or at the end.",
        &["rework"],
    ),
    word("llm_calls", "Agent replies, idle ones included.", &["messages_sent"]),
    word("messages_sent", "Messages sent between agents.", &["deliveries"]),
    word(
        "deliveries",
        "Messages times recipients: n - 1 for a star, n(n-1) when everybody tells everybody.",
        &["messages_sent"],
    ),
    word(
        "resource",
        "Something shared with a capacity: a test runner, a merge queue, a reviewer, a rate limit. All are queues.",
        &["waiting"],
    ),
    word(
        "time budget",
        "n x makespan = work + coordination + waiting + lost + rework. It always balances, and says what limits a team.",
        &["waiting", "coordination", "lost"],
    ),
    word("coordination", "Agent time in handing out, monitoring and idle calls.", &["time budget"]),
    word("waiting", "Agent time with nothing to do, at the barrier, or in a queue.", &["time budget", "barrier wait"]),
    word(
        "lost",
        "Agent time in lost and blocked claims, crashes, calls that changed nothing, and steps cut off by the end.",
        &["time budget", "lost claim"],
    ),
    word(
        "token multiplier",
        "Tokens of the team over tokens of the baseline. It usually outruns the speedup.",
        &["speedup"],
    ),
    word(
        "cell",
        "All recorded runs under one condition: one value of every label, one architecture, one team size. What validate compares.",
        &["noise floor", "holdout"],
    ),
    word(
        "noise floor",
        "The error that a perfect model would still show, because recordings are few and vary: half of what random halves of the recordings differ by. A model at the floor can't be told from the truth.",
        &["cell"],
    ),
    word(
        "holdout",
        "A part of the recordings that a calibration does not see and then predicts: a model, a kind of work, the larger teams, every other run.",
        &["noise floor"],
    ),
    word("quality", "Share of tasks whose final output is right.", &["premature completion"]),
    word(
        "ending",
        "How a run ended: completed, stalled (nobody can act), or out of time (a limit was reached: censored).",
        &["censored"],
    ),
    word(
        "censored",
        "A run that was given up at a limit. Its makespan says how long one has watched, not how long the work takes; means leave it out and say so.",
        &["ending"],
    ),
];

/// The entry for a word, however it is written: any case, `-` or `_` for a space.
pub fn find(wanted: &str) -> Option<&'static Word> {
    let plain = |text: &str| text.to_lowercase().replace(['-', '_'], " ");
    WORDS.iter().find(|word| plain(word.word) == plain(wanted))
}
