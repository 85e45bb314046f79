//! A reader on the disk of a simulated machine, and what it saw: the states of a model, or of the
//! part of one that it looked at.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use stoa_core::{Copies, Error, Medium, News, RegionId, Result, Store};

use super::model::State;
use super::random::Random;
use super::run::options;
use super::simulated::SimulatedMedium;

/// A store that only reads, and what a test must know of it.
#[derive(Debug)]
pub(crate) struct Reader {
    pub(crate) store: Store<SimulatedMedium>,
    medium: SimulatedMedium,
    /// The mark of the disk when the commit was found that it shows.
    pub(crate) since: usize,
    /// The same of the snapshot, while one is open.
    pub(crate) snapshot: Option<usize>,
    /// The system's pages that it wrote to and may still have for itself.
    strays: BTreeSet<(RegionId, u64)>,
}

/// A region as a reader saw it.
#[derive(Debug)]
pub(crate) struct SeenRegion {
    pub(crate) id: RegionId,
    pub(crate) shape: (stoa_core::ElementKind, u32, u64),
    /// `None` where it was not looked at.
    pub(crate) bytes: Option<Vec<u8>>,
    /// System pages, of so many bytes, that show the reader's own values.
    pub(crate) strays: (u64, BTreeSet<u64>),
}

/// A store as a reader saw it.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) commit: u64,
    pub(crate) regions: BTreeMap<String, SeenRegion>,
    pub(crate) metadata: Vec<u8>,
    pub(crate) data_version: u32,
}

impl Reader {
    /// Opens what is on the disk.
    pub(crate) fn open(medium: &SimulatedMedium) -> Result<Self> {
        let medium = medium.reading();
        let since = medium.lock().mark;
        let store = Store::read_on(Arc::new(medium.clone()), &options())?;
        Ok(Self { store, medium, since, snapshot: None, strays: BTreeSet::new() })
    }

    fn page_bytes(&self) -> u64 {
        self.medium.system_page_bytes() as u64
    }

    /// Bytes of each region.
    fn sizes(&self) -> BTreeMap<RegionId, u64> {
        let width = |kind: stoa_core::ElementKind, lanes: u32| u64::from(kind.bytes() * lanes);
        self.store.regions().map(|it| (it.id, it.len * width(it.kind, it.lanes))).collect()
    }

    pub(crate) fn refresh(&mut self, copies: Copies) -> Result<News> {
        let before = self.sizes();
        let news = self.store.refresh(copies)?;
        self.since = self.medium.lock().mark;
        self.snapshot = None;
        if news == News::Memory {
            self.strays.clear();
        }
        let (now, unit) = (self.sizes(), self.page_bytes());
        self.strays.retain(|(id, page)| {
            let (Some(from), Some(to)) = (before.get(id), now.get(id)) else { return false };
            let has_new_rows = from < to && (from / unit..to.div_ceil(unit)).contains(page);
            copies == Copies::Kept && !has_new_rows
        });
        Ok(news)
    }

    pub(crate) fn begin_snapshot(&mut self) -> Result<News> {
        let news = self.store.begin_snapshot()?;
        self.since = self.medium.lock().mark;
        self.snapshot = Some(self.since);
        self.strays.clear();
        Ok(news)
    }

    /// Writes values that nobody else may ever see.
    pub(crate) fn scribble(&mut self, random: &mut Random) -> Result<()> {
        let unit = self.page_bytes();
        for (id, bytes) in self.sizes() {
            if bytes == 0 || !random.chance(40) {
                continue;
            }
            let at = random.below_u64(bytes);
            let count = random.between(1, 9000).min((bytes - at) as usize);
            self.store.write(id, at, &random.bytes(count))?;
            let pages = at / unit..(at + count as u64).div_ceil(unit);
            self.strays.extend(pages.map(|page| (id, page)));
        }
        Ok(())
    }

    /// Looks at everything.
    pub(crate) fn see_all(&mut self) -> Result<Seen> {
        self.see(&mut Random::new(0), 100)
    }

    /// Whether it shows the lengths and the regions of this state. Its rows may be later ones.
    pub(crate) fn require_structure(&mut self, state: &State) -> std::result::Result<(), String> {
        let seen = self.see(&mut Random::new(0), 0).map_err(told("look"))?;
        seen.difference(state, &[]).map_or(Ok(()), Err)
    }

    /// Looks at each region with this chance.
    pub(crate) fn see(&mut self, random: &mut Random, percent: usize) -> Result<Seen> {
        let mut regions = BTreeMap::new();
        let unit = self.page_bytes();
        let sizes = self.sizes();
        for info in self.store.regions().collect::<Vec<_>>() {
            let mut bytes = None;
            if random.chance(percent) {
                let mut buffer = vec![0; sizes[&info.id] as usize];
                self.store.read(info.id, 0, &mut buffer)?;
                bytes = Some(buffer);
            }
            let own = self.strays.range((info.id, 0)..=(info.id, u64::MAX));
            let strays = (unit, own.map(|(_, page)| *page).collect());
            let shape = (info.kind, info.lanes, info.len);
            regions.insert(info.name, SeenRegion { id: info.id, shape, bytes, strays });
        }
        Ok(Seen {
            commit: self.store.commit_id(),
            regions,
            metadata: self.store.metadata().to_vec(),
            data_version: self.store.data_version(),
        })
    }
}

/// An error that a reader must not have had.
pub(crate) fn told(attempt: &str) -> impl Fn(Error) -> String {
    let attempt = attempt.to_owned();
    move |error| format!("a reader's {attempt}: {:?}: {error}", error.kind())
}
