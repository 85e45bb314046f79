//! Reads the table of checksums as `docs/format.md` tells it: of no page does it say what is not so.

use stoa_core::PAGE_BYTES;
use stoa_core::format::checksum;

use crate::support::disk::Disk;

const SLOTS: [u64; 2] = [4096, 69_632];

/// The places of one region, and how many bytes of them count.
struct Region {
    used: u64,
    extents: Vec<(u64, u64)>,
}

/// What is read so far.
struct Fields(Vec<u8>, usize);

impl Fields {
    fn take<const N: usize>(&mut self) -> [u8; N] {
        let bytes = self.0[self.1..self.1 + N].try_into().expect("as many bytes");
        self.1 += N;
        bytes
    }

    fn u32(&mut self) -> u32 {
        u32::from_ne_bytes(self.take())
    }

    fn u64(&mut self) -> u64 {
        u64::from_ne_bytes(self.take())
    }

    fn extents(&mut self, count: u32) -> Vec<(u64, u64)> {
        (0..count).map(|_| (self.u64(), self.u64())).collect()
    }
}

fn bytes_at(disk: &Disk, offset: u64, count: u64) -> Fields {
    let mut bytes = vec![0; count as usize];
    disk.read(offset, &mut bytes);
    Fields(bytes, 0)
}

/// The directory of the header that counts.
fn directory(disk: &Disk) -> Fields {
    let mut newest = (0, 0, 0);
    for (index, slot) in SLOTS.into_iter().enumerate() {
        let mut header = bytes_at(disk, slot, 512);
        let is_whole = checksum(&header.0[..504]).to_ne_bytes() == header.0[504..];
        header.1 = 16;
        let epoch = header.u64();
        if is_whole && epoch % 2 == index as u64 && (newest.2 == 0 || epoch > newest.0) {
            header.1 = 48;
            newest = (epoch, header.u64(), header.u64());
        }
    }
    bytes_at(disk, newest.1, newest.2)
}

/// Checks a store whose log is empty. `None`: of every page the entry is right, or says nothing.
pub(crate) fn wrong_checksum(disk: &Disk) -> Option<String> {
    let mut fields = directory(disk);
    let (_version, _next, regions, tables) =
        (fields.u32(), fields.u32(), fields.u32(), fields.u32());
    let _metadata = fields.u64();
    let tables = fields.extents(tables);
    for _ in 0..regions {
        let number = fields.u32();
        let [kind, _] = fields.take();
        let name = u16::from_ne_bytes(fields.take());
        let (lanes, count, length) = (fields.u32(), fields.u32(), fields.u64());
        let extents = fields.extents(count);
        fields.1 += usize::from(name).next_multiple_of(8);
        let width = [1, 2, 4, 8, 1, 2, 4, 8, 2, 4, 8, 1, 16][usize::from(kind) - 1];
        let region = Region { used: length * width * u64::from(lanes), extents };
        let wrong = pages(&region).find(|page| !is_right(disk, &tables, *page));
        if let Some(page) = wrong {
            return Some(format!("the checksum of page {page}, of region {number}, is another's"));
        }
    }
    None
}

/// The pages of the file that count.
fn pages(region: &Region) -> impl Iterator<Item = u64> {
    let unit = PAGE_BYTES as u64;
    let all = region.extents.iter().flat_map(move |(offset, bytes)| {
        (*offset..offset + bytes).step_by(PAGE_BYTES).map(move |at| at / unit)
    });
    all.take(region.used.div_ceil(unit) as usize)
}

fn is_right(disk: &Disk, tables: &[(u64, u64)], page: u64) -> bool {
    // 63 entries a sector, and its own checksum.
    let mut at = page / 63 * 512 + page % 63 * 8;
    for (offset, bytes) in tables {
        if at < *bytes {
            let entry = bytes_at(disk, offset + at, 8).u64();
            let content = bytes_at(disk, page * PAGE_BYTES as u64, PAGE_BYTES as u64);
            return entry == 0 || entry == checksum(&content.0);
        }
        at -= bytes;
    }
    false
}
