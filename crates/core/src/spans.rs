//! Sets of numbers as ranges: ascending, apart from each other, none of them empty.

use std::ops::Range;

/// Whether one of the ranges has the number.
pub(crate) fn contains(spans: &[Range<u64>], number: u64) -> bool {
    let index = spans.partition_point(|span| span.end <= number);
    spans.get(index).is_some_and(|span| span.start <= number)
}

/// What the first set has and the second has not.
pub(crate) fn without(spans: &[Range<u64>], gone: &[Range<u64>]) -> Vec<Range<u64>> {
    let mut rest = Vec::new();
    let mut gone = gone.iter().peekable();
    for span in spans {
        let mut start = span.start;
        while let Some(hole) = gone.peek().filter(|hole| hole.start < span.end) {
            if hole.start > start {
                rest.push(start..hole.start);
            }
            start = start.max(hole.end);
            if hole.end > span.end {
                break;
            }
            gone.next();
        }
        if start < span.end {
            rest.push(start..span.end);
        }
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The ranges of the bits of a number.
    fn spans(bits: u32) -> Vec<Range<u64>> {
        let mut spans: Vec<Range<u64>> = Vec::new();
        for number in (0..u64::from(u32::BITS)).filter(|it| bits & (1 << it) != 0) {
            match spans.last_mut() {
                Some(last) if last.end == number => last.end += 1,
                _ => spans.push(number..number + 1),
            }
        }
        spans
    }

    #[test]
    fn the_difference_of_two_sets_is_that_of_their_numbers() {
        for one in 0..1 << 8 {
            for other in 0..1 << 8 {
                let rest = without(&spans(one), &spans(other));
                let has = |number| contains(&rest, number);
                assert!((0..8).all(|it| has(it) == ((one & !other) & (1 << it) != 0)), "{rest:?}");
                assert!(rest.iter().all(|span| span.start < span.end), "{rest:?}");
            }
        }
    }
}
