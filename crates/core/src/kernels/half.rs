//! Floating-point numbers of 16 bits, as the file holds them.

/// 2^112: brings the exponent of a half, moved to where an `f32` has it, from bias 15 to bias 127.
const REBIAS: f32 = f32::from_bits((127 + 112) << 23);

/// The number that the bits of a half stand for; every one is an `f32`. No branches.
#[inline]
pub(super) fn single(half: u16) -> f32 {
    let bits = u32::from(half);
    let magnitude = (bits & 0x7fff) << 13;
    // Exponent 31 stands for infinity and NaN, in an `f32` exponent 255 does.
    let is_special = u32::from((bits & 0x7c00) == 0x7c00).wrapping_neg() & 0x7f80_0000;
    let rebiased = (f32::from_bits(magnitude) * REBIAS).to_bits();
    f32::from_bits(rebiased | is_special | (bits & 0x8000) << 16)
}
