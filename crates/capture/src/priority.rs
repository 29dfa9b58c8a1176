//! A real-time priority for the writer thread, where the system allows it.
//!
//! Asks once, and changes only the calling thread.

use std::io;

use thread_priority::{Error, ThreadPriority};

/// What helps on this system, as the end of a message.
const ADVICE: &str = if cfg!(target_os = "linux") {
    "; `ulimit -r` must be 1 or more, which a line `@audio - rtprio 20` in /etc/security/limits.conf gives to the group audio"
} else {
    ""
};

/// The system refused the priority. One line, with what helps.
#[derive(Debug, thiserror::Error)]
#[error(
    "the writer thread gets no real-time priority ({reason}); under heavy load sound may be lost{ADVICE}"
)]
pub(crate) struct PriorityRefused {
    reason: String,
}

impl From<Error> for PriorityRefused {
    fn from(error: Error) -> Self {
        let reason = match error {
            Error::OS(code) => io::Error::from_raw_os_error(code).to_string(),
            other => other.to_string(),
        };
        Self { reason }
    }
}

/// Asks for a real-time priority for the calling thread: the lowest there is, which is above every ordinary thread
/// and below the sound system's own.
///
/// # Errors
/// [`PriorityRefused`].
pub(crate) fn raise() -> Result<(), PriorityRefused> {
    Ok(request()?)
}

#[cfg(unix)]
fn request() -> Result<(), Error> {
    use thread_priority::unix::{
        RealtimeThreadSchedulePolicy, ThreadSchedulePolicy, set_thread_priority_and_policy,
        thread_native_id,
    };
    set_thread_priority_and_policy(
        thread_native_id(),
        ThreadPriority::Min,
        ThreadSchedulePolicy::Realtime(RealtimeThreadSchedulePolicy::RoundRobin),
    )
}

#[cfg(not(unix))]
fn request() -> Result<(), Error> {
    thread_priority::set_current_thread_priority(ThreadPriority::Max)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use super::*;

    #[test]
    fn the_answer_is_true() {
        let answer = std::thread::spawn(|| {
            let answer = raise();
            #[cfg(unix)]
            {
                use thread_priority::unix::{ThreadSchedulePolicy, thread_schedule_policy};
                let policy = thread_schedule_policy().unwrap();
                let real_time = matches!(policy, ThreadSchedulePolicy::Realtime(_));
                assert_eq!(real_time, answer.is_ok(), "{answer:?}");
            }
            answer
        })
        .join()
        .unwrap();
        if let Err(refused) = answer {
            let message = refused.to_string();
            assert!(message.starts_with("the writer thread gets no real-time priority"));
            assert!(!message.contains('\n'));
        }
    }

    #[test]
    fn a_refusal_says_what_helps() {
        let text = PriorityRefused::from(Error::OS(1)).to_string();
        assert!(text.contains("not permitted"), "{text}");
        if cfg!(target_os = "linux") {
            assert!(text.contains("rtprio"), "{text}");
        }
    }
}
