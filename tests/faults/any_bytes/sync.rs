//! The library's seam to its atomics, with words that are watched: each access is counted, must lie in the image or in the
//! one private place that is named, and lets a hostile writer write just before it.
#![allow(unsafe_code)]

use std::cell::{Cell, RefCell};
use std::ops::Range;

pub(crate) use core::hint::spin_loop;
pub(crate) use core::sync::atomic::Ordering;
use core::sync::atomic::{AtomicU32 as Plain32, AtomicU64 as Plain64};
pub(crate) use std::sync::{Mutex, MutexGuard};

use crate::bytes::Bytes;
use crate::image::Wrong;

/// A write of somebody else in the middle of a call.
#[derive(Clone, Copy)]
pub(crate) struct Intrusion {
    /// Before which access of the call, counted from 1.
    pub before: u64,
    /// Which word of the image.
    pub word: usize,
    pub wrong: Wrong,
}

impl Intrusion {
    /// One word is written again and again.
    pub fn again_and_again(
        bytes: &mut Bytes<'_>,
        word: usize,
        wrong: Wrong,
    ) -> impl Iterator<Item = Intrusion> + use<> {
        let (first, every) = (u64::from(bytes.byte() % 32), u64::from(bytes.byte() % 8) + 1);
        let wrong = match wrong {
            Wrong::Is(value) => Wrong::Moved(value | 1),
            other => other,
        };
        (0..16).map(move |time| Intrusion { before: first + time * every, word, wrong })
    }
}

#[derive(Default)]
struct Watch {
    image: RefCell<Range<usize>>,
    private: RefCell<Range<usize>>,
    /// Accesses of the present call.
    count: Cell<u64>,
    /// How many it may make, and how many more for each intrusion.
    most: Cell<u64>,
    more: Cell<u64>,
    /// Those to come in this call, the next one last.
    intrusions: RefCell<Vec<Intrusion>>,
}

thread_local! {
    static WATCH: Watch = Watch::default();
}

/// From now on all words lie in these two places.
pub(crate) fn watch(image: Range<usize>, private: Range<usize>) {
    WATCH.with(|watch| {
        *watch.image.borrow_mut() = image;
        *watch.private.borrow_mut() = private;
        watch.most.set(u64::MAX);
        watch.more.set(0);
        watch.intrusions.borrow_mut().clear();
    });
}

/// Makes one call, which may touch `most` words, and as many again for each intrusion. Tells how many it touched, and how
/// many it was allowed in the end.
pub(crate) fn counted<R>(
    most: u64,
    mut intrusions: Vec<Intrusion>,
    call: impl FnOnce() -> R,
) -> (R, u64, u64) {
    intrusions.sort_by_key(|intrusion| std::cmp::Reverse(intrusion.before));
    WATCH.with(|watch| {
        watch.count.set(0);
        watch.most.set(most);
        watch.more.set(most);
        *watch.intrusions.borrow_mut() = intrusions;
    });
    let result = call();
    WATCH.with(|watch| {
        watch.intrusions.borrow_mut().clear();
        (result, watch.count.get(), watch.most.replace(u64::MAX))
    })
}

/// Something is done that is not an access and costs one. Counted as such.
pub(crate) fn does_one_thing() {
    WATCH.with(|watch| {
        let count = watch.count.get() + 1;
        watch.count.set(count);
        assert!(count <= watch.most.get(), "asks the system without end: {count}");
    });
}

/// These bytes of the image become zeros, as the system makes them. No access of any call.
pub(crate) fn becomes_zero(addresses: Range<usize>) {
    let image = WATCH.with(|watch| watch.image.borrow().clone());
    assert!(image.start <= addresses.start && addresses.end <= image.end, "memory outside of the segment");
    for address in addresses.step_by(8) {
        // SAFETY: as in `touch`.
        unsafe { Plain64::from_ptr(address as *mut u64) }.store(0, Ordering::Relaxed);
    }
}

/// A word is about to be touched.
fn touch(address: usize, size: usize) {
    WATCH.with(|watch| {
        let image = watch.image.borrow();
        let is_within = |place: &Range<usize>| place.contains(&address) && address + size <= place.end;
        assert!(address.is_multiple_of(size), "a word across two");
        if !is_within(&image) {
            assert!(is_within(&watch.private.borrow()), "a word outside of the segment");
            return;
        }
        let count = watch.count.get() + 1;
        watch.count.set(count);
        assert!(count <= watch.most.get(), "touches shared words without end: {count}");
        let mut intrusions = watch.intrusions.borrow_mut();
        while intrusions.last().is_some_and(|next| next.before <= count) {
            let Intrusion { word, wrong, .. } = intrusions.pop().expect("it was there");
            watch.most.set(watch.most.get().saturating_add(watch.more.get()));
            let read = |word: usize| {
                let address = image.start + word % (image.len() / 8) * 8;
                // SAFETY: inside the image, which whoever called `watch` keeps alive while its words are used; words of the
                // image are only ever touched as atomics.
                unsafe { Plain64::from_ptr(address as *mut u64) }
            };
            let value =
                wrong.value(read(word).load(Ordering::Relaxed), |other| read(other).load(Ordering::Relaxed));
            read(word).store(value, Ordering::Relaxed);
        }
    });
}

macro_rules! watched {
    ($(#[$doc:meta])* $name:ident: $plain:ident of $number:ty) => {
        $(#[$doc])*
        #[repr(transparent)]
        #[derive(Default)]
        pub(crate) struct $name($plain);

        #[allow(dead_code, reason = "the two have the same methods, whether or not the queue uses each")]
        impl $name {
            pub fn new(value: $number) -> $name {
                $name($plain::new(value))
            }

            fn touched(&self) -> &$plain {
                touch(&raw const *self as usize, size_of::<$number>());
                &self.0
            }

            pub fn load(&self, order: Ordering) -> $number {
                self.touched().load(order)
            }

            pub fn store(&self, value: $number, order: Ordering) {
                self.touched().store(value, order);
            }

            pub fn fetch_add(&self, value: $number, order: Ordering) -> $number {
                self.touched().fetch_add(value, order)
            }

            pub fn fetch_sub(&self, value: $number, order: Ordering) -> $number {
                self.touched().fetch_sub(value, order)
            }

            pub fn fetch_or(&self, value: $number, order: Ordering) -> $number {
                self.touched().fetch_or(value, order)
            }

            pub fn fetch_and(&self, value: $number, order: Ordering) -> $number {
                self.touched().fetch_and(value, order)
            }

            pub fn compare_exchange(
                &self, seen: $number, new: $number, done: Ordering, failed: Ordering,
            ) -> Result<$number, $number> {
                self.touched().compare_exchange(seen, new, done, failed)
            }

            pub fn compare_exchange_weak(
                &self, seen: $number, new: $number, done: Ordering, failed: Ordering,
            ) -> Result<$number, $number> {
                self.compare_exchange(seen, new, done, failed)
            }
        }
    };
}

watched! {
    /// A word.
    AtomicU64: Plain64 of u64
}
watched! {
    /// Half a word, alone in one.
    AtomicU32: Plain32 of u32
}

/// All is done in one thread.
pub(crate) fn full_fence() {}

pub(crate) fn compiler_fence() {}

/// Each word must be watched, so the library accesses them one by one.
pub(crate) fn memory_of(_: &[AtomicU64]) -> Option<*mut u8> {
    None
}
