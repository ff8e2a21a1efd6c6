//! What the cases of this program share.

use std::time::Instant;

/// A case that was asked for.
pub struct Measure {
    pub name: String,
    /// The parts of its name.
    pub parts: Vec<String>,
    seconds: f64,
}

impl Measure {
    pub fn new(name: &str, seconds: f64) -> Measure {
        let parts = name.split('.').map(String::from).collect();
        Measure {
            name: name.into(),
            parts,
            seconds,
        }
    }

    /// The parts as slices, to be matched.
    pub fn words(&self) -> Vec<&str> {
        self.parts.iter().map(String::as_str).collect()
    }

    /// Does a case of a fixed size once to warm up, then three times, and prints a line. What `prepare` makes is not
    /// timed.
    pub fn fixed<T>(
        &self,
        by: &str,
        operations: usize,
        prepare: impl Fn() -> T,
        body: impl Fn(T),
    ) -> bool {
        let mut elapsed = 0.0;
        for round in 0..=3 {
            let input = prepare();
            let started = Instant::now();
            body(input);
            if round > 0 {
                elapsed += started.elapsed().as_secs_f64();
            }
        }
        let total = 3 * operations;
        println!(
            "{{\"case\": {:?}, \"by\": {:?}, \"ns\": {:.4}, \"operations\": {}}}",
            self.name,
            by,
            elapsed * 1e9 / total as f64,
            total
        );
        true
    }

    /// Finds how many operations (a multiple of 16) take a part of the target time, repeats them for all of it
    /// and prints a line.
    pub fn run(&self, by: &str, body: impl Fn(usize)) -> bool {
        let time_of = |operations| {
            let started = Instant::now();
            body(operations);
            started.elapsed().as_secs_f64()
        };
        // Of two runs, so that what happens only the first time does not count.
        let shorter_time_of = |operations| time_of(operations).min(time_of(operations));
        let mut operations = 160;
        let mut elapsed = shorter_time_of(operations);
        while elapsed < self.seconds / 16.0 {
            let growth = (self.seconds / 8.0 / elapsed).clamp(2.0, 10.0);
            operations = (operations as f64 * growth) as usize / 16 * 16;
            elapsed = shorter_time_of(operations);
        }
        let mut total = 0;
        elapsed = 0.0;
        while elapsed < self.seconds {
            elapsed += time_of(operations);
            total += operations;
        }
        let nanoseconds = elapsed * 1e9 / total as f64;
        println!(
            "{{\"case\": \"{}\", \"by\": \"{by}\", \"ns\": {nanoseconds:.2}, \"operations\": {total}}}",
            self.name
        );
        true
    }
}

/// Runs `work` on so many threads and waits for their ends.
pub fn on_threads(count: usize, work: impl Fn(usize) + Sync) {
    std::thread::scope(|scope| {
        for index in 0..count {
            let work = &work;
            scope.spawn(move || work(index));
        }
    });
}

/// How many producers and consumers `spsc`, `mpsc` or `mpmc` has.
pub fn sides(shape: &str) -> (usize, usize) {
    let count = |letter| if letter == Some('s') { 1 } else { 4 };
    (count(shape.chars().next()), count(shape.chars().nth(2)))
}

/// About a microsecond of work: a chain of multiplications that no compiler can shorten.
pub fn work_about_a_microsecond(mut value: u64) -> u64 {
    for _ in 0..650 {
        value = (value ^ value >> 27).wrapping_mul(0x2545_F491_4F6C_DD1D);
    }
    value
}
