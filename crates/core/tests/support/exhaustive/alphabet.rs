//! The operations of which all short workloads are made, and how a session takes one.

use stoa_core::PAGE_BYTES;

use crate::support::random::Random;
use crate::support::run::Step;

/// What a program does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    /// Adds rows within the extents that are there.
    Push,
    /// Adds rows over the end of them.
    Grow,
    /// Sets bytes in place.
    Change,
    Truncate,
    Create,
    Drop,
    Shrink,
    Metadata,
    Rollback,
    Begin,
    /// Completes all commits in flight.
    Complete,
    Reopen,
    Discard,
    Die,
    GoLive,
}

/// One operation: a verb, and perhaps a commit right after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Operation {
    pub(crate) verb: Verb,
    pub(crate) is_committed: bool,
}

const CHANGES: [Verb; 8] = [
    Verb::Push,
    Verb::Grow,
    Verb::Change,
    Verb::Truncate,
    Verb::Create,
    Verb::Drop,
    Verb::Shrink,
    Verb::Metadata,
];
const ENDS: [Verb; 5] = [Verb::Begin, Verb::Complete, Verb::Reopen, Verb::Discard, Verb::Die];

/// Every operation of a transactional store, or of one that is live at first.
pub(crate) fn alphabet(is_live: bool) -> Vec<Operation> {
    let changes = CHANGES
        .iter()
        .flat_map(|&verb| [false, true].map(|is_committed| Operation { verb, is_committed }));
    let ends = ENDS.into_iter().chain([if is_live { Verb::GoLive } else { Verb::Rollback }]);
    changes.chain(ends.map(|verb| Operation { verb, is_committed: false })).collect()
}

/// An open store and its model, of either kind.
pub(crate) trait Session {
    /// The regions and their bytes, by name.
    fn lengths(&self) -> Vec<(String, usize)>;
    /// Whether there is anything for the verb to do.
    fn can(&self, verb: Verb) -> bool;
    fn create(&mut self, name: &str) -> Step;
    fn append(&mut self, name: &str, bytes: &[u8]) -> Step;
    fn update(&mut self, name: &str, offset: usize, bytes: &[u8]) -> Step;
    fn truncate(&mut self, name: &str, bytes: usize) -> Step;
    fn drop_region(&mut self, name: &str) -> Step;
    fn shrink(&mut self, name: &str) -> Step;
    fn set_metadata(&mut self, bytes: Vec<u8>) -> Step;
    fn commit(&mut self) -> Step;
    /// The verbs that have to do with commits, and with the ends of processes.
    fn end(&mut self, verb: Verb) -> Step;
}

/// Takes one operation. False where there is nothing to do it to: the store is as it was.
pub(crate) fn take(
    session: &mut impl Session,
    operation: Operation,
    random: &mut Random,
) -> Step<bool> {
    let lengths = session.lengths();
    if !session.can(operation.verb) {
        return Ok(false);
    }
    // Most happens to the first region, so that it happens to one that had something happen to it.
    let first = lengths.first().cloned();
    match (operation.verb, first) {
        (Verb::Create, _) => {
            let is_taken = |name: &str| lengths.iter().any(|(taken, _)| taken == name);
            let Some(name) = ["a", "b", "c"].into_iter().find(|name| !is_taken(name)) else {
                return Ok(false);
            };
            session.create(name)?;
            session.append(name, &random.bytes(PAGE_BYTES + 100))?;
        }
        (Verb::Metadata, _) => session.set_metadata(random.bytes(700))?,
        (verb, _) if !CHANGES.contains(&verb) => session.end(verb)?,
        (_, None) | (Verb::Change | Verb::Truncate, Some((_, 0))) => return Ok(false),
        (Verb::Push, Some((name, _))) => session.append(&name, &random.bytes(PAGE_BYTES + 900))?,
        (Verb::Grow, Some((name, _))) => session.append(&name, &random.bytes(70_000))?,
        (Verb::Change, Some((name, length))) => {
            let bytes = random.bytes(50.min(length));
            session.update(&name, length / 3, &bytes[..bytes.len().min(length - length / 3)])?;
        }
        (Verb::Truncate, Some((name, length))) => session.truncate(&name, length / 2)?,
        (Verb::Drop, Some((name, _))) => session.drop_region(&name)?,
        (_, Some((name, _))) => session.shrink(&name)?,
    }
    if operation.is_committed {
        session.commit()?;
    }
    Ok(true)
}
