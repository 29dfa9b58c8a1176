//! Watches the ring of a capture while it is written, and has a new one made when it is lost.
//!
//! Looking costs the writer two system calls a heartbeat. Making takes longer, for a large ring seconds: that happens
//! on a thread of its own, an ordinary one, and the writer goes on meanwhile.

use std::ops::DerefMut;
use std::thread;
use std::time::{Duration, Instant};

use crossbeam::channel::{Receiver, Sender, TryRecvError, bounded};
use soundfall_ring::{RingWriter, WriteStorage};
use soundfall_ring_file::{CreateError, FileRingWriter, NewRing, RingLoss};

/// Time between two attempts to make a new ring.
const RETRY: Duration = Duration::from_secs(1);

/// A ring that may be lost while it is written.
pub(crate) trait KeptRing:
    DerefMut<Target = RingWriter<<Self as KeptRing>::Storage>>
{
    /// Where its words are.
    type Storage: WriteStorage;
    /// What a new one in its place is, before the writer goes over to it.
    type New: Send + 'static;

    /// What became of it, if it is not as it was made.
    fn loss(&self) -> Option<RingLoss>;

    /// What makes a new one in its place, on any thread.
    fn maker(&self) -> impl FnOnce() -> Result<Self::New, CreateError> + Send + 'static;

    /// Goes over to a new one; the old one is closed.
    fn adopt(&mut self, new: Self::New);
}

impl KeptRing for FileRingWriter {
    type Storage = soundfall_ring_file::MappedWriteStorage;
    type New = NewRing;

    fn loss(&self) -> Option<RingLoss> {
        Self::loss(self)
    }

    fn maker(&self) -> impl FnOnce() -> Result<NewRing, CreateError> + Send + 'static {
        let renewal = self.renewal();
        move || renewal.make()
    }

    fn adopt(&mut self, new: NewRing) {
        Self::adopt(self, new);
    }
}

/// What a look at the ring brought.
pub(crate) enum Found<N> {
    /// It is lost, which it was not at the last look.
    Lost(RingLoss),
    /// A new one was made.
    New(N),
    /// No new one could be made, for another reason than the last time; it is tried again.
    Refused(String),
}

type Job = Box<dyn FnOnce() + Send>;

/// How a ring is.
pub(crate) struct RingKeeper<N> {
    /// The thread that makes new rings: started with the capture, as a thread that the writer starts would have its
    /// real-time priority.
    maker: Sender<Job>,
    lost: Option<RingLoss>,
    /// A new ring in the making.
    making: Option<Receiver<Result<N, CreateError>>>,
    next_attempt: Option<Instant>,
    refused: String,
}

impl<N: Send + 'static> RingKeeper<N> {
    /// To be called on an ordinary thread.
    pub(crate) fn new() -> Self {
        let (maker, jobs) = bounded::<Job>(1);
        // Where there is no thread for it, a lost ring stays lost.
        thread::Builder::new()
            .name("soundfall-ring".to_owned())
            .spawn(move || jobs.iter().for_each(|job| job()))
            .ok();
        Self {
            maker,
            lost: None,
            making: None,
            next_attempt: None,
            refused: String::new(),
        }
    }

    /// Looks at the ring; where it is lost, has a new one made, and gives it when it is there.
    pub(crate) fn look<W: KeptRing<New = N>>(
        &mut self,
        ring: &W,
        now: Instant,
    ) -> Option<Found<N>> {
        if let Some(making) = &self.making {
            let made = match making.try_recv() {
                Ok(made) => made.map_err(|error| error.to_string()),
                Err(TryRecvError::Empty) => return None,
                Err(TryRecvError::Disconnected) => Err("its thread failed".to_owned()),
            };
            return self.made(made, now);
        }
        let loss = ring.loss();
        if loss != self.lost {
            self.lost = loss;
            self.next_attempt = None;
            return loss.map(Found::Lost);
        }
        // A file that somebody put there is not overwritten: nothing to be made until it is gone.
        if loss.is_some_and(|loss| loss != RingLoss::Replaced)
            && self.next_attempt.is_none_or(|at| now >= at)
        {
            self.make(ring, now);
        }
        None
    }

    /// Waits for a new ring that is being made: none shall appear that nobody writes.
    pub(crate) fn wait(&mut self, now: Instant) -> Option<Found<N>> {
        let made = self.making.as_ref()?.recv();
        let made = made.map_err(|error| error.to_string());
        self.made(
            made.and_then(|made| made.map_err(|error| error.to_string())),
            now,
        )
    }

    fn made(&mut self, made: Result<N, String>, now: Instant) -> Option<Found<N>> {
        self.making = None;
        match made {
            Ok(new) => {
                (self.lost, self.next_attempt) = (None, None);
                self.refused.clear();
                Some(Found::New(new))
            }
            Err(message) => {
                self.next_attempt = Some(now + RETRY);
                (message != self.refused).then(|| {
                    self.refused.clone_from(&message);
                    Found::Refused(message)
                })
            }
        }
    }

    /// Whether the ring is lost, as of the last look.
    pub(crate) fn is_lost(&self) -> bool {
        self.lost.is_some()
    }

    fn make<W: KeptRing<New = N>>(&mut self, ring: &W, now: Instant) {
        let (done, making) = bounded(1);
        let maker = ring.maker();
        let job: Job = Box::new(move || {
            done.send(maker()).ok();
        });
        match self.maker.try_send(job) {
            Ok(()) => self.making = Some(making),
            Err(_) => self.next_attempt = Some(now + RETRY),
        }
    }
}
