//! Settings of an analysis, and what a display makes of them. Knows no ring.

use soundfall_dsp::{
    scale::{AxisError, FrequencyAxis, Scale},
    stft::{MAX_WINDOW, MIN_WINDOW, StftError, StftParams},
    window::Window,
};

use crate::declare::settings;
use crate::error::SettingError;
use crate::kind::{Control, Kind, Names, Number, Unit};

settings! {
    /// What the user chose about the analysis.
    #[cfg_attr(feature = "bevy", derive(bevy_ecs::prelude::Component))]
    pub struct AnalysisSettings in Analysis {
        /// Window function.
        pub window: Window = Window::Hann, "window", Some("Window"), Rows,
            Kind::OneOf(Names {
                names: &Window::NAMES,
                offered: &Window::OFFERED,
                titles: &Window::OFFERED,
                help: &Window::HELP,
            });
        /// Window length.
        pub window_size: usize = 2048, "window-size", Some("Size"), Rows, Kind::Number(
            Number::new(MIN_WINDOW as f64, MAX_WINDOW as f64, Unit::Frames)
                .whole()
                .shown(0, Control::Menu(&[64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768])),
        );
        /// Distance from one column to the next.
        pub hop_frames: usize = 512, "hop", Some("Hop"), Rows,
            Kind::Number(Number::new(1.0, 1e6, Unit::Frames).whole().shown(0, Control::Drag(8.0)));
        /// Spacing of the frequency axis.
        pub scale: Scale = Scale::Log, "scale", Some("Frequency"), Rows,
            Kind::OneOf(Names {
                names: &Scale::NAMES,
                offered: &Scale::NAMES,
                titles: &Scale::NAMES,
                help: &Scale::HELP,
            });
        /// Lower end of the frequency axis.
        pub min_hz: f64 = 30.0, "min-hz", Some("Range"), Rows, frequency(5.0);
        /// Upper end of the frequency axis (lowered to half the sample rate).
        pub max_hz: f64 = 20_000.0, "max-hz", Some(""), Rows, frequency(50.0);
    }
    rules { "min-hz" + 1.0 <= "max-hz"; }
    check check_transform
}

const fn frequency(speed: f64) -> Kind {
    Kind::Number(Number::new(0.0, 384_000.0, Unit::Hz).shown(0, Control::Drag(speed)))
}

impl AnalysisSettings {
    fn check_transform(&self) -> Result<(), SettingError> {
        self.stft()?;
        // At any rate there may be.
        self.axis(u32::MAX, 1)?;
        Ok(())
    }
    /// The STFT of a display: as chosen, but with a hop at which every sample counts. A hop near the
    /// window's length would leave samples between the windows where both are nearly zero, and a
    /// click there would be on no picture.
    ///
    /// # Errors
    /// As [`StftParams::new`].
    pub fn stft(&self) -> Result<StftParams, StftError> {
        let mut stft = StftParams::new(self.window, self.window_size, self.hop_frames)?;
        stft.hop_frames = stft.hop_frames.min(longest_hop(&stft));
        Ok(stft)
    }

    /// The frequency axis at a sample rate: the chosen range cut to what the rate can hold.
    ///
    /// # Errors
    /// [`AxisError`] where nothing is left of the range.
    pub fn axis(&self, sample_rate: u32, columns: usize) -> Result<FrequencyAxis, AxisError> {
        let nyquist = f64::from(sample_rate) / 2.0;
        let max_hz = self.max_hz.min(nyquist);
        let least = if self.scale == Scale::Log {
            FrequencyAxis::MIN_LOG_HZ
        } else {
            0.0
        };
        let min_hz = self.min_hz.min(max_hz * 0.5).max(least);
        FrequencyAxis::new(self.scale, min_hz, max_hz, columns)
    }
}

/// The least weight that a sample may have under the window that weighs it most: −10.5 dB.
const MIN_WEIGHT: f64 = 0.3;

/// The longest hop, a power of two below the window, at which every sample has that weight. Asked
/// for in every display frame: works out a few weights only.
fn longest_hop(stft: &StftParams) -> usize {
    let size = stft.window_size;
    let hops = std::iter::successors(Some(size), |hop| Some(hop / 2)).take_while(|hop| *hop > 1);
    // Half way between the middles of two windows.
    let furthest = hops
        .clone()
        .map(|hop| (size / 2 + hop.div_ceil(2)).min(size - 1));
    let weights = stft.window.coefficients_at(size, furthest);
    hops.zip(weights)
        .find(|(_, weight)| *weight >= MIN_WEIGHT)
        .map_or(1, |(hop, _)| hop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sample_has_weight_under_some_window() {
        for window in [
            Window::Hann,
            Window::BlackmanHarris,
            Window::FlatTop,
            Window::Kaiser(14.0),
            Window::Gaussian(60.0),
            Window::Rect,
        ] {
            for (window_size, hop_frames) in [(512, 512), (512, 8192), (1000, 700), (64, 64)] {
                let settings = AnalysisSettings {
                    window,
                    window_size,
                    hop_frames,
                    ..AnalysisSettings::default()
                };
                let stft = settings.stft().unwrap_or_default();
                let weights = window.coefficients(window_size);
                // Against all windows over a sample far from the start.
                for at in 4 * window_size..4 * window_size + stft.hop_frames {
                    let most = (0..=at)
                        .step_by(stft.hop_frames)
                        .filter(|start| at - start < window_size)
                        .map(|start| weights[at - start])
                        .fold(0.0, f64::max);
                    assert!(most >= 0.29, "{window} {stft:?}: {most} at {at}");
                }
            }
        }
        assert_eq!(
            AnalysisSettings::default()
                .stft()
                .unwrap_or_default()
                .hop_frames,
            512
        );
    }
}
