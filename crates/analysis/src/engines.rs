//! Engines and buffers, lent to jobs and taken back, so that nothing is allocated in the steady
//! state. Shared by all threads that work.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use soundfall_dsp::envelope::MinMaxRms;
use soundfall_dsp::instruments::InstrumentReport;
use soundfall_dsp::rows::{RowEngine, RowShape};
use soundfall_dsp::stft::StftError;

use crate::pool::Pool;
use crate::request::RowsRequest;

/// Engines kept; more than ever run at once, of all window sizes in use.
const MAX_ENGINES: usize = 48;

/// Kinds of rows whose frequency maps are kept: steps of quality of some analyses.
const MAX_SHAPES: usize = 32;

/// Buffers of rows kept: more jobs bring rows at once only in a rush, and each may be large.
const MAX_BUFFERS: usize = 16;

/// What a worker has in stock.
pub(crate) struct EnginePool {
    /// The one used last at the end.
    engines: Mutex<Vec<RowEngine>>,
    /// As the engines.
    shapes: Mutex<Vec<RowShape>>,
    pub(crate) rows: Arc<Pool<Vec<u8>>>,
    pub(crate) samples: Arc<Pool<Vec<f32>>>,
    pub(crate) entries: Arc<Pool<Vec<MinMaxRms>>>,
    pub(crate) reports: Arc<Pool<InstrumentReport>>,
}

impl Default for EnginePool {
    fn default() -> Self {
        Self {
            engines: Mutex::default(),
            shapes: Mutex::default(),
            rows: Pool::new(MAX_BUFFERS, bytes),
            samples: Pool::new(MAX_BUFFERS, bytes),
            entries: Pool::new(MAX_BUFFERS, bytes),
            // Some kilobytes each.
            reports: Pool::new(MAX_BUFFERS, |_| 0),
        }
    }
}

impl EnginePool {
    /// An engine for the rows of this shape.
    pub(crate) fn engine(&self, shape: &RowShape) -> Result<RowEngine, StftError> {
        let mut engines = locked(&self.engines);
        let fits = |engine: &RowEngine| *engine.params() == shape.stft;
        if let Some(at) = engines.iter().rposition(fits) {
            return Ok(engines.remove(at));
        }
        drop(engines);
        RowEngine::new(&shape.stft)
    }

    /// Takes an engine back for the next job.
    pub(crate) fn put_engine(&self, engine: RowEngine) {
        keep(&mut locked(&self.engines), engine, MAX_ENGINES);
    }

    /// How columns of a request are made at this sample rate.
    pub(crate) fn shape(&self, request: &RowsRequest, sample_rate: u32) -> RowShape {
        let fits = |shape: &RowShape| {
            shape.stft == request.stft
                && shape.axis == request.axis
                && shape.sample_rate == sample_rate
        };
        let mut shapes = locked(&self.shapes);
        if let Some(at) = shapes.iter().rposition(fits) {
            let shape = shapes.remove(at);
            shapes.push(shape.clone());
            return shape;
        }
        drop(shapes);
        let shape = RowShape::new(request.stft, request.axis, sample_rate);
        keep(&mut locked(&self.shapes), shape.clone(), MAX_SHAPES);
        shape
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Adds one more; where there are too many, the one unused for longest goes.
fn keep<T>(stock: &mut Vec<T>, more: T, most: usize) {
    if stock.len() >= most {
        stock.remove(0);
    }
    stock.push(more);
}

fn bytes<T>(buffer: &Vec<T>) -> usize {
    buffer.capacity().saturating_mul(size_of::<T>())
}
