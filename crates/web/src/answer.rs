//! From the bytes of a request to the bytes of its response. Knows nothing of how they travel.

use soundfall_analysis::{History, Message, Request, Worker};

use crate::queue::MAX_RESPONSE_BYTES;

/// Answers a request; the response takes the place of what is in `out`, at most
/// [`MAX_RESPONSE_BYTES`]. What is no request is answered with no bytes.
pub fn answer(worker: &Worker, history: &dyn History, request: &[u8], out: &mut Vec<u8>) {
    out.clear();
    let Ok(request) = Message::<Request>::decode(request) else {
        return;
    };
    let response = Message {
        id: request.id,
        body: worker.answer(history, &request.body),
    };
    // A response that cannot be encoded leaves `out` empty.
    let _ = response.encode(MAX_RESPONSE_BYTES, out);
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use soundfall_analysis::{EnvelopesRequest, Outcome, Recording, RequestId, Response};

    #[test]
    fn a_request_is_answered_under_its_id_and_nonsense_with_nothing() {
        let recording = Recording::from_planes(48_000, vec![vec![0.25; 256]]).unwrap();
        let (worker, mut request, mut out) = (Worker::new(), Vec::new(), vec![9; 9]);
        let message = Message {
            id: RequestId(77),
            body: Request::Envelopes(EnvelopesRequest {
                start_frame: 64,
                frames: 128,
                entry_frames: 64,
                channels: vec![0],
            }),
        };
        message.encode(&mut request).unwrap();
        answer(&worker, &recording, &request, &mut out);
        let response = Message::<Response>::decode(&out, MAX_RESPONSE_BYTES).unwrap();
        assert_eq!(response.id, RequestId(77));
        let Outcome::Envelopes(entries) = response.body.outcome else {
            panic!("{:?}", response.body);
        };
        assert_eq!(entries.len(), 2);
        assert_eq!((entries[0].min, entries[0].max), (0.25, 0.25));

        for nonsense in [&request[..request.len() - 1], &[], &[255; 2000]] {
            answer(&worker, &recording, nonsense, &mut out);
            assert!(out.is_empty());
        }
    }
}
