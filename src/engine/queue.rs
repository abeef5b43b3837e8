//! Event queue with a total order, tuned for few pending events.
//!
//! Events come out in the order (time, class, tie, sequence number). The tie is a keyed draw of the caller, so that of two
//! events at one time neither is always first. Equal events come in the order of their scheduling. This order is part of
//! the contract. An event is one integer, so that two events are compared as numbers.

use crate::engine::Time;

/// Pending event, packed: time (64 bits), class (4), tie (12), sequence number (24), slot (24).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Event(u128);

const SLOT_BITS: u32 = 24;
const SEQUENCE_BITS: u32 = 24;
const TIE_BITS: u32 = 12;
/// Sequence numbers wrap around: by then the event that had the number is long gone.
const SEQUENCE_MASK: u64 = (1 << SEQUENCE_BITS) - 1;

impl Event {
    #[inline]
    fn new(time: Time, class: u8, tie: u64, sequence: u64, slot: u32) -> Event {
        debug_assert!(class < 16 && tie < 1 << TIE_BITS && slot < 1 << SLOT_BITS);
        let order = u64::from(class) << TIE_BITS | tie;
        let low = (order << SEQUENCE_BITS | sequence & SEQUENCE_MASK) << SLOT_BITS | u64::from(slot);
        Event(u128::from(time.as_us()) << 64 | u128::from(low))
    }

    /// Returns the time of the event.
    #[inline]
    pub fn time(self) -> Time {
        Time::from_us((self.0 >> 64) as u64)
    }

    /// Returns the class: of two events at one time the lower class comes first.
    #[inline]
    pub fn class(self) -> u8 {
        ((self.0 as u64) >> (TIE_BITS + SEQUENCE_BITS + SLOT_BITS)) as u8
    }

    /// Returns the number of the agent or task that the event concerns.
    #[inline]
    pub fn slot(self) -> u32 {
        (self.0 as u32) & ((1 << SLOT_BITS) - 1)
    }
}

/// Most events in the sorted array; beyond it the queue is a heap.
const SMALL: usize = 24;
const ARITY: usize = 4;

/// Priority queue of pending events, earliest first, first in first out among equals.
///
/// Up to 24 events are an array sorted latest first: a push shifts a few neighbours, a pop takes the last. More events are
/// a 4-ary heap until it is empty again.
#[derive(Clone, Debug)]
pub struct EventQueue {
    /// Latest first; used while the heap is empty.
    sorted: [Event; SMALL],
    len: usize,
    heap: Vec<Event>,
    sequence: u64,
}

impl Default for EventQueue {
    fn default() -> EventQueue {
        EventQueue::new()
    }
}

impl EventQueue {
    /// Returns an empty queue.
    pub fn new() -> EventQueue {
        EventQueue { sorted: [Event(0); SMALL], len: 0, heap: Vec::new(), sequence: 0 }
    }

    /// Removes all events and resets the sequence number; keeps the memory.
    #[inline]
    pub fn clear(&mut self) {
        self.len = 0;
        self.heap.clear();
        self.sequence = 0;
    }

    /// Returns the number of pending events.
    #[inline]
    pub fn len(&self) -> usize {
        self.len + self.heap.len()
    }

    /// Returns true if no event is pending.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Schedules an event. `class` is below 16, `slot` below 2^24.
    #[inline]
    pub fn push(&mut self, time: Time, class: u8, slot: u32) {
        self.push_tied(time, class, 0, slot);
    }

    /// Schedules an event with a tie: the upper 12 bits of `tie` order events of one time and class.
    #[inline]
    pub fn push_tied(&mut self, time: Time, class: u8, tie: u64, slot: u32) {
        let event = Event::new(time, class, tie >> (u64::BITS - TIE_BITS), self.sequence, slot);
        self.sequence += 1;
        if self.heap.is_empty() && self.len < SMALL {
            let mut at = self.len;
            self.len += 1;
            while at > 0 && self.sorted[at - 1] < event {
                self.sorted[at] = self.sorted[at - 1];
                at -= 1;
            }
            self.sorted[at] = event;
        } else {
            self.push_heap(event);
        }
    }

    /// Returns the time of the next event.
    #[inline]
    pub fn next_time(&self) -> Option<Time> {
        let next = if self.len > 0 { self.sorted.get(self.len - 1) } else { self.heap.first() };
        next.map(|event| event.time())
    }

    /// Removes and returns the next event.
    #[inline]
    pub fn pop(&mut self) -> Option<Event> {
        if self.len == 0 {
            return self.pop_heap();
        }
        self.len -= 1;
        self.sorted.get(self.len).copied()
    }

    #[cold]
    fn push_heap(&mut self, event: Event) {
        // A sequence sorted earliest first is a heap.
        self.heap.extend(self.sorted[..self.len].iter().rev());
        self.len = 0;
        self.heap.push(event);
        let mut at = self.heap.len() - 1;
        while at > 0 {
            let parent = (at - 1) / ARITY;
            if self.heap[parent] <= event {
                break;
            }
            self.heap[at] = self.heap[parent];
            at = parent;
        }
        self.heap[at] = event;
    }

    #[cold]
    fn pop_heap(&mut self) -> Option<Event> {
        let first = *self.heap.first()?;
        let last = self.heap.pop()?;
        let len = self.heap.len();
        if len == 0 {
            return Some(first);
        }
        let mut at = 0;
        loop {
            let children = (ARITY * at + 1).min(len)..(ARITY * at + 1 + ARITY).min(len);
            let Some(least) = children.min_by_key(|&child| self.heap[child]) else { break };
            if last <= self.heap[least] {
                break;
            }
            self.heap[at] = self.heap[least];
            at = least;
        }
        self.heap[at] = last;
        Some(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn drain(queue: &mut EventQueue) -> Vec<(u64, u8, u32)> {
        std::iter::from_fn(|| queue.pop()).map(|e| (e.time().as_us(), e.class(), e.slot())).collect()
    }

    proptest! {
        /// Oracle: a stable sort by (time, class).
        #[test]
        fn pops_in_time_class_and_fifo_order(events in prop::collection::vec((0u64..20, 0u8..3), 0..200)) {
            let mut queue = EventQueue::new();
            for round in 0..2 {
                let mut expected: Vec<_> =
                    events.iter().enumerate().map(|(slot, &(time, class))| (time, class, slot as u32)).collect();
                for &(time, class, slot) in &expected {
                    queue.push(Time::from_us(time), class, slot);
                }
                expected.sort_by_key(|&(time, class, _)| (time, class));
                prop_assert_eq!(drain(&mut queue), expected, "round {}", round);
            }
        }

        /// Interleaved pushes and pops; oracle: the minimum of a list.
        #[test]
        fn interleaved(steps in prop::collection::vec(prop::option::weighted(0.6, 0u64..1000), 0..400)) {
            let mut queue = EventQueue::new();
            let mut oracle: Vec<(u64, u32)> = Vec::new();
            for (slot, step) in steps.into_iter().enumerate() {
                if let Some(time) = step {
                    queue.push(Time::from_us(time), 0, slot as u32);
                    oracle.push((time, slot as u32));
                } else {
                    let least = oracle.iter().enumerate().min_by_key(|(_, e)| **e).map(|(at, _)| at);
                    let expected = least.map(|at| oracle.remove(at));
                    prop_assert_eq!(queue.next_time().map(Time::as_us), expected.map(|e| e.0));
                    prop_assert_eq!(queue.pop().map(|e| (e.time().as_us(), e.slot())), expected);
                }
            }
        }
    }

    #[test]
    fn sound_for_a_hundred_thousand() {
        let mut queue = EventQueue::new();
        let mut stream = crate::engine::Keys::new(1, 1).stream(crate::engine::Purpose::Choice, 0);
        for slot in 0..100_000 {
            queue.push(Time::from_us(u64::from(stream.below(1000))), 0, slot);
        }
        let times = drain(&mut queue);
        assert_eq!(times.len(), 100_000);
        assert!(times.windows(2).all(|w| (w[0].0, w[0].2) < (w[1].0, w[1].2)));
    }
}
