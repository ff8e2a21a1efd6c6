//! tokio, for tasks: its multi-threaded runtime with two workers.

use crate::measuring::{on_threads, sides, Measure};
use std::sync::Arc;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{mpsc, Semaphore};

pub fn runtime() -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(2)
        .enable_time()
        .build()
        .expect("a runtime")
}

pub fn task_case(measure: &Measure) -> bool {
    let runtime = runtime();
    match measure.words()[..] {
        ["semaphore", load, "tasks"] => semaphore(measure, &runtime, load),
        ["queue", shape, capacity, "tasks"] => hand_over(measure, &runtime, shape, capacity),
        ["queue", shape, capacity, "mixed"] => hand_over_mixed(measure, &runtime, shape, capacity),
        ["pingpong", "semaphore", "tasks"] => ping_pong_by_semaphore(measure, &runtime),
        ["pingpong", "channel", "tasks"] => ping_pong_by_channel(measure, &runtime),
        ["select", "8", "tasks"] => select(measure, &runtime),
        _ => false,
    }
}

/// Runs a task for each future and waits for their ends.
async fn all<Work: std::future::Future<Output = ()> + Send + 'static>(work: Vec<Work>) {
    let tasks: Vec<_> = work.into_iter().map(tokio::spawn).collect();
    for task in tasks {
        task.await.unwrap();
    }
}

fn semaphore(measure: &Measure, runtime: &Runtime, load: &str) -> bool {
    let (tasks, permits) = match load.split_once('x') {
        Some((tasks, permits)) => (tasks.parse().unwrap(), permits.parse().unwrap()),
        None => (1, 1),
    };
    measure.run("tokio Semaphore", |operations| {
        let free = Arc::new(Semaphore::new(permits));
        let work = |free: Arc<Semaphore>| async move {
            for _ in 0..operations / tasks {
                drop(free.acquire().await.unwrap());
            }
        };
        runtime.block_on(all((0..tasks).map(|_| work(free.clone())).collect()));
    })
}

/// tokio's channels have one receiver, and no rendezvous.
fn hand_over(measure: &Measure, runtime: &Runtime, shape: &str, capacity: &str) -> bool {
    let (producers, consumers) = sides(shape);
    match capacity.parse::<usize>() {
        _ if consumers > 1 => false,
        Ok(0) => false,
        Ok(capacity) => measure.run("tokio mpsc", |operations| {
            runtime.block_on(bounded(producers, capacity, operations));
        }),
        Err(_) => measure.run("tokio mpsc", |operations| {
            runtime.block_on(unbounded(producers, operations));
        }),
    }
}

async fn bounded(producers: usize, capacity: usize, operations: usize) {
    let (sender, mut receiver) = mpsc::channel(capacity);
    for _ in 0..producers {
        let sender = sender.clone();
        tokio::spawn(async move {
            for item in 0..operations / producers {
                sender.send(item).await.unwrap();
            }
        });
    }
    let consumer = async move {
        for _ in 0..operations {
            receiver.recv().await.unwrap();
        }
    };
    tokio::spawn(consumer).await.unwrap();
}

async fn unbounded(producers: usize, operations: usize) {
    let (sender, mut receiver) = mpsc::unbounded_channel();
    for _ in 0..producers {
        let sender = sender.clone();
        tokio::spawn(async move {
            for item in 0..operations / producers {
                sender.send(item).unwrap();
            }
        });
    }
    let consumer = async move {
        for _ in 0..operations {
            receiver.recv().await.unwrap();
        }
    };
    tokio::spawn(consumer).await.unwrap();
}

/// Threads send, a task receives.
fn hand_over_mixed(measure: &Measure, runtime: &Runtime, shape: &str, capacity: &str) -> bool {
    let (producers, consumers) = sides(shape);
    match capacity.parse::<usize>() {
        _ if consumers > 1 => false,
        Ok(0) => false,
        Ok(capacity) => measure.run("tokio blocking_send", |operations| {
            let (sender, mut receiver) = mpsc::channel(capacity);
            let consumer = runtime.spawn(async move {
                for _ in 0..operations {
                    receiver.recv().await.unwrap();
                }
            });
            on_threads(producers, |_| {
                for item in 0..operations / producers {
                    sender.blocking_send(item).unwrap();
                }
            });
            runtime.block_on(consumer).unwrap();
        }),
        Err(_) => measure.run("tokio unbounded send", |operations| {
            let (sender, mut receiver) = mpsc::unbounded_channel();
            let consumer = runtime.spawn(async move {
                for _ in 0..operations {
                    receiver.recv().await.unwrap();
                }
            });
            on_threads(producers, |_| {
                for item in 0..operations / producers {
                    sender.send(item).unwrap();
                }
            });
            runtime.block_on(consumer).unwrap();
        }),
    }
}

fn ping_pong_by_semaphore(measure: &Measure, runtime: &Runtime) -> bool {
    measure.run("tokio Semaphore", |operations| {
        let sides = Arc::new([Semaphore::new(1), Semaphore::new(0)]);
        let play = |sides: Arc<[Semaphore; 2]>, index: usize| async move {
            for _ in 0..operations {
                sides[index].acquire().await.unwrap().forget();
                sides[1 - index].add_permits(1);
            }
        };
        runtime.block_on(all(vec![play(sides.clone(), 0), play(sides, 1)]));
    })
}

fn ping_pong_by_channel(measure: &Measure, runtime: &Runtime) -> bool {
    measure.run("tokio mpsc", |operations| {
        let (first_sender, first_receiver) = mpsc::channel(1);
        let (second_sender, second_receiver) = mpsc::channel(1);
        first_sender.blocking_send(0usize).unwrap();
        let play = |mut receiver: mpsc::Receiver<usize>, sender: mpsc::Sender<usize>| async move {
            for _ in 0..operations {
                let ball = receiver.recv().await.unwrap();
                // The last ball may find the other side gone.
                let _ = sender.send(ball).await;
            }
        };
        runtime.block_on(all(vec![
            play(first_receiver, second_sender),
            play(second_receiver, first_sender),
        ]));
    })
}

fn select(measure: &Measure, runtime: &Runtime) -> bool {
    measure.run("tokio::select!", |operations| {
        runtime.block_on(select_of_eight(operations))
    })
}

async fn select_of_eight(operations: usize) {
    let mut receivers = Vec::new();
    for _ in 0..8 {
        let (sender, receiver) = mpsc::channel(64);
        receivers.push(receiver);
        tokio::spawn(async move {
            for item in 0..operations / 8 {
                sender.send(item).await.unwrap();
            }
        });
    }
    let receivers: [mpsc::Receiver<usize>; 8] = receivers.try_into().unwrap();
    tokio::spawn(receive_from_any(receivers, operations))
        .await
        .unwrap();
}

async fn receive_from_any(receivers: [mpsc::Receiver<usize>; 8], operations: usize) {
    let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = receivers;
    for _ in 0..operations {
        tokio::select! {
            Some(_) = a.recv() => {}
            Some(_) = b.recv() => {}
            Some(_) = c.recv() => {}
            Some(_) = d.recv() => {}
            Some(_) = e.recv() => {}
            Some(_) = f.recv() => {}
            Some(_) = g.recv() => {}
            Some(_) = h.recv() => {}
        }
    }
}
