//! Looks for a graphics adapter and a display before anything depends on them.

use bevy::tasks::block_on;

/// What there is to draw with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Graphics {
    /// An adapter of this name, perhaps a software one.
    Adapter(String),
    /// None: everything but pictures works.
    None,
}

/// Asks the system for its adapters, without keeping any.
#[must_use]
pub fn find_graphics() -> Graphics {
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle());
    let backends = wgpu::Backends::from_env().unwrap_or(wgpu::Backends::PRIMARY | wgpu::Backends::GL);
    let adapters = block_on(instance.enumerate_adapters(backends));
    adapters
        .first()
        .map_or(Graphics::None, |adapter| Graphics::Adapter(adapter.get_info().name))
}

/// True if a window could be opened: on Linux, if a display server is named and, for a local X
/// server, its socket exists.
#[must_use]
pub fn display_reachable() -> bool {
    if !cfg!(all(unix, not(target_os = "macos"))) {
        return true;
    }
    let named = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    if named("WAYLAND_DISPLAY").is_some() || named("WAYLAND_SOCKET").is_some() {
        return true;
    }
    let Some(display) = named("DISPLAY") else { return false };
    match display.strip_prefix(':') {
        Some(local) => {
            let number = local.split('.').next().unwrap_or(local);
            std::path::Path::new("/tmp/.X11-unix").join(format!("X{number}")).exists()
        }
        None => true,
    }
}
