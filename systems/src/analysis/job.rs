//! One job: a few columns of all shown channels, asked of the backend, and the rows that come of it.

use std::ops::Range;

use bevy_ecs::prelude::*;
use soundfall_analysis::{Request, Response, RowBytes, RowsRequest, SharedHistory};
use soundfall_dsp::rows::RowSpan;

use super::plan::RowPlan;
use super::quality::QualityLevel;
use crate::backend::{AnalysisBackend, Pending};

/// What a job is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobKind {
    /// New sound.
    Live,
    /// A first picture of the history, windows side by side without overlap.
    Coarse,
    /// History, every column.
    History,
    /// Columns again that were analysed with less than full quality.
    Refine,
}

/// A job under way.
#[derive(Component)]
pub struct AnalysisJob {
    /// The window of rows that it is for.
    pub window: Entity,
    /// The analysis in whose books it stands.
    pub analysis: Entity,
    /// Generation of the plan.
    pub generation: u64,
    /// What it is for.
    pub kind: JobKind,
    /// Columns asked for.
    pub columns: Range<u64>,
    /// Columns of all channels that it analyses.
    pub work: u64,
    /// Not all of the work was asked for.
    pub(super) reduced: bool,
    pub(super) rows: PendingRows,
}

/// Rows that were asked for, and what it takes to ask again.
pub struct PendingRows {
    history: SharedHistory,
    request: RowsRequest,
    response: Pending<Response>,
}

impl PendingRows {
    /// Asks a backend.
    #[must_use]
    pub fn submit(
        backend: &dyn AnalysisBackend,
        history: &SharedHistory,
        request: RowsRequest,
    ) -> Self {
        Self {
            response: backend.submit(history, Request::Rows(request.clone())),
            history: history.clone(),
            request,
        }
    }

    /// The response, once it is there. Gives it once.
    pub fn ready(&mut self) -> Option<Response> {
        self.response.ready()
    }

    /// Asks for the same again, since it has to be waited for; false where it will never come: the
    /// history does not reach so far any more.
    pub fn ask_again(&mut self, backend: &dyn AnalysisBackend) -> bool {
        let end = self.history.extent().end;
        let there = self
            .request
            .frames()
            .is_some_and(|frames| frames.end <= end);
        if there {
            let request = Request::Rows(self.request.clone());
            self.response = backend.submit(&self.history, request);
        }
        there
    }

    /// The columns and mips asked for.
    #[must_use]
    pub fn span(&self) -> &RowSpan {
        &self.request.span
    }
}

/// Rows ready to be stored.
pub struct RowBlock {
    /// Generation of the plan.
    pub generation: u64,
    /// What they were made for.
    pub kind: JobKind,
    /// Columns and mips.
    pub span: RowSpan,
    /// Little-endian half floats, `[mip][channel][row][axis column]`; none where the samples were
    /// lost.
    pub rows: Option<RowBytes>,
}

/// Blocks of this display frame for one window of rows, to be emptied by the stage.
#[derive(Component, Default)]
pub struct RowBlocks(pub Vec<RowBlock>);

/// What to ask for to get the rows of these columns with some quality.
#[must_use]
pub fn rows_request(
    plan: &RowPlan,
    columns: Range<u64>,
    mips: Range<u32>,
    quality: QualityLevel,
) -> RowsRequest {
    let shape = plan.shape(quality.halvings);
    RowsRequest {
        start_frame: plan.column_start(columns.start) + shape.lead_in(plan.shape(0)),
        span: RowSpan {
            columns,
            mips,
            every: quality.every,
        },
        stft: shape.stft,
        axis: plan.axis,
        channels: plan.channels.to_vec(),
    }
}
