//! What JavaScript catches.

use js_sys::Error;

/// An `Error` that says why, for any error of the libraries.
pub(crate) fn refused(why: impl std::fmt::Display) -> Error {
    Error::new(&why.to_string())
}

/// The same by the name of `RingBufferError`.
pub(crate) fn ring_buffer_error(why: impl std::fmt::Display) -> Error {
    let error = refused(why);
    error.set_name("RingBufferError");
    error
}
