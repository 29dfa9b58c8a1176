// The stage around the surfaces: plain coloured bands.

#import bevy_pbr::mesh_functions::get_world_from_local
#import bevy_pbr::view_transformations::position_world_to_clip

struct Vertex {
    @builtin(instance_index) instance_index: u32,
    @location(0) position: vec3<f32>,
    @location(5) colour: vec4<f32>,
}

struct Fragment {
    @builtin(position) clip: vec4<f32>,
    @location(0) colour: vec4<f32>,
}

@vertex
fn vertex(in: Vertex) -> Fragment {
    let world = get_world_from_local(in.instance_index) * vec4<f32>(in.position, 1.0);
    var out: Fragment;
    out.clip = position_world_to_clip(world.xyz);
    out.colour = in.colour;
    return out;
}

@fragment
fn fragment(in: Fragment) -> @location(0) vec4<f32> {
    return in.colour;
}
