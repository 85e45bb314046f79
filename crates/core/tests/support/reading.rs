//! Failing calls of a reader: it gives a typed error and shows what it showed, or is poisoned; and
//! who opens the store anew sees what is there.

use stoa_core::{Close, Copies, Error, ErrorKind};

use super::fault::{Fault, Operation};
use super::machine::Machine;
use super::model::State;
use super::random::Random;
use super::reader::{Reader, told};
use super::run::{Run, Step};
use super::schedule::{change, fill, push};
use super::simulated::SimulatedMedium;
use super::storm::{Failure, Tally, formatted, guarded};

/// The calls that a reader makes.
const CALLS: [Operation; 6] = [
    Operation::Read,
    Operation::Reserve,
    Operation::MapFile,
    Operation::MapAnonymous,
    Operation::FindCopies,
    Operation::DropCopies,
];

/// What the writer does, one commit after the other.
const COMMITS: [fn(&mut Run, &mut Random) -> Step; 6] = [
    |run, random| fill(run, random, "a", 3),
    |run, random| fill(run, random, "b", 20),
    |run, random| {
        change(run, random, "a", 5000)?;
        push(run, random, "a", 40)?;
        run.commit()
    },
    |run, _| {
        run.truncate("b", 10)?;
        run.commit()?;
        run.shrink("b")?;
        run.drop_region("a")?;
        run.commit()
    },
    |run, random| {
        fill(run, random, "a", 2)?;
        push(run, random, "b", 40)?;
        run.commit()
    },
    |run, random| {
        change(run, random, "b", 5)?;
        run.commit()
    },
];

/// Plays it again and again, with each call of each kind failing in turn.
pub(crate) fn fail_every_call(seed: u64, machine: Machine) -> Result<Tally, Failure> {
    let mut tally = Tally { cuts: 1, ..Tally::default() };
    for operation in CALLS {
        for &failing in operation.failures() {
            for forever in [false, true] {
                for after in 0.. {
                    let fault = Fault { operation, after, failing, forever };
                    let failures = guarded(seed, || {
                        fail_once(seed, machine, fault).map_err(|what| format!("{fault:?}: {what}"))
                    })?;
                    tally.failures += failures;
                    if failures == 0 {
                        break;
                    }
                }
            }
        }
    }
    Ok(tally)
}

/// A reader goes on to show a commit whose regions lay at the end of the file, while the writer
/// drops them, closes, and opens again. Nothing that it shows may be cut off.
pub(crate) fn show_what_was_dropped(seed: u64, machine: Machine) -> Result<Tally, Failure> {
    guarded(seed, || {
        let mut random = Random::new(seed);
        let (disk, allowed) = formatted(machine)?;
        let medium = SimulatedMedium::new(disk, machine, random.fork());
        let mut run = Run::open(&medium, &allowed)?;
        fill(&mut run, &mut random, "a", 3)?;
        fill(&mut run, &mut random, "b", 40)?;
        let shown = run.now.clone();
        let mut reader = Reader::open(&medium).map_err(told("opening"))?;
        require(&mut reader, &shown)?;
        run.drop_region("b")?;
        for how in [Close::Commit, Close::Discard] {
            run.reopen(how)?;
            require(&mut reader, &shown)?;
        }
        reader.refresh(Copies::Kept).map_err(told("refresh"))?;
        require(&mut reader, &run.now)?;
        Ok(Tally { cuts: 1, ..Tally::default() })
    })
}

/// Gives how many calls failed.
fn fail_once(seed: u64, machine: Machine, fault: Fault) -> Result<u64, String> {
    let mut random = Random::new(seed);
    let (disk, allowed) = formatted(machine)?;
    let medium = SimulatedMedium::new(disk, machine, random.fork());
    let mut run = Run::open(&medium, &allowed)?;
    let mut reader = Reader::open(&medium).map_err(told("opening"))?;
    let mut failures = 0;
    medium.reading().inject(fault);
    for (index, commit) in COMMITS.iter().enumerate() {
        let before = run.now.clone();
        commit(&mut run, &mut random)?;
        let now = run.now.clone();
        failures += endure(&medium, &mut reader, &before, |reader| match index % 3 {
            0 => reader.refresh(Copies::Kept).map(drop),
            1 => reader.begin_snapshot().map(drop),
            _ => reader.refresh(Copies::Forgotten).map(drop),
        })?;
        failures += endure(&medium, &mut reader, &now, |reader| reader.see_all().map(drop))?;
        require(&mut reader, &now)?;
        reader.scribble(&mut random).map_err(told("write"))?;
        failures += endure(&medium, &mut reader, &now, |reader| {
            reader.refresh(Copies::Forgotten).map(drop)
        })?;
        require(&mut reader, &now)?;
    }
    let mut opened = Err(Error::new(ErrorKind::Internal, "not tried"));
    failures += endure(&medium, &mut reader, &run.now, |_| {
        opened = Reader::open(&medium);
        opened.as_ref().map(drop).map_err(Clone::clone)
    })?;
    medium.reading().mend_reading();
    require(&mut opened.map_err(told("opening"))?, &run.now)?;
    Ok(failures)
}

/// Calls the reader. If a call of its own fails meanwhile, it must show what it showed before, or
/// be poisoned; then it calls again, or another reader takes its place. Gives the failures.
fn endure(
    medium: &SimulatedMedium,
    reader: &mut Reader,
    shown: &State,
    mut call: impl FnMut(&mut Reader) -> Result<(), Error>,
) -> Result<u64, String> {
    let Err(error) = call(reader) else { return Ok(0) };
    let failures = medium.reading().mend_reading();
    if failures == 0
        || !matches!(error.kind(), ErrorKind::Io | ErrorKind::Limit | ErrorKind::NoSpace)
    {
        return Err(format!("after {failures} failures: {:?}: {error}", error.kind()));
    }
    if reader.store.is_poisoned() {
        let later = reader.store.refresh(Copies::Kept).expect_err("it is poisoned");
        if later.kind() != ErrorKind::Poisoned {
            return Err(format!("a poisoned reader says {:?}", later.kind()));
        }
        *reader = Reader::open(medium).map_err(told("opening after a failure"))?;
    } else {
        reader.require_structure(shown)?;
    }
    call(reader).map_err(told("call after a failure"))?;
    Ok(failures as u64)
}

/// The reader shows this and nothing else.
fn require(reader: &mut Reader, state: &State) -> Result<(), String> {
    let seen = reader.see_all().map_err(told("read"))?;
    seen.difference(state, &[]).map_or(Ok(()), Err)
}
