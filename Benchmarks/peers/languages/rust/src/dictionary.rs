//! DashMap.

use crate::measuring::{on_threads, Measure};
use dashmap::DashMap;
use std::sync::atomic::{AtomicU64, Ordering};

const KEYS: u64 = 100_000;

/// What was read, so that the reads are not idle.
static SUM: AtomicU64 = AtomicU64::new(0);

pub fn dictionary(measure: &Measure) -> bool {
    let percent = match measure.name.as_str() {
        "dictionary.read" => 5,
        "dictionary.write" => 50,
        _ => return false,
    };
    let table: DashMap<u64, u64> = (0..KEYS).map(|key| (key, key)).collect();
    measure.run("DashMap", |operations| {
        on_threads(4, |index| {
            mix(&table, index as u64 + 1, percent, operations / 4)
        });
    })
}

/// Reads and writes at random keys; `percent` of the operations write.
fn mix(table: &DashMap<u64, u64>, mut random: u64, percent: u64, operations: usize) {
    let mut sum = 0;
    for _ in 0..operations {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let key = (random >> 32) % KEYS;
        if random % 100 < percent {
            table.insert(key, key);
        } else {
            sum += table.get(&key).map_or(0, |value| *value);
        }
    }
    SUM.fetch_add(sum, Ordering::Relaxed);
}
