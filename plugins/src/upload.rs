//! New rows and the state of the frame to their textures, in the render world: one write for all
//! channels, two where it wraps. Never a whole texture.
//!
//! A renderer that lost its device begins anew with empty textures: then everything shown is made again.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use bevy::{
    asset::{AssetId, RenderAssetUsages, uuid_handle},
    image::ImageSampler,
    prelude::*,
    render::{
        Extract, ExtractSchedule, Render, RenderApp, RenderStartup, RenderSystems,
        render_asset::RenderAssets,
        render_resource::{
            Extent3d, Origin3d, TexelCopyBufferLayout, TexelCopyTextureInfo, Texture,
            TextureAspect, TextureDimension, TextureFormat, TextureUsages,
        },
        renderer::RenderQueue,
        texture::GpuImage,
    },
};
use crossbeam::channel::Receiver;
use soundfall_systems::{
    diagnostics::{RunStats, UploadMeter},
    stream::poll_streams,
    texels::Texels,
    view::View,
    waterfall::{FieldState, FieldTexels, HeightUpload, HeightUploads},
    waveform::{LaneState, LaneTexels, LaneUpload, LaneUploads},
};

use crate::{Soundfall, SoundfallSystems};

/// Views that can be drawn at a time.
pub const MAX_VIEWS: usize = 16;

/// Texels of a view's state.
const TEXELS: usize = FieldTexels::TEXELS + LaneTexels::TEXELS;

/// The small texture that tells the shaders what every view shows: one row a view.
pub(crate) const STATE_IMAGE: Handle<Image> = uuid_handle!("5a9f6d0e-3f0e-4b51-9c0c-6d1c0f5e7a11");

/// The row of a view in the state texture.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ViewSlot(pub u32);

impl ViewSlot {
    /// The tag of a mesh that is drawn for a place (a layer of the height field, a lane) of this
    /// view. The shaders take it apart again.
    pub fn tag(self, place: u32) -> u32 {
        self.0 << TAG_VIEW_SHIFT | place
    }
}

/// Bits of a tag below the view's.
pub(crate) const TAG_VIEW_SHIFT: u32 = 16;

/// Gives every view a row of the state texture, as long as there are some.
fn assign_slots(
    mut commands: Commands,
    new: Query<Entity, (With<View>, Without<ViewSlot>)>,
    known: Query<&ViewSlot>,
) {
    let mut used: Vec<u32> = Vec::new();
    for view in &new {
        if used.is_empty() {
            used.extend(known.iter().map(|slot| slot.0));
        }
        let free = (0..MAX_VIEWS as u32).find(|slot| !used.contains(slot));
        if let Some(slot) = free {
            used.push(slot);
            commands.entity(view).insert(ViewSlot(slot));
        }
    }
}

/// The textures in use, and the allocation each one serves.
#[derive(Resource, Clone, Default, PartialEq)]
pub(crate) struct Targets {
    pub heights: Vec<Target>,
    pub lanes: Vec<Target>,
}

/// A texture.
#[derive(Clone, Copy, PartialEq)]
pub(crate) struct Target {
    /// The allocation it serves; rising with time.
    pub allocation: u64,
    pub image: AssetId<Image>,
    /// Texels along its first axis.
    pub width: u32,
}

/// What to do with an upload now.
enum Way<'a> {
    Write(&'a GpuImage, u32),
    /// Its texture is not made yet.
    Wait,
    /// Its texture is gone.
    Drop,
}

/// Finds an upload's texture.
fn way<'a>(targets: &[Target], allocation: u64, images: &'a RenderAssets<GpuImage>) -> Way<'a> {
    match targets.iter().find(|to| to.allocation == allocation) {
        Some(target) => match images.get(target.image) {
            Some(image) => Way::Write(image, target.width),
            None => Way::Wait,
        },
        None if targets.iter().all(|to| to.allocation < allocation) => Way::Wait,
        None => Way::Drop,
    }
}

/// Bytes that wait for their textures at most: a renderer that stands still must not fill the memory.
const MAX_WAITING_BYTES: usize = 256 << 20;

#[derive(Resource)]
struct Inbox {
    heights: Receiver<HeightUpload>,
    lanes: Receiver<LaneUpload>,
    waiting_heights: Vec<HeightUpload>,
    waiting_lanes: Vec<LaneUpload>,
    /// Some were thrown away: what is shown has to be made again.
    overflown: bool,
}

impl Inbox {
    fn take_in(&mut self) {
        self.waiting_heights.extend(self.heights.try_iter());
        self.waiting_lanes.extend(self.lanes.try_iter());
        let heights = self.waiting_heights.iter().map(|upload| upload.bytes.len());
        let lanes = self.waiting_lanes.iter().map(|upload| upload.bytes.len());
        if heights.chain(lanes).sum::<usize>() > MAX_WAITING_BYTES {
            self.clear();
            self.overflown = true;
        }
    }

    fn clear(&mut self) {
        self.waiting_heights.clear();
        self.waiting_lanes.clear();
    }
}

/// Counts how often what is in the textures began anew: once, and again after every loss.
#[derive(Resource, Clone, Default)]
pub(crate) struct Beginnings {
    /// Of renderers, whose textures are empty.
    renderers: Arc<AtomicU32>,
    /// Of textures: those, and after rows were thrown away on their way.
    textures: Arc<AtomicU32>,
}

impl Beginnings {
    fn of_renderer(&self) {
        self.renderers.fetch_add(1, Ordering::Relaxed);
        self.of_textures();
    }

    fn of_textures(&self) {
        self.textures.fetch_add(1, Ordering::Relaxed);
    }
}

/// Whether a count has risen since it was seen, the very first beginning aside.
fn rose(count: &AtomicU32, seen: &mut u32) -> bool {
    let now = count.load(Ordering::Relaxed);
    let is_news = now > (*seen).max(1);
    *seen = now;
    is_news
}

/// True in the first display frame after what the textures held was lost, for each system that asks.
pub(crate) fn textures_are_lost(beginnings: Res<Beginnings>, mut seen: Local<u32>) -> bool {
    rose(&beginnings.textures, &mut seen)
}

/// True in the first display frame after the graphics device was lost, for each system that asks.
fn device_is_lost(beginnings: Res<Beginnings>, mut seen: Local<u32>) -> bool {
    rose(&beginnings.renderers, &mut seen)
}

/// The state of one view.
type ViewTexels = [f32; TEXELS * 4];

#[derive(Resource, Default)]
struct FrameState {
    views: [ViewState; MAX_VIEWS],
}

#[derive(Clone, Copy)]
struct ViewState {
    texels: ViewTexels,
    written: Option<ViewTexels>,
}

impl Default for ViewState {
    fn default() -> Self {
        Self {
            texels: [0.0; TEXELS * 4],
            written: None,
        }
    }
}

/// Carries what the set `Stage` packs to the graphics card. Needs [`crate::SchedulePlugin`] and Bevy's
/// renderer, without which it does nothing.
pub struct UploadPlugin;

impl Plugin for UploadPlugin {
    fn build(&self, app: &mut App) {
        let (heights_in, heights) = crossbeam::channel::unbounded();
        let (lanes_in, lanes) = crossbeam::channel::unbounded();
        app.insert_resource(HeightUploads(heights_in))
            .insert_resource(LaneUploads(lanes_in))
            .init_resource::<UploadMeter>()
            .init_resource::<Beginnings>()
            .init_resource::<RunStats>()
            .init_resource::<Targets>()
            .add_systems(
                Soundfall,
                (
                    count_loss
                        .run_if(device_is_lost)
                        .in_set(SoundfallSystems::Input),
                    assign_slots
                        .in_set(SoundfallSystems::Sync)
                        .before(poll_streams),
                ),
            );
        let meter = app.world().resource::<UploadMeter>().clone();
        let beginnings = app.world().resource::<Beginnings>().clone();
        if let Some(mut images) = app.world_mut().get_resource_mut::<Assets<Image>>() {
            let mut image = Image::new_uninit(
                Extent3d {
                    width: TEXELS as u32,
                    height: MAX_VIEWS as u32,
                    depth_or_array_layers: 1,
                },
                TextureDimension::D2,
                TextureFormat::Rgba32Float,
                RenderAssetUsages::RENDER_WORLD,
            );
            image.texture_descriptor.usage =
                TextureUsages::TEXTURE_BINDING | TextureUsages::COPY_DST;
            image.sampler = ImageSampler::nearest();
            if let Err(error) = images.insert(&STATE_IMAGE, image) {
                error!("no state texture: {error}");
            }
        }
        let Some(render_app) = app.get_sub_app_mut(RenderApp) else {
            return;
        };
        render_app
            .insert_resource(Inbox {
                heights,
                lanes,
                waiting_heights: Vec::new(),
                waiting_lanes: Vec::new(),
                overflown: false,
            })
            .insert_resource(meter)
            .insert_resource(beginnings)
            .init_resource::<FrameState>()
            .init_resource::<Targets>()
            .add_systems(RenderStartup, begin)
            .add_systems(ExtractSchedule, extract_state)
            .add_systems(
                Render,
                (write_heights, write_lanes, write_state).in_set(RenderSystems::PrepareResources),
            );
    }
}

fn count_loss(mut stats: ResMut<RunStats>) {
    stats.graphics_losses += 1;
}

/// The renderer begins, or begins anew: nothing is in its textures.
fn begin(mut inbox: ResMut<Inbox>, mut state: ResMut<FrameState>, beginnings: Res<Beginnings>) {
    inbox.clear();
    for view in &mut state.views {
        view.written = None;
    }
    beginnings.of_renderer();
}

fn extract_state(
    views: Extract<Query<(&ViewSlot, &FieldState, &LaneState)>>,
    main_targets: Extract<Res<Targets>>,
    mut state: ResMut<FrameState>,
    mut targets: ResMut<Targets>,
    mut inbox: ResMut<Inbox>,
) {
    // Taken here, where both worlds stand still: rows of the next frame must not reach the
    // texture while this frame's state is drawn.
    inbox.take_in();
    for (slot, field, lanes) in &views {
        if let Some(view) = state.views.get_mut(slot.0 as usize) {
            let (of_field, of_lanes) = view.texels.split_at_mut(FieldTexels::TEXELS * 4);
            field.texels.pack(of_field);
            lanes.texels.pack(of_lanes);
        }
    }
    if *targets != **main_targets {
        *targets = main_targets.clone();
    }
}

fn write_state(
    mut state: ResMut<FrameState>,
    images: Res<RenderAssets<GpuImage>>,
    queue: Res<RenderQueue>,
    meter: Res<UploadMeter>,
) {
    let Some(image) = images.get(&STATE_IMAGE) else {
        return;
    };
    for (slot, view) in (0..).zip(&mut state.views) {
        let known = view.written.unwrap_or([0.0; TEXELS * 4]);
        if known == view.texels {
            continue;
        }
        let mut bytes = [0_u8; TEXELS * 16];
        for (to, value) in bytes.chunks_exact_mut(4).zip(&view.texels) {
            to.copy_from_slice(&value.to_le_bytes());
        }
        write_part(
            &queue,
            &image.texture,
            &bytes,
            &Part {
                origin: [0, slot, 0],
                size: [TEXELS as u32, 1, 1],
                offset: 0,
                bytes_per_row: bytes.len() as u32,
                rows_per_layer: 1,
            },
        );
        meter.add(bytes.len() as u64);
        view.written = Some(view.texels);
    }
}

/// A box of texels, and where its bytes lie in the data.
struct Part {
    origin: [u32; 3],
    size: [u32; 3],
    offset: u64,
    bytes_per_row: u32,
    rows_per_layer: u32,
}

fn write_part(queue: &RenderQueue, texture: &Texture, bytes: &[u8], part: &Part) {
    let ([x, y, z], [width, height, depth_or_array_layers]) = (part.origin, part.size);
    queue.write_texture(
        TexelCopyTextureInfo {
            texture,
            mip_level: 0,
            origin: Origin3d { x, y, z },
            aspect: TextureAspect::All,
        },
        bytes,
        TexelCopyBufferLayout {
            offset: part.offset,
            bytes_per_row: Some(part.bytes_per_row),
            rows_per_image: Some(part.rows_per_layer),
        },
        Extent3d {
            width,
            height,
            depth_or_array_layers,
        },
    );
}

/// Splits `count` places from `first` on, in a ring of `size`, into at most two runs:
/// (place, offset into the data, length).
fn runs(first: u32, count: u32, size: u32) -> [(u32, u32, u32); 2] {
    let whole = count.min(size - first.min(size));
    [(first, 0, whole), (0, whole, count - whole)]
}

fn write_heights(
    mut inbox: ResMut<Inbox>,
    targets: Res<Targets>,
    images: Res<RenderAssets<GpuImage>>,
    queue: Res<RenderQueue>,
    meter: Res<UploadMeter>,
    beginnings: Res<Beginnings>,
) {
    if std::mem::take(&mut inbox.overflown) {
        warn!(
            "more than {} MiB of new rows waited for their textures: thrown away, and made again from the ring",
            MAX_WAITING_BYTES >> 20
        );
        beginnings.of_textures();
    }
    inbox.waiting_heights.retain(|upload| {
        let (image, columns) = match way(&targets.heights, upload.allocation, &images) {
            Way::Write(image, columns) => (image, columns),
            Way::Wait => return true,
            Way::Drop => return false,
        };
        let texture_rows = image.texture_descriptor.size.height;
        for part in &upload.parts {
            for (row, offset, rows) in runs(part.first_row, part.rows, texture_rows) {
                if rows == 0 {
                    continue;
                }
                write_part(
                    &queue,
                    &image.texture,
                    &upload.bytes,
                    &Part {
                        origin: [0, row, part.first_layer],
                        size: [columns, rows, part.layers],
                        offset: part.first_byte + u64::from(offset) * u64::from(columns) * 2,
                        bytes_per_row: columns * 2,
                        rows_per_layer: part.rows_per_layer,
                    },
                );
                meter.add(u64::from(rows) * u64::from(columns) * 2 * u64::from(part.layers));
            }
        }
        false
    });
}

fn write_lanes(
    mut inbox: ResMut<Inbox>,
    targets: Res<Targets>,
    images: Res<RenderAssets<GpuImage>>,
    queue: Res<RenderQueue>,
    meter: Res<UploadMeter>,
) {
    inbox.waiting_lanes.retain(|upload| {
        let (image, width) = match way(&targets.lanes, upload.allocation, &images) {
            Way::Write(image, width) => (image, width),
            Way::Wait => return true,
            Way::Drop => return false,
        };
        for (column, offset, columns) in runs(upload.first_column, upload.columns, width) {
            if columns == 0 {
                continue;
            }
            write_part(
                &queue,
                &image.texture,
                &upload.bytes,
                &Part {
                    origin: [column, 0, 0],
                    size: [columns, upload.lanes, 1],
                    offset: u64::from(offset) * 8,
                    bytes_per_row: upload.columns * 8,
                    rows_per_layer: upload.lanes,
                },
            );
            meter.add(u64::from(columns) * 8 * u64::from(upload.lanes));
        }
        false
    });
}

#[cfg(test)]
mod tests {
    use bevy::prelude::*;
    use soundfall_systems::diagnostics::RunStats;

    use super::{Beginnings, ViewSlot, count_loss, device_is_lost, runs, textures_are_lost};

    #[derive(Resource, Default)]
    struct Refills(u32);

    #[test]
    fn rows_thrown_away_are_made_again_but_no_lost_device() {
        let beginnings = Beginnings::default();
        let mut world = World::new();
        world.insert_resource(beginnings.clone());
        world.init_resource::<RunStats>();
        world.init_resource::<Refills>();
        let refill = |mut refills: ResMut<Refills>| refills.0 += 1;
        let mut frame = Schedule::default();
        frame.add_systems((
            count_loss.run_if(device_is_lost),
            refill.run_if(textures_are_lost),
        ));
        let mut pass = |world: &mut World| {
            frame.run(world);
            let losses = world.resource::<RunStats>().graphics_losses;
            (losses, world.resource::<Refills>().0)
        };
        beginnings.of_renderer();
        assert_eq!(pass(&mut world), (0, 0));
        beginnings.of_textures();
        assert_eq!(pass(&mut world), (0, 1));
        beginnings.of_renderer();
        assert_eq!(pass(&mut world), (1, 2));
        assert_eq!(pass(&mut world), (1, 2));
    }

    #[test]
    fn a_tag_holds_view_and_place() {
        assert_eq!(ViewSlot(3).tag(63), 3 << 16 | 63);
    }

    #[test]
    fn a_wrap_makes_two_runs() {
        assert_eq!(runs(3, 4, 10), [(3, 0, 4), (0, 4, 0)]);
        assert_eq!(runs(8, 4, 10), [(8, 0, 2), (0, 2, 2)]);
        assert_eq!(runs(0, 10, 10), [(0, 0, 10), (0, 10, 0)]);
    }
}
