//! The page's side of the analysis: keeps every request until its response is there. Every request
//! gets exactly one response, also when the worker is replaced. Nothing here waits.

use std::collections::VecDeque;
use std::time::Duration;

use soundfall_analysis::{Failure, Message, Request, RequestId, Response};
use web_time::Instant;

use crate::queue::MAX_RESPONSE_BYTES;

/// The way to one worker and back. Responses come in the order of the requests.
pub trait Transport {
    /// Sends the bytes of a request; false while there is no room.
    fn send(&self, request: &[u8]) -> bool;
    /// Puts the bytes of the next response in the place of what is in `response`; false where there
    /// is none.
    fn receive(&self, response: &mut Vec<u8>) -> bool;
}

/// Requests that have no response yet, and the worker they are for.
#[derive(Default)]
pub struct PendingRequests {
    worker: Option<Connection>,
    next_id: RequestId,
    /// Bytes of requests that found no room yet, oldest first.
    unsent: VecDeque<Vec<u8>>,
    /// Requests without a response, oldest first; the last of them are the unsent ones.
    open: VecDeque<Open>,
    bytes: Vec<u8>,
}

struct Connection {
    epoch: u64,
    transport: Box<dyn Transport + Send>,
}

struct Open {
    id: RequestId,
    asked: Instant,
    reply: Box<dyn FnOnce(Response) + Send>,
}

impl PendingRequests {
    /// Another worker, for the history of this epoch. What the one before owes is abandoned.
    pub fn connect(&mut self, epoch: u64, transport: impl Transport + Send + 'static) {
        self.disconnect();
        self.worker = Some(Connection {
            epoch,
            transport: Box::new(transport),
        });
    }

    /// The worker has failed over a request, and said this. It answers in order: the oldest request
    /// is the one, [`Failure::Panicked`]; the others are abandoned. Later ones are until another
    /// worker is connected.
    pub fn worker_failed(&mut self, message: &str) {
        if self.open.len() > self.unsent.len()
            && let Some(open) = self.open.pop_front()
        {
            (open.reply)(Response::without_result(Failure::Panicked {
                message: message.to_owned(),
            }));
        }
        self.disconnect();
    }

    /// There is no worker any more: all requests are answered [`Failure::Abandoned`], later ones at
    /// once.
    pub fn disconnect(&mut self) {
        self.worker = None;
        self.unsent.clear();
        for open in self.open.drain(..) {
            (open.reply)(Response::without_result(Failure::Abandoned));
        }
    }

    /// Has a request answered, from the history of this epoch. `reply` is called once, now or later,
    /// and must not wait.
    pub fn submit(
        &mut self,
        epoch: u64,
        request: Request,
        reply: impl FnOnce(Response) + Send + 'static,
    ) {
        if self.worker.as_ref().is_none_or(|of| of.epoch != epoch) {
            reply(Response::without_result(Failure::Abandoned));
            return;
        }
        // The worker would refuse it without saying why.
        if let Err(error) = request.check() {
            reply(Response::without_result(error));
            return;
        }
        let id = self.next_id;
        let mut bytes = Vec::new();
        let message = Message { id, body: request };
        if message.encode(&mut bytes).is_err() {
            let bytes = bytes.len();
            reply(Response::without_result(Failure::Unreadable { bytes }));
            return;
        }
        self.next_id = id.next();
        self.open.push_back(Open {
            id,
            asked: Instant::now(),
            reply: Box::new(reply),
        });
        self.unsent.push_back(bytes);
        self.send_unsent();
    }

    /// Takes the responses that are there, hands them to who asked, and sends what found no room
    /// before. `answered` is told how long each was waited for.
    pub fn exchange(&mut self, mut answered: impl FnMut(Duration)) {
        let mut bytes = std::mem::take(&mut self.bytes);
        while let Some(of) = &self.worker
            && of.transport.receive(&mut bytes)
        {
            self.take(&bytes, &mut answered);
        }
        self.bytes = bytes;
        self.send_unsent();
    }

    /// Requests without a response.
    #[must_use]
    pub fn len(&self) -> usize {
        self.open.len()
    }

    /// Whether all requests have their response.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    fn take(&mut self, bytes: &[u8], answered: &mut impl FnMut(Duration)) {
        let sent = self.open.len() - self.unsent.len();
        let Ok(message) = Message::<Response>::decode(bytes, MAX_RESPONSE_BYTES) else {
            // Responses come in order: it is that of the oldest request.
            if sent > 0
                && let Some(open) = self.open.pop_front()
            {
                let bytes = bytes.len();
                (open.reply)(Response::without_result(Failure::Unreadable { bytes }));
            }
            return;
        };
        let known = self.open.iter().take(sent).position(|o| o.id == message.id);
        let Some(at) = known else { return };
        for passed_over in self.open.drain(..at) {
            (passed_over.reply)(Response::without_result(Failure::Abandoned));
        }
        if let Some(open) = self.open.pop_front() {
            answered(open.asked.elapsed());
            (open.reply)(message.body);
        }
    }

    fn send_unsent(&mut self) {
        let Some(worker) = &self.worker else { return };
        while let Some(request) = self.unsent.front()
            && worker.transport.send(request)
        {
            self.unsent.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use std::sync::{Arc, Mutex};

    use super::*;
    use soundfall_analysis::{EnvelopesRequest, Outcome, RequestError};

    /// A worker that has room for two requests and answers when it is told to.
    #[derive(Clone, Default)]
    struct Way(Arc<Mutex<(VecDeque<Vec<u8>>, VecDeque<Vec<u8>>)>>);

    impl Transport for Way {
        fn send(&self, request: &[u8]) -> bool {
            let (requests, _) = &mut *self.0.lock().unwrap();
            let room = requests.len() < 2;
            if room {
                requests.push_back(request.to_vec());
            }
            room
        }

        fn receive(&self, response: &mut Vec<u8>) -> bool {
            let next = self.0.lock().unwrap().1.pop_front();
            next.is_some_and(|next| {
                *response = next;
                true
            })
        }
    }

    impl Way {
        /// Answers the oldest request with so many microseconds.
        fn answer(&self, took_us: f64) {
            let (requests, responses) = &mut *self.0.lock().unwrap();
            let request = Message::<Request>::decode(&requests.pop_front().unwrap()).unwrap();
            let mut bytes = Vec::new();
            let response = Message {
                id: request.id,
                body: Response {
                    outcome: Outcome::Released,
                    columns: 3,
                    took_us,
                },
            };
            response.encode(MAX_RESPONSE_BYTES, &mut bytes).unwrap();
            responses.push_back(bytes);
        }

        fn skip(&self) {
            self.0.lock().unwrap().0.pop_front();
        }

        fn send_back(&self, bytes: &[u8]) {
            self.0.lock().unwrap().1.push_back(bytes.to_vec());
        }
    }

    fn request(frames: u64) -> Request {
        Request::Envelopes(EnvelopesRequest {
            start_frame: 0,
            frames,
            entry_frames: 64,
            channels: vec![0],
        })
    }

    /// What came of each request, by its place.
    type Log = Arc<Mutex<Vec<(usize, Response)>>>;

    fn ask(pending: &mut PendingRequests, log: &Log, epoch: u64, place: usize) {
        let log = log.clone();
        pending.submit(epoch, request(64), move |response| {
            log.lock().unwrap().push((place, response));
        });
    }

    fn outcomes(log: &Log) -> Vec<(usize, Outcome)> {
        let log = std::mem::take(&mut *log.lock().unwrap());
        log.into_iter()
            .map(|(place, response)| (place, response.outcome))
            .collect()
    }

    const ABANDONED: Outcome = Outcome::Failed(Failure::Abandoned);

    #[test]
    fn requests_wait_for_room_and_get_their_responses() {
        let (way, log) = (Way::default(), Log::default());
        let mut pending = PendingRequests::default();
        pending.connect(5, way.clone());
        for place in 0..5 {
            ask(&mut pending, &log, 5, place);
        }
        assert_eq!(way.0.lock().unwrap().0.len(), 2);
        let mut told = Vec::new();
        for round in 0..5 {
            way.answer(f64::from(round));
            pending.exchange(|waited| told.push(waited));
        }
        assert!(pending.is_empty());
        let got = std::mem::take(&mut *log.lock().unwrap());
        let got: Vec<_> = got
            .into_iter()
            .map(|(place, response)| (place, response.columns, response.took_us))
            .collect();
        let expected: Vec<_> = (0_u8..5)
            .map(|place| (usize::from(place), 3, f64::from(place)))
            .collect();
        assert_eq!(got, expected);
        assert_eq!(told.len(), 5);
    }

    #[test]
    fn a_worker_that_is_replaced_owes_nothing() {
        let (before, after, log) = (Way::default(), Way::default(), Log::default());
        let mut pending = PendingRequests::default();
        // Without a worker there is nothing to wait for.
        ask(&mut pending, &log, 1, 0);
        pending.connect(1, before.clone());
        for place in 1..4 {
            ask(&mut pending, &log, 1, place);
        }
        pending.connect(2, after.clone());
        // Of the history before.
        ask(&mut pending, &log, 1, 4);
        let expected: Vec<_> = (0..5).map(|place| (place, ABANDONED)).collect();
        assert_eq!(outcomes(&log), expected);
        before.answer(1.0);
        pending.exchange(|_| panic!("the old worker must not be asked"));
        ask(&mut pending, &log, 2, 5);
        after.answer(1.0);
        pending.exchange(|_| {});
        assert_eq!(outcomes(&log), [(5, Outcome::Released)]);
        ask(&mut pending, &log, 2, 6);
        pending.disconnect();
        assert_eq!(outcomes(&log), [(6, ABANDONED)]);
    }

    #[test]
    fn a_worker_fails_over_its_oldest_request() {
        let (way, log) = (Way::default(), Log::default());
        let mut pending = PendingRequests::default();
        pending.connect(1, way.clone());
        for place in 0..3 {
            ask(&mut pending, &log, 1, place);
        }
        way.answer(1.0);
        pending.exchange(|_| {});
        pending.worker_failed("out of range");
        let message = "out of range".to_owned();
        assert_eq!(
            outcomes(&log),
            [
                (0, Outcome::Released),
                (1, Outcome::Failed(Failure::Panicked { message })),
                (2, ABANDONED)
            ]
        );
        // It had nothing to do.
        pending.connect(1, way.clone());
        pending.worker_failed("no reason");
        assert!(outcomes(&log).is_empty());
    }

    #[test]
    fn what_cannot_be_read_or_was_passed_over_is_answered_too() {
        let (way, log) = (Way::default(), Log::default());
        let mut pending = PendingRequests::default();
        pending.connect(1, way.clone());
        for place in 0..3 {
            ask(&mut pending, &log, 1, place);
        }
        way.send_back(&[]);
        way.skip();
        pending.exchange(|_| panic!("that is no response"));
        let unreadable = Outcome::Failed(Failure::Unreadable { bytes: 0 });
        assert_eq!(outcomes(&log), [(0, unreadable)]);
        way.skip();
        way.answer(1.0);
        pending.exchange(|_| {});
        assert_eq!(outcomes(&log), [(1, ABANDONED), (2, Outcome::Released)]);
        // Nothing is open: nonsense is left alone.
        way.send_back(&[1, 2, 3]);
        pending.exchange(|_| {});
        assert!(outcomes(&log).is_empty());
    }

    #[test]
    fn a_request_beyond_the_limits_is_refused_with_the_reason() {
        let (way, log) = (Way::default(), Log::default());
        let mut pending = PendingRequests::default();
        pending.connect(1, way.clone());
        let sink = log.clone();
        pending.submit(1, request(63), move |response| {
            sink.lock().unwrap().push((0, response));
        });
        let refused = Failure::Request(RequestError::EnvelopeFrames {
            frames: 63,
            entry_frames: 64,
        });
        assert_eq!(outcomes(&log), [(0, Outcome::Failed(refused))]);
        assert!(way.0.lock().unwrap().0.is_empty() && pending.is_empty());
    }
}
