//! The program in the browser: functions that the page calls, see `web/public`. Sound comes from
//! the page, analysis from its worker; here they meet the plugins. What a link may say is also
//! tested natively.

#[cfg(target_arch = "wasm32")]
mod backend;
#[cfg(target_arch = "wasm32")]
mod board;
#[cfg(target_arch = "wasm32")]
mod frame_time;
#[cfg(target_arch = "wasm32")]
mod keep;
#[cfg(target_arch = "wasm32")]
mod page;
pub mod params;
#[cfg(target_arch = "wasm32")]
mod start;
#[cfg(target_arch = "wasm32")]
mod tally;
