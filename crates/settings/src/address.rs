//! Which setting of which view is meant: `view[1].span`, or `span` of the focused one.

use std::fmt;
use std::str::FromStr;

use crate::all::find;
use crate::error::SettingError;
use crate::table::{Info, Scope};

/// Whose setting is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// That of the view in focus.
    Focused,
    /// That of a stream, an analysis or a view, counted from 0 in the order they were made. An
    /// analysis and instruments may also be named by a view that shows them.
    Of(Scope, usize),
}

/// A setting and whose it is.
///
/// ```
/// use soundfall_settings::{Address, Place, Scope};
///
/// let address: Address = "view[1].span".parse()?;
/// assert_eq!((address.place, address.info.name), (Place::Of(Scope::View, 1), "span"));
/// let address: Address = "span".parse()?;
/// assert_eq!((address.place, address.to_string().as_str()), (Place::Focused, "span"));
/// assert!("stream[0].span".parse::<Address>().is_err());
/// # Ok::<(), soundfall_settings::SettingError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Address {
    /// Whose.
    pub place: Place,
    /// Which.
    pub info: &'static Info,
}

impl FromStr for Address {
    type Err = SettingError;

    fn from_str(text: &str) -> Result<Self, SettingError> {
        let refuse = |problem| SettingError::Address {
            text: text.to_owned(),
            problem,
        };
        let (owner, name) = match text.split_once('.') {
            Some((owner, name)) => (Some(owner), name),
            None => (None, text),
        };
        let info = find(name).ok_or_else(|| SettingError::Unknown {
            name: name.to_owned(),
        })?;
        let Some(owner) = owner else {
            return Ok(Self {
                place: Place::Focused,
                info,
            });
        };
        let (scope, index) = match owner.strip_suffix(']').and_then(|it| it.split_once('[')) {
            Some((scope, index)) => {
                let digits = !index.is_empty() && index.bytes().all(|b| b.is_ascii_digit());
                let index = index.parse().ok().filter(|_| digits);
                let index = index.ok_or_else(|| refuse("the number in brackets counts from 0"))?;
                (scope, Some(index))
            }
            None => (owner, None),
        };
        let scope: Scope = scope.parse().map_err(|_| {
            refuse("before the point stands program, stream, analysis, view or instruments")
        })?;
        let of_a_view = matches!(info.scope, Scope::Analysis | Scope::Instruments);
        if scope != info.scope && !(scope == Scope::View && of_a_view) {
            return Err(refuse("the setting belongs to something else"));
        }
        let place = match (scope, index) {
            (Scope::Program, Some(_)) => return Err(refuse("there is only one program")),
            (_, None) => Place::Focused,
            (scope, Some(index)) => Place::Of(scope, index),
        };
        Ok(Self { place, info })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Place::Of(scope, index) = self.place {
            write!(f, "{scope}[{index}].")?;
        }
        f.write_str(self.info.name)
    }
}

impl PartialEq for Address {
    fn eq(&self, other: &Self) -> bool {
        self.place == other.place && self.info.name == other.info.name
    }
}
