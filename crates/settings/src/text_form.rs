//! The serde form of a struct of settings: a map from names to values. Numbers and switches are
//! numbers and booleans, all else is text; what is read goes through the same `set` as every other
//! text, so a file cannot hold what the command line refuses. For formats that describe themselves
//! (JSON, TOML).

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Error as _, MapAccess, SeqAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serializer};

use crate::kind::Kind;
use crate::table::{AnySettings, SettingsTable};

/// Every setting, in the order of the table.
pub(crate) fn serialize<T: SettingsTable, S: Serializer>(
    settings: &T,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(T::TABLE.len()))?;
    for setting in T::TABLE {
        let text = setting.get(settings);
        let name = setting.info.name;
        match setting.info.kind.inner() {
            Kind::Flag => map.serialize_entry(name, &(text == "on"))?,
            Kind::Number(number) if number.whole => match text.parse::<u64>() {
                Ok(value) => map.serialize_entry(name, &value)?,
                Err(_) => map.serialize_entry(name, &text)?,
            },
            Kind::Number(_) => match text.parse::<f64>() {
                Ok(value) => map.serialize_entry(name, &value)?,
                Err(_) => map.serialize_entry(name, &text)?,
            },
            _ => map.serialize_entry(name, &text)?,
        }
    }
    map.end()
}

/// Some of the settings; the others have their defaults.
pub(crate) fn deserialize<'de, T: SettingsTable, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    deserializer.deserialize_map(Table(PhantomData))
}

struct Table<T>(PhantomData<T>);

impl<'de, T: SettingsTable> Visitor<'de> for Table<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "settings of the {} by their names", T::SCOPE)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<T, A::Error> {
        let mut settings = T::default();
        while let Some(name) = map.next_key::<String>()? {
            let Text(text) = map.next_value()?;
            settings.set(&name, &text).map_err(A::Error::custom)?;
        }
        settings.check().map_err(A::Error::custom)?;
        Ok(settings)
    }
}

/// A value of a file as the text that an option would be given.
struct Text(String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, a switch, a text or a list of these")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Text, E> {
        Ok(Text(if value { "on" } else { "off" }.to_owned()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Text, E> {
        Ok(Text(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Text, E> {
        Ok(Text(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Text, E> {
        Ok(Text(value.to_string()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Text, E> {
        Ok(Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Text, A::Error> {
        let mut parts = Vec::new();
        while let Some(Text(part)) = list.next_element()? {
            parts.push(part);
        }
        Ok(Text(parts.join(",")))
    }
}
