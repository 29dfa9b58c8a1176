//! The performance overlay: figures of the run, drawn by iyes_perf_ui.

use bevy::{
    diagnostic::FrameTimeDiagnosticsPlugin,
    ecs::system::{SystemParam, lifetimeless::SRes},
    prelude::*,
};
use iyes_perf_ui::{PerfUiSet, entry::PerfUiEntry, prelude::*};
use soundfall_systems::{
    diagnostics::{RunStats, UploadMeter},
    stream::{StreamStatus, Source, adopt_source},
    analysis::{Quality, Reanalysis, AnalysisProgress},
    view::View,
};

use crate::{SoundfallSystems, panel::press_keys};

/// Shows and hides the overlay as the view says.
pub struct OverlayPlugin;

impl Plugin for OverlayPlugin {
    fn build(&self, app: &mut App) {
        app.add_plugins((FrameTimeDiagnosticsPlugin::default(), PerfUiPlugin))
            .add_perf_ui_simple_entry::<MainSchedule>()
            .add_perf_ui_simple_entry::<RingFill>()
            .add_perf_ui_simple_entry::<Backlog>()
            .add_perf_ui_simple_entry::<InQuality>()
            .add_perf_ui_simple_entry::<Changes>()
            .add_perf_ui_simple_entry::<Rows>()
            .add_perf_ui_simple_entry::<Uploaded>()
            .add_perf_ui_simple_entry::<Lost>()
            .add_perf_ui_simple_entry::<Latency>()
            .add_systems(
                Update,
                toggle
                    .in_set(SoundfallSystems::Input)
                    .after(press_keys)
                    .after(adopt_source)
                    // A root that appears among the set-up systems never gets a layout.
                    .before(PerfUiSet::Setup),
            );
    }
}

/// Not there, it costs nothing.
fn toggle(mut commands: Commands, view: Res<View>, shown: Query<Entity, With<PerfUiRoot>>) {
    if view.overlay && shown.is_empty() {
        commands.spawn((
            PerfUiRoot {
                // Below the title, beside the colour bar.
                position: PerfUiPosition::TopLeft,
                margin: 88.0,
                background_color: Color::srgba(0.02, 0.03, 0.05, 0.86),
                values_col_width: 170.0,
                fontsize_label: 13.0,
                fontsize_value: 13.0,
                ..default()
            },
            PerfUiEntryFPS::default(),
            PerfUiEntryFrameTime::default(),
            MainSchedule,
            RingFill,
            Backlog,
            InQuality,
            Changes,
            Rows,
            Uploaded,
            Lost,
            Latency,
        ));
    } else if !view.overlay {
        for entity in &shown {
            commands.entity(entity).despawn();
        }
    }
}

/// One line of the overlay.
macro_rules! entry {
    ($name:ident, $label:literal, $key:literal, $param:ty, |$values:ident| $value:expr) => {
        #[derive(Component)]
        struct $name;

        impl PerfUiEntry for $name {
            type SystemParam = $param;
            type Value = String;

            fn label(&self) -> &str {
                $label
            }

            fn sort_key(&self) -> i32 {
                $key
            }

            fn update_value(
                &self,
                $values: &mut <Self::SystemParam as SystemParam>::Item<'_, '_>,
            ) -> Option<String> {
                Some($value)
            }

            fn format_value(&self, value: &String) -> String {
                value.clone()
            }
        }
    };
}

entry!(
    MainSchedule,
    "Main schedule p50 / p99",
    1000,
    SRes<RunStats>,
    |stats| format!(
        "{:.2} / {:.2} ms",
        stats.frame_cpu.percentile(0.5),
        stats.frame_cpu.percentile(0.99)
    )
);
entry!(
    RingFill,
    "Ring fill",
    1001,
    (Option<SRes<Source>>, SRes<StreamStatus>),
    |it| {
        let (source, status) = it;
        source.as_ref().map_or_else(
            || "no ring".to_owned(),
            |source| {
                let format = source.ring.format();
                let frames = status.written_frames.min(format.capacity_frames) as f64;
                format!(
                    "{:.1} s, {:.0} %",
                    frames / f64::from(format.sample_rate),
                    100.0 * frames / format.capacity_frames.max(1) as f64
                )
            },
        )
    }
);
entry!(
    Backlog,
    "Analysis backlog",
    1002,
    SRes<AnalysisProgress>,
    |progress| format!("{} columns, {} jobs", progress.backlog, progress.in_flight)
);
entry!(
    InQuality,
    "Quality (lowest)",
    1003,
    SRes<Quality>,
    |quality| {
        if quality.lowest_name() == quality.name() {
            quality.name().to_owned()
        } else {
            format!("{} ({})", quality.name(), quality.lowest_name())
        }
    }
);
entry!(
    Changes,
    "Re-analysis first / whole",
    1004,
    SRes<Reanalysis>,
    |it| if it.count == 0 {
        "none yet".to_owned()
    } else {
        format!(
            "{:.0} / {:.0} ms",
            it.first_ms.percentile(0.5),
            it.whole_ms.percentile(0.5)
        )
    }
);
entry!(Rows, "Rows", 1005, SRes<RunStats>, |stats| stats
    .rows_uploaded
    .to_string());
entry!(
    Uploaded,
    "Uploaded",
    1006,
    SRes<UploadMeter>,
    |meter| format!("{:.1} MB", meter.bytes() as f64 / 1e6)
);
entry!(
    Lost,
    "Lost frames / laps",
    1007,
    (SRes<StreamStatus>, SRes<AnalysisProgress>),
    |it| format!("{} / {}", it.0.lost_frames, it.1.laps)
);
entry!(
    Latency,
    "Sound to screen p50",
    1008,
    SRes<RunStats>,
    |stats| format!("{:.0} ms", stats.latency.percentile(0.5))
);
