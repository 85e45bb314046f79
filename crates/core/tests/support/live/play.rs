//! Random steps on a live store.

use stoa_core::{Close, ElementKind, Growth, PAGE_BYTES};

use super::run::LiveRun;
use crate::support::random::Random;
use crate::support::run::Step;

const REGIONS_MAX: usize = 4;
/// A region is not appended to beyond this, so that one run stays short.
const REGION_BYTES_MAX: usize = 200 * 1024;
const IN_FLIGHT_MAX: usize = 3;

const SHAPES: [(ElementKind, u32); 4] =
    [(ElementKind::U8, 1), (ElementKind::F64, 1), (ElementKind::U32, 3), (ElementKind::U8, 100)];

#[derive(Clone, Copy, Debug)]
enum Verb {
    Create,
    Drop,
    Recreate,
    Append,
    AppendLarge,
    Update,
    UpdatePages,
    Scribble,
    Truncate,
    Refill,
    Shrink,
    Grow,
    Metadata,
    Version,
    Commit,
    Begin,
    Complete,
    Elsewhere,
    Settle,
    Compare,
    FillLog,
    Reopen,
    Discard,
    Die,
}

use Verb::{
    Append, AppendLarge, Begin, Commit, Compare, Complete, Create, Die, Discard, Drop, Elsewhere,
    FillLog, Grow, Metadata, Recreate, Refill, Reopen, Scribble, Settle, Shrink, Truncate, Update,
    UpdatePages, Version,
};

const VERBS: [Verb; 36] = [
    Create,
    Drop,
    Recreate,
    Append,
    Append,
    Append,
    Append,
    AppendLarge,
    AppendLarge,
    Update,
    Update,
    Update,
    UpdatePages,
    Scribble,
    Truncate,
    Truncate,
    Refill,
    Shrink,
    Shrink,
    Grow,
    Metadata,
    Metadata,
    Version,
    Commit,
    Commit,
    Commit,
    Commit,
    Begin,
    Begin,
    Complete,
    Elsewhere,
    Settle,
    Compare,
    FillLog,
    Die,
    Die,
];

/// One step, of any kind; and now and then the end of the session, and the begin of another.
pub(crate) fn step(run: &mut LiveRun, random: &mut Random) -> Step {
    let verb = if random.chance(4) {
        *random.pick(&[Reopen, Discard])
    } else if run.now.ids.is_empty() {
        Create
    } else {
        *random.pick(&VERBS)
    };
    crate::support::trace::trace(format_args!("{verb:?}"));
    take(verb, run, random)?;
    if !run.is_live && random.chance(40) {
        run.complete_all()?;
        run.go_live()?;
    }
    if random.chance(25) {
        run.photos.push(run.medium.photo());
    }
    if run.onlooker.is_some() && random.chance(60) { run.look() } else { Ok(()) }
}

fn take(verb: Verb, run: &mut LiveRun, random: &mut Random) -> Step {
    let names = run.names();
    let name = if names.is_empty() { String::new() } else { random.pick(&names).clone() };
    match verb {
        Create => {
            let name = format!("region-{}", random.below(8));
            let is_new = names.len() < REGIONS_MAX && !names.contains(&name);
            if is_new { create(run, random, &name) } else { Ok(()) }
        }
        _ if names.is_empty() => Ok(()),
        Drop => run.drop_region(&name),
        Recreate => {
            run.drop_region(&name)?;
            if random.chance(50) {
                run.commit()?;
            }
            create(run, random, &name)
        }
        Append => {
            let most = *random.pick(&[16, 600, 3 * PAGE_BYTES]);
            append(run, random, &name, most)
        }
        AppendLarge => append(run, random, &name, 80_000),
        Update | UpdatePages => {
            let length = run.region(&name).bytes.len();
            if length == 0 {
                return Ok(());
            }
            let most = if matches!(verb, Update) { 100 } else { 5 * PAGE_BYTES };
            let at = random.below(length);
            let count = random.between(1, most).min(length - at);
            let bytes = random.bytes(count);
            run.update(&name, at, &bytes)
        }
        Scribble => scribble(run, random, &name),
        Truncate => {
            let region = run.region(&name);
            let fewer = *random.pick(&[1, 40, 5000, 1_000_000]) / region.width() as u64 + 1;
            let len = region.len();
            let removed = random.below_u64(fewer.min(len) + 1);
            run.truncate(&name, len - removed)
        }
        Refill => {
            run.truncate(&name, 0)?;
            append(run, random, &name, 3 * PAGE_BYTES)
        }
        Shrink => run.shrink(&name),
        Grow => {
            let width = run.region(&name).width() as u64;
            let bytes = *random.pick(&[100_000, 700_000, 3_000_000]);
            run.grow(&name, bytes / width, Growth::Exact)
        }
        Metadata => {
            // The last of these needs more room than there was.
            let most = *random.pick(&[1, 200, 9000, 70_000]);
            let count = random.below(most + 1);
            let bytes = random.bytes(count);
            run.set_metadata(bytes)
        }
        Version => {
            let version = random.below(4) as u32;
            run.set_data_version(version)
        }
        Commit => run.commit(),
        Begin => begin(run),
        Complete => {
            let count = random.below(run.in_flight() + 1);
            run.complete(count)
        }
        Elsewhere => {
            if run.in_flight() == 0 {
                append(run, random, &name, 500)?;
                run.begin_commit()?;
            }
            run.complete_elsewhere(random, go_on)
        }
        Settle => run.settle(),
        Compare => run.compare(),
        FillLog => {
            // Records of one page each, and now and then one with a large directory.
            for _ in 0..random.between(5, 70) {
                append(run, random, &name, 16)?;
                run.commit()?;
            }
            Ok(())
        }
        Reopen | Discard => {
            run.complete_all()?;
            run.reopen(if matches!(verb, Reopen) { Close::Commit } else { Close::Discard })
        }
        Die => run.die(),
    }
}

/// What the program does while a commit is on its way to the disk.
fn go_on(run: &mut LiveRun, random: &mut Random) -> Step {
    let names = run.names();
    if names.is_empty() {
        return Ok(());
    }
    let name = random.pick(&names).clone();
    match random.below(8) {
        0 | 1 => take(Update, run, random),
        2 | 3 => append(run, random, &name, 3 * PAGE_BYTES),
        4 => take(Truncate, run, random),
        5 => take(Create, run, random),
        6 => take(Metadata, run, random),
        _ => take(Grow, run, random),
    }
}

fn begin(run: &mut LiveRun) -> Step {
    if run.in_flight() >= IN_FLIGHT_MAX {
        run.complete_all()?;
    }
    run.begin_commit()
}

fn create(run: &mut LiveRun, random: &mut Random, name: &str) -> Step {
    let (kind, lanes) = *random.pick(&SHAPES);
    run.create(name, kind, lanes)?;
    if random.chance(80) { append(run, random, name, 2 * PAGE_BYTES) } else { Ok(()) }
}

fn append(run: &mut LiveRun, random: &mut Random, name: &str, most_bytes: usize) -> Step {
    let (start, width) = (run.region(name).bytes.len(), run.region(name).width());
    if start + most_bytes > REGION_BYTES_MAX {
        return run.truncate(name, run.region(name).len() / 2);
    }
    let growth = if random.chance(50) { Growth::Exact } else { Growth::Amortised };
    let count = random.between(1, (most_bytes / width).max(1));
    let bytes = random.bytes(count * width);
    run.append(name, &bytes, growth)
}

/// Writes behind the length: nothing may come of it.
fn scribble(run: &mut LiveRun, random: &mut Random, name: &str) -> Step {
    let (length, width) = (run.region(name).bytes.len(), run.region(name).width());
    let id = run.id(name);
    let capacity = run.store().capacity(id).unwrap_or(0) as usize * width;
    let at = length + random.below(9000);
    if at >= capacity {
        return Ok(());
    }
    let count = random.between(1, 5000).min(capacity - at);
    let bytes = random.bytes(count);
    run.put(name, at, &bytes)?;
    run.quiet();
    Ok(())
}
