//! Numbers for the shaders, declared once: a struct whose fields lie in texels of four floats each,
//! and the same struct for WGSL with the function that reads it.

/// A field of a struct of texels: its name, and whether it is a whole number in the shader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TexelField {
    /// Name, the same in Rust and WGSL.
    pub name: &'static str,
    /// Type in WGSL: `i32` or `f32`.
    pub wgsl_type: &'static str,
}

/// A struct that the shaders read from a row of an `Rgba32Float` texture.
pub trait Texels {
    /// Its name in WGSL.
    const WGSL_NAME: &'static str;
    /// Its fields, four to a texel, in their order.
    const FIELDS: &'static [TexelField];
    /// Texels it takes.
    const TEXELS: usize = Self::FIELDS.len().div_ceil(4);

    /// Writes the fields; `out` has room for four floats a texel, what is left of it stays.
    fn pack(&self, out: &mut [f32]);

    /// The struct in WGSL, and a function `read_NAME` that reads it from row `row` of a texture,
    /// beginning at texel `first`.
    #[must_use]
    fn wgsl() -> String {
        let name = Self::WGSL_NAME;
        let fields: String = Self::FIELDS
            .iter()
            .map(|field| format!("    {}: {},\n", field.name, field.wgsl_type))
            .collect();
        let values: String = Self::FIELDS
            .iter()
            .enumerate()
            .map(|(at, field)| {
                let (texel, part) = (at / 4, ["x", "y", "z", "w"][at % 4]);
                format!("        {}(t{texel}.{part}),\n", field.wgsl_type)
            })
            .collect();
        let loads: String = (0..Self::TEXELS)
            .map(|at| {
                format!("    let t{at} = textureLoad(texels, vec2<i32>(first + {at}, row), 0);\n")
            })
            .collect();
        let function = format!("read_{}", name.to_lowercase());
        format!(
            "struct {name} {{\n{fields}}}\n\n\
             fn {function}(texels: texture_2d<f32>, first: i32, row: i32) -> {name} {{\n\
             {loads}    return {name}(\n{values}    );\n}}\n"
        )
    }
}

/// Declares a struct of texels: `texels! { pub struct Rust / "Wgsl" { field: i32, other: f32 } }`.
#[macro_export]
macro_rules! texels {
    ($(#[$meta:meta])* pub struct $rust:ident / $wgsl:literal {
        $($(#[$doc:meta])* $field:ident: $type:ident,)*
    }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, Default, PartialEq)]
        pub struct $rust {
            $($(#[$doc])* pub $field: $type,)*
        }

        impl $crate::texels::Texels for $rust {
            const WGSL_NAME: &'static str = $wgsl;
            const FIELDS: &'static [$crate::texels::TexelField] = &[
                $($crate::texels::TexelField {
                    name: stringify!($field),
                    wgsl_type: stringify!($type),
                },)*
            ];

            fn pack(&self, out: &mut [f32]) {
                let values = [$(self.$field as f32,)*];
                for (to, value) in out.iter_mut().zip(values) {
                    *to = value;
                }
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::Texels;

    crate::texels! {
        /// An example.
        pub struct Example / "Example" {
            /// One.
            one: i32,
            /// Two.
            two: f32,
            /// Three.
            three: f32,
            /// Four.
            four: i32,
            /// Five.
            five: f32,
        }
    }

    #[test]
    fn rust_and_wgsl_agree_on_places() {
        let example = Example {
            one: 1,
            two: 2.5,
            three: 3.5,
            four: -4,
            five: 5.5,
        };
        let mut texels = [0.0; 8];
        example.pack(&mut texels);
        assert_eq!(texels, [1.0, 2.5, 3.5, -4.0, 5.5, 0.0, 0.0, 0.0]);
        assert_eq!(Example::TEXELS, 2);
        let wgsl = Example::wgsl();
        assert!(wgsl.contains("    four: i32,\n    five: f32,\n}"), "{wgsl}");
        assert!(
            wgsl.contains("        i32(t0.w),\n        f32(t1.x),\n"),
            "{wgsl}"
        );
    }
}
