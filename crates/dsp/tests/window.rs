//! Windows against scipy's figures, and their names.
#![allow(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;
use soundfall_dsp::window::{Window, WindowError};

const ALL: [Window; 9] = [
    Window::Hann,
    Window::Hamming,
    Window::Blackman,
    Window::BlackmanHarris,
    Window::Nuttall,
    Window::FlatTop,
    Window::Kaiser(8.6),
    Window::Gaussian(300.0),
    Window::Rect,
];

#[test]
fn every_window_equals_scipy_to_1e_12() {
    let mut seen = 0;
    for line in include_str!("data/windows.csv")
        .lines()
        .filter(|l| !l.starts_with('#'))
    {
        let [name, n, i, value] = line.split(',').collect::<Vec<_>>()[..] else {
            panic!("malformed line {line}");
        };
        let window: Window = name.parse().unwrap();
        let ours = window.coefficients(n.parse().unwrap())[i.parse::<usize>().unwrap()];
        let theirs: f64 = value.parse().unwrap();
        assert!((ours - theirs).abs() < 1e-12, "{line}: {ours}");
        seen += 1;
    }
    assert!(seen > 1200, "{seen}");
}

#[test]
fn windows_are_periodic_symmetric_and_peak_at_one() {
    for window in ALL {
        let w = window.coefficients(256);
        for i in 1..128 {
            assert!((w[i] - w[256 - i]).abs() < 1e-12, "{window} at {i}");
        }
        assert!((w[128] - 1.0).abs() < 1e-8, "{window}");
    }
}

#[test]
fn some_coefficients_are_those_of_all() {
    for window in ALL {
        for n in [1, 2, 255, 2048] {
            let all = window.coefficients(n);
            let places = [0, n / 2, n - 1, n / 3];
            assert_eq!(
                window.coefficients_at(n, places),
                places.map(|place| all[place])
            );
        }
    }
}

#[test]
fn names_are_read_back() {
    for window in ALL {
        assert_eq!(window.to_string().parse::<Window>(), Ok(window));
    }
    assert_eq!(Window::NAMES.len(), ALL.len());
}

#[test]
fn bad_names_say_what_to_do() {
    let unknown = "hannn".parse::<Window>().unwrap_err();
    assert!(unknown.to_string().contains("blackman-harris"));
    for text in [
        "kaiser",
        "kaiser:",
        "kaiser:-1",
        "kaiser:501",
        "kaiser:NaN",
        "gaussian:0",
        "gaussian:inf",
        "gaussian:x",
    ] {
        let error = text.parse::<Window>().unwrap_err();
        assert!(matches!(error, WindowError::Parameter { .. }), "{text}");
        assert!(error.to_string().contains(text), "{error}");
    }
    assert!("hann:3".parse::<Window>().is_err());
    assert!("".parse::<Window>().is_err());
}

proptest! {
    #[test]
    fn any_parameter_gives_finite_coefficients(parameter in any::<f64>(), n in 0usize..300) {
        for window in [Window::Kaiser(parameter), Window::Gaussian(parameter)] {
            let w = window.coefficients(n);
            prop_assert_eq!(w.len(), n);
            prop_assert!(w.iter().all(|x| x.is_finite() && *x <= 1.0));
        }
    }
}
