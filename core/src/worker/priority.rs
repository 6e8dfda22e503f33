//! The priority of the worker's thread.
//!
//! Real-time while it serves a live stream: below a host's audio threads, above all programs. Normal in an offline
//! render, and while it has not slept for a second: a voice that is too heavy for the machine must not stop the desktop.
//!
//! On Linux the thread requests `SCHED_RR` itself, if the system's limits permit that. RealtimeKit is not used: it
//! requires a limit on the whole host process with which the kernel ends a program whose real-time thread computes for
//! 200 ms without a pause, as one hop of a large voice may. If a host has such a limit already, the thread takes a
//! high normal priority ("nice") instead.

use std::time::{Duration, Instant};

/// A thread that has not slept for this long is too busy for real-time priority.
const BUSY: Duration = Duration::from_secs(1);

/// What the system grants this thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Grant {
    /// Real-time, at this priority.
    RealTime(i32),
    /// Normal scheduling at this nice level.
    Nice(i32),
    Nothing,
}

/// The priority of the thread that created it.
pub struct ThreadPriority {
    grant: Grant,
    /// The nice level that the thread started with.
    normal_nice: i32,
    sentence: String,
    raised: bool,
    busy_since: Option<Instant>,
    /// Not `Send`: it belongs to the thread.
    _here: std::marker::PhantomData<*const ()>,
}

impl ThreadPriority {
    /// Finds out what the system grants, and makes the thread's pauses end on time. The priority itself does not change
    /// until [`Self::after_turn`].
    #[must_use]
    pub fn request() -> Self {
        system::use_exact_timers();
        let normal_nice = system::nice();
        let (grant, why) = system::find_grant(normal_nice);
        let sentence = match (grant, why) {
            (Grant::RealTime(_), _) => "granted".to_owned(),
            (Grant::Nice(nice), why) => format!("not granted, because {why}; nice {nice} instead"),
            (Grant::Nothing, why) => format!("not granted, because {why}"),
        };
        Self {
            grant,
            normal_nice,
            sentence,
            raised: false,
            busy_since: None,
            _here: std::marker::PhantomData,
        }
    }

    /// "granted", or "not granted" and why.
    #[must_use]
    pub fn sentence(&self) -> &str {
        &self.sentence
    }

    /// Sets the priority for the next turn: `live` is false without a live stream, `sleeps` is true if the thread sleeps
    /// now.
    pub fn after_turn(&mut self, live: bool, sleeps: bool) {
        self.after_turn_at(Instant::now(), live, sleeps);
    }

    fn after_turn_at(&mut self, now: Instant, live: bool, sleeps: bool) {
        if sleeps {
            self.busy_since = None;
        }
        let busy_since = *self.busy_since.get_or_insert(now);
        let raise = live && now.saturating_duration_since(busy_since) < BUSY;
        if raise != self.raised {
            self.raised = raise;
            system::set(if raise { self.grant } else { Grant::Nothing }, self.normal_nice);
        }
    }
}

#[cfg(target_os = "linux")]
mod system {
    use super::Grant;

    /// Below the priority that audio servers give to audio threads: a host's own thread comes first.
    const PRIORITY: i32 = 5;
    /// The level that RealtimeKit gives to threads of high priority.
    const NICE: i32 = -11;
    /// A limit on the computing time of real-time threads that no hop reaches.
    const ENOUGH_COMPUTING_US: u64 = 2_000_000;

    /// Pauses end within microseconds; by default up to 50 µs later.
    pub fn use_exact_timers() {
        // SAFETY: takes two numbers and concerns the calling thread only.
        unsafe { libc::prctl(libc::PR_SET_TIMERSLACK, 1_000_u64) };
    }

    /// The best permitted priority, and why it is not higher. Does not change the thread's priority.
    pub fn find_grant(normal_nice: i32) -> (Grant, String) {
        let why = match try_real_time() {
            Ok(()) => {
                set(Grant::Nothing, normal_nice);
                return (Grant::RealTime(PRIORITY), String::new());
            }
            Err(why) => why,
        };
        let nice = permitted_nice();
        let granted = nice < normal_nice && set_nice(nice);
        set_nice(normal_nice);
        (
            if granted {
                Grant::Nice(nice)
            } else {
                Grant::Nothing
            },
            why,
        )
    }

    pub fn set(grant: Grant, normal_nice: i32) {
        match grant {
            // Was granted before; if it no longer is, the thread continues as it is.
            Grant::RealTime(priority) => {
                let _ = schedule(libc::SCHED_RR | libc::SCHED_RESET_ON_FORK, priority);
            }
            Grant::Nice(nice) => {
                let _ = set_nice(nice);
            }
            Grant::Nothing => {
                let _ = schedule(libc::SCHED_OTHER, 0);
                let _ = set_nice(normal_nice);
            }
        }
    }

    fn try_real_time() -> Result<(), String> {
        let computing_us = limit(libc::RLIMIT_RTTIME);
        if computing_us < ENOUGH_COMPUTING_US {
            return Err(format!(
                "this host limits real-time threads to {} ms of computing without a pause",
                computing_us / 1_000
            ));
        }
        schedule(libc::SCHED_RR | libc::SCHED_RESET_ON_FORK, PRIORITY).map_err(|error| {
            let permitted = limit(libc::RLIMIT_RTPRIO);
            if permitted < PRIORITY.unsigned_abs().into() {
                format!("the system permits real-time priority up to {permitted} (`ulimit -r`), and {PRIORITY} is needed")
            } else {
                format!("the system refused it: {error}")
            }
        })
    }

    /// The nice level to take, as far as the system permits.
    fn permitted_nice() -> i32 {
        // The limit counts from 1 (nice 19) to 40 (nice -20).
        let lowest = 20 - i32::try_from(limit(libc::RLIMIT_NICE).min(40)).unwrap_or(0);
        // SAFETY: takes no arguments.
        if unsafe { libc::geteuid() } == 0 {
            NICE
        } else {
            lowest.max(NICE)
        }
    }

    /// A limit of this process; `u64::MAX` without one.
    fn limit(which: libc::__rlimit_resource_t) -> u64 {
        let mut limit = libc::rlimit {
            rlim_cur: 0,
            rlim_max: 0,
        };
        // SAFETY: writes to a live local of the right type.
        let result = unsafe { libc::getrlimit(which, &raw mut limit) };
        if result == 0 { limit.rlim_cur } else { 0 }
    }

    fn schedule(policy: i32, priority: i32) -> std::io::Result<()> {
        let param = libc::sched_param {
            sched_priority: priority,
        };
        // SAFETY: reads a live local of the right type; 0 is the calling thread.
        let result = unsafe { libc::sched_setscheduler(0, policy, &raw const param) };
        if result == 0 {
            Ok(())
        } else {
            Err(std::io::Error::last_os_error())
        }
    }

    pub fn nice() -> i32 {
        // SAFETY: takes two numbers; on Linux, 0 is the calling thread.
        unsafe { libc::getpriority(libc::PRIO_PROCESS, 0) }
    }

    fn set_nice(nice: i32) -> bool {
        // SAFETY: takes three numbers; on Linux, 0 is the calling thread.
        unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, nice) == 0 }
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use super::Grant;

    pub fn use_exact_timers() {}

    pub fn nice() -> i32 {
        0
    }

    pub fn find_grant(_: i32) -> (Grant, String) {
        (Grant::Nothing, "that is not done on this system yet".to_owned())
    }

    pub fn set(_: Grant, _: i32) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    fn priority() -> ThreadPriority {
        ThreadPriority {
            grant: Grant::Nothing,
            normal_nice: 0,
            sentence: String::new(),
            raised: false,
            busy_since: None,
            _here: std::marker::PhantomData,
        }
    }

    #[test]
    fn priority_is_raised_for_a_live_stream_only() {
        let (mut priority, now) = (priority(), Instant::now());
        for (live, raised) in [(false, false), (true, true), (true, true), (false, false)] {
            priority.after_turn_at(now, live, true);
            assert_eq!(priority.raised, raised);
        }
    }

    #[test]
    fn a_thread_that_has_not_slept_for_a_second_is_lowered_until_it_sleeps() {
        let (mut priority, now) = (priority(), Instant::now());
        let mut raised_after = |ms: u64, sleeps: bool| {
            priority.after_turn_at(now + Duration::from_millis(ms), true, sleeps);
            priority.raised
        };
        assert!(raised_after(0, true));
        assert!(raised_after(10, false));
        assert!(raised_after(990, false));
        assert!(!raised_after(1_020, false));
        assert!(!raised_after(5_000, false));
        assert!(raised_after(5_001, true));
    }

    #[test]
    fn request_says_granted_or_why_not() {
        let priority = ThreadPriority::request();
        let sentence = priority.sentence();
        let why = sentence.strip_prefix("not granted, because ");
        assert!(
            sentence == "granted" || why.is_some_and(|why| why.len() > 10),
            "{sentence}"
        );
    }
}
