//! A column: values in mapped memory, and which of them are present.

use super::domain::Domain;
use super::text::Texts;
use super::validity::Validity;
use crate::error::{Error, ErrorKind, Result};
use crate::format::directory::{ElementKind, RegionId};
use crate::os::File;
use crate::region::unknown;
use crate::store::Store;

/// The values of a column, one a row.
#[derive(Clone, Copy, Debug)]
pub enum Values<'a> {
    /// Signed, 8 bits.
    I8(&'a [i8]),
    /// Signed, 16 bits.
    I16(&'a [i16]),
    /// Signed, 32 bits.
    I32(&'a [i32]),
    /// Signed, 64 bits.
    I64(&'a [i64]),
    /// Unsigned, 8 bits.
    U8(&'a [u8]),
    /// Unsigned, 16 bits.
    U16(&'a [u16]),
    /// Unsigned, 32 bits.
    U32(&'a [u32]),
    /// Unsigned, 64 bits.
    U64(&'a [u64]),
    /// Floating point, the bits of 16.
    F16(&'a [u16]),
    /// Floating point, 32 bits.
    F32(&'a [f32]),
    /// Floating point, 64 bits.
    F64(&'a [f64]),
    /// Bytes that are false if 0, else true.
    Bool(&'a [u8]),
    /// Strings.
    Text(Texts<'a>),
    /// Several numbers a row: no kernel looks at them.
    Several,
}

impl Values<'_> {
    /// What the column holds, for messages.
    pub(super) fn noun(&self) -> &'static str {
        match self {
            Self::I8(_) => "i8",
            Self::I16(_) => "i16",
            Self::I32(_) => "i32",
            Self::I64(_) => "i64",
            Self::U8(_) => "u8",
            Self::U16(_) => "u16",
            Self::U32(_) => "u32",
            Self::U64(_) => "u64",
            Self::F16(_) => "f16",
            Self::F32(_) => "f32",
            Self::F64(_) => "f64",
            Self::Bool(_) => "truth values",
            Self::Text(_) => "strings",
            Self::Several => "several numbers a row",
        }
    }

    /// What numbers it may hold; truth values are 0 and 1.
    pub(super) fn domain(&self) -> Option<Domain> {
        Some(match self {
            Self::I8(_) => Domain::signed(8),
            Self::I16(_) => Domain::signed(16),
            Self::I32(_) => Domain::signed(32),
            Self::I64(_) => Domain::signed(64),
            Self::U8(_) | Self::Bool(_) => Domain::unsigned(8),
            Self::U16(_) => Domain::unsigned(16),
            Self::U32(_) => Domain::unsigned(32),
            Self::U64(_) => Domain::unsigned(64),
            Self::F16(_) | Self::F32(_) => Domain::Singles,
            Self::F64(_) => Domain::Doubles,
            Self::Text(_) | Self::Several => return None,
        })
    }
}

/// A column of `rows` rows, borrowed.
#[derive(Clone, Copy, Debug)]
pub struct Column<'a> {
    pub(super) values: Values<'a>,
    pub(super) validity: Option<Validity<'a>>,
}

impl<'a> Column<'a> {
    /// A column of these values. `None`: no row is null.
    #[must_use]
    pub fn new(values: Values<'a>, validity: Option<Validity<'a>>) -> Self {
        Self { values, validity }
    }

    /// Whether it holds integers of 64 bits.
    #[must_use]
    pub fn is_wide(&self) -> bool {
        matches!(self.values, Values::I64(_) | Values::U64(_))
    }
}

/// The regions that a column is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ColumnSource {
    /// The values.
    pub data: RegionId,
    /// Of kind `Bits`: which rows are present.
    pub validity: Option<RegionId>,
    /// Of kind `U8`: the bytes of the strings that the views do not hold themselves. A column of
    /// views whose strings are all short needs none.
    pub heap: Option<RegionId>,
    /// The values are bytes that mean true or false.
    pub is_bool: bool,
}

impl ColumnSource {
    /// A column of one region.
    #[must_use]
    pub fn new(data: RegionId) -> Self {
        Self { data, validity: None, heap: None, is_bool: false }
    }
}

impl Store<File> {
    /// Borrows columns of `rows` rows from the regions' memory. `rows` may be more than the
    /// regions' length, for a caller that counts rows itself, but not more than their capacity.
    ///
    /// # Errors
    /// `NotFound`; `Limit` beyond the capacity; `Schema` where a region is of a kind that cannot
    /// be that part of a column; `Closed`, `Poisoned`; what mapping says.
    pub fn lend(&mut self, sources: &[ColumnSource], rows: u64) -> Result<Vec<Column<'_>>> {
        self.check_usable()?;
        for source in sources {
            let parts = [Some(source.data), source.validity, source.heap];
            parts.into_iter().flatten().try_for_each(|id| self.ensure_view(id))?;
        }
        let store = &*self;
        sources.iter().map(|source| store.lend_one(*source, rows)).collect()
    }

    fn lend_one(&self, source: ColumnSource, rows: u64) -> Result<Column<'_>> {
        let (entry, _) = self.region(source.data)?;
        let memory = self.mapped(source.data).ok_or_else(|| unknown(source.data))?;
        let rows = self.check_rows(source.data, rows)?;
        let values = match (entry.kind, source.is_bool) {
            (ElementKind::U8, true) => Values::Bool(memory.as_slice(rows)),
            _ if entry.lanes != 1 => Values::Several,
            (ElementKind::I8, _) => Values::I8(memory.as_slice(rows)),
            (ElementKind::I16, _) => Values::I16(memory.as_slice(rows)),
            (ElementKind::I32, _) => Values::I32(memory.as_slice(rows)),
            (ElementKind::I64, _) => Values::I64(memory.as_slice(rows)),
            (ElementKind::U8, _) => Values::U8(memory.as_slice(rows)),
            (ElementKind::U16, _) => Values::U16(memory.as_slice(rows)),
            (ElementKind::U32, _) => Values::U32(memory.as_slice(rows)),
            (ElementKind::U64, _) => Values::U64(memory.as_slice(rows)),
            (ElementKind::F16, _) => Values::F16(memory.as_slice(rows)),
            (ElementKind::F32, _) => Values::F32(memory.as_slice(rows)),
            (ElementKind::F64, _) => Values::F64(memory.as_slice(rows)),
            (ElementKind::View, _) => {
                let heap = source.heap.map_or(Ok(&[][..]), |id| self.all_bytes(id))?;
                let (views, _) = memory.as_slice::<u8>(16 * rows).as_chunks();
                Values::Text(Texts::new(views, heap))
            }
            (ElementKind::Bits, _) => return Err(self.unlike(source.data, "values")),
        };
        let validity = source.validity.map(|id| self.lend_validity(id, rows)).transpose()?;
        Ok(Column { values, validity })
    }

    fn lend_validity(&self, id: RegionId, rows: usize) -> Result<Validity<'_>> {
        let (entry, _) = self.region(id)?;
        if entry.width() != 1 || entry.kind != ElementKind::Bits {
            return Err(self.unlike(id, "validity bits"));
        }
        let bytes = self.check_rows(id, rows.div_ceil(8) as u64)?;
        let memory = self.mapped(id).ok_or_else(|| unknown(id))?;
        Ok(Validity::new(memory.as_slice(bytes)))
    }

    /// All bytes that a region of bytes has room for.
    pub(super) fn all_bytes(&self, id: RegionId) -> Result<&[u8]> {
        let (entry, _) = self.region(id)?;
        if entry.width() != 1 || entry.kind != ElementKind::U8 {
            return Err(self.unlike(id, "bytes of strings"));
        }
        let bytes = self.check_rows(id, entry.capacity_bytes())?;
        let memory = self.mapped(id).ok_or_else(|| unknown(id))?;
        Ok(memory.as_slice(bytes))
    }

    /// The number of rows, if the region has room for them.
    pub(super) fn check_rows(&self, id: RegionId, rows: u64) -> Result<usize> {
        let (entry, _) = self.region(id)?;
        let capacity = entry.capacity_bytes() / entry.width();
        usize::try_from(rows).ok().filter(|_| rows <= capacity).ok_or_else(|| {
            let name = &entry.name;
            let message = format!("'{name}' has room for {capacity} rows; asked for {rows}");
            Error::new(ErrorKind::Limit, message)
        })
    }

    /// The error for a region that cannot be what it is named for.
    pub(super) fn unlike(&self, id: RegionId, wanted: &str) -> Error {
        let message = self.region(id).map_or_else(
            |error| error.message().to_owned(),
            |(entry, _)| {
                let (kind, lanes) = (entry.kind, entry.lanes);
                format!("'{}' holds {lanes} × {kind:?}, which are no {wanted}", entry.name)
            },
        );
        Error::new(ErrorKind::Schema, message)
    }
}
