//! crossbeam-channel, for threads.

use crate::measuring::{on_threads, sides, Measure};
use crossbeam_channel::{bounded, unbounded, Receiver, Sender};

fn channel(capacity: &str) -> (Sender<usize>, Receiver<usize>) {
    match capacity.parse() {
        Ok(capacity) => bounded(capacity),
        Err(_) => unbounded(),
    }
}

pub fn hand_over(measure: &Measure) -> bool {
    let (shape, capacity) = match measure.words()[..] {
        ["queue", shape, capacity, "threads"] => (shape, capacity),
        _ => return false,
    };
    let (producers, consumers) = sides(shape);
    measure.run("crossbeam-channel", |operations| {
        let (sender, receiver) = channel(capacity);
        on_threads(producers + consumers, |index| {
            if index < producers {
                for item in 0..operations / producers {
                    sender.send(item).unwrap();
                }
            } else {
                for _ in 0..operations / consumers {
                    receiver.recv().unwrap();
                }
            }
        });
    })
}

pub fn ping_pong(measure: &Measure) -> bool {
    if measure.name != "pingpong.channel.threads" {
        return false;
    }
    measure.run("crossbeam-channel", |operations| {
        let sides = [bounded(1), bounded(1)];
        sides[0].0.send(0).unwrap();
        on_threads(2, |index| {
            for _ in 0..operations {
                let ball: usize = sides[index].1.recv().unwrap();
                sides[1 - index].0.send(ball).unwrap();
            }
        });
    })
}

pub fn select(measure: &Measure) -> bool {
    if measure.name != "select.8.threads" {
        return false;
    }
    measure.run("crossbeam Select", |operations| {
        let channels: Vec<(Sender<usize>, Receiver<usize>)> = (0..8).map(|_| bounded(64)).collect();
        on_threads(9, |index| {
            if index < 8 {
                for item in 0..operations / 8 {
                    channels[index].0.send(item).unwrap();
                }
            } else {
                receive_from_any(&channels, operations);
            }
        });
    })
}

fn receive_from_any(channels: &[(Sender<usize>, Receiver<usize>)], operations: usize) {
    let mut select = crossbeam_channel::Select::new();
    for (_, receiver) in channels {
        select.recv(receiver);
    }
    for _ in 0..operations {
        let ready = select.select();
        let receiver = &channels[ready.index()].1;
        ready.recv(receiver).unwrap();
    }
}
