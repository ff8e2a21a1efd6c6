//! parking_lot's mutex.

use crate::measuring::{on_threads, work_about_a_microsecond, Measure};
use parking_lot::Mutex;

pub fn lock(measure: &Measure) -> bool {
    let (threads, is_long) = match measure.words()[..] {
        ["lock", "uncontended"] => (1, false),
        ["lock", threads, hold] => (
            threads.parse().expect("a number of threads"),
            hold == "long",
        ),
        _ => return false,
    };
    measure.run("parking_lot::Mutex", |operations| match is_long {
        true => lock_long(threads, operations / threads),
        false => lock_short(threads, operations / threads),
    })
}

fn lock_short(threads: usize, share: usize) {
    let value = Mutex::new(0u64);
    on_threads(threads, |_| {
        for _ in 0..share {
            *value.lock() += 1;
        }
    });
}

fn lock_long(threads: usize, share: usize) {
    let value = Mutex::new(0u64);
    on_threads(threads, |_| {
        for _ in 0..share {
            let mut value = value.lock();
            *value = work_about_a_microsecond(*value);
        }
    });
}
