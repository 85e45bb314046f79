//! The verbs of a workload, and how often each is drawn.

/// What a run is mostly about. Each makes other things rare, so that the rare ones meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Theme {
    Mixed,
    /// Many small commits to the same few pages.
    Small,
    /// Lengths that go up and down.
    Boundary,
    /// Regions that come and go.
    Regions,
    /// Commits in flight while the program goes on.
    Flights,
    /// Many pages in a commit: the log fills and grows.
    Large,
    /// Commits first in their log that are lost, and their rows added again.
    Repeats,
}

pub(crate) const THEMES: [Theme; 7] = [
    Theme::Mixed,
    Theme::Small,
    Theme::Boundary,
    Theme::Regions,
    Theme::Flights,
    Theme::Large,
    Theme::Repeats,
];

#[derive(Clone, Copy, Debug)]
pub(crate) enum Verb {
    Create,
    Drop,
    Recreate,
    Append,
    AppendLarge,
    Update,
    UpdateAgain,
    UpdatePages,
    UpdateMany,
    Scribble,
    Widen,
    Truncate,
    TruncateCommitPush,
    Shrink,
    Refill,
    Repeat,
    Metadata,
    Rollback,
    Commit,
    Begin,
    Complete,
    CompleteNewest,
    CompleteElsewhere,
    Settle,
    Compare,
    Reopen,
    Discard,
    Die,
}

/// The verbs of a theme, each as often as it is to be drawn.
pub(crate) fn verbs(theme: Theme) -> Vec<Verb> {
    use Verb::{
        Append, AppendLarge, Begin, Commit, Compare, Complete, CompleteElsewhere, CompleteNewest,
        Create, Die, Discard, Drop, Metadata, Recreate, Refill, Reopen, Repeat, Rollback, Scribble,
        Settle, Shrink, Truncate, TruncateCommitPush, Update, UpdateAgain, UpdateMany, UpdatePages,
        Widen,
    };
    let mut verbs = vec![
        Create,
        Drop,
        Recreate,
        Append,
        Append,
        AppendLarge,
        Update,
        Update,
        UpdateAgain,
        UpdatePages,
        UpdateMany,
        Scribble,
        Widen,
        Truncate,
        TruncateCommitPush,
        Shrink,
        Refill,
        Metadata,
        Rollback,
        Commit,
        Commit,
        Commit,
        Begin,
        Complete,
        CompleteNewest,
        CompleteElsewhere,
        Settle,
        Compare,
        Reopen,
        Discard,
        Die,
    ];
    let more: &[Verb] = match theme {
        Theme::Mixed => &[],
        Theme::Small => &[Update, UpdateAgain, UpdateAgain, Append, Commit, Commit, Commit],
        Theme::Boundary => {
            &[Append, Truncate, TruncateCommitPush, Shrink, Scribble, Refill, Commit]
        }
        Theme::Regions => &[Create, Drop, Recreate, Append, Shrink, Commit],
        Theme::Flights => {
            &[Update, UpdateAgain, Append, Begin, Begin, CompleteElsewhere, Complete, Settle]
        }
        Theme::Large => &[UpdateMany, UpdatePages, AppendLarge, Commit],
        Theme::Repeats => &[Repeat; 12],
    };
    for _ in 0..4 {
        verbs.extend_from_slice(more);
    }
    verbs
}
