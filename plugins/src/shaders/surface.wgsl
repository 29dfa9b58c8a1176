// One channel's surface: heights from a ring texture, scrolled below a row, lit, cut where nothing
// is known. Colours and dB range are applied here, so that they change for the whole history.

#import bevy_pbr::mesh_functions::{get_tag, get_world_from_local}
#import bevy_pbr::view_transformations::position_world_to_clip
#import bevy_pbr::mesh_view_bindings::view
#import soundfall::state::{Field, HOLE, field_of, place_of, view_of}

@group(#{MATERIAL_BIND_GROUP}) @binding(0) var heights: texture_2d_array<f32>;
@group(#{MATERIAL_BIND_GROUP}) @binding(1) var heights_sampler: sampler;
@group(#{MATERIAL_BIND_GROUP}) @binding(2) var state: texture_2d<f32>;
@group(#{MATERIAL_BIND_GROUP}) @binding(3) var colours: texture_2d<f32>;
@group(#{MATERIAL_BIND_GROUP}) @binding(4) var colours_sampler: sampler;

fn wrapped(row: i32, rows: i32) -> i32 {
    return ((row % rows) + rows) % rows;
}

fn stored(f: Field, layer: i32, column: i32, row: i32) -> f32 {
    let x = clamp(column, 0, f.axis_bins - 1);
    return textureLoad(heights, vec2<i32>(x, wrapped(row, f.rows)), layer, 0).r;
}

// Part of the range, 0 at the floor.
fn ranged(f: Field, level: f32) -> f32 {
    return clamp((level - f.low) / max(f.high - f.low, 1e-4), 0.0, 1.0);
}

// The colour of a part of the range.
fn colour_of(f: Field, part: f32) -> vec3<f32> {
    let map_row = (f32(f.colormap) + 0.5) / f32(textureDimensions(colours).y);
    let place = pow(clamp(part, 0.0, 1.0), f.gamma);
    return textureSampleLevel(colours, colours_sampler,
        vec2<f32>(place * (255.0 / 256.0) + 0.5 / 256.0, map_row), 0.0).rgb;
}

struct Vertex {
    @builtin(instance_index) instance_index: u32,
    @location(0) position: vec3<f32>,
}

struct Fragment {
    @builtin(position) clip: vec4<f32>,
    @location(0) world: vec3<f32>,
    // Place on the texture's frequency axis and rows behind the head.
    @location(1) place: vec2<f32>,
    // 1 on the surface, 0 at the foot of the skirt.
    @location(2) top: f32,
    @location(3) size: vec3<f32>,
    // Layer of the height field and row of the state.
    @location(4) @interpolate(flat) source: vec2<i32>,
    // Part of the range that the grid reaches here: the largest level of what a vertex stands for.
    @location(5) reach: f32,
    // Where the surface's x and y point in the world: a view may be turned.
    @location(6) @interpolate(flat) right: vec3<f32>,
    @location(7) @interpolate(flat) up: vec3<f32>,
}

@vertex
fn vertex(in: Vertex) -> Fragment {
    let tag = get_tag(in.instance_index);
    let f = field_of(state, view_of(tag));
    let layer = f.first_layer + place_of(tag);
    let grid_row = i32(in.position.z + 0.5);
    // Grid rows are glued to data rows and the whole grid slides, so that ridges keep their
    // shape; only the first one stays at the front edge and the last ones at the back.
    let back = f.phase + (grid_row - 1) * f.stride;
    var behind = f32(back) + f.fraction;
    if grid_row == 0 { behind = 0.0; }
    behind = clamp(behind, 0.0, f.span);

    // The largest level of all texels that this vertex stands for.
    let half_x = i32(ceil(0.5 * f32(f.axis_bins) * f.band_span / f32(f.grid_columns) - 0.5));
    let u = f.band_low + in.position.x * f.band_span;
    let column = i32(floor(u * f32(f.axis_bins)));
    let row = f.head - i32(round(max(behind - f.fraction, 0.0)));
    var level = 0.0;
    let older = f.stride / 2;
    let newer = (f.stride - 1) / 2;
    for (var r = -older; r <= newer; r++) {
        // What lies beyond the known rows is of another time, or of none.
        let from_head = f32(row + r - f.head);
        if from_head > f.ahead || -from_head > f.behind { continue; }
        for (var c = -half_x; c <= half_x; c++) {
            level = max(level, stored(f, layer, column + c, row + r));
        }
    }
    if grid_row == 0 && f.ahead >= 1.0 {
        level = mix(level, max(stored(f, layer, column, row + 1), 0.0), f.fraction);
    }
    let known = -behind + f.fraction;
    if known < -f.behind || known > f.ahead + 1.0 { level = 0.0; }

    let model = get_world_from_local(in.instance_index);
    let local = vec3<f32>(in.position.x - 0.5, ranged(f, level) * in.position.y, 0.5 - behind / f.span);
    let world = model * vec4<f32>(local, 1.0);
    var out: Fragment;
    out.clip = position_world_to_clip(world.xyz);
    out.world = world.xyz;
    out.place = vec2<f32>(u, behind);
    out.top = in.position.y;
    out.size = vec3<f32>(length(model[0].xyz), length(model[1].xyz), length(model[2].xyz));
    out.source = vec2<i32>(layer, view_of(tag));
    out.reach = ranged(f, level);
    out.right = model[0].xyz / out.size.x;
    out.up = model[1].xyz / out.size.y;
    return out;
}

fn sampled(f: Field, layer: i32, u: f32, behind: f32) -> f32 {
    let y = (f32(f.head) + f.fraction - behind + 0.5) / f32(f.rows);
    return max(textureSampleLevel(heights, heights_sampler, vec2<f32>(u, fract(y)), layer, 0.0).r, 0.0);
}

@fragment
fn fragment(in: Fragment) -> @location(0) vec4<f32> {
    let f = field_of(state, in.source.y);
    let layer = in.source.x;
    let axis_bins = f32(f.axis_bins);
    // At the edge of a triangle values are carried on beyond it: a little below 0 or above 1.
    let u = clamp(in.place.x, 0.0, 1.0);
    let behind = in.place.y;
    let top = clamp(in.top, 0.0, 1.0);
    let footprint = fwidth(behind);
    let known = f.fraction - behind;
    if known < -f.behind || known > f.ahead + 0.999 { discard; }
    let row = f.head + i32(floor(f.fraction - behind + 0.5));
    let column = i32(floor(u * axis_bins));
    if stored(f, layer, column, row) < HOLE { discard; }

    // The largest of all texels under this pixel, up to a bound: a click or a narrow tone stays
    // visible far away.
    let footprint_u = fwidth(u);
    var level = sampled(f, layer, u, behind);
    let taps_u = i32(clamp(ceil(footprint_u * axis_bins), 1.0, 8.0));
    let taps_r = i32(clamp(ceil(footprint), 1.0, 6.0));
    if taps_u > 1 || taps_r > 1 {
        for (var i = 0; i < taps_u; i++) {
            let at_u = clamp(u + ((f32(i) + 0.5) / f32(taps_u) - 0.5) * footprint_u, 0.0, 1.0);
            for (var j = 0; j < taps_r; j++) {
                let at_r = behind + ((f32(j) + 0.5) / f32(taps_r) - 0.5) * footprint;
                level = max(level, sampled(f, layer, at_u, clamp(at_r, 0.0, f.span)));
            }
        }
    }
    // Where the grid is coarser than the field its height already is a maximum: colour follows it.
    let t = max(ranged(f, level), in.reach);

    // Normal from the field itself, finer than the grid.
    let du = 1.5 / axis_bins;
    let dr = max(1.0, f.span / 400.0);
    let right = ranged(f, sampled(f, layer, min(u + du, 1.0), behind));
    let left = ranged(f, sampled(f, layer, max(u - du, 0.0), behind));
    let newer = ranged(f, sampled(f, layer, u, max(behind - dr, 0.0)));
    let older = ranged(f, sampled(f, layer, u, min(behind + dr, f.span)));
    let slope_x = (right - left) * in.size.y / (2.0 * du / f.band_span * in.size.x);
    let slope_z = (newer - older) * in.size.y / (2.0 * dr / f.span * in.size.z);
    let normal = normalize(in.up - slope_x * in.right - slope_z * cross(in.right, in.up));

    let base = colour_of(f, t);
    let eye = normalize(view.world_position.xyz - in.world);
    let sun = normalize(vec3<f32>(-0.45, 0.75, 0.48));
    let diffuse = max(dot(normal, sun) * 0.6 + 0.4, 0.0);
    let shine = pow(max(dot(normal, normalize(sun + eye)), 0.0), 48.0) * 0.18 * t;
    let rim = pow(1.0 - clamp(dot(normal, eye), 0.0, 1.0), 3.0) * 0.10;
    var colour = base * (0.34 + 0.74 * diffuse) + base * t * t * 0.22 + vec3<f32>(shine) + base * rim;

    // What lies at the floor of the range sinks into the night.
    colour *= mix(0.30, 1.0, smoothstep(0.0, 0.14, t));

    // The curtain below the edges: at each height the colour of that level, sinking into the dark.
    if top < 0.999 {
        colour = colour_of(f, t * top) * (0.06 + 0.50 * top * top);
    }
    // The front edge glows: this is now.
    let edge = 1.0 - smoothstep(0.0, 1.0, behind / max(footprint * 1.5, 1e-4));
    if top > 0.995 {
        colour += edge * (base * 0.5 + vec3<f32>(0.14 * t));
    }
    // Age: the far end sinks a little into the night.
    let age = behind / f.span;
    colour *= 1.0 - 0.38 * smoothstep(0.55, 1.0, age);
    return vec4<f32>(colour, 1.0);
}
