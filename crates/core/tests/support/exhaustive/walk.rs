//! The walk over all workloads of up to so many operations. What a longer one does before its last
//! operation was cut in a shorter one, so of each workload only the last is cut.

use std::fmt;
use std::ops::AddAssign;

use super::alphabet::Operation;
use crate::support::storm::guarded;

/// What was done.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Walked {
    pub(crate) workloads: u64,
    /// Moments within operations of the disk, and at rest.
    pub(crate) moments: u64,
    pub(crate) cuts: u64,
    pub(crate) cuts_in_recovery: u64,
    pub(crate) kills: u64,
    pub(crate) resets: u64,
}

impl AddAssign for Walked {
    fn add_assign(&mut self, other: Self) {
        self.workloads += other.workloads;
        self.moments += other.moments;
        self.cuts += other.cuts;
        self.cuts_in_recovery += other.cuts_in_recovery;
        self.kills += other.kills;
        self.resets += other.resets;
    }
}

impl fmt::Display for Walked {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{} workloads, {} moments, {} cuts, {} of them in a recovery, {} kills, {} resets",
            self.workloads, self.moments, self.cuts, self.cuts_in_recovery, self.kills, self.resets
        )
    }
}

/// Plays one workload and ends it in its last operation. `None` where that has nothing to do.
pub(crate) type Play<'a> = &'a dyn Fn(&[Operation]) -> Result<Option<Walked>, String>;

/// Plays every workload of up to `longest` operations; the first that fails, and how.
pub(crate) fn walk(
    alphabet: &[Operation],
    longest: usize,
    play: Play<'_>,
) -> Result<Walked, String> {
    let mut walked = play(&[])?.unwrap_or_default();
    go_on(alphabet, longest, play, &mut Vec::new(), &mut walked)?;
    Ok(walked)
}

fn go_on(
    alphabet: &[Operation],
    longest: usize,
    play: Play<'_>,
    workload: &mut Vec<Operation>,
    walked: &mut Walked,
) -> Result<(), String> {
    for &operation in alphabet {
        workload.push(operation);
        let once = || play(workload).map_err(|what| format!("{}: {what}", named(workload)));
        if let Some(more) = guarded(0, once).map_err(|failure| failure.what)? {
            *walked += more;
            if workload.len() < longest {
                go_on(alphabet, longest, play, workload, walked)?;
            }
        }
        workload.pop();
    }
    Ok(())
}

/// A workload as `STOA_WORKLOAD` takes it.
pub(crate) fn named(workload: &[Operation]) -> String {
    let name = |operation: &Operation| {
        let commit = if operation.is_committed { "+Commit" } else { "" };
        format!("{:?}{commit}", operation.verb)
    };
    workload.iter().map(name).collect::<Vec<_>>().join(",")
}
