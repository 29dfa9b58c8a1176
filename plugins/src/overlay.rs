//! The performance overlay: figures of the run, drawn by iyes_perf_ui.

use bevy::{
    diagnostic::FrameTimeDiagnosticsPlugin,
    ecs::system::{
        SystemParam,
        lifetimeless::{Read, SQuery, SRes},
    },
    prelude::*,
};
use iyes_perf_ui::{PerfUiSet, entry::PerfUiEntry, prelude::*};
use soundfall_systems::{
    analysis::{AnalysisProgress, Quality, Reanalysis},
    diagnostics::{RunStats, UploadMeter},
    stream::{Stream, StreamStatus},
    view::ProgramSettings,
};

/// Shows and hides the overlay as the settings say. The figures are sums, or of the worst, over all
/// streams and analyses. Needs [`crate::LayoutPlugin`], [`crate::DiagnosticsPlugin`].
pub struct OverlayPlugin;

impl Plugin for OverlayPlugin {
    fn build(&self, app: &mut App) {
        app.add_plugins((FrameTimeDiagnosticsPlugin::default(), PerfUiPlugin))
            .init_resource::<ProgramSettings>()
            .init_resource::<RunStats>()
            .init_resource::<UploadMeter>()
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
                    // A root that appears among the set-up systems never gets a layout.
                    .before(PerfUiSet::Setup),
            );
    }
}

/// Not there, it costs nothing.
fn toggle(
    mut commands: Commands,
    settings: Res<ProgramSettings>,
    shown: Query<Entity, With<PerfUiRoot>>,
) {
    if settings.overlay && shown.is_empty() {
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
    } else if !settings.overlay {
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
    SQuery<(Read<Stream>, Read<StreamStatus>)>,
    |streams| {
        let fills: Vec<String> = streams
            .iter()
            .map(|(stream, status)| {
                let format = stream.history.format();
                let frames = status.written_frames.min(format.capacity_frames) as f64;
                format!(
                    "{:.1} s, {:.0} %",
                    frames / f64::from(format.sample_rate),
                    100.0 * frames / format.capacity_frames.max(1) as f64
                )
            })
            .collect();
        if fills.is_empty() {
            "no ring".to_owned()
        } else {
            fills.join("; ")
        }
    }
);
entry!(
    Backlog,
    "Analysis backlog",
    1002,
    SQuery<Read<AnalysisProgress>>,
    |all| {
        let sum = |of: fn(&AnalysisProgress) -> u64| all.iter().map(of).sum::<u64>();
        format!(
            "{} columns, {} jobs",
            sum(|one| one.backlog),
            sum(|one| one.in_flight as u64)
        )
    }
);
entry!(
    InQuality,
    "Quality (lowest)",
    1003,
    SQuery<Read<Quality>>,
    |all| all
        .iter()
        .max_by_key(|quality| quality.step())
        .map_or_else(String::new, |quality| {
            if quality.lowest_name() == quality.name() {
                quality.name().to_owned()
            } else {
                format!("{} ({})", quality.name(), quality.lowest_name())
            }
        })
);
entry!(
    Changes,
    "Re-analysis first / whole",
    1004,
    SQuery<Read<Reanalysis>>,
    |all| all.iter().find(|one| one.count > 0).map_or_else(
        || "none yet".to_owned(),
        |one| {
            format!(
                "{:.0} / {:.0} ms",
                one.first_ms.percentile(0.5),
                one.whole_ms.percentile(0.5)
            )
        }
    )
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
    (SQuery<Read<StreamStatus>>, SQuery<Read<AnalysisProgress>>),
    |it| {
        let lost: u64 = it.0.iter().map(|status| status.lost_frames).sum();
        let laps: u64 = it.1.iter().map(|progress| progress.laps).sum();
        let panics: u64 = it.1.iter().map(|progress| progress.panics).sum();
        match panics {
            0 => format!("{lost} / {laps}"),
            _ => format!("{lost} / {laps}; {panics} jobs failed"),
        }
    }
);
entry!(
    Latency,
    "Sound to screen p50",
    1008,
    SRes<RunStats>,
    |stats| format!("{:.0} ms", stats.latency.percentile(0.5))
);
