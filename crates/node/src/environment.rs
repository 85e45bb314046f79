//! What the binding keeps for each environment (the main thread's or a worker's): the stores it has
//! open, and address space that waits for its last buffer.
//!
//! When an environment ends, its stores are released: zeros over their memory, the lock free once
//! the last commit in flight has ended. Address space that a buffer may still use is then left
//! reserved for good, because a buffer that was transferred lives on in another environment.

use std::cell::RefCell;
use std::mem;
use std::sync::{Arc, Weak};

use napi::Env;
use stoa_core::{Error, ErrorKind, Result};

use crate::remains::Remains;
use crate::store::Shared;

/// One environment, while it is alive. A thread may host several, one after the other or nested.
struct Environment {
    /// Its address: what tells it from the others of this thread, as long as it lives.
    address: usize,
    stores: Vec<Weak<Shared>>,
    remains: Vec<Remains>,
}

thread_local! {
    static ENVIRONMENTS: RefCell<Vec<Environment>> = const { RefCell::new(Vec::new()) };
}

/// Notes a store, so that the end of this environment releases it.
pub(crate) fn enter(env: Env, shared: &Arc<Shared>) -> Result<()> {
    let address = env.raw().addr();
    if with(address, |_| ()).is_none() {
        // At most one of these an environment, so that opening and closing leaves nothing behind.
        env.add_env_cleanup_hook(address, end).map_err(|error| {
            Error::new(ErrorKind::Internal, format!("cannot watch the environment: {error}"))
        })?;
        ENVIRONMENTS.with_borrow_mut(|environments| {
            environments.push(Environment { address, stores: Vec::new(), remains: Vec::new() });
        });
    }
    with(address, |environment| {
        environment.stores.retain(|store| store.strong_count() > 0);
        environment.stores.push(Arc::downgrade(shared));
    });
    Ok(())
}

/// Takes a store off the list: it is closed.
pub(crate) fn leave(env: Env, shared: &Arc<Shared>) {
    with(env.raw().addr(), |environment| {
        environment.stores.retain(|store| !std::ptr::eq(store.as_ptr(), Arc::as_ptr(shared)));
    });
}

/// Holds what remains of closed stores, and gives back what can be.
pub(crate) fn keep(env: Env, remains: Vec<Remains>) {
    with(env.raw().addr(), |environment| {
        environment.remains.extend(remains);
    });
    sweep(env);
}

/// Gives back the address space whose last buffer is over, and no other, however much waits: an
/// operation on the thread pool may run for as long as it likes. Only from a call of JavaScript:
/// while one runs its environment is alive, and what a finaliser said is the truth.
pub(crate) fn sweep(env: Env) {
    let address = env.raw().addr();
    // Taken out meanwhile, so that nothing that Node-API does can find the list borrowed.
    let taken = with(address, |environment| mem::take(&mut environment.remains));
    let mut remains = taken.unwrap_or_default();
    remains.retain_mut(|it| !it.is_over(env));
    with(address, |environment| environment.remains.append(&mut remains));
}

/// The cleanup hook. What remains is dropped without being given back.
fn end(address: usize) {
    let ended = ENVIRONMENTS.try_with(|environments| {
        environments
            .borrow_mut()
            .extract_if(.., |environment| environment.address == address)
            .collect::<Vec<_>>()
    });
    for environment in ended.into_iter().flatten() {
        for store in environment.stores.iter().filter_map(Weak::upgrade) {
            store.abandon();
        }
    }
}

/// Calls `call` with the environment at this address, if it is known.
fn with<T>(address: usize, call: impl FnOnce(&mut Environment) -> T) -> Option<T> {
    ENVIRONMENTS.with_borrow_mut(|environments| {
        environments.iter_mut().find(|environment| environment.address == address).map(call)
    })
}
