//! Enumerated things that have a name: one line a variant declares the enum, its list, its names,
//! their help, `Display` and `FromStr`. Never knows what the things do.

use thiserror::Error;

/// A text that names nothing of its kind.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("unknown {kind} `{name}`: use one of {}", .known.join(", "))]
#[non_exhaustive]
pub struct UnknownName {
    /// What was looked for: `colormap`, `window`.
    pub kind: &'static str,
    /// What was asked for.
    pub name: String,
    /// The names there are.
    pub known: &'static [&'static str],
}

impl UnknownName {
    /// `name` is none of the `known` names of a `kind`.
    #[must_use]
    pub fn new(kind: &'static str, name: &str, known: &'static [&'static str]) -> Self {
        Self {
            kind,
            name: name.to_owned(),
            known,
        }
    }
}

/// Declares an enum whose variants have names. The doc comment of a variant is its help.
///
/// ```text
/// named_enum! {
///     /// What it is.
///     pub enum Colour = "colour",
///     /// Red, green, blue.
///     pub fn rgb -> [u8; 3] {
///         default Red;
///         /// As blood.
///         Red = "red" => [255, 0, 0],
///     }
/// }
/// ```
///
/// gives `Colour::ALL`, `Colour::NAMES`, `Colour::HELP`, `name()`, `rgb()`, `Display`, and
/// `FromStr` with [`UnknownName`] as error. The function with the values after `=>`,
/// and the default, may be left out.
macro_rules! named_enum {
    (
        $(#[$meta:meta])*
        pub enum $enum:ident = $kind:literal,
        $(#[$data_meta:meta])*
        $data_vis:vis fn $data_fn:ident -> $data_type:ty {
            $(default $default:ident;)?
            $(
                $(#[doc = $help:literal])+
                $variant:ident = $name:literal => $data:expr,
            )+
        }
    ) => {
        $crate::named::named_enum! {
            $(#[$meta])*
            pub enum $enum = $kind {
                $(default $default;)?
                $(
                    $(#[doc = $help])+
                    $variant = $name,
                )+
            }
        }

        impl $enum {
            $(#[$data_meta])*
            $data_vis const fn $data_fn(self) -> $data_type {
                match self {
                    $(Self::$variant => $data,)+
                }
            }
        }
    };
    (
        $(#[$meta:meta])*
        pub enum $enum:ident = $kind:literal {
            $(default $default:ident;)?
            $(
                $(#[doc = $help:literal])+
                $variant:ident = $name:literal,
            )+
        }
    ) => {
        $(#[$meta])*
        pub enum $enum {
            $(
                $(#[doc = $help])+
                $variant,
            )+
        }

        impl $enum {
            /// Each of them once, in the order of a menu.
            pub const ALL: [Self; Self::NAMES.len()] = [$(Self::$variant),+];

            /// Their names, in the order of `ALL`.
            pub const NAMES: [&'static str; [$($name),+].len()] = [$($name),+];

            /// What each of them is, in the order of `ALL`.
            pub const HELP: [&'static str; Self::NAMES.len()] =
                [$(concat!($($help),+).trim_ascii()),+];

            /// Its name, as in options and links.
            #[must_use]
            pub const fn name(self) -> &'static str {
                Self::NAMES[self as usize]
            }
        }

        $(
            impl Default for $enum {
                fn default() -> Self {
                    Self::$default
                }
            }
        )?

        impl ::std::fmt::Display for $enum {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(self.name())
            }
        }

        impl ::std::str::FromStr for $enum {
            type Err = $crate::named::UnknownName;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let found = Self::ALL.into_iter().find(|one| one.name() == text);
                found.ok_or_else(|| $crate::named::UnknownName::new($kind, text, &Self::NAMES))
            }
        }
    };
}
pub(crate) use named_enum;
