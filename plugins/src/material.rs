//! What the materials here have in common: one shader for both stages, no prepass, no shadows, seen
//! from either side.

/// Implements Bevy's `Material` for a type: its shader, its vertex attributes with their shader
/// locations, and how it is blended.
macro_rules! plain_material {
    ($material:ty, $shader:literal, [$($attribute:path => $location:literal),*], $alpha:expr) => {
        impl bevy::pbr::Material for $material {
            fn vertex_shader() -> bevy::shader::ShaderRef {
                $shader.into()
            }

            fn fragment_shader() -> bevy::shader::ShaderRef {
                $shader.into()
            }

            fn enable_prepass() -> bool {
                false
            }

            fn enable_shadows() -> bool {
                false
            }

            fn alpha_mode(&self) -> AlphaMode {
                $alpha
            }

            fn specialize(
                _: &bevy::pbr::MaterialPipeline,
                descriptor: &mut bevy::render::render_resource::RenderPipelineDescriptor,
                layout: &bevy::mesh::MeshVertexBufferLayoutRef,
                _: bevy::pbr::MaterialPipelineKey<Self>,
            ) -> Result<(), bevy::render::render_resource::SpecializedMeshPipelineError> {
                descriptor.vertex.buffers = vec![layout.0.get_layout(&[
                    $($attribute.at_shader_location($location)),*
                ])?];
                descriptor.primitive.cull_mode = None;
                Ok(())
            }
        }
    };
}

pub(crate) use plain_material;
