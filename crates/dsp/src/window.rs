//! Window functions, periodic (one period of N samples, as spectra want them).
//! Never symmetric ones: those are for filter design.

use std::f64::consts::PI;
use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// Why a text is no window.
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum WindowError {
    /// No window of that name.
    #[error("unknown window `{name}`: use one of {}", Window::NAMES.join(", "))]
    UnknownName {
        /// What was asked for.
        name: String,
    },
    /// The number after the colon is missing, is no number or out of range.
    #[error("window `{name}` needs a number after the colon {range}, as in `{example}`")]
    Parameter {
        /// What was asked for.
        name: String,
        /// The range allowed.
        range: &'static str,
        /// A text that works.
        example: &'static str,
    },
}

/// Declares the windows, one entry each: the doc comment is the help; then the variant, with
/// `(parameter = example, "its symbol", "its range", text that works, whether it is in range)` where
/// there is one; the name; and what gives the coefficient of each of `n` frames.
macro_rules! windows {
    (
        $(#[$meta:meta])*
        pub enum Window {
            default $default:ident;
            $(
                $(#[doc = $help:literal])+
                $variant:ident
                $(($parameter:ident = $offered:literal, $symbol:literal, $range:literal, $example:literal, $valid:expr))?
                = $name:literal => |$n:ident| $coefficient:expr,
            )+
        }
    ) => {
        $(#[$meta])*
        pub enum Window {
            $(
                $(#[doc = $help])+
                $variant $((windows!(@number $parameter)))?,
            )+
        }

        impl Window {
            /// Each window once, those with a parameter at a usual one, in the order of a menu.
            pub const ALL: [Self; Self::NAMES.len()] = [$(Self::$variant $(($offered))?),+];

            /// The names understood, with the parameter where there is one, in the order of `ALL`.
            pub const NAMES: [&'static str; [$($name),+].len()] =
                [$(concat!($name $(, ":", $symbol)?)),+];

            /// `ALL` as texts: names that work as they stand.
            pub const OFFERED: [&'static str; Self::NAMES.len()] =
                [$(concat!($name $(, ":", $offered)?)),+];

            /// What each of them is, in the order of `ALL`.
            pub const HELP: [&'static str; Self::NAMES.len()] =
                [$(concat!($($help),+).trim_ascii()),+];

            /// The `n` coefficients, peak 1, in time order. Empty for `n` = 0, `[1.0]` for `n` = 1.
            ///
            /// A parameter out of range (see [`Window::check`]) acts as the nearest one allowed, so
            /// that the result is always finite.
            #[must_use]
            pub fn coefficients(self, n: usize) -> Vec<f64> {
                self.coefficients_at(n, 0..n)
            }

            /// Some of the `n` coefficients, those at `places` (below `n`), without the work of the
            /// others.
            #[must_use]
            pub fn coefficients_at(
                self,
                n: usize,
                places: impl IntoIterator<Item = usize>,
            ) -> Vec<f64> {
                let places = places.into_iter();
                if n == 1 {
                    return places.map(|_| 1.0).collect();
                }
                match self {
                    $(Self::$variant $(($parameter))? => {
                        let $n = n;
                        places.map($coefficient).collect()
                    })+
                }
            }

            /// Whether the parameter is in its range.
            ///
            /// # Errors
            /// [`WindowError::Parameter`] for a Kaiser β outside `0..=`[`Window::MAX_BETA`] and for
            /// a Gaussian σ that is not a finite number above 0.
            pub fn check(self) -> Result<(), WindowError> {
                match self {
                    $($(Self::$variant($parameter) if !$valid => Err(WindowError::Parameter {
                        name: self.to_string(),
                        range: $range,
                        example: $example,
                    }),)?)+
                    _ => Ok(()),
                }
            }
        }

        impl Default for Window {
            fn default() -> Self {
                Self::$default
            }
        }

        impl fmt::Display for Window {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $(Self::$variant $(($parameter))? => {
                        f.write_str($name)?;
                        $(write!(f, ":{}", $parameter)?;)?
                        Ok(())
                    })+
                }
            }
        }

        impl FromStr for Window {
            type Err = WindowError;

            fn from_str(text: &str) -> Result<Self, WindowError> {
                let (kind, parameter) = match text.split_once(':') {
                    Some((kind, parameter)) => (kind, Some(parameter)),
                    None => (text, None),
                };
                match kind {
                    $($(
                        $name => {
                            let $parameter = parameter
                                .and_then(|number| number.parse().ok())
                                .ok_or_else(|| WindowError::Parameter {
                                    name: text.to_owned(),
                                    range: $range,
                                    example: $example,
                                })?;
                            let window = Self::$variant($parameter);
                            return window.check().map(|()| window);
                        }
                    )?)+
                    _ => {}
                }
                // What remains are the windows that are written as they are offered.
                Self::OFFERED
                    .iter()
                    .position(|name| *name == text)
                    .map(|place| Self::ALL[place])
                    .ok_or_else(|| WindowError::UnknownName {
                        name: text.to_owned(),
                    })
            }
        }
    };
    (@number $parameter:ident) => { f64 };
}

windows! {
    /// A window function.
    ///
    /// All are periodic: `coefficients(n)` equals `scipy.signal.get_window(name, n, fftbins=True)`
    /// within 1e-12. Names (for `Display` and `FromStr`) are listed in [`Window::NAMES`].
    #[derive(Clone, Copy, Debug, PartialEq)]
    #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
    pub enum Window {
        default Hann;
        /// 0.5 − 0.5·cos: sidelobes −31 dB, falling 18 dB an octave. The usual choice.
        Hann = "hann" => |n| cosine_sum(n, &[0.5, 0.5]),
        /// 0.54 − 0.46·cos: first sidelobe −43 dB.
        Hamming = "hamming" => |n| cosine_sum(n, &[0.54, 0.46]),
        /// Three terms (0.42, 0.5, 0.08): sidelobes −58 dB.
        Blackman = "blackman" => |n| cosine_sum(n, &[0.42, 0.50, 0.08]),
        /// Four terms after Harris 1978: sidelobes −92 dB.
        BlackmanHarris = "blackman-harris" =>
            |n| cosine_sum(n, &[0.35875, 0.48829, 0.14128, 0.01168]),
        /// Four terms after Nuttall 1981 (minimum sidelobe): −98 dB.
        Nuttall = "nuttall" => |n| cosine_sum(n, &[0.3635819, 0.4891775, 0.1365995, 0.0106411]),
        /// Five terms: amplitude right within 0.01 dB wherever a tone lies between bins.
        FlatTop = "flat-top" => |n| cosine_sum(
            n,
            &[0.21557895, 0.41663158, 0.277263158, 0.083578947, 0.006947368],
        ),
        /// Kaiser with parameter β in `0..=500`; larger is smoother.
        Kaiser(
            beta = 8.6, "BETA", "(β from 0 to 500)", "kaiser:14",
            (0.0..=Self::MAX_BETA).contains(&beta)
        ) = "kaiser" => |n| kaiser(n, beta),
        /// Gaussian with a standard deviation of this many samples (as in scipy); above 0.
        Gaussian(
            sigma = 256.0, "SIGMA", "(σ in samples, above 0)", "gaussian:256",
            (sigma > 0.0 && sigma.is_finite())
        ) = "gaussian" => |n| gaussian(n, sigma),
        /// All ones: sharpest line, worst leakage.
        Rect = "rect" => |_n| |_| 1.0,
    }
}

impl Window {
    /// Largest β of [`Window::Kaiser`]; beyond it the Bessel function leaves `f64`.
    pub const MAX_BETA: f64 = 500.0;
}

/// Σ aₖ·cos(k·φ) with φ from −π over one period (the form of Harris 1978 with the peak at φ = 0).
fn cosine_sum(n: usize, terms: &[f64]) -> impl Fn(usize) -> f64 {
    move |i| {
        let phase = -PI + 2.0 * PI * i as f64 / n as f64;
        terms
            .iter()
            .enumerate()
            .map(|(k, a)| a * (k as f64 * phase).cos())
            .sum()
    }
}

/// I₀(β·√(1 − x²)) / I₀(β), x from −1 over one period (Kaiser 1974).
fn kaiser(n: usize, beta: f64) -> impl Fn(usize) -> f64 {
    let beta = if beta.is_finite() {
        beta.clamp(0.0, Window::MAX_BETA)
    } else {
        0.0
    };
    let peak = bessel_i0(beta);
    let half = n as f64 / 2.0;
    move |i| {
        let x = (i as f64 - half) / half;
        bessel_i0(beta * (1.0 - x * x).max(0.0).sqrt()) / peak
    }
}

/// exp(−t²/2σ²), t in samples from the middle of the period.
fn gaussian(n: usize, sigma: f64) -> impl Fn(usize) -> f64 {
    let sigma = if sigma.is_finite() {
        sigma.max(1e-3)
    } else {
        1e-3
    };
    let half = n as f64 / 2.0;
    move |i| {
        let t = (i as f64 - half) / sigma;
        (-0.5 * t * t).exp()
    }
}

/// Modified Bessel function of the first kind, order 0, by its power series Σ ((x/2)ᵏ/k!)².
///
/// All terms are positive, so nothing cancels and the sum is right to rounding for every x that
/// [`Window::MAX_BETA`] allows.
fn bessel_i0(x: f64) -> f64 {
    let quarter = x * x / 4.0;
    let mut term = 1.0;
    let mut sum = 1.0;
    let mut k = 1.0;
    loop {
        term *= quarter / (k * k);
        sum += term;
        if term <= sum * 1e-17 {
            return sum;
        }
        k += 1.0;
    }
}
