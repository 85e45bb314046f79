//! How much to allocate: pure arithmetic, no input or output.

use crate::format::{RECORD_BYTES_MAX, UNIT_BYTES};

/// How a region grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Growth {
    /// By half at least, so that a row at a time costs a constant number of steps a row.
    Amortised,
    /// To what is asked for, rounded up to the unit of allocation.
    Exact,
}

/// The largest step of an amortised growth: what is allocated ahead stays bounded, and a region
/// of many GiB still has few extents.
const STEP_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// The capacity to allocate for `needed_bytes`, at most `limit_bytes`, given what there is. A
/// multiple of `UNIT_BYTES`; `None` where the limit is too small.
pub(crate) fn grown_capacity(
    capacity_bytes: u64,
    needed_bytes: u64,
    growth: Growth,
    limit_bytes: u64,
) -> Option<u64> {
    let needed = needed_bytes.checked_next_multiple_of(UNIT_BYTES)?;
    let limit = limit_bytes - limit_bytes % UNIT_BYTES;
    if needed > limit {
        return None;
    }
    let ahead = match growth {
        Growth::Exact => 0,
        Growth::Amortised => (capacity_bytes / 2).min(STEP_BYTES_MAX),
    };
    let wanted = capacity_bytes.saturating_add(ahead).checked_next_multiple_of(UNIT_BYTES)?;
    Some(wanted.clamp(needed, limit))
}

/// From here on a log has little room to spare.
const LARGE_RECORD_BYTES: u64 = 32 * 1024 * 1024;

/// The length of a log for records of `record_bytes`: they fit twice, or, if they are large, once
/// with a quarter to spare. `None` where no record is so long.
pub(crate) fn log_bytes_for(record_bytes: u64) -> Option<u64> {
    if record_bytes > RECORD_BYTES_MAX {
        return None;
    }
    let bytes = if record_bytes <= LARGE_RECORD_BYTES {
        (record_bytes * 2).next_power_of_two()
    } else {
        record_bytes + record_bytes / 4
    };
    Some(bytes.next_multiple_of(UNIT_BYTES).max(UNIT_BYTES))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::LOG_BYTES_MAX;

    #[test]
    fn an_amortised_growth_never_exceeds_the_limit_and_never_misses_the_need() {
        for capacity_units in 0..40 {
            for needed in [1, UNIT_BYTES, UNIT_BYTES + 1, 39 * UNIT_BYTES] {
                let limit = 39 * UNIT_BYTES + 17;
                let grown =
                    grown_capacity(capacity_units * UNIT_BYTES, needed, Growth::Amortised, limit)
                        .expect("the need is within the limit");
                assert!(grown >= needed && grown <= limit && grown.is_multiple_of(UNIT_BYTES));
            }
        }
        assert_eq!(grown_capacity(0, 40 * UNIT_BYTES, Growth::Exact, 39 * UNIT_BYTES), None);
        assert_eq!(grown_capacity(0, u64::MAX, Growth::Exact, u64::MAX), None);
    }

    #[test]
    fn a_log_holds_its_record_and_a_large_one_spares_a_quarter() {
        const MIB: u64 = 1 << 20;
        for (record, log) in
            [(0, UNIT_BYTES), (MIB, 2 * MIB), (32 * MIB, 64 * MIB), (1200 * MIB, 1500 * MIB)]
        {
            assert_eq!(log_bytes_for(record), Some(log));
        }
        assert!(log_bytes_for(RECORD_BYTES_MAX).is_some_and(|bytes| bytes <= LOG_BYTES_MAX));
        assert_eq!(log_bytes_for(RECORD_BYTES_MAX + 1), None);
    }

    #[test]
    fn a_row_at_a_time_needs_few_growths_for_a_gibibyte() {
        let (mut capacity, mut steps) = (0, 0);
        while capacity < 1 << 30 {
            capacity = grown_capacity(capacity, capacity + 1, Growth::Amortised, 1 << 40)
                .expect("the need is within the limit");
            steps += 1;
        }
        assert!(steps < 32, "{steps} growths");
    }
}
