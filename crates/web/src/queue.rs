//! Requests and responses in memory that page and worker share: a few slots that go round. The page
//! puts a request into the next slot, the worker answers it in place, the page takes the response
//! away. One page, one worker, in order. Nothing here waits.

use soundfall_analysis::MAX_REQUEST_BYTES;

/// Slots, a power of two: a full set of jobs for rows under way and one of the lanes.
pub const SLOTS: u32 = 8;

/// Bytes of a response, at most; also of rows of a single column of 64 channels.
pub const MAX_RESPONSE_BYTES: usize = 4 << 20;

/// Index of the count of requests, for `Atomics.wait`.
pub const SUBMITTED: u32 = 0;

/// Index of the count of responses.
const ANSWERED: u32 = 1;
/// Index of the count of responses that were taken away.
const TAKEN: u32 = 2;
/// Index of the length of what is in slot 0; the others follow.
const LENGTHS: u32 = 16;

/// Bytes before the first slot, counts and lengths: 32-bit words.
pub(crate) const CONTROL_BYTES: u32 = 4096;
/// Bytes of a slot.
pub(crate) const SLOT_BYTES: u32 = MAX_RESPONSE_BYTES as u32;

/// Bytes of a queue.
pub const QUEUE_BYTES: u32 = CONTROL_BYTES + SLOTS * SLOT_BYTES;

const _: () = assert!(SLOTS.is_power_of_two() && MAX_REQUEST_BYTES <= MAX_RESPONSE_BYTES);

/// The memory of a queue: counts that are loaded and stored in sequential consistency, and bytes
/// that are copied without any order of their own.
pub trait QueueMemory {
    /// Loads a word of the control part.
    fn load(&self, index: u32) -> u32;
    /// Stores a word of the control part.
    fn store(&self, index: u32, value: u32);
    /// Wakes who sleeps on a word.
    fn wake(&self, index: u32);
    /// Copies `bytes`, at most [`MAX_RESPONSE_BYTES`], to the start of a slot.
    fn write(&self, slot: u32, bytes: &[u8]);
    /// Copies the start of a slot to `out`, at most [`MAX_RESPONSE_BYTES`].
    fn read(&self, slot: u32, out: &mut [u8]);
}

/// One side's view of a queue. Counts wrap around.
pub struct RequestQueue<M>(M);

impl<M: QueueMemory> RequestQueue<M> {
    /// The queue in this memory, which is all zeros when it is new.
    pub fn new(memory: M) -> Self {
        Self(memory)
    }

    /// Page: puts a request into the queue; false while all slots are taken.
    pub fn submit(&self, request: &[u8]) -> bool {
        let submitted = self.0.load(SUBMITTED);
        if submitted.wrapping_sub(self.0.load(TAKEN)) >= SLOTS {
            return false;
        }
        self.put(submitted, request);
        self.0.store(SUBMITTED, submitted.wrapping_add(1));
        self.0.wake(SUBMITTED);
        true
    }

    /// Page: puts the oldest response in the place of what is in `response`; false where there is
    /// none.
    pub fn take_response(&self, response: &mut Vec<u8>) -> bool {
        let taken = self.0.load(TAKEN);
        if taken == self.0.load(ANSWERED) {
            return false;
        }
        self.get(taken, response);
        self.0.store(TAKEN, taken.wrapping_add(1));
        true
    }

    /// Worker: puts the oldest request without a response in the place of what is in `request`;
    /// false where there is none.
    pub fn next_request(&self, request: &mut Vec<u8>) -> bool {
        let answered = self.0.load(ANSWERED);
        if answered == self.0.load(SUBMITTED) {
            return false;
        }
        self.get(answered, request);
        true
    }

    /// Worker: answers the request that [`RequestQueue::next_request`] gave. A response of more than
    /// [`MAX_RESPONSE_BYTES`] arrives without bytes.
    pub fn respond(&self, response: &[u8]) {
        let answered = self.0.load(ANSWERED);
        self.put(answered, response);
        self.0.store(ANSWERED, answered.wrapping_add(1));
    }

    fn put(&self, count: u32, bytes: &[u8]) {
        let slot = count % SLOTS;
        let bytes = if bytes.len() <= MAX_RESPONSE_BYTES {
            bytes
        } else {
            &[]
        };
        self.0.write(slot, bytes);
        self.0.store(LENGTHS + slot, bytes.len() as u32);
    }

    fn get(&self, count: u32, out: &mut Vec<u8>) {
        let slot = count % SLOTS;
        let len = self.0.load(LENGTHS + slot).min(SLOT_BYTES);
        out.resize(len as usize, 0);
        self.0.read(slot, out);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::sync::{Arc, Mutex, PoisonError};

    use super::*;

    struct Heap {
        control: [AtomicU32; 32],
        slots: [Mutex<Vec<u8>>; SLOTS as usize],
        woken: AtomicU32,
    }

    impl QueueMemory for Arc<Heap> {
        fn load(&self, index: u32) -> u32 {
            self.control[index as usize].load(Ordering::SeqCst)
        }

        fn store(&self, index: u32, value: u32) {
            self.control[index as usize].store(value, Ordering::SeqCst);
        }

        fn wake(&self, index: u32) {
            assert_eq!(index, SUBMITTED);
            self.woken.fetch_add(1, Ordering::Relaxed);
        }

        fn write(&self, slot: u32, bytes: &[u8]) {
            let slot = self.slots[slot as usize].lock();
            *slot.unwrap_or_else(PoisonError::into_inner) = bytes.to_vec();
        }

        fn read(&self, slot: u32, out: &mut [u8]) {
            let slot = self.slots[slot as usize].lock();
            out.copy_from_slice(&slot.unwrap_or_else(PoisonError::into_inner));
        }
    }

    /// Both sides of a queue whose counts are about to wrap around.
    fn queue() -> (RequestQueue<Arc<Heap>>, RequestQueue<Arc<Heap>>, Arc<Heap>) {
        let memory = Arc::new(Heap {
            control: Default::default(),
            slots: Default::default(),
            woken: AtomicU32::new(0),
        });
        for count in [SUBMITTED, ANSWERED, TAKEN] {
            memory.store(count, u32::MAX - 5);
        }
        (
            RequestQueue::new(memory.clone()),
            RequestQueue::new(memory.clone()),
            memory,
        )
    }

    #[test]
    fn requests_go_round_in_order_over_the_end_of_the_counts() {
        let (page, worker, memory) = queue();
        let mut bytes = Vec::new();
        let (mut sent, mut answered, mut taken) = (0_u8, 0_u8, 0_u8);
        let mut under_way = VecDeque::new();
        // A pattern of steps that fills and empties it.
        for step in 0..200_u32 {
            match step * step % 7 {
                0 | 1 | 3 => {
                    let fits = page.submit(&[sent; 3]);
                    assert_eq!(fits, under_way.len() < SLOTS as usize);
                    if fits {
                        under_way.push_back(sent);
                        sent += 1;
                    }
                }
                2 => {
                    let there = worker.next_request(&mut bytes);
                    assert_eq!(there, answered != sent);
                    if there {
                        assert_eq!(bytes, [answered; 3]);
                        worker.respond(&vec![answered; usize::from(answered)]);
                        answered += 1;
                    }
                }
                _ => {
                    let there = page.take_response(&mut bytes);
                    assert_eq!(there, taken != answered);
                    if there {
                        assert_eq!(under_way.pop_front(), Some(taken));
                        assert_eq!(bytes, vec![taken; usize::from(taken)]);
                        taken += 1;
                    }
                }
            }
        }
        assert!(taken > 20, "{taken} of {sent}");
        assert_eq!(memory.woken.load(Ordering::Relaxed), u32::from(sent));
    }

    #[test]
    fn what_is_too_long_arrives_without_bytes() {
        let (page, worker, memory) = queue();
        let mut bytes = Vec::new();
        assert!(page.submit(&[1]));
        assert!(worker.next_request(&mut bytes));
        worker.respond(&vec![1; MAX_RESPONSE_BYTES + 1]);
        assert!(page.take_response(&mut bytes) && bytes.is_empty());
        // A length that lies is no more than a slot.
        assert!(page.submit(&[1]));
        let slot = memory.load(ANSWERED) % SLOTS;
        *memory.slots[slot as usize]
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = vec![7; MAX_RESPONSE_BYTES];
        memory.store(LENGTHS + slot, u32::MAX);
        assert!(worker.next_request(&mut bytes));
        assert_eq!(bytes.len(), MAX_RESPONSE_BYTES);
    }
}
