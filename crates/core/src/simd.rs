//! Runs a loop with the widest vector instructions that the machine has.
#![expect(unsafe_code, reason = "calls a function that is compiled for a newer processor")]

/// A piece of work whose loops the compiler may turn into vector instructions.
pub(crate) trait Work {
    /// What it gives.
    type Output;

    /// Does it. Must be inlined, with all that it calls in its loops: what is not inlined is
    /// compiled for the oldest processor.
    fn run(self) -> Self::Output;
}

/// Does the work, compiled for AVX2 where the machine has it.
#[cfg(target_arch = "x86_64")]
pub(crate) fn run<W: Work>(work: W) -> W::Output {
    #[cfg(test)]
    if tests::WANTS_BASELINE.get() {
        return work.run();
    }
    if std::arch::is_x86_feature_detected!("avx2")
        && std::arch::is_x86_feature_detected!("bmi1")
        && std::arch::is_x86_feature_detected!("popcnt")
    {
        // SAFETY: the function needs nothing but these three features of the processor, which
        // were just found.
        return unsafe { run_avx2(work) };
    }
    work.run()
}

/// Does the work, compiled for the processors that the target names: on aarch64 all have NEON.
#[cfg(not(target_arch = "x86_64"))]
pub(crate) fn run<W: Work>(work: W) -> W::Output {
    work.run()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1,popcnt")]
fn run_avx2<W: Work>(work: W) -> W::Output {
    work.run()
}

#[cfg(test)]
pub(crate) mod tests {
    use std::cell::Cell;

    thread_local! {
        /// Work of this thread runs as on the oldest processor.
        pub(crate) static WANTS_BASELINE: Cell<bool> = const { Cell::new(false) };
    }
}
