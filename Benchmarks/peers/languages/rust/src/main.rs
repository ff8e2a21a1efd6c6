//! Usage: peer version | peer SECONDS CASE...

mod channels;
mod dictionary;
mod locks;
mod measuring;
mod pools;
mod tasks;
mod waiters;

use measuring::Measure;

/// The families; each answers whether the case is one of its own, and measures it then.
const FAMILIES: [fn(&Measure) -> bool; 10] = [
    locks::lock,
    channels::hand_over,
    channels::ping_pong,
    channels::select,
    tasks::task_case,
    waiters::waiters,
    dictionary::dictionary,
    pools::submitting,
    pools::computing,
    pools::chapter,
];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.as_slice() {
        [word] if word == "version" => println!("{}", versions()),
        [seconds, cases @ ..] => {
            let seconds = seconds.parse().expect("SECONDS is a number");
            for name in cases {
                let measure = Measure::new(name, seconds);
                FAMILIES.iter().any(|family| family(&measure));
            }
        }
        [] => {
            eprintln!("usage: peer version | peer SECONDS CASE...");
            std::process::exit(2)
        }
    }
}

/// The versions of the libraries, as the lock file of this build has them.
fn versions() -> String {
    let lock = include_str!("../Cargo.lock");
    let names = ["parking_lot", "crossbeam-channel", "tokio", "dashmap", "rayon"];
    let versions = names.iter().filter_map(|name| {
        let entry = lock
            .split(&format!("name = \"{name}\"\nversion = \""))
            .nth(1)?;
        Some(format!("{name} {}", entry.split('"').next()?))
    });
    versions.collect::<Vec<_>>().join(", ")
}
