//! The key of the shop in whose transaction a thread is: what must be signed is signed where it is written, and nobody
//! on the way there has to carry the key.

use std::cell::RefCell;
use std::sync::Arc;

use crate::platform::crypto::MasterKey;

thread_local! {
    static KEY: RefCell<Option<Arc<MasterKey>>> = const { RefCell::new(None) };
}

/// The key of the shop whose [`Db::write`](super::Db::write) this thread is in; none outside of one.
pub fn master_key() -> Option<Arc<MasterKey>> {
    KEY.with_borrow(Clone::clone)
}

/// Holds a key for this thread until it is dropped.
pub(super) struct Held;

impl Held {
    pub(super) fn new(key: Option<Arc<MasterKey>>) -> Self {
        KEY.set(key);
        Self
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        KEY.set(None);
    }
}
