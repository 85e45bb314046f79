//! Compactions of the store of a run, while the program goes on, and strings that are packed.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread;

use stoa_core::{
    Close, Compaction, ElementKind, Error, Growth, Memory, PAGE_BYTES, RegionId, Store, Text,
};

use super::disk::{KEPT, Kept, Tearing};
use super::fault::OPERATIONS;
use super::gate;
use super::machine::Machine;
use super::random::Random;
use super::run::{Run, Step, Stop, options, wrong};
use super::schedule::{change, fill};
use super::simulated::SimulatedMedium;
use super::storm::{Failure, Tally, cut_to, examine, formatted, guarded};
use super::trace::trace;
use super::verifying::verify;
use super::workload::Workload;

impl Run {
    /// Compacts the store in one call.
    pub(crate) fn compact(&mut self) -> Step {
        let begun = self.store().begin_compaction();
        let compaction = begun.map_err(self.stop("begin a compaction"))?;
        self.finish_compaction(compaction)
    }

    fn finish_compaction(&mut self, compaction: Compaction<SimulatedMedium>) -> Step {
        trace(format_args!("compact after {}", self.history.begun()));
        let before = self.medium.failed_syncs();
        self.expect_commit();
        if let Err(error) = self.store().finish_compaction(compaction, &[]) {
            self.check_uncompacted(error)?;
            self.medium.stop_failing();
            // Its commit may have been made.
            if !self.store().is_dirty().map_err(self.stop("is_dirty"))? {
                let commit = self.store().commit_id();
                self.committed(commit, true, 0)?;
            }
            return self.go_on_with_room();
        }
        let commit = self.store().commit_id();
        let has_failures = self.medium.failed(&OPERATIONS) > 0;
        self.committed(commit, has_failures, before)?;
        self.keep_what_was_left()?;
        self.compare()
    }

    /// A compaction that failed changed nothing, but the poison says otherwise.
    fn check_uncompacted(&mut self, error: Error) -> Step {
        match self.stop("compact")(error) {
            Stop::Fault(_) if !self.store().is_poisoned() => Ok(()),
            stop => Err(stop),
        }
    }

    /// Memory of the file before shows it as it was.
    fn keep_what_was_left(&mut self) -> Step {
        let now: BTreeMap<RegionId, Arc<Vec<u8>>> =
            self.now.regions.values().map(|it| (it.id, Arc::clone(&it.bytes))).collect();
        for (id, memory) in self.store().take_retired() {
            let Some(bytes) = now.get(&id).filter(|_| memory.shows_file()) else {
                self.check_blank(memory, &format!("the retired memory of region {}", id.0))?;
                continue;
            };
            let mut shown = vec![0; bytes.len()];
            memory.read(0, &mut shown);
            if !self.medium.is_out() && shown != **bytes {
                return wrong(format!("memory of region {} changed with its file", id.0));
            }
            self.left.push(memory);
        }
        Ok(())
    }
}

/// Compacts the store: in one call, or after a copy that was made while the workload went on, between
/// two of its calls or, on another thread, in the middle of one.
pub(crate) fn compact_beside(run: &mut Run, workload: &mut Workload, random: &mut Random) -> Step {
    run.begin_step("compact");
    let begun = run.store().begin_compaction();
    let compaction = begun.map_err(run.stop("begin a compaction"))?;
    let (compaction, copied) = match random.below(3) {
        0 => (compaction, Ok(())),
        1 => {
            let mut compaction = compaction;
            let copied = compaction.copy_ahead(&[]);
            (compaction, copied)
        }
        _ => copy_elsewhere(run, workload, compaction, random)?,
    };
    if run.medium.is_out() {
        return Err(Stop::Power);
    }
    if let Err(error) = copied {
        run.check_uncompacted(error)?;
        return run.go_on_with_room();
    }
    for _ in 0..random.below(4) {
        workload.step_without_reopening(run)?;
    }
    run.begin_step("finish a compaction");
    run.finish_compaction(compaction)?;
    run.begin_step("compacted");
    if random.chance(50) && !run.medium.is_failing() {
        verify(run.store()).map_err(Stop::Wrong)?;
    }
    Ok(())
}

type Copied = (Compaction<SimulatedMedium>, stoa_core::Result<()>);

fn copy_elsewhere(
    run: &mut Run,
    workload: &mut Workload,
    mut compaction: Compaction<SimulatedMedium>,
    random: &mut Random,
) -> Step<Copied> {
    let medium = run.medium.clone();
    let (keeper, visit) = gate::pair();
    let passes = random.below_u64(150);
    let bug = super::bug::current();
    let copying = thread::spawn(move || {
        super::bug::inherit(bug);
        let _visit = medium.gate().enter(visit, passes);
        let copied = compaction.copy_ahead(&[]);
        (compaction, copied)
    });
    let mut outcome = Ok(());
    while keeper.wait() {
        if outcome.is_ok() {
            outcome = workload.step_at_the_gate(run);
        }
        keeper.release(random.chance(70).then(|| random.below_u64(40)));
    }
    match copying.join() {
        Err(panic) => std::panic::resume_unwind(panic),
        Ok(copied) => outcome.map(|()| copied),
    }
}

/// A process is killed when the compacted file has its name and the folder is not synced; the next one
/// commits. No cut may bring back the file before: what that one acknowledged is not in it.
pub(crate) fn go_on_after_a_rename(seed: u64, machine: Machine) -> Result<Tally, Failure> {
    guarded(seed, || {
        let mut random = Random::new(seed);
        let mut tally = Tally::default();
        let (disk, allowed) = formatted(machine)?;
        let medium = SimulatedMedium::new(disk, machine, random.fork());
        let mut run = Run::open(&medium, &allowed)?;
        fill(&mut run, &mut random, "a", 3)?;
        run.begin_step("compact");
        medium.take_photos(usize::MAX);
        run.compact()?;
        run.end_step();
        let allowed = run.allowed[run.allowed.len() - 1].clone();
        let unnamed = medium.photos().into_iter().filter(|photo| photo.disk.may_lose_name());
        for photo in unnamed {
            for is_reset in [false, true] {
                let disk = if is_reset {
                    photo.disk.reset(Kept::Everything, &mut random)
                } else {
                    photo.disk.clone()
                };
                let medium = SimulatedMedium::new(disk, machine, random.fork());
                let mut run = Run::open(&medium, &allowed)?;
                change(&mut run, &mut random, "a", 5000)?;
                run.commit()?;
                let shown = run.history.allowed().clone();
                for kept in KEPT {
                    let (medium, _, cut) = cut_to(kept, &medium.photo(), machine, &mut random);
                    tally.cuts += 1;
                    examine(&medium, machine, &shown, 1, &mut random, &mut tally).map_err(
                        |what| format!("after a rename, reset {is_reset}, {cut}: {what}"),
                    )?;
                }
            }
        }
        if tally.cuts == 0 {
            return Err("no moment at which the name may be lost".to_owned());
        }
        tally.compactions += 1;
        Ok(tally)
    })
}

/// Strings of a column that is written over and over: after a compaction each is what it was, and the
/// heap holds nothing else.
pub(crate) fn pack_strings(seed: u64, machine: Machine) -> Result<Tally, Failure> {
    guarded(seed, || {
        let mut random = Random::new(seed);
        let (disk, _) = formatted(machine)?;
        let medium = SimulatedMedium::new(disk, machine, random.fork());
        let mut column = Column::create(&medium)?;
        for _ in 0..3 {
            for _ in 0..random.between(1, 400) {
                column.put(&mut random).map_err(|error| error.to_string())?;
            }
            column.compact(&mut random)?;
            column.check("compacted")?;
        }
        column.end();
        let disk = medium.photo().disk.cut(Kept::Nothing, Tearing::None, &mut random);
        let medium = SimulatedMedium::new(disk, machine, random.fork());
        column.store = Some(
            Store::open_on(Arc::new(medium.opened()), &options()).map_err(|it| it.to_string())?,
        );
        column.medium = medium;
        column.check("opened again")?;
        Ok(Tally { cuts: 1, compactions: 3, ..Tally::default() })
    })
}

/// A column of strings, and what it must hold.
struct Column {
    medium: SimulatedMedium,
    store: Option<Store<SimulatedMedium>>,
    text: Text,
    strings: Vec<Vec<u8>>,
    heap_bytes: u64,
}

impl Drop for Column {
    fn drop(&mut self) {
        self.end();
    }
}

impl Column {
    fn create(medium: &SimulatedMedium) -> Result<Self, String> {
        let create = || {
            let mut store = Store::open_on(Arc::new(medium.opened()), &options())?;
            let views = store.create_region("views", ElementKind::View, 1)?;
            let heap = store.create_region("heap", ElementKind::U8, 1)?;
            Ok((store, Text { views, heap }))
        };
        let (store, text) = create().map_err(|error: Error| error.to_string())?;
        let medium = medium.clone();
        Ok(Self { medium, store: Some(store), text, strings: Vec::new(), heap_bytes: 0 })
    }

    fn end(&mut self) {
        self.medium.set_ending(true);
        let store = self.store.take();
        drop(store);
        self.medium.set_ending(false);
    }

    fn store(&mut self) -> &mut Store<SimulatedMedium> {
        self.store.as_mut().expect("a store is open")
    }

    /// Adds a string, or puts one in the place of another; some share the bytes of one before.
    fn put(&mut self, random: &mut Random) -> stoa_core::Result<()> {
        let rows = self.strings.len();
        let row = if random.chance(60) { rows } else { random.below(rows + 1) };
        if rows > 0 && random.chance(15) {
            let other = random.below(rows);
            let mut view = [0; 16];
            let views = self.text.views;
            self.store().read(views, other as u64 * 16, &mut view)?;
            let string = self.strings[other].clone();
            return self.write(row, view, string);
        }
        let most = *random.pick(&[12, 40, 3 * PAGE_BYTES]);
        let count = random.below(most + 1);
        let string = random.bytes(count);
        let mut view = [0; 16];
        view[..4].copy_from_slice(&(string.len() as u32).to_ne_bytes());
        if string.len() <= 12 {
            view[4..4 + string.len()].copy_from_slice(&string);
        } else {
            view[4..8].copy_from_slice(&string[..4]);
            view[12..].copy_from_slice(&(self.heap_bytes as u32).to_ne_bytes());
            let (heap, at) = (self.text.heap, self.heap_bytes);
            self.heap_bytes += string.len() as u64;
            let end = self.heap_bytes;
            self.store().grow(heap, end, Growth::Amortised)?;
            self.store().write(heap, at, &string)?;
            self.store().set_len(heap, end)?;
        }
        self.write(row, view, string)
    }

    fn write(&mut self, row: usize, view: [u8; 16], string: Vec<u8>) -> stoa_core::Result<()> {
        let views = self.text.views;
        if row == self.strings.len() {
            self.strings.push(string);
        } else {
            self.strings[row] = string;
        }
        let rows = self.strings.len() as u64;
        self.store().grow(views, rows, Growth::Amortised)?;
        self.store().write(views, row as u64 * 16, &view)?;
        self.store().set_len(views, rows)
    }

    /// With and without a copy beforehand, and with changes in between.
    fn compact(&mut self, random: &mut Random) -> Result<(), String> {
        let text = self.text;
        let told = |error: Error| format!("{:?}: {error}", error.kind());
        if random.chance(70) {
            self.store().commit().map_err(told)?;
        }
        let mut compaction = self.store().begin_compaction().map_err(told)?;
        if random.chance(70) {
            compaction.copy_ahead(&[text]).map_err(told)?;
            for _ in 0..random.below(3) {
                self.put(random).map_err(|error| error.to_string())?;
            }
        }
        self.store().finish_compaction(compaction, &[text]).map_err(told)?;
        self.medium.set_ending(true);
        drop(self.store().take_retired());
        self.medium.set_ending(false);
        let length = self.store().len(text.heap).map_err(told)?;
        if length > self.heap_bytes {
            return Err(format!("a heap of {} bytes grew to {length}", self.heap_bytes));
        }
        self.heap_bytes = length;
        Ok(())
    }

    fn check(&mut self, when: &str) -> Result<(), String> {
        let Text { views, heap } = self.text;
        let strings = std::mem::take(&mut self.strings);
        let mut used = vec![false; self.heap_bytes as usize];
        let store = self.store();
        for (row, string) in strings.iter().enumerate() {
            let mut view = [0; 16];
            store.read(views, row as u64 * 16, &mut view).map_err(|error| error.to_string())?;
            let word =
                |at: usize| u32::from_ne_bytes(view[at..at + 4].try_into().expect("4 bytes"));
            let (length, at) = (word(0) as usize, word(12) as usize);
            let mut found = vec![0; length];
            if length <= 12 {
                found.copy_from_slice(&view[4..4 + length]);
            } else {
                store.read(heap, at as u64, &mut found).map_err(|error| error.to_string())?;
                used[at..at + length].fill(true);
            }
            if found != *string {
                return Err(format!("{when}: the string of row {row} is another"));
            }
        }
        if let Some(at) = used.iter().position(|is_used| !is_used) {
            return Err(format!("{when}: byte {at} of the heap is no string's"));
        }
        verify(store).map_err(|what| format!("{when}: {what}"))?;
        self.strings = strings;
        Ok(())
    }
}

/// A store that is compacted, closed and opened again and again has one file, and stays small.
pub(crate) fn compact_again_and_again(seed: u64, machine: Machine) -> Result<Tally, Failure> {
    guarded(seed, || {
        let mut random = Random::new(seed);
        let (disk, allowed) = formatted(machine)?;
        let medium = SimulatedMedium::new(disk, machine, random.fork());
        let mut run = Run::open(&medium, &allowed)?;
        fill(&mut run, &mut random, "a", 30)?;
        let mut lengths = Vec::new();
        for _ in 0..4 {
            change(&mut run, &mut random, "a", 5000)?;
            run.compact()?;
            lengths.push(medium.photo().disk.len());
            run.reopen(Close::Commit)?;
        }
        if lengths.iter().any(|length| *length != lengths[0]) {
            return Err(format!("its length is {lengths:?}"));
        }
        Ok(Tally { cuts: 1, compactions: 4, ..Tally::default() })
    })
}
