//! Schedules that are written down: each is one of the decisions behind the protocol, and fails
//! without it. Every operation of a schedule is cut, in every way.

use stoa_core::{Close, ElementKind, Growth, Medium, PAGE_BYTES};

use super::disk::KEPT;
use super::machine::Machine;
use super::random::Random;
use super::run::{Run, Step, Stop};
use super::simulated::SimulatedMedium;
use super::storm::{Failure, Tally, cut_to, examine, formatted, guarded};

/// A named sequence of steps on an empty store.
#[derive(Clone, Copy)]
pub(crate) struct Schedule {
    pub(crate) name: &'static str,
    pub(crate) play: fn(&mut Run, &mut Random) -> Step,
}

pub(crate) const SCHEDULES: [Schedule; 15] = [
    Schedule { name: "truncate, commit, push, cut (decision 1)", play: truncate_and_push },
    Schedule { name: "drop, create in the same commit (decision 5)", play: drop_and_create },
    Schedule { name: "drop, commit, create, commit (decision 5)", play: drop_commit_create },
    Schedule { name: "shrink, create, commit (decision 5)", play: shrink_and_create },
    Schedule { name: "shrink, commit, push, commit", play: shrink_and_push },
    Schedule { name: "roll back, push again (decision 5)", play: roll_back_and_push },
    Schedule { name: "change, begin, change back, begin (decision 3)", play: change_back },
    Schedule { name: "begin, begin, complete the newest (decision 3)", play: complete_the_newest },
    Schedule { name: "begin, change, complete, roll back (decision 3)", play: change_in_flight },
    Schedule { name: "begin, change, complete, settle late (decision 3)", play: settle_late },
    Schedule { name: "fill the log with commits in flight (decision 3)", play: fill_in_flight },
    Schedule { name: "commit a tail of two extents", play: commit_a_tail_of_two_extents },
    Schedule { name: "many small changes of one page, over several logs", play: wrap_the_log },
    Schedule { name: "compact, change, commit", play: compact_and_commit },
    Schedule { name: "the checksum table grows over what was freed", play: grow_the_table },
];

/// Plays a schedule and cuts every operation of it, in every way, with and without a torn sector.
pub(crate) fn cut_everywhere(
    schedule: &Schedule,
    seed: u64,
    machine: Machine,
) -> Result<Tally, Failure> {
    guarded(seed, || {
        let mut random = Random::new(seed);
        let mut tally = Tally::default();
        let (disk, allowed) = formatted(machine)?;
        let medium = SimulatedMedium::new(disk, machine, random.fork());
        medium.take_photos(usize::MAX);
        let told = |stop: Stop| format!("'{}': {stop:?}", schedule.name);
        let mut run = Run::open(&medium, &allowed).map_err(told)?;
        run.begin_step(schedule.name);
        (schedule.play)(&mut run, &mut random).map_err(told)?;
        run.begin_step("the end");
        medium.sync().map_err(|error| error.to_string())?;
        run.end_step();
        for photo in medium.photos() {
            for kept in KEPT {
                let (medium, _, cut) = cut_to(kept, &photo, machine, &mut random);
                tally.cuts += 1;
                let allowed = &run.allowed[photo.mark];
                tally.in_flight += examine(&medium, machine, allowed, 1, &mut random, &mut tally)
                    .map_err(|what| {
                    let step = run.steps.get(photo.mark.wrapping_sub(1));
                    let (name, at) = (schedule.name, photo.operation);
                    format!("'{name}', operation {at} in step {step:?}, {cut}: {what}")
                })?;
            }
        }
        Ok(tally)
    })
}

/// Makes a region of so many pages, committed.
pub(crate) fn fill(run: &mut Run, random: &mut Random, name: &str, pages: usize) -> Step {
    run.begin_step("fill");
    run.create(name, ElementKind::U8, 1)?;
    push(run, random, name, pages)?;
    run.begin_step("commit");
    run.commit()
}

pub(crate) fn push(run: &mut Run, random: &mut Random, name: &str, pages: usize) -> Step {
    let bytes = random.bytes(pages * PAGE_BYTES);
    run.append(name, &bytes, Growth::Exact)
}

pub(crate) fn change(run: &mut Run, random: &mut Random, name: &str, offset: usize) -> Step {
    let bytes = random.bytes(50);
    run.update(name, offset, &bytes)
}

fn commit(run: &mut Run) -> Step {
    run.begin_step("commit");
    run.commit()
}

fn truncate_and_push(run: &mut Run, random: &mut Random) -> Step {
    fill(run, random, "a", 4)?;
    for page in 0..4 {
        change(run, random, "a", page * PAGE_BYTES + 100)?;
    }
    commit(run)?;
    run.truncate("a", 10)?;
    commit(run)?;
    push(run, random, "a", 4)?;
    commit(run)?;
    run.begin_step("push more");
    push(run, random, "a", 1)
}

fn grow_the_table(run: &mut Run, random: &mut Random) -> Step {
    fill(run, random, "a", 32)?;
    fill(run, random, "behind it", 1)?;
    run.drop_region("a")?;
    commit(run)?;
    run.reopen(Close::Commit)?;
    run.begin_step("grow beyond the table");
    run.create("b", ElementKind::U8, 1)?;
    let id = run.id("b")?;
    run.store().grow(id, 34 << 20, Growth::Exact).map_err(run.stop("grow"))?;
    push(run, random, "b", 2)?;
    commit(run)?;
    run.begin_step("change");
    change(run, random, "b", 5000)?;
    commit(run)
}

fn drop_and_create(run: &mut Run, random: &mut Random) -> Step {
    fill(run, random, "a", 4)?;
    change(run, random, "a", 5000)?;
    commit(run)?;
    run.begin_step("drop and create");
    run.drop_region("a")?;
    run.create("b", ElementKind::U8, 1)?;
    push(run, random, "b", 4)?;
    commit(run)?;
    run.begin_step("change");
    change(run, random, "b", 5000)?;
    commit(run)
}

fn drop_commit_create(run: &mut Run, random: &mut Random) -> Step {
    fill(run, random, "a", 4)?;
    fill(run, random, "keep", 1)?;
    change(run, random, "a", 5000)?;
    commit(run)?;
    run.drop_region("a")?;
    commit(run)?;
    run.begin_step("create");
    run.create("b", ElementKind::U8, 1)?;
    push(run, random, "b", 4)?;
    commit(run)?;
    run.drop_region("keep")?;
    run.create("keep", ElementKind::U8, 1)?;
    push(run, random, "keep", 16)?;
    commit(run)
}

fn shrink_and_create(run: &mut Run, random: &mut Random) -> Step {
    fill(run, random, "a", 40)?;
    for page in 0..40 {
        change(run, random, "a", page * PAGE_BYTES + 7)?;
    }
    commit(run)?;
    run.truncate("a", 10)?;
    commit(run)?;
    run.begin_step("shrink and create");
    run.shrink("a")?;
    run.create("b", ElementKind::U8, 1)?;
    push(run, random, "b", 20)?;
    commit(run)?;
    run.begin_step("change");
    change(run, random, "b", 5000)?;
    run.create("c", ElementKind::U8, 1)?;
    push(run, random, "c", 20)?;
    commit(run)
}

fn shrink_and_push(run: &mut Run, random: &mut Random) -> Step {
    fill(run, random, "a", 40)?;
    change(run, random, "a", 30 * PAGE_BYTES)?;
    commit(run)?;
    run.truncate("a", 20 * PAGE_BYTES as u64)?;
    commit(run)?;
    run.begin_step("shrink and push");
    run.shrink("a")?;
    push(run, random, "a", 30)?;
    run.begin_step("roll back");
    run.rollback()?;
    run.compare()?;
    push(run, random, "a", 30)?;
    commit(run)?;
    run.begin_step("change");
    change(run, random, "a", 45 * PAGE_BYTES)?;
    run.truncate("a", 100)?;
    commit(run)?;
    run.shrink("a")?;
    commit(run)?;
    push(run, random, "a", 2)?;
    commit(run)
}

fn roll_back_and_push(run: &mut Run, random: &mut Random) -> Step {
    fill(run, random, "a", 2)?;
    run.begin_step("push, create, roll back");
    push(run, random, "a", 30)?;
    run.create("b", ElementKind::U8, 1)?;
    push(run, random, "b", 3)?;
    run.drop_region("a")?;
    run.rollback()?;
    run.begin_step("push again");
    push(run, random, "a", 10)?;
    run.create("c", ElementKind::U8, 1)?;
    push(run, random, "c", 3)?;
    commit(run)
}

fn change_back(run: &mut Run, random: &mut Random) -> Step {
    fill(run, random, "a", 2)?;
    let old = run.region("a").bytes[100..150].to_vec();
    change(run, random, "a", 100)?;
    run.begin_step("begin twice");
    run.begin_commit()?;
    run.update("a", 100, &old)?;
    run.begin_commit()?;
    run.begin_step("complete");
    run.complete(run.history.begun())?;
    run.begin_step("settle");
    run.settle()?;
    run.compare()?;
    run.rollback()
}

fn complete_the_newest(run: &mut Run, random: &mut Random) -> Step {
    fill(run, random, "a", 3)?;
    run.begin_step("begin three times");
    for page in 0..3 {
        change(run, random, "a", page * PAGE_BYTES)?;
        run.begin_commit()?;
    }
    run.begin_step("complete the newest");
    run.complete(run.history.begun())?;
    run.begin_step("settle");
    run.settle()?;
    run.compare()
}

fn change_in_flight(run: &mut Run, random: &mut Random) -> Step {
    fill(run, random, "a", 3)?;
    change(run, random, "a", 5000)?;
    run.begin_step("begin and change");
    run.begin_commit()?;
    change(run, random, "a", 5010)?;
    run.begin_step("complete");
    run.complete(run.history.begun())?;
    run.settle()?;
    run.begin_step("roll back");
    run.rollback()?;
    run.begin_step("reopen");
    run.reopen(stoa_core::Close::Discard)
}

fn settle_late(run: &mut Run, random: &mut Random) -> Step {
    fill(run, random, "a", 3)?;
    for _ in 0..3 {
        change(run, random, "a", 5000)?;
        run.begin_step("begin and change");
        run.begin_commit()?;
        change(run, random, "a", 5010)?;
        run.begin_step("complete");
        run.complete(run.history.begun())?;
    }
    run.begin_step("settle");
    run.settle()?;
    run.compare()?;
    commit(run)?;
    run.compare()
}

fn fill_in_flight(run: &mut Run, random: &mut Random) -> Step {
    fill(run, random, "a", 40)?;
    for round in 0..3 {
        run.begin_step("begin");
        let bytes = random.bytes((25 + 5 * round) * PAGE_BYTES);
        run.update("a", 0, &bytes)?;
        run.begin_commit()?;
        change(run, random, "a", 5000)?;
        run.begin_commit()?;
    }
    run.begin_step("complete");
    run.complete(run.history.begun())?;
    run.begin_step("settle");
    run.settle()?;
    run.compare()
}

fn commit_a_tail_of_two_extents(run: &mut Run, random: &mut Random) -> Step {
    for (name, pages) in [("a", 3), ("b", 2)] {
        run.create(name, ElementKind::U8, 1)?;
        push(run, random, name, pages)?;
    }
    // The extents of both are there now, and further ones lie behind those of the other.
    run.begin_step("push over the end of the first extents");
    push(run, random, "a", 20)?;
    push(run, random, "b", 20)?;
    commit(run)?;
    run.begin_step("change and push");
    change(run, random, "a", 100)?;
    push(run, random, "a", 2)?;
    commit(run)
}

fn compact_and_commit(run: &mut Run, random: &mut Random) -> Step {
    fill(run, random, "a", 3)?;
    run.create("b", ElementKind::U8, 1)?;
    push(run, random, "b", 20)?;
    commit(run)?;
    run.drop_region("a")?;
    run.begin_step("compact");
    run.compact()?;
    run.begin_step("change");
    change(run, random, "b", 5000)?;
    push(run, random, "b", 2)?;
    commit(run)?;
    run.begin_step("reopen");
    run.reopen(Close::Commit)
}

fn wrap_the_log(run: &mut Run, random: &mut Random) -> Step {
    fill(run, random, "a", 2)?;
    for _ in 0..140 {
        let offset = random.below(PAGE_BYTES);
        change(run, random, "a", offset)?;
        commit(run)?;
    }
    Ok(())
}
