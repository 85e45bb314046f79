//! A moment at which nothing of a file changes, for who needs all of a commit and has no lock: what was
//! done counts if the writer told of nothing meanwhile, else it is done again.

use crate::committed::{Stamp, busy, has_writer};
use crate::error::{ErrorKind, Result};
use crate::format::published::Published;
use crate::medium::Medium;
use std::thread;
use std::time::{Duration, Instant};

/// Tries. After so many it is enough as soon as so much time has passed.
const TRIES_MAX: u32 = 100;
const TRIES_MIN: u32 = 10;
const PATIENCE: Duration = Duration::from_secs(2);

const PAUSE: Duration = Duration::from_micros(250);
const PAUSE_MAX: Duration = Duration::from_millis(20);

/// What is known of the file at a moment.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Moment {
    /// The commit of the block is home: a writer of this boot told so, and began nothing since.
    Rest(Published),
    /// A writer is gone. What it left is for the log to tell, up to this commit.
    Left(Option<u64>),
}

/// Does something at a moment, again where that was none.
///
/// # Errors
/// What `act` fails with at a moment; `Busy` where none was found.
pub(crate) fn at_a_moment<M: Medium, T>(
    medium: &M,
    mut act: impl FnMut(Moment) -> Result<T>,
) -> Result<T> {
    let since = Instant::now();
    let mut pause = PAUSE;
    for tries in 1.. {
        let stamp = Stamp::read(medium)?;
        let moment = match stamp.at_rest(medium) {
            Some(block) => Some(Moment::Rest(block)),
            // A writer that is there moves.
            None if has_writer(medium)? => None,
            None => Some(Moment::Left(stamp.told_limit(medium))),
        };
        if let Some(moment) = moment {
            let result = act(moment);
            // What was read while the file changed means nothing, errors included.
            if Stamp::read(medium)? == stamp {
                return result;
            }
            if let Err(error) = result
                && error.kind() == ErrorKind::NoSpace
            {
                return Err(error);
            }
        }
        if tries >= TRIES_MAX || tries >= TRIES_MIN && since.elapsed() >= PATIENCE {
            break;
        }
        thread::sleep(pause);
        pause = (pause * 2).min(PAUSE_MAX);
    }
    Err(busy("the writer committed during each try; do it where the store is open for writing"))
}
