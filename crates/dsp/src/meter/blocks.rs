//! Energies of the blocks that loudness and its range are worked out from, and the two gates.
//! Never filters a sample: an energy is the weighted mean square of a block that is given.

/// The absolute gate (ITU-R BS.1770), in LUFS: quieter blocks are not kept at all.
const ABSOLUTE_GATE_LUFS: f64 = -70.0;
/// The relative gate of integrated loudness: 10 LU below the mean of what is kept.
const INTEGRATED_GATE: f64 = 0.1;
/// The relative gate of the loudness range: 20 LU below it (EBU Tech 3342).
const RANGE_GATE: f64 = 0.01;
/// The percentiles between which the loudness range lies (EBU Tech 3342).
const RANGE_ENDS: [f64; 2] = [0.1, 0.95];

/// Where the steps of constant memory end, in LUFS: louder blocks share the last one.
const LOUDEST_LUFS: f64 = 30.0;

/// Loudness of an energy, in LUFS: BS.1770's constant takes out the gain of its filter at 1 kHz.
fn loudness(energy: f64) -> f64 {
    10.0 * energy.log10() - 0.691
}

/// The energy of a loudness.
pub(super) fn energy(lufs: f64) -> f64 {
    10f64.powf((lufs + 0.691) / 10.0)
}

/// Blocks of one step, or one block.
#[derive(Clone, Copy, Default)]
pub(super) struct Step {
    count: u64,
    /// Of their energies.
    sum: f64,
}

impl Step {
    fn of(block: f64) -> Self {
        Self {
            count: 1,
            sum: block,
        }
    }

    /// What is on one side of a gate: the mean of the step decides, so a step of one block, or of
    /// equal ones, is gated exactly.
    fn passes(self, gate: f64) -> bool {
        self.count > 0 && self.sum >= gate * self.count as f64
    }

    fn and(self, other: Self) -> Self {
        Self {
            count: self.count + other.count,
            sum: self.sum + other.sum,
        }
    }

    fn mean(self) -> Option<f64> {
        (self.count > 0).then(|| self.sum / self.count as f64)
    }
}

/// The energies of all blocks since the start that pass the absolute gate.
pub(super) enum Blocks {
    /// Every one of them: 8 bytes each.
    All(Vec<f64>),
    /// Their number and sum in each of `per_lu` steps of a LU. Blocks at a gate are on the wrong side
    /// of it only where several different ones share its step.
    Steps {
        /// Steps of a LU.
        per_lu: f64,
        /// From the absolute gate on.
        steps: Box<[Step]>,
    },
}

impl Blocks {
    /// Keeps every block.
    pub(super) fn all() -> Self {
        Self::All(Vec::new())
    }

    /// Constant memory: 1600 bytes for each of `per_lu` steps of a LU.
    pub(super) fn in_steps(per_lu: u32) -> Self {
        let per_lu = f64::from(per_lu.max(1));
        let count = ((LOUDEST_LUFS - ABSOLUTE_GATE_LUFS) * per_lu) as usize;
        Self::Steps {
            per_lu,
            steps: vec![Step::default(); count].into(),
        }
    }

    /// Takes the energy of the next block. One that is no number would be in every result.
    pub(super) fn add(&mut self, block: f64) {
        let over_lu = loudness(block) - ABSOLUTE_GATE_LUFS;
        if over_lu < 0.0 || !over_lu.is_finite() {
            return;
        }
        match self {
            Self::All(blocks) => blocks.push(block),
            Self::Steps { per_lu, steps } => {
                let last = steps.len() - 1;
                let step = &mut steps[((over_lu * *per_lu) as usize).min(last)];
                *step = step.and(Step::of(block));
            }
        }
    }

    /// Forgets all of them.
    pub(super) fn clear(&mut self) {
        match self {
            Self::All(blocks) => blocks.clear(),
            Self::Steps { steps, .. } => steps.fill(Step::default()),
        }
    }

    /// Loudness of the mean of the blocks that pass both gates, in LUFS.
    pub(super) fn integrated_lufs(&self) -> Option<f64> {
        let gate = INTEGRATED_GATE * self.above(0.0).mean()?;
        self.above(gate).mean().map(loudness)
    }

    /// From the 10th to the 95th percentile of the blocks that pass both gates, in LU.
    pub(super) fn range_lu(&self) -> Option<f64> {
        let gate = RANGE_GATE * self.above(0.0).mean()?;
        let last = self.above(gate).count.checked_sub(1)?;
        let [low, high] = RANGE_ENDS.map(|share| (last as f64 * share).round() as u64);
        let (low, high) = match self {
            Self::All(blocks) => {
                let mut passed: Vec<f64> = blocks.iter().copied().filter(|x| *x >= gate).collect();
                passed.sort_unstable_by(f64::total_cmp);
                (*passed.get(low as usize)?, *passed.get(high as usize)?)
            }
            Self::Steps { steps, .. } => {
                let rank = |rank: u64| {
                    let mut before = 0;
                    let mut passed = steps.iter().filter(|step| step.passes(gate));
                    passed
                        .find(|step| {
                            before += step.count;
                            before > rank
                        })
                        .and_then(|step| step.mean())
                };
                (rank(low)?, rank(high)?)
            }
        };
        Some(loudness(high) - loudness(low))
    }

    /// Number and sum of the blocks that pass a gate.
    fn above(&self, gate: f64) -> Step {
        match self {
            Self::All(blocks) => {
                let passed = blocks.iter().filter(|block| **block >= gate);
                passed.fold(Step::default(), |all, block| all.and(Step::of(*block)))
            }
            Self::Steps { steps, .. } => {
                let passed = steps.iter().filter(|step| step.passes(gate));
                passed.fold(Step::default(), |all, step| all.and(*step))
            }
        }
    }
}
