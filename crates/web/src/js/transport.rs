//! The two ways between page and worker: a queue in shared memory, or messages. Never looks into
//! what travels.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use js_sys::{Function, Uint8Array};
use send_wrapper::SendWrapper;
use wasm_bindgen::JsValue;

use super::queue::SharedQueue;
use crate::pending::Transport;
use crate::queue::RequestQueue;

/// Over shared memory.
pub type SharedTransport = RequestQueue<SharedQueue>;

impl Transport for SharedTransport {
    fn send(&self, request: &[u8]) -> bool {
        self.submit(request)
    }

    fn receive(&self, response: &mut Vec<u8>) -> bool {
        self.take_response(response)
    }
}

/// Over messages. Clones are the same way. Only used on the thread it was made on.
#[derive(Clone)]
pub struct MessageTransport(SendWrapper<Rc<Messages>>);

struct Messages {
    post: Function,
    responses: RefCell<VecDeque<Uint8Array>>,
}

impl MessageTransport {
    /// `post` sends a request: a `Uint8Array` of its own.
    #[must_use]
    pub fn new(post: Function) -> Self {
        Self(SendWrapper::new(Rc::new(Messages {
            post,
            responses: RefCell::default(),
        })))
    }

    /// A response came as a message.
    pub fn arrived(&self, response: Uint8Array) {
        self.0.responses.borrow_mut().push_back(response);
    }
}

impl Transport for MessageTransport {
    fn send(&self, request: &[u8]) -> bool {
        let bytes = Uint8Array::from(request);
        // A worker that is gone answers nothing; the page replaces it.
        let _ = self.0.post.call1(&JsValue::NULL, &bytes);
        true
    }

    fn receive(&self, response: &mut Vec<u8>) -> bool {
        let Some(bytes) = self.0.responses.borrow_mut().pop_front() else {
            return false;
        };
        response.resize(bytes.length() as usize, 0);
        bytes.copy_to(response);
        true
    }
}
