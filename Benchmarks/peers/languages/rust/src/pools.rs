//! Pools: rayon's, with a channel of one place for each result.

use crate::measuring::{on_threads, work_about_a_microsecond, Measure};
use crossbeam_channel::{bounded, unbounded, Receiver};
use rayon::prelude::*;
use rayon::ThreadPool;
use std::time::{Duration, Instant};

const MEANS: &str = "rayon spawn, crossbeam channel";
const ELEMENTS: usize = 10_000_000;

fn pool(threads: usize) -> ThreadPool {
    let builder = rayon::ThreadPoolBuilder::new().num_threads(threads);
    builder.build().expect("the system gives threads")
}

fn submit<T: Send + 'static>(
    pool: &ThreadPool,
    body: impl FnOnce() -> T + Send + 'static,
) -> Receiver<T> {
    let (sender, receiver) = bounded(1);
    pool.spawn(move || sender.send(body()).unwrap());
    receiver
}

fn sum(pool: &ThreadPool, count: usize) {
    let results: Vec<_> = (0..count).map(|index| submit(pool, move || index)).collect();
    let sum: usize = results.iter().map(|result| result.recv().unwrap()).sum();
    assert_eq!(sum, count * (count - 1) / 2);
}

pub fn submitting(measure: &Measure) -> bool {
    match measure.words().as_slice() {
        ["latency"] => measure.run(MEANS, |operations| {
            let pool = pool(2);
            for _ in 0..operations {
                submit(&pool, || 1).recv().unwrap();
            }
        }),
        ["throughput"] => measure.run(MEANS, |operations| {
            let pool = pool(2);
            for start in (0..operations).step_by(1000) {
                sum(&pool, 1000.min(operations - start));
            }
        }),
        ["million"] => measure.fixed(MEANS, 1_000_000, || pool(2), |pool| sum(&pool, 1_000_000)),
        ["producers"] => measure.fixed(
            MEANS,
            1_000_000,
            || pool(2),
            |pool| on_threads(4, |_| sum(&pool, 250_000)),
        ),
        ["fan-out"] => measure.run(MEANS, |operations| {
            let pool = pool(2);
            for start in (0..operations).step_by(100) {
                let jobs = 0..100.min(operations - start) as u64;
                let results: Vec<_> = jobs
                    .map(|index| submit(&pool, move || work_about_a_microsecond(index)))
                    .collect();
                for result in results {
                    result.recv().unwrap();
                }
            }
        }),
        ["as-completed"] => measure.fixed("a channel of results", 100_000, || pool(2), |pool| {
            let (sender, receiver) = unbounded();
            for index in 0..100_000usize {
                let sender = sender.clone();
                pool.spawn(move || sender.send(index).unwrap());
            }
            let sum: usize = (0..100_000).map(|_| receiver.recv().unwrap()).sum();
            assert_eq!(sum, 100_000 * 99_999 / 2);
        }),
        ["growth", threads] => {
            let threads = threads.parse().unwrap();
            measure.fixed(MEANS, PRIMES_BELOW, || pool(threads), |pool| {
                let results: Vec<_> = (0..CHUNKS)
                    .map(|chunk| submit(&pool, move || count_primes(chunk)))
                    .collect();
                let count: usize = results.iter().map(|result| result.recv().unwrap()).sum();
                assert_eq!(count, 33_860);
            })
        }
        ["idle"] => idle(measure),
        _ => false,
    }
}

fn idle(measure: &Measure) -> bool {
    let before = resident_bytes();
    let pool = pool(8);
    let results: Vec<_> = (0..64)
        .map(|_| submit(&pool, || std::thread::sleep(Duration::from_millis(5))))
        .collect();
    for result in results {
        result.recv().unwrap();
    }
    std::thread::sleep(Duration::from_millis(200));
    let bytes = resident_bytes().saturating_sub(before) / 8;
    let (used, started) = (processor_nanoseconds(), Instant::now());
    std::thread::sleep(Duration::from_secs(1));
    let ns = (processor_nanoseconds() - used) as f64 / started.elapsed().as_secs_f64();
    println!(
        "{{\"case\": {:?}, \"by\": {:?}, \"ns\": {:.1}, \"operations\": 8, \"bytes\": {}}}",
        measure.name, MEANS, ns, bytes
    );
    true
}

fn resident_bytes() -> usize {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap();
    text.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

/// The nanoseconds on a processor that /proc/self/schedstat has for each thread.
fn processor_nanoseconds() -> u64 {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    tasks
        .filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("schedstat")).ok())
        .filter_map(|text| text.split(' ').next()?.parse::<u64>().ok())
        .sum()
}

const PRIMES_BELOW: usize = 400_000;
const CHUNKS: usize = 64;

fn count_primes(chunk: usize) -> usize {
    let size = PRIMES_BELOW / CHUNKS;
    (chunk * size..(chunk + 1) * size)
        .filter(|&number| is_prime(number))
        .count()
}

fn is_prime(number: usize) -> bool {
    number > 1 && (2..).take_while(|d| d * d <= number).all(|d| number % d != 0)
}

fn fibonacci(number: u32) -> u64 {
    if number < 2 {
        return number.into();
    }
    let (a, b) = rayon::join(|| fibonacci(number - 1), || fibonacci(number - 2));
    a + b
}

pub fn computing(measure: &Measure) -> bool {
    match measure.words().as_slice() {
        ["fork-join"] => measure.fixed("rayon::join", 317_810, || pool(2), |pool| {
            assert_eq!(pool.install(|| fibonacci(27)), 196_418)
        }),
        ["map"] => {
            let input: Vec<f64> = (0..ELEMENTS).map(|index| index as f64).collect();
            measure.fixed("par_iter, collect", ELEMENTS, || pool(2), |pool| {
                let output: Vec<f64> =
                    pool.install(|| input.par_iter().map(|x| x.sqrt() * 1.5 + 1.0).collect());
                assert_eq!(output[4], 4.0);
            })
        }
        ["reduce"] => {
            let input: Vec<i64> = (0..ELEMENTS as i64).collect();
            let expected: i64 = input.iter().map(|x| (x * x) & 1023).sum();
            measure.fixed("par_iter, sum", ELEMENTS, || pool(2), |pool| {
                let sum: i64 = pool.install(|| input.par_iter().map(|x| (x * x) & 1023).sum());
                assert_eq!(sum, expected);
            })
        }
        ["sort"] => {
            let random = random_numbers();
            measure.fixed("par_sort_unstable", ELEMENTS, || random.clone(), |mut numbers| {
                pool(2).install(|| numbers.par_sort_unstable());
                assert!(numbers.windows(2).all(|pair| pair[0] <= pair[1]));
            })
        }
        _ => false,
    }
}

fn random_numbers() -> Vec<u64> {
    let mut state = 88172645463325252u64;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    std::iter::repeat_with(next).take(ELEMENTS).collect()
}

fn add_squares(seed: usize) {
    let mut total = seed as u64;
    for index in 0..ELEMENTS as u64 {
        total = total.wrapping_add(index.wrapping_mul(index)) ^ (total >> 3);
    }
    assert_ne!(total, 1);
}

fn count_to(limit: u64) {
    let mut total = 0u64;
    for index in 0..limit {
        total = total.wrapping_add(index) ^ (total >> 3);
    }
    assert_ne!(total, 1);
}

pub fn chapter(measure: &Measure) -> bool {
    const COUNTED: usize = 50_000_000;
    let nap = |_| std::thread::sleep(Duration::from_millis(50));
    match measure.words().as_slice() {
        ["cpu-bound", "sequential"] => measure.fixed("a loop", 4 * ELEMENTS, || (), |_| (0..4).for_each(add_squares)),
        ["cpu-bound", "threads"] => measure.fixed("4 threads", 4 * ELEMENTS, || (), |_| on_threads(4, add_squares)),
        ["io-bound", "sequential"] => measure.fixed("a loop", 4, || (), |_| (0..4).for_each(nap)),
        ["io-bound", "threads"] => measure.fixed("4 threads", 4, || (), |_| on_threads(4, nap)),
        ["count", "1"] => measure.fixed("a loop", COUNTED, || (), |_| count_to(COUNTED as u64)),
        ["count", "4"] => measure.fixed("4 threads", COUNTED, || (), |_| on_threads(4, |_| count_to(COUNTED as u64 / 4))),
        _ => false,
    }
}
