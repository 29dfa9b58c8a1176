// One channel's waveform lane: minimum and maximum of all samples under each pixel, RMS as a body.

#import bevy_pbr::mesh_functions::{get_tag, get_world_from_local}
#import bevy_pbr::view_transformations::position_world_to_clip
#import soundfall::state::{Lanes, lanes_of, place_of, view_of}

@group(#{MATERIAL_BIND_GROUP}) @binding(0) var entries: texture_2d<f32>;
@group(#{MATERIAL_BIND_GROUP}) @binding(1) var state: texture_2d<f32>;
@group(#{MATERIAL_BIND_GROUP}) @binding(2) var colours: texture_2d<f32>;

struct Vertex {
    @builtin(instance_index) instance_index: u32,
    @location(0) position: vec3<f32>,
}

struct Fragment {
    @builtin(position) clip: vec4<f32>,
    @location(0) place: vec2<f32>,
    // Lane and row of the state.
    @location(1) @interpolate(flat) source: vec2<i32>,
}

@vertex
fn vertex(in: Vertex) -> Fragment {
    let world = get_world_from_local(in.instance_index) * vec4<f32>(in.position, 1.0);
    var out: Fragment;
    out.clip = position_world_to_clip(world.xyz);
    out.place = in.position.xy + vec2<f32>(0.5);
    let tag = get_tag(in.instance_index);
    out.source = vec2<i32>(place_of(tag), view_of(tag));
    return out;
}

// The entry `i` behind the head's: minimum, maximum, RMS, and 1 where it is lost, 2 where it is not known.
fn entry_of(s: Lanes, lane: i32, i: i32) -> vec4<f32> {
    if f32(i) > s.behind || f32(-i) > s.ahead { return vec4<f32>(0.0, 0.0, 0.0, 2.0); }
    let columns = max(s.columns, 1);
    let column = ((s.head - i) % columns + columns) % columns;
    return textureLoad(entries, vec2<i32>(column, lane), 0);
}

// Coverage of a curve through single samples, and of the dot at each, `steps` pixels apart.
fn sample_curve(s: Lanes, lane: i32, behind: f32, y: f32, pixel: f32, steps: f32) -> vec2<f32> {
    // A sample stands at the older end of its entry.
    let older = i32(ceil(behind));
    let start = entry_of(s, lane, older);
    let end = entry_of(s, lane, older - 1);
    var line = 0.0;
    if start.w < 0.5 && end.w < 0.5 {
        let rise = (end.x - start.x) / pixel;
        let level = mix(start.x, end.x, f32(older) - behind);
        let away = abs(y - level) / pixel * steps / length(vec2<f32>(steps, rise));
        line = clamp(1.4 - away, 0.0, 1.0);
    }
    let nearest = i32(round(behind));
    let at = entry_of(s, lane, nearest);
    var bead = 0.0;
    if at.w < 0.5 && steps > 7.0 {
        let away = length(vec2<f32>((f32(nearest) - behind) * steps, (y - at.x) / pixel));
        bead = clamp(min(0.22 * steps, 4.5) + 0.5 - away, 0.0, 1.0);
    }
    return vec2<f32>(line, bead);
}

@fragment
fn fragment(in: Fragment) -> @location(0) vec4<f32> {
    let s = lanes_of(state, in.source.y);
    // Entries from the head, positive into the past; the head is at the right edge.
    let behind = (1.0 - in.place.x) * s.span - s.fraction;
    let width = max(fwidth(behind), 1e-5);
    let y = (in.place.y - 0.5) * 2.1;
    let pixel = max(fwidth(y), 1e-5);

    let ground = vec3<f32>(0.0042, 0.0062, 0.0118);
    let bright = textureLoad(colours, vec2<i32>(200, s.colormap), 0).rgb;
    let body = textureLoad(colours, vec2<i32>(120, s.colormap), 0).rgb;
    var colour = ground;
    colour = mix(colour, ground * 4.0, clamp(1.0 - abs(y) / pixel, 0.0, 1.0));

    // An entry begins at its older end: what is less than one behind is in the head's own.
    let first = i32(ceil(behind - 0.5 * width));
    let last = min(i32(ceil(behind + 0.5 * width)), first + 15);
    var low = 1e9;
    var high = -1e9;
    var power = 0.0;
    var count = 0.0;
    var hole = 0.0;
    for (var i = first; i <= last; i++) {
        let entry = entry_of(s, in.source.x, i);
        if entry.w > 1.5 { continue; }
        if entry.w > 0.5 {
            hole = 1.0;
        } else {
            low = min(low, entry.x);
            high = max(high, entry.y);
            power += entry.z * entry.z;
            count += 1.0;
        }
    }
    // Wider apart than this, single samples are a curve.
    let is_curve = s.entry_frames < 1.5 && width < 0.3;
    if is_curve {
        let curve = sample_curve(s, in.source.x, behind, y, pixel, 1.0 / width);
        colour = mix(colour, body, curve.x);
        colour = mix(colour, bright, curve.y);
    } else if count > 0.0 {
        let rms = sqrt(power / count);
        let reach = 0.75 * pixel;
        let inside = clamp((high + reach - y) / pixel, 0.0, 1.0) * clamp((y - low + reach) / pixel, 0.0, 1.0);
        let core = clamp((rms - abs(y)) / pixel + 0.5, 0.0, 1.0) * inside;
        colour = mix(colour, body * 0.85, inside);
        colour = mix(colour, bright, core * 0.9);
    }
    if hole > 0.5 {
        // Lost: hatched, never mistaken for silence.
        let stripe = step(0.5, fract((in.clip.x + in.clip.y) / 8.0));
        colour = mix(vec3<f32>(0.10, 0.02, 0.02), vec3<f32>(0.22, 0.04, 0.03), stripe);
    }
    return vec4<f32>(colour, 1.0);
}
