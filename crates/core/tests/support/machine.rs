//! What a simulated machine is like.

use stoa_core::PAGE_BYTES;

use super::disk::Tearing;
use super::random::Random;

/// How the dirty search answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Search {
    /// The pages that differ from the file, as a comparison finds them.
    Differing,
    /// The pages that were copied, equal or not, as a page map tells them.
    Copied,
    /// Those and, by chance, pages that were never copied.
    Noisy,
}

/// What the simulated machine is like.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Machine {
    pub(crate) system_page_bytes: usize,
    pub(crate) keeps_allocation: bool,
    pub(crate) search: Search,
    /// The file cannot grow beyond this.
    pub(crate) capacity_bytes: u64,
    /// In how many of a hundred cuts a sector is torn.
    pub(crate) torn_percent: usize,
    /// Whether a sector that is written again with the bytes it has can be torn, too.
    pub(crate) tears_unchanged: bool,
}

impl Machine {
    /// Draws whether a cut tears a sector.
    pub(crate) fn tearing(&self, random: &mut Random) -> Tearing {
        match (random.chance(self.torn_percent), self.tears_unchanged) {
            (false, _) => Tearing::None,
            (true, false) => Tearing::Changed,
            (true, true) => Tearing::Any,
        }
    }
}

impl Default for Machine {
    fn default() -> Self {
        Self {
            system_page_bytes: PAGE_BYTES,
            keeps_allocation: true,
            search: Search::Differing,
            capacity_bytes: 1 << 30,
            torn_percent: 40,
            tears_unchanged: std::env::var_os("STOA_TORN_SOME").is_none(),
        }
    }
}
