//! The checksum table: of each page of the file, as its committed content is. It is written in place
//! and not logged, so a power cut may tear a sector of it. Each sector says by itself whether it is
//! whole, and holds nothing that cannot be done without.

use super::{Extent, PAGE, checksum};

/// The unit of the table: what a disk writes at once.
pub(crate) const SECTOR_BYTES: usize = 512;

/// Pages that a sector has entries of. Its own checksum takes the place of one more.
pub(crate) const SECTOR_PAGES: u64 = 63;

const ENTRY_BYTES: usize = 8;
const CHECKSUM_AT: usize = SECTOR_BYTES - ENTRY_BYTES;

const _: () = assert!(SECTOR_PAGES * ENTRY_BYTES as u64 == CHECKSUM_AT as u64);

/// The sector with the entry of a page.
pub(crate) fn sector_of(page: u64) -> u64 {
    page / SECTOR_PAGES
}

/// How much of the file, from its start, a table of so many bytes has entries for.
pub(crate) fn covered_bytes(table_bytes: u64) -> u64 {
    (table_bytes / SECTOR_BYTES as u64).saturating_mul(SECTOR_PAGES * PAGE)
}

/// The bytes of a table that covers so much of the file.
pub(crate) fn table_bytes_for(file_bytes: u64) -> u64 {
    file_bytes.div_ceil(SECTOR_PAGES * PAGE) * SECTOR_BYTES as u64
}

/// Where a sector of the table lies, with all that follows it in the same extent.
pub(crate) fn place(table: &[Extent], sector: u64) -> Option<Extent> {
    let mut at = sector.checked_mul(SECTOR_BYTES as u64)?;
    for extent in table {
        if at < extent.bytes {
            return Some(Extent { offset: extent.offset + at, bytes: extent.bytes - at });
        }
        at -= extent.bytes;
    }
    None
}

/// Whether a sector is as it was written. One of zeros is: nothing is known of its pages.
pub(crate) fn is_whole(sector: &[u8]) -> bool {
    let own = checksum(&sector[..CHECKSUM_AT]).to_ne_bytes();
    sector[CHECKSUM_AT..] == own || sector.iter().all(|byte| *byte == 0)
}

/// Gives a sector its own checksum.
pub(crate) fn seal(sector: &mut [u8]) {
    let own = checksum(&sector[..CHECKSUM_AT]).to_ne_bytes();
    sector[CHECKSUM_AT..].copy_from_slice(&own);
}

fn entry_at(page: u64) -> usize {
    usize::try_from(page % SECTOR_PAGES).expect("less than a sector has") * ENTRY_BYTES
}

/// The checksum of a page, from its sector. `None`: it is not known.
pub(crate) fn entry(sector: &[u8], page: u64) -> Option<u64> {
    let at = entry_at(page);
    let bytes = sector[at..at + ENTRY_BYTES].try_into().ok()?;
    Some(u64::from_ne_bytes(bytes)).filter(|sum| *sum != 0)
}

/// Sets it. A page whose checksum happens to be 0 is one that nothing is known of.
pub(crate) fn set_entry(sector: &mut [u8], page: u64, sum: u64) {
    let at = entry_at(page);
    sector[at..at + ENTRY_BYTES].copy_from_slice(&sum.to_ne_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::UNIT_BYTES;

    #[test]
    fn a_sealed_sector_is_whole_until_any_bit_of_it_is_another() {
        let mut sector = [0; SECTOR_BYTES];
        assert!(is_whole(&sector));
        assert_eq!(entry(&sector, 5), None);
        set_entry(&mut sector, SECTOR_PAGES + 5, 7);
        assert!(!is_whole(&sector));
        seal(&mut sector);
        assert!(is_whole(&sector));
        assert_eq!((entry(&sector, 5), entry(&sector, 4)), (Some(7), None));
        for bit in 0..SECTOR_BYTES * 8 {
            let mut other = sector;
            other[bit / 8] ^= 1 << (bit % 8);
            assert!(!is_whole(&other), "bit {bit}");
        }
    }

    #[test]
    fn every_page_below_what_a_table_covers_has_a_place_in_it_and_none_above() {
        let table = [
            Extent { offset: 9 * UNIT_BYTES, bytes: UNIT_BYTES },
            Extent { offset: 3 * UNIT_BYTES, bytes: 2 * UNIT_BYTES },
        ];
        let pages = covered_bytes(3 * UNIT_BYTES) / PAGE;
        let mut last = None;
        for page in 0..pages {
            let at = place(&table, sector_of(page)).expect("a place").offset;
            let is_in_table = table.iter().any(|extent| extent.offset <= at && at < extent.end());
            assert!(is_in_table && (last == Some(at)) == (page % SECTOR_PAGES != 0));
            last = Some(at);
        }
        assert_eq!(place(&table, sector_of(pages)), None);
        assert!(covered_bytes(table_bytes_for(pages * PAGE)) >= pages * PAGE);
        assert!(covered_bytes(table_bytes_for(pages * PAGE + 1)) > pages * PAGE);
    }
}
