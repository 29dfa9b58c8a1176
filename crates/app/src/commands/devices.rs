//! `soundfall devices`: what can record here.

use anyhow::Result;
use soundfall_capture::devices;

use crate::exit;
use crate::stdout::print;

pub fn run(json: bool) -> Result<()> {
    let list = devices::list()?;
    if json {
        return print(&serde_json::to_string_pretty(&list)?);
    }
    if list.is_empty() {
        exit::say("no device that records; --signal and --file work without one");
        return Ok(());
    }
    let width = |of: fn(&devices::DeviceInfo) -> usize| list.iter().map(of).max().unwrap_or(0);
    let names = width(|device| device.name.chars().count()).clamp(4, 48);
    let mut lines = vec![format!(
        "  {:names$}  {:8}  {:>8}  {:>15}  ID",
        "NAME", "KIND", "CHANNELS", "RATES HZ"
    )];
    lines.extend(list.iter().map(|device| {
        let (low, high) = device.rates;
        let rates = if low == high {
            low.to_string()
        } else {
            format!("{low}-{high}")
        };
        let name: String = device.name.chars().take(names).collect();
        let mark = if device.default || device.default_loopback {
            '*'
        } else {
            ' '
        };
        format!(
            "{mark} {name:names$}  {:8}  {:>8}  {rates:>15}  {}",
            device.kind, device.max_channels, device.id
        )
    }));
    print(&lines.join("\n"))
}
