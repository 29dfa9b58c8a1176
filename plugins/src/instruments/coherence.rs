//! Coherence of every channel to the reference as a small picture: a row a channel, frequency to
//! the right.

use bevy_egui::egui;
use soundfall_dsp::colormap::Colormap;
use soundfall_dsp::instruments::Instrument;
use soundfall_systems::annotate::hertz;

use super::plate::{Measured, Memory, Plate};
use crate::annotate::{CLEAR, QUIET, font};

/// Segments below which a coherence is only beginning.
const FEW_SEGMENTS: f32 = 8.0;
/// Frames of sound between two pictures, as a part of a second.
const PICTURES_PER_SEC: u64 = 10;

pub(super) const PLATE: Plate = Plate {
    of: Instrument::Coherence,
    title: "Coherence",
    least: 74.0,
    best: |channels| 60.0 + (channels as f32 * 9.0).clamp(18.0, 130.0),
    aside,
    memory: || Box::<Picture>::default(),
    draw,
};

/// The picture as egui knows it, and what it was made of.
#[derive(Default)]
struct Picture {
    texture: Option<egui::TextureHandle>,
    made_for: Option<(u64, [usize; 2], Colormap)>,
}

/// Which reference it is.
fn aside(measured: &Measured) -> String {
    let plan = measured.plan;
    match &measured.report.coherence {
        None => "needs two channels".to_owned(),
        Some(coherence) => {
            let number = plan.channels.get(coherence.reference).map_or(0, |c| c + 1);
            let beginning = if coherence.segments < FEW_SEGMENTS {
                " \u{2026}"
            } else {
                ""
            };
            format!("to channel {number}{beginning}")
        }
    }
}

fn draw(painter: &egui::Painter, body: egui::Rect, measured: &Measured, memory: &mut Memory) {
    let (plan, report, colormap) = (measured.plan, measured.report, measured.colormap);
    let Some(coherence) = &report.coherence else {
        return;
    };
    let Some(picture) = memory.downcast_mut::<Picture>() else {
        return;
    };
    let channels = plan.channels.len();
    let size = [report.columns, channels];
    if coherence.coherence.len() != size[0] * size[1] || size[0] == 0 {
        return;
    }
    let beat = beat(report.end_frame, plan.settings.sample_rate);
    let made_for = Some((beat, size, colormap));
    if picture.made_for != made_for {
        picture.made_for = made_for;
        let table = colormap.table();
        let rgba: Vec<u8> = coherence
            .coherence
            .iter()
            .flat_map(|value| table[usize::from(*value)])
            .collect();
        let image = egui::ColorImage::from_rgba_unmultiplied(size, &rgba);
        let options = egui::TextureOptions::NEAREST;
        match &mut picture.texture {
            Some(texture) => texture.set(image, options),
            none => *none = Some(painter.ctx().load_texture("coherence", image, options)),
        }
    }
    let field = egui::Rect::from_min_max(
        egui::pos2(body.left() + 18.0, body.top()),
        egui::pos2(body.right(), body.bottom() - 14.0),
    );
    if let Some(texture) = &picture.texture {
        let whole = egui::Rect::from_min_max(egui::Pos2::ZERO, egui::pos2(1.0, 1.0));
        painter.image(texture.id(), field, whole, egui::Color32::WHITE);
    }
    let row = field.height() / channels as f32;
    let mut step = 1;
    while row * (step as f32) < 11.0 {
        step *= 2;
    }
    for (slot, channel) in plan.channels.iter().enumerate() {
        let is_reference = slot == coherence.reference;
        if !slot.is_multiple_of(step) && !is_reference {
            continue;
        }
        let near = slot.abs_diff(coherence.reference) < step && !is_reference;
        if near && step > 1 {
            continue;
        }
        let at = egui::pos2(field.left() - 5.0, field.top() + row * (slot as f32 + 0.5));
        let colour = if is_reference { CLEAR } else { QUIET };
        painter.text(
            at,
            egui::Align2::RIGHT_CENTER,
            format!("{}", channel + 1),
            font(10.5),
            colour,
        );
    }
    let axis = &plan.settings.axis;
    let foot = |x: f32, align: egui::Align2, words: &str| {
        painter.text(
            egui::pos2(x, field.bottom() + 2.0),
            align,
            words,
            font(10.5),
            QUIET,
        );
    };
    foot(field.left(), egui::Align2::LEFT_TOP, &hertz(axis.min_hz()));
    let middle = hertz(round(axis.hz(0.5)));
    foot(field.center().x, egui::Align2::CENTER_TOP, &middle);
    let high = format!("{} Hz", hertz(axis.max_hz()));
    foot(field.right(), egui::Align2::RIGHT_TOP, &high);
}

/// Changes with every new picture. A ring may say that it is at any frame.
fn beat(end_frame: u64, sample_rate: u32) -> u64 {
    end_frame / (u64::from(sample_rate) / PICTURES_PER_SEC).max(1)
}

/// Two figures are enough.
fn round(hz: f64) -> f64 {
    let step = 10f64.powf(hz.max(1.0).log10().floor() - 1.0);
    (hz / step).round() * step
}

#[cfg(test)]
mod tests {
    use super::beat;

    #[test]
    fn there_is_a_beat_at_any_frame() {
        assert_eq!(beat(47_999, 48_000), 9);
        assert_eq!(beat(48_000, 48_000), 10);
        assert_eq!(beat(u64::MAX, 0), u64::MAX);
        assert_eq!(beat(u64::MAX, 7), u64::MAX);
    }
}
