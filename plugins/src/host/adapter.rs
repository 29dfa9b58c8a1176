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
        /// Most pixels that a picture can have in width or height.
        max_pixels: u32,
        /// It is the processor: pictures under way lie in the machine's memory.
        is_software: bool,
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
            let info = adapter.get_info();
            return Graphics::Adapter {
                name: info.name,
                backends,
                max_pixels: adapter.limits().max_texture_dimension_2d,
                is_software: info.device_type == wgpu::DeviceType::Cpu,
            };
        }
    }
    Graphics::None
}

/// True if a window could be opened: on Linux, if the display server that is named answers. Where Wayland is named, the
/// window library asks nothing else.
#[cfg(not(target_arch = "wasm32"))]
#[must_use]
pub fn display_reachable() -> bool {
    #[cfg(all(unix, not(target_os = "macos")))]
    return super::display::is_reachable(|name| {
        std::env::var_os(name).filter(|value| !value.is_empty())
    });
    #[cfg(not(all(unix, not(target_os = "macos"))))]
    return true;
}
