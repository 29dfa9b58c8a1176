//! temp
#![allow(warnings)]
#[path = "../src/show/mod.rs"]
mod show;
use soundfall_capture::signal::Generator;
fn main() {
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_env_filter("warn").init();
    let a: Vec<String> = std::env::args().collect();
    let ch: u32 = a[2].parse().unwrap();
    let secs: f64 = a[3].parse().unwrap();
    let (w,h): (u32,u32) = (a[4].parse().unwrap(), a[5].parse().unwrap());
    let mut gen_ = Generator::new(a[1].parse().unwrap(), ch, 48000).unwrap();
    let skip: f64 = a.get(7).map_or(0.0, |s| s.parse().unwrap());
    let mut v = vec![0f32; (skip*48000.0) as usize * ch as usize]; gen_.fill(&mut v);
    let mut v = vec![0f32; (secs*48000.0) as usize * ch as usize]; gen_.fill(&mut v);
    let mut view = soundfall_systems::view::View::default();
    view.channels = (0..ch).collect(); view.panel = std::env::var("PANEL").is_ok(); view.overlay = std::env::var("OVERLAY").is_ok();
    if let Ok(c) = std::env::var("MAP") { view.colormap = c.parse().unwrap(); }
    if let Ok(c) = std::env::var("SPAN") { view.span_secs = c.parse().unwrap(); }
    let o = show::ShowOptions { analysis: Default::default(), view, size: bevy::prelude::UVec2::new(w,h), headless: true, draw: false, seconds: None, snapshot: None, snapshot_every_secs: None, talk: false };
    let g = soundfall_plugins::host::find_graphics();
    eprintln!("{g:?}");
    let t = std::time::Instant::now();
    show::render_still(&show::Still { name: format!("signal {}", a[1]), sample_rate: 48000, channels: ch, interleaved: &v }, &o, &g, std::path::Path::new(&a[6])).unwrap();
    eprintln!("{:?}", t.elapsed());
}
