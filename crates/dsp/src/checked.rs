//! Values with invariants as serde data: written as they are, checked when they are read.

/// Implements serde's traits for a type that derives them with `remote = "Self"` and has a method
/// `check(&self) -> Result<(), impl Display>`: a value that does not pass is refused.
macro_rules! checked_serde {
    ($type:ty) => {
        #[cfg(feature = "serde")]
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                // The function that `remote = "Self"` derives.
                <$type>::serialize(self, serializer)
            }
        }

        #[cfg(feature = "serde")]
        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
                let value = <$type>::deserialize(source)?;
                value.check().map_err(serde::de::Error::custom)?;
                Ok(value)
            }
        }
    };
}

pub(crate) use checked_serde;
