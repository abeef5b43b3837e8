//! brooks
fn main() {}
