//! Readers and live stores: what they have beyond a transactional writer.
#![expect(clippy::missing_errors_doc, reason = "the comment of the class says it for all")]

use napi::bindgen_prelude::Float64Array;
use napi::{Env, Unknown};
use napi_derive::napi;
use stoa_core::{Copies, News, RegionId};

use crate::error::Result;
use crate::number::{double, region};
use crate::store::NativeStore;

#[napi]
impl NativeStore {
    /// Goes on to the newest commit and tells what is new: 0 nothing, 1 lengths, 2 regions, metadata
    /// or version too, 3 all memory: the store was compacted, and buffers made before belong to nothing. What was written to the reader's buffers is forgotten, which costs the search
    /// for changed pages; if `keepsCopies`, only where rows are new. In a store that writes nothing
    /// is ever new.
    #[napi(catch_unwind)]
    pub fn refresh(&self, env: Env, keeps_copies: bool) -> Result<u32> {
        let copies = if keeps_copies { Copies::Kept } else { Copies::Forgotten };
        self.with(|open| {
            let news = open.store().refresh(copies);
            open.retire(env);
            news.map(code)
        })
    }

    /// The same in the file that is open, whichever has the path by now: never 3. Nothing is forgotten
    /// but where rows are new.
    #[napi(catch_unwind)]
    pub fn reach(&self, env: Env) -> Result<u32> {
        self.with(|open| {
            let news = open.store().refresh_here(Copies::Kept);
            open.retire(env);
            news.map(code)
        })
    }

    /// As `refresh`, then waits until all of that commit is in its place. `ERR_STOA_BUSY` where the
    /// writer never rests.
    #[napi(catch_unwind)]
    pub fn begin_snapshot(&self, env: Env) -> Result<u32> {
        self.with(|open| {
            let news = open.store().begin_snapshot();
            open.retire(env);
            news.map(code)
        })
    }

    /// Whether everything that was read since `beginSnapshot` is of one commit.
    #[napi(catch_unwind)]
    pub fn is_whole(&self) -> Result<bool> {
        self.with(|open| open.store().is_whole())
    }

    /// Id, length and capacity of every region by turns.
    #[napi(catch_unwind)]
    pub fn lengths(&self) -> Result<Float64Array> {
        let lengths: Vec<f64> = self.with(|open| {
            let regions = open.store().lengths_and_capacities();
            Ok(regions
                .flat_map(|(RegionId(id), length, capacity)| {
                    [f64::from(id), double(length), double(capacity)]
                })
                .collect())
        })?;
        Ok(Float64Array::new(lengths))
    }

    /// The length of a region at the last settled commit.
    #[napi(catch_unwind)]
    pub fn committed_length(&self, id: f64) -> Result<f64> {
        let id = region(id)?;
        self.with(|open| open.store().committed_len(id).map(double))
    }

    /// Whether the store is live now, here or where it is open for writing.
    #[napi(catch_unwind)]
    pub fn is_live(&self) -> Result<bool> {
        self.with(|open| Ok(open.store().is_live()))
    }

    /// Makes a store that writes live, after a commit of what is pending: all memory is shared from
    /// then on. On an error it is as it was before.
    #[napi(catch_unwind)]
    pub fn go_live(&self, env: Env) -> Result<()> {
        self.with(|open| {
            let gone = open.store().go_live();
            open.retire(env);
            gone
        })
    }

    /// A new external `ArrayBuffer` over the live store's table of lengths: eight bytes a region, by
    /// its id. A number stored there with `Atomics` is told to every process at once. To be asked
    /// for anew when an id lies behind its end.
    #[napi(catch_unwind, ts_return_type = "ArrayBuffer")]
    pub fn live_lengths<'env>(&self, env: &'env Env) -> Result<Unknown<'env>> {
        self.with(|open| open.live_lengths(env))
    }
}

fn code(news: News) -> u32 {
    match news {
        News::None => 0,
        News::Lengths => 1,
        News::Structure => 2,
        News::Memory => 3,
    }
}
