//! A real-time priority for the writer thread, where the system allows it.
//!
//! Asks once and tells the answer; it never insists, and changes only the thread that asks.

use thread_priority::{Error, ThreadPriority};

/// Asks for a real-time priority for the calling thread: the lowest there is, which is above every ordinary thread
/// and below the sound system's own.
///
/// # Errors
/// The refusal, in one line, and what helps.
pub(crate) fn raise() -> Result<(), String> {
    request().map_err(|error| refusal(&error))
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

fn refusal(error: &Error) -> String {
    let reason = match error {
        Error::OS(code) => std::io::Error::from_raw_os_error(*code).to_string(),
        other => other.to_string(),
    };
    let help = if cfg!(target_os = "linux") {
        "; `ulimit -r` must be 1 or more, which a line `@audio - rtprio 20` in /etc/security/limits.conf gives to the group audio"
    } else {
        ""
    };
    format!(
        "the writer thread gets no real-time priority ({reason}); under heavy load sound may be lost{help}"
    )
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
        if let Err(message) = answer {
            assert!(message.starts_with("the writer thread gets no real-time priority"));
            assert!(!message.contains('\n'));
        }
    }

    #[test]
    fn a_refusal_says_what_helps() {
        let text = refusal(&Error::OS(1));
        assert!(text.contains("not permitted"), "{text}");
        if cfg!(target_os = "linux") {
            assert!(text.contains("rtprio"), "{text}");
        }
    }
}
