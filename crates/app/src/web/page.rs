//! What the page calls. Every error is a text for the user.

use std::cell::{Cell, RefCell};

use js_sys::{Function, Object, Reflect, Uint8Array};
use soundfall_ring::{RingReader, SharedRing};
use soundfall_systems::stream::Source;
use soundfall_web_ring::{create, desk::Desk, mirror::Mirror, words::JsWords};
use wasm_bindgen::prelude::*;

use super::params::Params;
use super::start::{Shared, start as start_app};
use super::transport::Transport;

thread_local! {
    static SHARED: Shared = Shared::default();
    static MIRROR: RefCell<Option<Mirror>> = const { RefCell::new(None) };
    static STARTED: Cell<bool> = const { Cell::new(false) };
}

/// Starts the display: `{ canvas, params: {name: value}, onChoose(name) }`.
///
/// # Errors
/// Words about a parameter.
#[wasm_bindgen]
pub fn start(options: &JsValue) -> Result<(), String> {
    console_error_panic_hook::set_once();
    let params = read_params(&get(options, "params"))?;
    if STARTED.replace(true) {
        return Err("the display runs already".to_owned());
    }
    let shared = SHARED.with(Clone::clone);
    if let Ok(wish) = get(options, "onChoose").dyn_into::<Function>() {
        shared.board.on_choose(wish);
    }
    start_app(params, &shared);
    Ok(())
}

/// Looks at the parameters of a link without starting anything.
///
/// # Errors
/// Words about a parameter.
#[wasm_bindgen(js_name = checkParams)]
pub fn check_params(params: &JsValue) -> Result<(), String> {
    read_params(params).map(|_| ())
}

fn read_params(params: &JsValue) -> Result<Params, String> {
    let mut pairs = Vec::new();
    if let Some(object) = params.dyn_ref::<Object>() {
        for pair in Object::entries(object) {
            let text = |at| Reflect::get_u32(&pair, at).ok().and_then(|v| v.as_string());
            if let (Some(name), Some(value)) = (text(0), text(1)) {
                pairs.push((name, value));
            }
        }
    }
    Params::read(
        pairs
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str())),
    )
}

fn get(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &name.into()).unwrap_or(JsValue::UNDEFINED)
}

/// Places of a ring's fields in bytes, for its writer.
#[wasm_bindgen(js_name = ringLayout)]
#[must_use]
pub fn ring_layout() -> Object {
    create::ring_layout()
}

/// A `SharedArrayBuffer` with the header of a new ring.
///
/// # Errors
/// Words about impossible numbers or too little memory.
#[wasm_bindgen(js_name = createRing)]
pub fn create_ring(
    rate: u32,
    channels: u32,
    history_secs: f64,
    block_frames: u32,
    label: &str,
) -> Result<JsValue, String> {
    let format = create::ring_format(rate, channels, history_secs, block_frames)?;
    create::create_ring(&format, label)
}

/// A `SharedArrayBuffer` for requests and answers.
///
/// # Errors
/// Words about too little memory.
#[wasm_bindgen(js_name = createDesk)]
pub fn create_desk() -> Result<JsValue, String> {
    create::create_desk()
}

/// Shows a source: `{ name, ring, desk }` with shared memory, `{ name, header, post }` without.
///
/// # Errors
/// Words about a ring that is none.
#[wasm_bindgen]
pub fn attach(source: &JsValue) -> Result<(), String> {
    let name = get(source, "name").as_string().unwrap_or_default();
    let (ring, transport): (SharedRing, Transport) =
        match get(source, "post").dyn_into::<Function>() {
            Ok(post) => {
                let header = get(source, "header")
                    .dyn_into::<Uint8Array>()
                    .map_err(|_| "the worker sent no header".to_owned())?;
                let (mirror, ring) =
                    Mirror::new(&header.to_vec()).map_err(|error| error.to_string())?;
                MIRROR.with(|slot| *slot.borrow_mut() = Some(mirror));
                (ring, Transport::messages(post))
            }
            Err(_) => {
                let words = JsWords::new(&get(source, "ring")).ok_or("the ring is no buffer")?;
                let ring = RingReader::new(words).map_err(|error| error.to_string())?;
                let desk = Desk::new(&get(source, "desk"));
                (std::sync::Arc::new(ring), Transport::Desk(desk))
            }
        };
    SHARED.with(|shared| {
        shared.analyst.connect(ring.epoch(), transport);
        shared.board.bring(Ok(Source {
            ring,
            name,
            probe: Some(shared.board.clone()),
        }));
    });
    Ok(())
}

/// A newer header of the ring in the worker.
#[wasm_bindgen]
pub fn mirror(header: &Uint8Array) {
    MIRROR.with(|slot| {
        if let Some(mirror) = &*slot.borrow() {
            mirror.update(&header.to_vec());
        }
    });
}

/// An answer of the worker that came as a message.
#[wasm_bindgen]
pub fn reply(answer: Uint8Array) {
    SHARED.with(|shared| shared.analyst.arrived(answer));
}

/// What the panel's source menu offers.
#[wasm_bindgen(js_name = setChoices)]
pub fn set_choices(choices: Vec<String>) {
    SHARED.with(|shared| shared.board.set_choices(choices));
}

/// A line over the picture until it is cured (`null`).
#[wasm_bindgen(js_name = setTrouble)]
pub fn set_trouble(words: Option<String>) {
    SHARED.with(|shared| shared.board.set_trouble(words));
}

/// The source that was chosen cannot be had; what is shown stays.
#[wasm_bindgen]
pub fn refuse(words: String) {
    SHARED.with(|shared| shared.board.bring(Err(words)));
}

/// The source ended by itself.
#[wasm_bindgen(js_name = setEnded)]
pub fn set_ended(ended: bool) {
    SHARED.with(|shared| shared.board.set_ended(ended));
}

/// The run's figures as JSON text; empty before the first frames.
#[wasm_bindgen]
#[must_use]
pub fn stats() -> String {
    SHARED.with(|shared| shared.tally.text())
}
