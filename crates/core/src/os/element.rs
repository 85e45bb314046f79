//! The element types that mapped memory can be seen as.
#![expect(unsafe_code, reason = "a promise about the bytes of a type is an unsafe trait")]

/// A number of fixed size that a file may hold: `i8` to `u64`, `f32`, `f64`.
///
/// # Safety
/// Every pattern of bits is a value, there is no padding, and the alignment divides 4096. Sealed:
/// only the types of this module have it.
pub unsafe trait Element: Copy + Send + Sync + sealed::Sealed + 'static {}

mod sealed {
    pub trait Sealed {}
}

macro_rules! elements {
    ($($type:ty),*) => {$(
        impl sealed::Sealed for $type {}
        // SAFETY: primitive numbers have neither padding nor invalid patterns, and align to at
        // most 8.
        unsafe impl Element for $type {}
    )*};
}

elements!(i8, i16, i32, i64, u8, u16, u32, u64, f32, f64);
