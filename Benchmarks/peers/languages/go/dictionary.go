package main

import (
	"strings"
	"sync"
)

const keys = 100_000

// Percent of the operations that write.
var writes = map[string]uint64{"read": 5, "write": 50}

func measureDictionary(name string) bool {
	if !strings.HasPrefix(name, "dictionary.") {
		return false
	}
	percent, isKnown := writes[strings.TrimPrefix(name, "dictionary.")]
	if isKnown {
		measure(name, "RWMutex and map", func(operations int) { lockedMap(percent, operations) })
	}
	return isKnown
}

// Calls an operation with random keys on four goroutines.
func mix(percent uint64, operations int, read func(key int) int, write func(key int)) {
	onGoroutines(4, func(index int) {
		random := uint64(index + 1)
		sum := 0
		for count := 0; count < operations/4; count++ {
			random ^= random << 13
			random ^= random >> 7
			random ^= random << 17
			key := int((random >> 32) % keys)
			if random%100 < percent {
				write(key)
			} else {
				sum += read(key)
			}
		}
		sums[index] = sum
	})
}

// What the goroutines read, so that the reads are not idle.
var sums [4]int

var table = func() map[int]int {
	table := map[int]int{}
	for key := 0; key < keys; key++ {
		table[key] = key
	}
	return table
}()

func lockedMap(percent uint64, operations int) {
	var mutex sync.RWMutex
	mix(percent, operations, func(key int) int {
		mutex.RLock()
		value := table[key]
		mutex.RUnlock()
		return value
	}, func(key int) {
		mutex.Lock()
		table[key] = key
		mutex.Unlock()
	})
}
