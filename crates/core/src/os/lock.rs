//! The lock of the one writer: an exclusive, advisory `flock` on the store itself.
//!
//! It belongs to the open file description, so duplicates and mappings of the descriptor keep it
//! alive: it is given back by `unlock`, never by closing alone.

use std::fs::File;
use std::io;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use super::holder::Holder;
use crate::error::{Error, ErrorKind, Result};
use crate::options::Options;

/// A reader takes a shared lock for a moment to learn whether a writer lives. The try outlasts it.
const TRY: Duration = Duration::from_millis(10);

/// Where only readers ask, so many that they always meet the tries.
const AMONG_READERS: Duration = Duration::from_secs(5);

/// Between two tries, at first.
const PAUSE: Duration = Duration::from_micros(250);

/// Between two tries, at most: while the try lasts, and while the caller waits for a writer.
const LONGEST_PAUSE: [Duration; 2] = [Duration::from_millis(2), Duration::from_millis(20)];

/// How long a lock is tried for: shared by all tries of one opening.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    since: Instant,
    limit: Duration,
}

impl Patience {
    /// That of an opening: the try, and the wait of `options` more; or one look, for who waits
    /// without a thread.
    pub(super) fn new(options: &Options) -> Self {
        let limit =
            if options.tries_once { Duration::ZERO } else { TRY.saturating_add(options.wait) };
        Self { since: Instant::now(), limit }
    }

    /// That of a file which nobody else knows.
    pub(super) fn short() -> Self {
        Self { since: Instant::now(), limit: TRY }
    }
}

/// Takes the exclusive lock, without ever blocking in the kernel.
///
/// # Errors
/// `Locked` when another holds it to the end; `Io` when the kernel refuses for another reason.
pub(super) fn lock_exclusive(file: &File, path: &Path, patience: Patience) -> Result<()> {
    let mut pause = PAUSE;
    loop {
        let Err(error) = fs2::FileExt::try_lock_exclusive(file) else {
            return Ok(());
        };
        let held = error.kind() == io::ErrorKind::WouldBlock;
        if !held && error.kind() != io::ErrorKind::Interrupted {
            let attempt = format!("cannot lock '{}' for writing", path.display());
            return Err(Error::from_io(&error, "flock", attempt).with_path(path));
        }
        let mut left = patience.limit.saturating_sub(patience.since.elapsed());
        if left.is_zero() && !is_locked(file).unwrap_or(true) {
            // Only readers that ask: there is no writer to give up for.
            left = AMONG_READERS.saturating_sub(patience.since.elapsed());
            pause = PAUSE;
        }
        if left.is_zero() {
            return Err(locked(file, path));
        }
        thread::sleep(pause.min(left));
        let waits = patience.since.elapsed() > TRY;
        pause = (pause * 2).min(LONGEST_PAUSE[usize::from(waits)]);
    }
}

/// The error of a lock that another holds, with its name where the system tells it.
fn locked(file: &File, path: &Path) -> Error {
    let reason = match Holder::of(file) {
        Some(Holder::Process(pid)) => format!("process {pid} holds its lock; close it there first"),
        Some(Holder::Ourselves) => {
            "this process holds its lock, in another handle or thread; close that one first".into()
        }
        None => "another process or handle holds its lock; close that one first".into(),
    };
    let message = format!("cannot open '{}' for writing: {reason}", path.display());
    Error::new(ErrorKind::Locked, message).with_path(path)
}

/// Whether another descriptor has the exclusive lock. Tries a shared one for a moment, which a
/// writer's own try outlasts.
pub(super) fn is_locked(file: &File) -> io::Result<bool> {
    loop {
        match fs2::FileExt::try_lock_shared(file) {
            Ok(()) => {
                unlock(file);
                return Ok(false);
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(true),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Gives the lock back, whatever descriptors and mappings of the file still live.
pub(super) fn unlock(file: &File) {
    // It fails only for what is no descriptor, and that has no lock.
    let _ = fs2::FileExt::unlock(file);
}
