// One channel's waveform lane: minimum and maximum of all samples under each pixel, RMS as a body.

#import bevy_pbr::mesh_functions::{get_tag, get_world_from_local}
#import bevy_pbr::view_transformations::position_world_to_clip
#import soundfall::state::{lanes_of, place_of, view_of}

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

@fragment
fn fragment(in: Fragment) -> @location(0) vec4<f32> {
    let s = lanes_of(state, in.source.y);
    let columns = max(s.columns, 1);
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
        // `i` entries behind the head's entry.
        if f32(i) > s.behind || f32(-i) > s.ahead { continue; }
        let column = ((s.head - i) % columns + columns) % columns;
        let entry = textureLoad(entries, vec2<i32>(column, in.source.x), 0);
        if entry.w > 0.5 {
            hole = 1.0;
        } else {
            low = min(low, entry.x);
            high = max(high, entry.y);
            power += entry.z * entry.z;
            count += 1.0;
        }
    }
    if count > 0.0 {
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
