//! The analyst that is a worker: keeps what was asked for until the answer is there. Every
//! question is answered, also when the worker is replaced. Nothing here waits.

use std::collections::{HashMap, VecDeque};
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bevy::prelude::*;
use crossbeam::channel::{Sender, bounded};
use soundfall_dsp::{envelope::MinMaxRms, instruments::InstrumentReport, rows::RowSpan};
use soundfall_ring::{ReadError, SharedRing};
use soundfall_systems::{
    analysis::{EnginePool, JobOutput, JobRows},
    backend::{AnalysisBackend, Pending},
    diagnostics::Histogram,
    instruments::{InstrumentPlan, InstrumentRequest, InstrumentResponse},
    waveform::{LaneRequest, LaneStore},
};
use soundfall_web_ring::desk::PAYLOAD_BYTES;
use soundfall_web_ring::listen::ListenRequest;
use soundfall_web_ring::request::{AnswerHead, Request, RowsRequest, encode};
use web_time::Instant;

use super::transport::Transport;

/// The page's side of the analysis.
#[derive(Resource, Clone, Default)]
pub struct WorkerAnalyst(Arc<Mutex<Office>>);

#[derive(Default)]
struct Office {
    link: Option<(u64, Transport)>,
    next_ticket: u32,
    /// What found no room yet.
    waiting: VecDeque<(u32, Request)>,
    open: HashMap<u32, Question>,
    payload: Vec<u8>,
    entries: Vec<MinMaxRms>,
    figures: Figures,
}

/// What the worker did.
#[derive(Clone, Default)]
pub struct Figures {
    /// From question to answer, milliseconds.
    pub answer_ms: Histogram,
    /// Columns the worker analysed.
    pub columns: u64,
    /// Microseconds it took for them.
    pub took_us: f64,
}

struct Question {
    asked: Instant,
    wants: Wants,
}

enum Wants {
    Rows {
        span: RowSpan,
        workshop: Arc<EnginePool>,
        to: Sender<JobOutput>,
    },
    Lanes {
        store: LaneStore,
        visit: Range<u64>,
        to: Sender<LaneStore>,
    },
    Instruments {
        plan: Arc<InstrumentPlan>,
        to: Sender<InstrumentResponse>,
    },
}

impl WorkerAnalyst {
    fn office(&self) -> MutexGuard<'_, Office> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Another worker, for the ring of this epoch. What the one before owes is answered for it.
    pub fn connect(&self, epoch: u64, transport: Transport) {
        let mut office = self.office();
        office.waiting.clear();
        for (_, question) in std::mem::take(&mut office.open) {
            question.wants.give_up();
        }
        office.link = Some((epoch, transport));
    }

    /// An answer came as a message.
    pub fn arrived(&self, answer: js_sys::Uint8Array) {
        if let Some((_, transport)) = &self.office().link {
            transport.arrived(answer);
        }
    }

    /// What the worker did so far.
    pub fn figures(&self) -> Figures {
        self.office().figures.clone()
    }

    fn ask(&self, epoch: u64, request: Request, wants: Wants) {
        let mut office = self.office();
        if office.link.as_ref().is_none_or(|(of, _)| *of != epoch) {
            wants.give_up();
            return;
        }
        let ticket = office.next_ticket;
        office.next_ticket = ticket.wrapping_add(1);
        let asked = Instant::now();
        office.open.insert(ticket, Question { asked, wants });
        office.waiting.push_back((ticket, request));
        office.send_waiting();
    }
}

impl Office {
    fn send_waiting(&mut self) {
        let Some((_, transport)) = &self.link else {
            return;
        };
        while let Some((ticket, request)) = self.waiting.front() {
            if !transport.send(&encode(*ticket, request)) {
                return;
            }
            self.waiting.pop_front();
        }
    }

    fn take_answers(&mut self) {
        loop {
            let Some((_, transport)) = &self.link else {
                return;
            };
            let Some(head) = transport.take(&mut self.payload) else {
                return;
            };
            let Some(question) = self.open.remove(&head.ticket) else {
                continue;
            };
            let waited = question.asked.elapsed().as_secs_f64() * 1000.0;
            self.figures.answer_ms.add(waited);
            if head.columns > 0 {
                self.figures.columns += head.columns;
                self.figures.took_us += head.took_us;
            }
            question
                .wants
                .answer(&head, &self.payload, &mut self.entries);
        }
    }
}

impl Wants {
    /// The receiver is gone only when the app is: nobody is left to be told.
    fn give_up(self) {
        match self {
            Self::Rows { span, to, .. } => {
                let rows = Err(ReadError::Replaced);
                let took_us = 0.0;
                let _ = to.send(JobOutput {
                    span,
                    rows,
                    took_us,
                });
            }
            Self::Lanes { store, to, .. } => {
                let _ = to.send(store);
            }
            Self::Instruments { plan, to } => {
                let _ = to.send(InstrumentResponse {
                    plan,
                    engine: None,
                    report: Ok(None),
                });
            }
        }
    }

    fn answer(self, head: &AnswerHead, payload: &[u8], entries: &mut Vec<MinMaxRms>) {
        let outcome = head.outcome;
        match self {
            Self::Rows { span, workshop, to } => {
                let rows = outcome.map(|()| {
                    let mut rows = workshop.buffer();
                    rows.extend_from_slice(payload);
                    rows
                });
                let took_us = head.took_us;
                let _ = to.send(JobOutput {
                    span,
                    rows,
                    took_us,
                });
            }
            Self::Lanes {
                mut store,
                visit,
                to,
            } => {
                let (bytes, _) = payload.as_chunks::<12>();
                let value = |of: &[u8; 12], at: usize| {
                    f32::from_le_bytes([of[at], of[at + 1], of[at + 2], of[at + 3]])
                };
                entries.clear();
                entries.extend(bytes.iter().map(|of| MinMaxRms {
                    min: value(of, 0),
                    max: value(of, 4),
                    mean_square: value(of, 8),
                }));
                store.take_in(visit, outcome.map(|()| entries.as_slice()));
                let _ = to.send(store);
            }
            Self::Instruments { plan, to } => {
                let read = |()| InstrumentReport::decode(payload).ok();
                let _ = to.send(InstrumentResponse {
                    plan,
                    engine: None,
                    report: Ok(outcome.ok().and_then(read)),
                });
            }
        }
    }
}

impl AnalysisBackend for WorkerAnalyst {
    /// The slots of the desk, but for those of the lanes and the instruments.
    fn room(&self) -> usize {
        6
    }

    /// A slot of the desk.
    fn most_bytes(&self) -> u64 {
        u64::from(PAYLOAD_BYTES)
    }

    fn rows(
        &self,
        ring: &SharedRing,
        workshop: &Arc<EnginePool>,
        job: JobRows,
    ) -> Pending<JobOutput> {
        let (to, answer) = bounded(1);
        let plan = &job.plan;
        let request = Request::Rows(RowsRequest {
            start_frame: job.start_frame(),
            span: job.span.clone(),
            stft: plan.shape(job.halvings).stft,
            axis: plan.axis,
            channels: plan.channels.to_vec(),
        });
        let wants = Wants::Rows {
            span: job.span,
            workshop: workshop.clone(),
            to,
        };
        self.ask(ring.epoch(), request, wants);
        Pending::Reply(answer)
    }

    fn lanes(&self, ring: &SharedRing, trip: LaneRequest, end: u64) -> Pending<LaneStore> {
        let (to, answer) = bounded(1);
        let store = trip.depart();
        let visit = store.next_visit(end);
        if visit.is_empty() {
            let _ = to.send(store);
            return Pending::Reply(answer);
        }
        let request = Request::Envelopes {
            start_frame: visit.start,
            frames: visit.end - visit.start,
            channels: store.channels.to_vec(),
        };
        self.ask(ring.epoch(), request, Wants::Lanes { store, visit, to });
        Pending::Reply(answer)
    }

    fn instruments(
        &self,
        ring: &SharedRing,
        trip: InstrumentRequest,
    ) -> Pending<InstrumentResponse> {
        let (to, answer) = bounded(1);
        let plan = trip.plan;
        let request = Request::Listen(Box::new(ListenRequest {
            end_frame: trip.end,
            first_frame: trip.first_frame,
            restarts: plan.restarts,
            settings: plan.settings.clone(),
            channels: plan.channels.to_vec(),
        }));
        self.ask(ring.epoch(), request, Wants::Instruments { plan, to });
        Pending::Reply(answer)
    }
}

/// Takes answers in and sends what found no room. Before the answers are looked for.
pub fn attend(analyst: Res<WorkerAnalyst>) {
    let mut office = analyst.office();
    office.take_answers();
    office.send_waiting();
}
