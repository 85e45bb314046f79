//! What a reservation shows where: a sorted list of pieces that do not overlap.

use std::ops::Range;
use std::sync::Arc;

use super::baseline::{Baseline, SharedStretch};
use crate::medium::Role;

/// A stretch of a reservation that may be touched.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    pub(super) offset: usize,
    pub(super) bytes: usize,
    pub(super) content: Content,
}

/// What a piece shows.
#[derive(Clone, Debug)]
pub(super) enum Content {
    /// Zeros, and what this process wrote over them.
    Anonymous,
    /// A stretch of the file.
    File(FileContent),
}

/// A stretch of the file, as long as the piece that shows it.
#[derive(Clone, Debug)]
pub(super) struct FileContent {
    pub(super) file_offset: u64,
    pub(super) role: Role,
    /// Covers the stretch.
    pub(super) baseline: Arc<Baseline>,
    /// Kept off Linux, and only for `Role::Shared`: its being alive tells `sync` of the stretch.
    pub(super) shared: Option<Arc<SharedStretch>>,
}

impl Piece {
    pub(super) fn end(&self) -> usize {
        self.offset + self.bytes
    }

    /// The part of it inside `range`, which it overlaps.
    fn part(&self, range: &Range<usize>) -> Self {
        let offset = self.offset.max(range.start);
        let end = self.end().min(range.end);
        let mut part = Self { offset, bytes: end - offset, content: self.content.clone() };
        if let Content::File(content) = &mut part.content {
            content.file_offset += (offset - self.offset) as u64;
        }
        part
    }

    /// Whether `next` goes on where this one ends, and shows what would follow.
    fn goes_on_in(&self, next: &Self) -> bool {
        self.end() == next.offset
            && match (&self.content, &next.content) {
                (Content::Anonymous, Content::Anonymous) => true,
                (Content::File(first), Content::File(second)) => {
                    first.file_offset + self.bytes as u64 == second.file_offset
                        && first.role == second.role
                        && Arc::ptr_eq(&first.baseline, &second.baseline)
                        && match (&first.shared, &second.shared) {
                            (None, None) => true,
                            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
                            _ => false,
                        }
                }
                _ => false,
            }
    }
}

/// The pieces of one reservation, ascending.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    list: Vec<Piece>,
}

impl Pieces {
    /// Puts `piece` in the place of what its range showed.
    pub(super) fn put(&mut self, piece: Piece) {
        let at = self.clear(piece.offset..piece.end());
        self.list.insert(at, piece);
        // The one after first: the place of the one before stays right.
        self.join(at + 1);
        self.join(at);
    }

    /// Forgets what `range` showed. Gives the place of what follows it.
    pub(super) fn clear(&mut self, range: Range<usize>) -> usize {
        let touched = self.touched(&range);
        let mut kept = Vec::new();
        let mut before = 0;
        if let Some(first) = self.list[touched.clone()].first()
            && first.offset < range.start
        {
            kept.push(first.part(&(first.offset..range.start)));
            before = 1;
        }
        if let Some(last) = self.list[touched.clone()].last()
            && last.end() > range.end
        {
            kept.push(last.part(&(range.end..last.end())));
        }
        let at = touched.start + before;
        self.list.splice(touched, kept);
        at
    }

    /// The pieces that cover `range` without a gap, or `None`.
    pub(super) fn covering(&self, range: Range<usize>) -> Option<&[Piece]> {
        let found = &self.list[self.touched(&range)];
        let mut end = range.start;
        for piece in found {
            if piece.offset > end {
                return None;
            }
            end = piece.end();
        }
        (end >= range.end).then_some(found)
    }

    /// The pieces that overlap `range`.
    pub(super) fn overlapping(&self, range: Range<usize>) -> &[Piece] {
        &self.list[self.touched(&range)]
    }

    /// All pieces.
    #[cfg(test)]
    pub(super) fn all(&self) -> &[Piece] {
        &self.list
    }

    fn touched(&self, range: &Range<usize>) -> Range<usize> {
        let start = self.list.partition_point(|piece| piece.end() <= range.start);
        let end = self.list.partition_point(|piece| piece.offset < range.end);
        start..end.max(start)
    }

    /// Makes one of the pieces before and at `index`, if they show one stretch.
    fn join(&mut self, index: usize) {
        if index == 0 || index >= self.list.len() {
            return;
        }
        if self.list[index - 1].goes_on_in(&self.list[index]) {
            let next = self.list.remove(index);
            self.list[index - 1].bytes += next.bytes;
        }
    }
}
