//! How long was this really watched: [`Signal`]s in, active intervals, presence and
//! the reasons for what did not count out.
//!
//! Sans-IO: no clock is read and nothing is awaited. [`WatchTimer`] is told what
//! happened and when; it can be asked at any time. What counted is an
//! [`IntervalSet`], whose union is the one operation by which journals, heartbeats,
//! retries and two devices of one person are merged. [`credits`] turns the total into
//! credits, for the client's estimate and for the server's ledger alike.
//!
//! ```
//! use kulti_watch::{Policy, Reason, Signal, WatchTimer};
//!
//! let mut timer = WatchTimer::new(Policy::default());
//! timer.handle(1_000, Signal::ClockOffset { offset_ms: 500 });
//! timer.handle(1_000, Signal::Joined);
//! timer.handle(61_000, Signal::WindowHidden);
//!
//! let status = timer.status(91_000);
//! assert_eq!((status.active_ms, status.paused_by), (60_000, Some(Reason::Hidden)));
//! assert_eq!(timer.intervals(91_000).iter().collect::<Vec<_>>(), [(1_500, 61_500)]);
//! ```

pub mod credits;
mod evidence;
mod interval_set;
mod milestones;
mod outcome;
mod policy;
mod presence;
mod signal;
mod stay;
mod tiling;
mod timer;

pub use interval_set::{IntervalSet, ReversedInterval};
pub use milestones::{MILESTONES, Measure, Milestone};
pub use outcome::{Excluded, Presence, Reason, Report, Span, Status};
pub use policy::{PROMPT_ANSWER_MS, Policy};
pub use signal::Signal;
pub use timer::WatchTimer;
