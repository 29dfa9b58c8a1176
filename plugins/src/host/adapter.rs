//! Looks for a graphics adapter and a display before anything depends on them.

#[cfg(not(target_arch = "wasm32"))]
use bevy::tasks::block_on;

/// What there is to draw with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Graphics {
    /// An adapter, perhaps a software one.
    Adapter {
        /// Its name.
        name: String,
        /// The interface it was found by; the others are left alone.
        backends: wgpu::Backends,
    },
    /// None: everything but pictures works.
    None,
}

/// Asks the system for its adapters, without keeping any. OpenGL is only asked where nothing
/// better answers: it talks to display servers on its own.
#[cfg(not(target_arch = "wasm32"))]
#[must_use]
pub fn find_graphics() -> Graphics {
    let allowed =
        wgpu::Backends::from_env().unwrap_or(wgpu::Backends::PRIMARY | wgpu::Backends::GL);
    for backends in [
        wgpu::Backends::PRIMARY & allowed,
        wgpu::Backends::GL & allowed,
    ] {
        if backends.is_empty() {
            continue;
        }
        let descriptor = wgpu::InstanceDescriptor {
            backends,
            ..wgpu::InstanceDescriptor::new_without_display_handle()
        };
        let instance = wgpu::Instance::new(descriptor);
        let adapters = block_on(instance.enumerate_adapters(backends));
        if let Some(adapter) = adapters.first() {
            return Graphics::Adapter {
                name: adapter.get_info().name,
                backends,
            };
        }
    }
    Graphics::None
}

/// True if a window could be opened: on Linux, if a display server is named and, for a local X
/// server, its socket exists.
#[cfg(not(target_arch = "wasm32"))]
#[must_use]
pub fn display_reachable() -> bool {
    if !cfg!(all(unix, not(target_os = "macos"))) {
        return true;
    }
    let named = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    if named("WAYLAND_DISPLAY").is_some() || named("WAYLAND_SOCKET").is_some() {
        return true;
    }
    let Some(display) = named("DISPLAY") else {
        return false;
    };
    match display.strip_prefix(':') {
        Some(local) => {
            let number = local.split('.').next().unwrap_or(local);
            std::path::Path::new("/tmp/.X11-unix")
                .join(format!("X{number}"))
                .exists()
        }
        None => true,
    }
}
