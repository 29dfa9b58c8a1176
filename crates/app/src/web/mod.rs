//! The program in the browser: functions that the page calls, see `web/public`. Sound comes from
//! the page, analysis from its worker; here they meet the plugins.

mod board;
mod frame_time;
mod link;
mod page;
mod params;
mod start;
mod tally;
mod transport;
