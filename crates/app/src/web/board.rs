//! Sources as the page offers them: what can be chosen, what arrived, what is wrong. The page
//! opens microphones and files; here it is only passed on.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use js_sys::{Function, Object, Reflect};
use send_wrapper::SendWrapper;
use soundfall_systems::stream::{SourceControl, SourceProbe, Stream};
use wasm_bindgen::JsValue;

/// Between page and display.
#[derive(Default)]
pub struct Board {
    choices: Mutex<Vec<String>>,
    arrived: Mutex<VecDeque<Result<Stream, String>>>,
    wish: Mutex<Option<SendWrapper<Function>>>,
    settings: Mutex<Option<SendWrapper<Function>>>,
    trouble: Mutex<Option<String>>,
    ended: AtomicBool,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Board {
    /// Who is told what the user chose in the panel.
    pub fn on_choose(&self, wish: Function) {
        *locked(&self.wish) = Some(SendWrapper::new(wish));
    }

    /// Who is told the settings whenever they change.
    pub fn on_settings(&self, told: Function) {
        *locked(&self.settings) = Some(SendWrapper::new(told));
    }

    /// The settings now: names and values, as a link says them.
    pub fn tell_settings(&self, settings: &[(&'static str, String)]) {
        let Some(told) = locked(&self.settings).clone() else {
            return;
        };
        let object = Object::new();
        for (name, value) in settings {
            // A fresh plain object takes any property.
            let _ = Reflect::set(&object, &(*name).into(), &JsValue::from_str(value));
        }
        // What goes wrong there the page says by itself.
        let _ = told.call1(&JsValue::NULL, &object);
    }

    /// What the panel offers.
    pub fn set_choices(&self, choices: Vec<String>) {
        *locked(&self.choices) = choices;
    }

    /// A source arrived, or was refused.
    pub fn bring(&self, arrived: Result<Stream, String>) {
        if arrived.is_ok() {
            *locked(&self.trouble) = None;
            self.set_ended(false);
        }
        locked(&self.arrived).push_back(arrived);
    }

    /// What is wrong with the source now.
    pub fn set_trouble(&self, words: Option<String>) {
        *locked(&self.trouble) = words;
    }

    /// The source ended by itself.
    pub fn set_ended(&self, ended: bool) {
        self.ended.store(ended, Ordering::Relaxed);
    }
}

impl SourceControl for Board {
    fn choices(&self) -> Vec<String> {
        locked(&self.choices).clone()
    }

    fn choose(&self, name: &str) {
        let wish = locked(&self.wish).clone();
        if let Some(wish) = wish {
            // What goes wrong there the page says by itself.
            let _ = wish.call1(&JsValue::NULL, &name.into());
        }
    }

    fn arrived(&self) -> Option<Result<Stream, String>> {
        locked(&self.arrived).pop_front()
    }
}

impl SourceProbe for Board {
    fn lost_frames(&self) -> Option<u64> {
        None
    }

    fn ended(&self) -> bool {
        self.ended.load(Ordering::Relaxed)
    }

    fn trouble(&self) -> Option<String> {
        locked(&self.trouble).clone()
    }
}
