//! Stretches of pages that follow each other.

use std::ops::Range;

use crate::medium::PAGE_BYTES;

/// The stretches, in whole pages of the machine, that ascending offsets of pages make up. Parts
/// of a larger page of the machine make up nothing.
pub(super) fn runs(pages: &[usize], system_page_bytes: usize) -> Vec<Range<usize>> {
    let mut runs = Vec::new();
    let whole = |run: &Range<usize>| {
        let start = run.start.next_multiple_of(system_page_bytes);
        let end = run.end / system_page_bytes * system_page_bytes;
        (start < end).then_some(start..end)
    };
    let mut run = 0..0;
    for &page in pages {
        assert!(page >= run.end, "pages must ascend");
        if page != run.end {
            runs.extend(whole(&run));
            run.start = page;
        }
        run.end = page + PAGE_BYTES;
    }
    runs.extend(whole(&run));
    runs
}
