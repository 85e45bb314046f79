//! The directory: which regions there are, where their extents lie, and the user's metadata.

use super::fields::{Fields, PutFields, padding_to_eight};
use super::{DIRECTORY_BYTES_MAX, Extent, FIRST_LOG, UNIT_BYTES, table};
use crate::error::{Error, ErrorKind, Result};
use std::collections::{BTreeMap, BTreeSet};

/// What the elements of a region are. The core needs it to sort, to compact and to convert the
/// byte order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum ElementKind {
    /// Signed, 8 bits.
    I8 = 1,
    /// Signed, 16 bits.
    I16 = 2,
    /// Signed, 32 bits.
    I32 = 3,
    /// Signed, 64 bits.
    I64 = 4,
    /// Unsigned, 8 bits; bytes too.
    U8 = 5,
    /// Unsigned, 16 bits.
    U16 = 6,
    /// Unsigned, 32 bits.
    U32 = 7,
    /// Unsigned, 64 bits.
    U64 = 8,
    /// Floating point, 16 bits.
    F16 = 9,
    /// Floating point, 32 bits.
    F32 = 10,
    /// Floating point, 64 bits.
    F64 = 11,
    /// A byte of eight validity bits, the least significant first.
    Bits = 12,
    /// A 16-byte view of a string, as in Arrow: four 32-bit integers, or one and 12 bytes.
    View = 13,
}

impl ElementKind {
    /// Bytes of one element.
    #[must_use]
    pub fn bytes(self) -> u32 {
        match self {
            Self::I8 | Self::U8 | Self::Bits => 1,
            Self::I16 | Self::U16 | Self::F16 => 2,
            Self::I32 | Self::U32 | Self::F32 => 4,
            Self::I64 | Self::U64 | Self::F64 => 8,
            Self::View => 16,
        }
    }
}

impl TryFrom<u8> for ElementKind {
    type Error = Error;

    fn try_from(code: u8) -> Result<Self> {
        Ok(match code {
            1 => Self::I8,
            2 => Self::I16,
            3 => Self::I32,
            4 => Self::I64,
            5 => Self::U8,
            6 => Self::U16,
            7 => Self::U32,
            8 => Self::U64,
            9 => Self::F16,
            10 => Self::F32,
            11 => Self::F64,
            12 => Self::Bits,
            13 => Self::View,
            _ => {
                return Err(Error::new(
                    ErrorKind::Corrupt,
                    format!("element kind {code} is unknown to this build"),
                ));
            }
        })
    }
}

/// The number of a region: unique in its store, never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RegionId(pub u32);

/// The longest name of a region, in bytes.
pub const NAME_BYTES_MAX: usize = 1024;

/// The most elements that a row of a region may have.
pub const LANES_MAX: u32 = 1 << 20;

/// A region as the directory knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) kind: ElementKind,
    /// Elements of `kind` that make one element of the region.
    pub(crate) lanes: u32,
    pub(crate) extents: Vec<Extent>,
}

impl Entry {
    /// Bytes of one element of the region.
    pub(crate) fn width(&self) -> u64 {
        u64::from(self.kind.bytes()) * u64::from(self.lanes)
    }

    pub(crate) fn capacity_bytes(&self) -> u64 {
        self.extents.iter().map(|extent| extent.bytes).sum()
    }
}

/// Everything of a store but the lengths of its regions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Structure {
    pub(crate) data_version: u32,
    pub(crate) metadata: Vec<u8>,
    pub(crate) next_region: u32,
    pub(crate) regions: BTreeMap<RegionId, Entry>,
    /// The checksum table.
    pub(crate) checksums: Vec<Extent>,
}

/// Lengths of regions, in elements.
pub(crate) type Lengths = BTreeMap<RegionId, u64>;

impl Structure {
    /// The bytes of the directory. Their layout is in `docs/format.md`.
    pub(crate) fn encode(&self, lengths: &Lengths) -> Vec<u8> {
        let count = |len: usize| u32::try_from(len).expect("the format's limits hold in memory");
        let mut bytes = Vec::new();
        bytes.put_u32(self.data_version);
        bytes.put_u32(self.next_region);
        bytes.put_u32(count(self.regions.len()));
        bytes.put_u32(count(self.checksums.len()));
        bytes.put_u64(self.metadata.len() as u64);
        for extent in &self.checksums {
            bytes.put_u64(extent.offset);
            bytes.put_u64(extent.bytes);
        }
        for (id, entry) in &self.regions {
            bytes.put_u32(id.0);
            bytes.put_u8(entry.kind as u8);
            bytes.put_u8(0);
            bytes.put_u16(u16::try_from(entry.name.len()).expect("a name has at most 1,024 bytes"));
            bytes.put_u32(entry.lanes);
            bytes.put_u32(count(entry.extents.len()));
            bytes.put_u64(lengths.get(id).copied().unwrap_or(0));
            for extent in &entry.extents {
                bytes.put_u64(extent.offset);
                bytes.put_u64(extent.bytes);
            }
            bytes.put(entry.name.as_bytes());
            bytes.resize(bytes.len() + padding_to_eight(entry.name.len()), 0);
        }
        bytes.put(&self.metadata);
        bytes
    }

    /// The same, unless it is longer than the format allows.
    pub(crate) fn encode_checked(&self, lengths: &Lengths) -> Result<Vec<u8>> {
        let bytes = self.encode(lengths);
        if bytes.len() as u64 <= DIRECTORY_BYTES_MAX {
            return Ok(bytes);
        }
        let message = format!(
            "the regions' names and places and the metadata take {} bytes of the \
             {DIRECTORY_BYTES_MAX} that a store may have for them; nothing was changed, roll back \
             or drop some",
            bytes.len()
        );
        Err(Error::new(ErrorKind::Limit, message))
    }

    /// Reads what `encode` wrote and checks all of it, for the bytes may be hostile.
    pub(crate) fn decode(bytes: &[u8]) -> Result<(Self, Lengths)> {
        let cut = || corrupt("the directory is cut short");
        let mut fields = Fields::new(bytes);
        let (data_version, next_region, region_count, checksum_count, metadata_bytes) =
            (|| Some((fields.u32()?, fields.u32()?, fields.u32()?, fields.u32()?, fields.u64()?)))(
            )
            .ok_or_else(cut)?;
        let checksums = decode_extents(&mut fields, checksum_count)?;
        let mut regions = BTreeMap::new();
        let mut lengths = Lengths::new();
        let mut names = BTreeSet::new();
        for _ in 0..region_count {
            let (id, entry, length) = decode_entry(&mut fields)?;
            if id.0 >= next_region {
                return Err(corrupt(&format!("region {} is numbered past the end", id.0)));
            }
            if !names.insert(entry.name.clone()) {
                return Err(corrupt(&format!("two regions are named '{}'", entry.name)));
            }
            if regions.insert(id, entry).is_some() {
                return Err(corrupt(&format!("two regions have the number {}", id.0)));
            }
            lengths.insert(id, length);
        }
        if fields.remaining() as u64 != metadata_bytes {
            return Err(corrupt("the metadata in the directory has another length than it says"));
        }
        let metadata = fields.take(fields.remaining()).ok_or_else(cut)?.to_vec();
        Ok((Self { data_version, metadata, next_region, regions, checksums }, lengths))
    }

    /// Whether the same regions mean the same: only their places may differ.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        self.data_version == other.data_version
            && self.metadata == other.metadata
            && self.regions.keys().eq(other.regions.keys())
    }

    /// Every extent that the structure refers to.
    pub(crate) fn extents(&self) -> impl Iterator<Item = Extent> + '_ {
        let of_regions = self.regions.values().flat_map(|entry| entry.extents.iter());
        self.checksums.iter().chain(of_regions).copied()
    }

    /// Checks that no two places overlap, `reserved` (log, directory) included, and that the
    /// checksum table covers the regions. Gives the end of the last place.
    pub(crate) fn check_places(&self, reserved: &[Extent]) -> Result<u64> {
        let mut places: Vec<Extent> = self.extents().chain(reserved.iter().copied()).collect();
        places.sort_unstable();
        let mut end = FIRST_LOG.offset;
        for place in &places {
            if place.offset < end {
                return Err(corrupt(&format!("two extents share the byte {}", place.offset)));
            }
            end = place.end();
        }
        let of_regions = self.regions.values().flat_map(|entry| &entry.extents);
        if of_regions.map(|extent| extent.end()).max().unwrap_or(0) > self.covered_bytes() {
            return Err(corrupt("the checksum table does not cover the regions"));
        }
        Ok(end)
    }

    /// How much of the file, from its start, has a place in the checksum table.
    pub(crate) fn covered_bytes(&self) -> u64 {
        table::covered_bytes(self.checksums.iter().map(|extent| extent.bytes).sum())
    }
}

fn corrupt(what: &str) -> Error {
    Error::new(ErrorKind::Corrupt, format!("the store is damaged: {what}"))
}

fn decode_extents(fields: &mut Fields<'_>, count: u32) -> Result<Vec<Extent>> {
    let mut extents = Vec::new();
    let mut total: u64 = 0;
    for _ in 0..count {
        let (offset, bytes) = (|| Some((fields.u64()?, fields.u64()?)))()
            .ok_or_else(|| corrupt("the directory is cut short"))?;
        let is_aligned = offset.is_multiple_of(UNIT_BYTES) && bytes.is_multiple_of(UNIT_BYTES);
        let end = offset.checked_add(bytes).filter(|end| *end < i64::MAX as u64);
        total = total.saturating_add(bytes);
        if !is_aligned || bytes == 0 || end.is_none() || total >= i64::MAX as u64 {
            return Err(corrupt(&format!("an extent of {bytes} bytes lies at {offset}")));
        }
        extents.push(Extent { offset, bytes });
    }
    Ok(extents)
}

fn decode_entry(fields: &mut Fields<'_>) -> Result<(RegionId, Entry, u64)> {
    let cut = || corrupt("the directory is cut short");
    let (id, code, reserved, name_bytes, lanes, extent_count, length) = (|| {
        Some((
            fields.u32()?,
            fields.u8()?,
            fields.u8()?,
            fields.u16()?,
            fields.u32()?,
            fields.u32()?,
            fields.u64()?,
        ))
    })()
    .ok_or_else(cut)?;
    let kind = ElementKind::try_from(code)?;
    let extents = decode_extents(fields, extent_count)?;
    let name_bytes = usize::from(name_bytes);
    let name = fields.take(name_bytes).ok_or_else(cut)?;
    fields.skip_zeros(padding_to_eight(name_bytes)).ok_or_else(cut)?;
    let name = str::from_utf8(name)
        .map_err(|_| corrupt(&format!("the name of region {id} is not UTF-8")))?
        .to_owned();
    if reserved != 0 || name_bytes > NAME_BYTES_MAX || lanes == 0 || lanes > LANES_MAX {
        return Err(corrupt(&format!("the entry of region {id} is senseless")));
    }
    let entry = Entry { name, kind, lanes, extents };
    let used = length.checked_mul(entry.width());
    if used.is_none_or(|used| used > entry.capacity_bytes()) {
        return Err(corrupt(&format!(
            "region '{}' has {length} elements of {} bytes in extents of {} bytes",
            entry.name,
            entry.width(),
            entry.capacity_bytes()
        )));
    }
    Ok((RegionId(id), entry, length))
}
