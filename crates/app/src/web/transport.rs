//! How requests and answers travel between page and worker: over the desk in shared memory, or as
//! messages. Never looks into them.

use std::cell::RefCell;
use std::collections::VecDeque;

use js_sys::{Float64Array, Function, Uint8Array};
use send_wrapper::SendWrapper;
use soundfall_web_ring::{
    desk::Desk,
    request::{AnswerHead, HEAD},
};
use wasm_bindgen::JsValue;

/// The way to one worker and back.
pub enum Transport {
    /// Shared memory.
    Desk(Desk),
    /// Messages.
    Messages(SendWrapper<Messages>),
}

/// Messages on their way.
pub struct Messages {
    post: Function,
    answers: RefCell<VecDeque<Uint8Array>>,
}

impl Transport {
    /// Over messages; `post` sends the numbers of a request.
    pub fn messages(post: Function) -> Self {
        Self::Messages(SendWrapper::new(Messages {
            post,
            answers: RefCell::default(),
        }))
    }

    /// Sends a request; false while there is no room.
    pub fn send(&self, request: &[f64; HEAD]) -> bool {
        match self {
            Self::Desk(desk) => desk.push(request),
            Self::Messages(messages) => {
                let numbers = Float64Array::from(&request[..]);
                // A worker that is gone answers nothing; the page replaces it.
                let _ = messages.post.call1(&JsValue::NULL, &numbers);
                true
            }
        }
    }

    /// An answer came as a message.
    pub fn arrived(&self, answer: Uint8Array) {
        if let Self::Messages(messages) = self {
            messages.answers.borrow_mut().push_back(answer);
        }
    }

    /// The next answer, its payload in `payload`.
    pub fn take(&self, payload: &mut Vec<u8>) -> Option<AnswerHead> {
        payload.clear();
        let head = match self {
            Self::Desk(desk) => desk.take(
                |head| AnswerHead::decode(head).map_or(0, |head| head.bytes),
                payload,
            )?,
            Self::Messages(messages) => {
                let answer = messages.answers.borrow_mut().pop_front()?;
                let mut head = [0.0; HEAD];
                let split = HEAD as u32 * 8;
                if answer.length() < split {
                    return None;
                }
                Float64Array::new_with_byte_offset_and_length(
                    &answer.buffer(),
                    answer.byte_offset(),
                    HEAD as u32,
                )
                .copy_to(&mut head);
                payload.resize((answer.length() - split) as usize, 0);
                answer.subarray(split, answer.length()).copy_to(payload);
                head
            }
        };
        AnswerHead::decode(&head)
    }
}
