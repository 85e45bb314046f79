//! Goal: a mapping that fails half-way leaves nothing that kills whoever looks. Method: a gap in a
//! reservation, in a process of the test's own, for another thread might map something there.
#![expect(unsafe_code, reason = "makes a gap in a reservation")]

use super::super::place::{self, Left};
use super::{is_alone, system_page_bytes};

/// The kernel may take away what is at the target of a move, and then fail: nobody may die of it.
#[test]
fn a_gap_in_a_reservation_is_closed_with_zeros_and_nothing_that_is_there_is_touched() {
    let name = "os::tests::gap::\
                a_gap_in_a_reservation_is_closed_with_zeros_and_nothing_that_is_there_is_touched";
    if !is_alone(name, &[]) {
        return;
    }
    let page = system_page_bytes();
    let base = place::reserve(8 * page).unwrap();
    // SAFETY: the reservation is this test's own, and nothing refers to it.
    assert_eq!(unsafe { place::close_gap(base.as_ptr(), 8 * page) }, Left::All);
    let gap = base.as_ptr().wrapping_add(2 * page);
    // SAFETY: as above.
    unsafe { rustix::mm::munmap(gap.cast(), 4 * page) }.unwrap();
    // SAFETY: as above. The range that is not all gap stays as it is.
    assert_eq!(unsafe { place::close_gap(base.as_ptr(), 8 * page) }, Left::All);
    // SAFETY: as above.
    assert_eq!(unsafe { place::close_gap(gap, 4 * page) }, Left::Zeros);
    // SAFETY: the range was mapped just now, readable and writable.
    assert_eq!(unsafe { gap.read() }, 0);
    // SAFETY: all of it is one reservation again.
    unsafe { place::release(base, 8 * page) };
}
