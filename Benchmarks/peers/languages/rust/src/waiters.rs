//! Time and memory of 100,000 tasks that wait for one semaphore and are released.

use crate::measuring::Measure;
use crate::tasks::runtime;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

const COUNT: usize = 100_000;

fn resident_bytes() -> usize {
    let status = std::fs::read_to_string("/proc/self/statm").expect("/proc");
    status
        .split(' ')
        .nth(1)
        .expect("a second number")
        .parse::<usize>()
        .expect("pages")
        * 4096
}

pub fn waiters(measure: &Measure) -> bool {
    if measure.name != "waiters.100000.tasks" {
        return false;
    }
    let (elapsed, growth) = runtime().block_on(wait_and_release());
    println!(
        "{{\"case\": \"{}\", \"by\": \"tokio Semaphore\", \"ns\": {:.2}, \"operations\": {COUNT}, \"bytes\": {}}}",
        measure.name,
        elapsed.as_secs_f64() * 1e9 / COUNT as f64,
        growth / COUNT
    );
    true
}

async fn wait_and_release() -> (Duration, usize) {
    let free = Arc::new(Semaphore::new(0));
    let waiting = Arc::new(AtomicUsize::new(0));
    let before = resident_bytes();
    let started = Instant::now();
    let spawn = |_| {
        let (free, waiting) = (free.clone(), waiting.clone());
        tokio::spawn(async move {
            waiting.fetch_add(1, Ordering::Relaxed);
            free.acquire().await.unwrap().forget();
        })
    };
    let tasks: Vec<_> = (0..COUNT).map(spawn).collect();
    while waiting.load(Ordering::Relaxed) < COUNT {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let growth = resident_bytes() - before;
    free.add_permits(COUNT);
    for task in tasks {
        task.await.unwrap();
    }
    (started.elapsed(), growth)
}
