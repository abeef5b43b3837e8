//! Closed forms of queues and races, against which the simulator is tested.
//!
//! Times are in any one unit; rates are per that unit. An overloaded queue has no steady state: its waiting time is
//! infinite. Formulas without a name are in L. Kleinrock, "Queueing Systems", volume 1, Wiley 1975.

use crate::engine::math;

/// Erlang B: the fraction of arrivals that find all servers busy, if blocked arrivals leave.
///
/// `load` is the arrival rate times the mean service time. B(0) = 1, B(c) = load B(c-1) / (c + load B(c-1)): a sum of
/// positive terms, so it neither overflows nor cancels. A. K. Erlang, 1917.
///
/// ```
/// assert_eq!(brooks::scaling::queueing::erlang_b(1, 1.0), 0.5);
/// ```
pub fn erlang_b(servers: u32, load: f64) -> f64 {
    (1..=servers).fold(1.0, |blocked, server| load * blocked / (f64::from(server) + load * blocked))
}

/// Erlang C: the fraction of arrivals that wait for one of `servers`; 1 under overload.
///
/// C = B / (1 - rho(1 - B)) with rho = load / servers.
///
/// ```
/// assert_eq!(brooks::scaling::queueing::erlang_c(1, 0.5), 0.5);
/// ```
pub fn erlang_c(servers: u32, load: f64) -> f64 {
    let utilisation = load / f64::from(servers);
    if utilisation >= 1.0 {
        return 1.0;
    }
    let blocked = erlang_b(servers, load);
    blocked / (1.0 - utilisation * (1.0 - blocked))
}

/// Mean wait for service in M/M/c: Poisson arrivals, exponential service, `servers` of them.
///
/// Wq = C mean / (c - load).
///
/// ```
/// // At half load the mean wait equals the mean service time.
/// assert_eq!(brooks::scaling::queueing::mmc_wait(1, 0.5, 1.0), 1.0);
/// ```
pub fn mmc_wait(servers: u32, arrival_rate: f64, service_mean: f64) -> f64 {
    let load = arrival_rate * service_mean;
    let free = f64::from(servers) - load;
    if free <= 0.0 { f64::INFINITY } else { erlang_c(servers, load) * service_mean / free }
}

/// Mean wait for the one server of M/G/1, for service times with coefficient of variation `cv`.
///
/// Pollaczek and Khinchine: Wq = rho / (1 - rho) x (1 + cv^2) / 2 x mean.
///
/// ```
/// use brooks::scaling::queueing;
/// assert_eq!(queueing::mg1_wait(0.5, 1.0, 1.0), queueing::mmc_wait(1, 0.5, 1.0));
/// ```
pub fn mg1_wait(arrival_rate: f64, service_mean: f64, cv: f64) -> f64 {
    let utilisation = arrival_rate * service_mean;
    if utilisation >= 1.0 {
        return f64::INFINITY;
    }
    utilisation / (1.0 - utilisation) * (1.0 + cv * cv) / 2.0 * service_mean
}

/// Mean wait for the one server of M/D/1, with constant service times: half that of M/M/1.
///
/// ```
/// assert_eq!(brooks::scaling::queueing::md1_wait(0.5, 1.0), 0.5);
/// ```
pub fn md1_wait(arrival_rate: f64, service: f64) -> f64 {
    mg1_wait(arrival_rate, service, 0.0)
}

/// Little's law: the mean number present is the arrival rate times the mean time in the system.
///
/// J. D. C. Little, "A proof for the queuing formula L = lambda W", Operations Research 9(3), 1961.
///
/// ```
/// assert_eq!(brooks::scaling::queueing::little(2.0, 3.0), 6.0);
/// ```
pub fn little(arrival_rate: f64, time_in_system: f64) -> f64 {
    arrival_rate * time_in_system
}

/// The inverse of Little's law: the mean time in the system, from the mean number present.
///
/// ```
/// assert_eq!(brooks::scaling::queueing::time_in_system(6.0, 2.0), 3.0);
/// ```
pub fn time_in_system(number: f64, arrival_rate: f64) -> f64 {
    number / arrival_rate
}

/// The fewest servers at which at most the fraction `share`, above 0, of the arrivals find all busy (the inverse of
/// Erlang B). None if a million are not enough.
///
/// ```
/// assert_eq!(brooks::scaling::queueing::servers_for_blocking(1.0, 0.25), Some(2));
/// ```
pub fn servers_for_blocking(load: f64, share: f64) -> Option<u32> {
    let mut blocked = 1.0;
    (0..=MOST_SERVERS).find(|&server| {
        if server > 0 {
            blocked = load * blocked / (f64::from(server) + load * blocked);
        }
        blocked <= share
    })
}

/// The fewest servers at which the mean wait in M/M/c is at most `wait` (the inverse of [`mmc_wait`]). None if a million
/// are not enough.
///
/// ```
/// use brooks::scaling::queueing;
/// assert_eq!(queueing::servers_for_wait(0.5, 1.0, 1.0), Some(1));
/// assert_eq!(queueing::servers_for_wait(0.5, 1.0, 0.5), Some(2));
/// ```
pub fn servers_for_wait(arrival_rate: f64, service_mean: f64, wait: f64) -> Option<u32> {
    let load = arrival_rate * service_mean;
    let mut blocked = 1.0;
    (1..=MOST_SERVERS).find(|&server| {
        let servers = f64::from(server);
        blocked = load * blocked / (servers + load * blocked);
        let waits = blocked / (1.0 - load / servers * (1.0 - blocked));
        load < servers && waits * service_mean / (servers - load) <= wait
    })
}

/// Greatest number of servers that is searched.
const MOST_SERVERS: u32 = 1_000_000;

/// The arrival rate at which the mean wait for the one server of M/G/1 is `wait` (the inverse of [`mg1_wait`]).
///
/// With c = (1 + cv^2) / 2 x mean: rho = Wq / (Wq + c).
///
/// ```
/// assert_eq!(brooks::scaling::queueing::mg1_arrival_rate(1.0, 1.0, 1.0), 0.5);
/// ```
pub fn mg1_arrival_rate(wait: f64, service_mean: f64, cv: f64) -> f64 {
    wait / (wait + 1_f64.midpoint(cv * cv) * service_mean) / service_mean
}

/// The harmonic number `H_n` = 1 + 1/2 + .. + 1/n; 0 for n = 0.
///
/// ```
/// assert_eq!(brooks::scaling::queueing::harmonic(2), 1.5);
/// ```
pub fn harmonic(n: u32) -> f64 {
    // Summation from the smallest term loses least precision.
    (1..=n).rev().map(|term| 1.0 / f64::from(term)).sum()
}

/// Expected length of a round of `n` agents whose latencies are exponential with `mean`: `H_n` x mean.
///
/// The first of k to finish takes mean/k on average; the exponential distribution has no memory, so k - 1 fresh agents
/// are left.
///
/// ```
/// assert_eq!(brooks::scaling::queueing::exponential_max(2, 4.0), 6.0);
/// ```
pub fn exponential_max(n: u32, mean: f64) -> f64 {
    harmonic(n) * mean
}

/// Expected lost claims of `agents` that each claim one of `tasks`, at least 1, at random and at the same time.
///
/// n - m(1 - (1 - 1/m)^n): the agents less the claimed tasks (the birthday problem).
///
/// ```
/// assert_eq!(brooks::scaling::queueing::first_wave_lost_claims(2, 2), 0.5);
/// ```
pub fn first_wave_lost_claims(tasks: u32, agents: u32) -> f64 {
    let (m, n) = (f64::from(tasks), f64::from(agents));
    n - m * (1.0 - math::pow(1.0 - 1.0 / m, n))
}

/// Expected attempts at a task whose every attempt fails with probability `error_rate`: 1 / (1 - e).
///
/// ```
/// assert_eq!(brooks::scaling::queueing::attempts(0.75), 4.0);
/// ```
pub fn attempts(error_rate: f64) -> f64 {
    1.0 / (1.0 - error_rate)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn inverses_round_trip(load in 0.1..60.0_f64, share in 0.001..0.9_f64, cv in 0.0..3.0_f64) {
            let servers = servers_for_blocking(load, share).expect("enough");
            prop_assert!(erlang_b(servers, load) <= share);
            prop_assert!(servers == 0 || erlang_b(servers - 1, load) > share);
            let servers = servers_for_wait(load, 2.0, share).expect("enough");
            prop_assert!(mmc_wait(servers, load, 2.0) <= share * (1.0 + 1e-12));
            prop_assert!(servers == 1 || mmc_wait(servers - 1, load, 2.0) > share);
            let rate = mg1_arrival_rate(share, 2.0, cv);
            prop_assert!((mg1_wait(rate, 2.0, cv) / share - 1.0).abs() < 1e-9);
            prop_assert!((time_in_system(little(load, share), load) - share).abs() < 1e-12);
        }
    }

    fn close(left: f64, right: f64) {
        assert!((left - right).abs() <= 1e-12 * right.abs().max(1.0), "{left} is not {right}");
    }

    #[test]
    fn erlang_equals_the_sums_it_stands_for() {
        for servers in [1_u32, 2, 5, 16] {
            for load in [0.1, 0.9, 3.0, 12.0] {
                let mut term = 1.0;
                let mut sum = 1.0;
                for k in 1..=servers {
                    term *= load / f64::from(k);
                    sum += term;
                }
                close(erlang_b(servers, load), term / sum);
                let c = f64::from(servers);
                if load < c {
                    let waiting = term * c / (c - load);
                    close(erlang_c(servers, load), waiting / (sum - term + waiting));
                }
            }
        }
    }

    #[test]
    fn many_servers_do_not_overflow() {
        let blocked = erlang_b(100_000, 100_000.0);
        assert!(blocked > 0.0 && blocked < 0.01, "{blocked}");
        close(erlang_c(3, 3.0), 1.0);
        assert!(mmc_wait(3, 3.0, 1.0).is_infinite());
        assert!(mg1_wait(2.0, 1.0, 0.3).is_infinite());
    }

    #[test]
    fn textbook_figures() {
        // M/M/1: Wq = rho / (mu - lambda).
        close(mmc_wait(1, 0.8, 1.0), 4.0);
        close(md1_wait(0.8, 1.0), 2.0);
        // M/M/2 at rho = 0.75: C = 2 rho^2 / (1 + rho).
        close(erlang_c(2, 1.5), 2.0 * 0.75 * 0.75 / 1.75);
        close(harmonic(4), 25.0 / 12.0);
        close(harmonic(0), 0.0);
        close(exponential_max(3, 6.0), 11.0);
        close(first_wave_lost_claims(1, 5), 4.0);
        close(first_wave_lost_claims(365, 1), 0.0);
        close(first_wave_lost_claims(3, 2), 1.0 / 3.0);
        close(attempts(0.0), 1.0);
    }
}
