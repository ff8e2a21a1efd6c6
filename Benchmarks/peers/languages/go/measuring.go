package main

import (
	"fmt"
	"math"
	"sync"
	"time"
)

// How many seconds a measurement takes.
var target float64

// Runs work on so many goroutines and waits for their ends.
func onGoroutines(count int, work func(index int)) {
	var group sync.WaitGroup
	group.Add(count)
	for index := 0; index < count; index++ {
		go func(index int) {
			defer group.Done()
			work(index)
		}(index)
	}
	group.Wait()
}

func timeOf(body func(operations int), operations int) float64 {
	started := time.Now()
	body(operations)
	return time.Since(started).Seconds()
}

// Of two runs, so that what happens only the first time does not count.
func shorterTimeOf(body func(operations int), operations int) float64 {
	return math.Min(timeOf(body, operations), timeOf(body, operations))
}

// Finds how many operations (a multiple of 16) take a part of the target time, repeats them for all of it
// and prints a line.
func measure(name, by string, body func(operations int)) {
	operations := 160
	elapsed := shorterTimeOf(body, operations)
	for elapsed < target/16 {
		growth := target / 8 / elapsed
		if growth < 2 {
			growth = 2
		} else if growth > 10 {
			growth = 10
		}
		operations = int(float64(operations)*growth) / 16 * 16
		elapsed = shorterTimeOf(body, operations)
	}
	total := 0
	for elapsed = 0; elapsed < target; total += operations {
		elapsed += timeOf(body, operations)
	}
	fmt.Printf("{\"case\": %q, \"by\": %q, \"ns\": %.2f, \"operations\": %d}\n",
		name, by, elapsed*1e9/float64(total), total)
}

// Does a case of a fixed size once to warm up, then three times, and prints a line. What prepare makes is not timed.
func measureFixed(name, by string, operations int, prepare func(), body func()) {
	elapsed := 0.0
	for round := 0; round <= 3; round++ {
		prepare()
		started := time.Now()
		body()
		if round > 0 {
			elapsed += time.Since(started).Seconds()
		}
	}
	fmt.Printf("{\"case\": %q, \"by\": %q, \"ns\": %.4f, \"operations\": %d}\n",
		name, by, elapsed*1e9/float64(3*operations), 3*operations)
}

// About a microsecond of work: a chain of multiplications that no compiler can shorten.
func workAboutAMicrosecond(value uint64) uint64 {
	for step := 0; step < 650; step++ {
		value = (value ^ value>>27) * 0x2545F4914F6CDD1D
	}
	return value
}
