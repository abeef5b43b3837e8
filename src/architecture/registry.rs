//! The table of architectures: the command line, the docs, the scenario parser and the tests read it.

use crate::architecture::{
    Architecture, LeadAssigned, LeadDynamic, Pick, Preassigned, PreassignedLead, SelfClaim, Solo,
};
use crate::team::{AssignmentRule, Claims, Reports};

/// One architecture: what it is called, what it does, and how to make it.
pub struct ArchitectureEntry {
    /// Its name in scenarios.
    pub name: &'static str,
    /// Its protocol in one sentence.
    pub about: &'static str,
    /// Parameters, each with its choices; the first choice is the default.
    pub parameters: &'static [Parameter],
    /// Makes it from the chosen values.
    pub make: fn(&Choices<'_>) -> Box<dyn Architecture>,
}

/// A parameter with a closed set of values.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    /// Its key in scenarios.
    pub name: &'static str,
    /// Effect of the parameter, for help.
    pub about: &'static str,
    /// Its values; the first is the default.
    pub values: &'static [&'static str],
}

/// The values chosen for a row's parameters, one each, in the row's order.
pub struct Choices<'a> {
    parameters: &'static [Parameter],
    chosen: &'a [&'a str],
}

impl<'a> Choices<'a> {
    /// Takes one value for each of the row's parameters, or `None` if a value is not among its choices.
    pub fn new(row: &ArchitectureEntry, chosen: &'a [&'a str]) -> Option<Choices<'a>> {
        let fits = row.parameters.len() == chosen.len()
            && row.parameters.iter().zip(chosen).all(|(parameter, value)| parameter.values.contains(value));
        fits.then_some(Choices { parameters: row.parameters, chosen })
    }

    fn is(&self, name: &str, value: &str) -> bool {
        let place = self.parameters.iter().position(|parameter| parameter.name == name);
        place.is_some_and(|place| self.chosen[place] == value)
    }

    fn deal(&self) -> AssignmentRule {
        if self.is("deal", "round_robin") {
            AssignmentRule::RoundRobin
        } else if self.is("deal", "lpt") {
            AssignmentRule::Lpt
        } else {
            AssignmentRule::ChainAffine
        }
    }
}

const DEAL: Parameter = Parameter {
    name: "deal",
    about: "how tasks are dealt: in topological order keeping chains in one hand, in turn, or longest first",
    values: &["chain_affine", "round_robin", "lpt"],
};

/// All architectures.
pub static ARCHITECTURES: &[ArchitectureEntry] = &[
    ArchitectureEntry { name: "solo", about: "one agent, every task", parameters: &[], make: |_| Box::new(Solo) },
    ArchitectureEntry {
        name: "preassigned",
        about: "tasks are dealt before the start; no lead, no claims",
        parameters: &[DEAL],
        make: |choices| Box::new(Preassigned { deal: choices.deal() }),
    },
    ArchitectureEntry {
        name: "preassigned_lead",
        about: "tasks are dealt before the start; a lead that does none of them monitors",
        parameters: &[DEAL],
        make: |choices| Box::new(PreassignedLead { deal: choices.deal() }),
    },
    ArchitectureEntry {
        name: "lead_assigned",
        about: "the lead hands out every task in its first step, then monitors",
        parameters: &[DEAL],
        make: |choices| Box::new(LeadAssigned { deal: choices.deal() }),
    },
    ArchitectureEntry {
        name: "lead_dynamic",
        about: "the lead hands each free worker one ready task, again and again",
        parameters: &[Parameter {
            name: "per_call",
            about: "how much the lead hands out in one call: all that it can, or one task",
            values: &["all", "one"],
        }],
        make: |choices| {
            Box::new(LeadDynamic {
                deal: if choices.is("per_call", "one") { AssignmentRule::OneToFree } else { AssignmentRule::ToFree },
            })
        },
    },
    ArchitectureEntry {
        name: "self_claim",
        about: "no lead: a free agent claims a ready task from the shared board as it last saw it",
        parameters: &[
            Parameter {
                name: "claims",
                about: "when a claim is granted: at once, or when the reply lands (two can want one task)",
                values: &["at_decision", "at_commit"],
            },
            Parameter {
                name: "pick",
                about: "which ready task: the first of the list, or any",
                values: &["first", "random"],
            },
            Parameter {
                name: "announce",
                about: "recipients of a report of each finished task: nobody, or everybody (n - 1 deliveries)",
                values: &["nobody", "everybody"],
            },
        ],
        make: |choices| {
            Box::new(SelfClaim {
                pick: if choices.is("pick", "random") { Pick::Random } else { Pick::First },
                claims: if choices.is("claims", "at_decision") { Claims::AtDecision } else { Claims::AtCommit },
                reports: if choices.is("announce", "everybody") { Reports::Team } else { Reports::Nobody },
            })
        },
    },
];

/// The row of that name.
pub fn find(name: &str) -> Option<&'static ArchitectureEntry> {
    ARCHITECTURES.iter().find(|row| row.name == name)
}
