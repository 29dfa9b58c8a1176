//! The macro that declares a struct of settings together with its table.

/// Declares a struct of settings: fields, defaults, table, `Default`, and serde as a map of names.
///
/// ```text
/// settings! {
///     /// What the struct is.
///     #[derive(…)]
///     pub struct ViewSettings in View {
///         /// The help: what it is, in a sentence.
///         pub span_secs: f64 = 10.0, "span", Some("Shown"), Redraw, Kind::Number(…);
///     }
///     state {
///         /// A field that is no setting.
///         pub restarts: u32 = 0;
///     }
///     rules { "db-min" + 6.0 <= "db-max"; }
///     check a_method_that_returns_setting_errors
/// }
/// ```
///
/// `state`, `rules` and `check` may be left out.
macro_rules! settings {
    (
        $(#[$meta:meta])*
        pub struct $struct:ident in $scope:ident {
            $(
                $(#[doc = $help:literal])+
                pub $field:ident: $type:ty = $default:expr,
                    $name:literal, $label:expr, $cost:ident, $kind:expr;
            )+
        }
        $(state {
            $(
                $(#[doc = $state_help:literal])+
                pub $state:ident: $state_type:ty = $state_default:expr;
            )+
        })?
        $(rules { $($lower:literal + $distance:literal <= $upper:literal;)+ })?
        $(check $check:ident)?
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $struct {
            $(
                $(#[doc = $help])+
                pub $field: $type,
            )+
            $($(
                $(#[doc = $state_help])+
                pub $state: $state_type,
            )+)?
        }

        impl Default for $struct {
            fn default() -> Self {
                Self {
                    $($field: $default,)+
                    $($($state: $state_default,)+)?
                }
            }
        }

        impl $crate::table::SettingsTable for $struct {
            const SCOPE: $crate::table::Scope = $crate::table::Scope::$scope;
            const TABLE: &'static [$crate::table::Setting<Self>] = &[$({
                const KIND: $crate::kind::Kind = $kind;
                $crate::table::Setting {
                    info: $crate::table::Info {
                        name: $name,
                        scope: $crate::table::Scope::$scope,
                        label: $label,
                        help: concat!($($help),+).trim_ascii(),
                        kind: KIND,
                        cost: $crate::table::Cost::$cost,
                        default: || $crate::value::Value::text(&$struct::default().$field, &KIND),
                    },
                    get: |settings| $crate::value::Value::text(&settings.$field, &KIND),
                    set: |settings, text| {
                        settings.$field =
                            $crate::value::Value::parse(text, &KIND).map_err(|reason| {
                                $crate::error::SettingError::Value {
                                    name: $name,
                                    value: text.to_owned(),
                                    reason,
                                }
                            })?;
                        Ok(())
                    },
                }
            }),+];
            const RULES: &'static [$crate::table::Rule] = &[$($($crate::table::Rule {
                lower: $lower,
                upper: $upper,
                distance: $distance,
            }),+)?];

            fn check_together(&self) -> Result<(), $crate::error::SettingError> {
                $(self.$check()?;)?
                Ok(())
            }
        }

        impl ::serde::Serialize for $struct {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $crate::text_form::serialize(self, serializer)
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $struct {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::text_form::deserialize(deserializer)
            }
        }
    };
}
pub(crate) use settings;
