//! What the page calls. Every error is a text for the user.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use js_sys::{Error, Function, Object, Reflect, Uint8Array};
use send_wrapper::SendWrapper;
use soundfall_analysis::RingHistory;
use soundfall_ring::{RingReader, SharedRing};
use soundfall_systems::stream::Stream;
use soundfall_web::{
    HeaderMirror,
    js::{JsWords, MessageTransport, SharedQueue},
};
use wasm_bindgen::prelude::*;

use super::params::{LinkError, Params};
use super::start::{Shared, start as start_app};

thread_local! {
    static SHARED: Shared = Shared::default();
    static STARTED: Cell<bool> = const { Cell::new(false) };
    /// The epoch of the ring that is shown.
    static EPOCH: Cell<u64> = const { Cell::new(0) };
    /// The other end where no memory is shared.
    static COPIED: RefCell<Option<(HeaderMirror, MessageTransport)>> = const { RefCell::new(None) };
}

/// Starts the display: `{ canvas, params: {name: value}, onChoose(name), onSettings({name: value}), onPanic(words) }`.
/// After `onPanic` nothing here may be called any more.
///
/// # Errors
/// An `Error` about a parameter.
#[wasm_bindgen]
pub fn start(options: &JsValue) -> Result<(), Error> {
    tell_panics(get(options, "onPanic").dyn_into().ok());
    let params = read_params(&get(options, "params")).map_err(refused)?;
    if STARTED.replace(true) {
        return Err(refused("the display runs already"));
    }
    let shared = SHARED.with(Clone::clone);
    if let Ok(choose) = get(options, "onChoose").dyn_into::<Function>() {
        shared.board.on_choose(choose);
    }
    if let Ok(told) = get(options, "onSettings").dyn_into::<Function>() {
        shared.board.on_settings(told);
    }
    start_app(params, &shared);
    Ok(())
}

/// Panics go to the console, and their words to the page.
fn tell_panics(told: Option<Function>) {
    let told = told.map(SendWrapper::new);
    std::panic::set_hook(Box::new(move |panic| {
        console_error_panic_hook::hook(panic);
        if let Some(told) = &told {
            // There is nobody left to tell of what goes wrong there.
            let _ = told.call1(&JsValue::NULL, &panic.to_string().into());
        }
    }));
}

/// Looks at the parameters of a link without starting anything.
///
/// # Errors
/// An `Error` about a parameter.
#[wasm_bindgen(js_name = checkParams)]
pub fn check_params(params: &JsValue) -> Result<(), Error> {
    read_params(params).map(|_| ()).map_err(refused)
}

fn read_params(params: &JsValue) -> Result<Params, LinkError> {
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

fn refused(why: impl std::fmt::Display) -> Error {
    Error::new(&why.to_string())
}

/// Shows a source: `{ name, ring, queue }` with shared memory, `{ name, header, post }` without.
///
/// # Errors
/// An `Error` about a buffer that is no ring.
#[wasm_bindgen]
pub fn attach(source: &JsValue) -> Result<(), Error> {
    let shared = SHARED.with(Clone::clone);
    let name = get(source, "name").as_string().unwrap_or_default();
    let (history, copied) = match get(source, "post").dyn_into::<Function>() {
        Ok(post) => {
            let header = get(source, "header")
                .dyn_into::<Uint8Array>()
                .map_err(|_| refused("the worker sent no header"))?;
            let (mirror, ring) = HeaderMirror::new(&header.to_vec()).map_err(refused)?;
            let transport = MessageTransport::new(post);
            let history = RingHistory::shared(ring);
            let epoch = history.epoch();
            shared.backend.connect(epoch, transport.clone());
            (history, Some((mirror, transport)))
        }
        Err(_) => {
            let words = JsWords::new(&get(source, "ring")).map_err(refused)?;
            let ring: SharedRing = Arc::new(RingReader::new(words).map_err(refused)?);
            let queue = SharedQueue::open(&get(source, "queue"));
            let history = RingHistory::shared(ring);
            shared.backend.connect(history.epoch(), queue);
            (history, None)
        }
    };
    EPOCH.set(history.epoch());
    COPIED.replace(copied);
    shared.board.bring(Ok(Stream {
        history,
        name,
        probe: Some(shared.board.clone()),
    }));
    Ok(())
}

/// The analysis worker of the source that is shown has failed, and said this.
#[wasm_bindgen(js_name = workerFailed)]
pub fn worker_failed(message: &str) {
    SHARED.with(|shared| shared.backend.worker_failed(message));
}

/// Another analysis worker answers from now on, over this queue, from the same ring.
#[wasm_bindgen]
pub fn reconnect(queue: &JsValue) {
    let queue = SharedQueue::open(queue);
    SHARED.with(|shared| shared.backend.connect(EPOCH.get(), queue));
}

/// A newer header of the ring in the worker.
#[wasm_bindgen(js_name = takeHeader)]
pub fn take_header(header: &Uint8Array) {
    COPIED.with_borrow(|copied| {
        if let Some((mirror, _)) = copied {
            mirror.update(&header.to_vec());
        }
    });
}

/// A response of the worker that came as a message.
#[wasm_bindgen(js_name = takeResponse)]
pub fn take_response(response: Uint8Array) {
    COPIED.with_borrow(|copied| {
        if let Some((_, transport)) = copied {
            transport.arrived(response);
        }
    });
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
