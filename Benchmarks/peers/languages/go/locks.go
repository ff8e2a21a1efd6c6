package main

import (
	"fmt"
	"sync"
)

func measureLock(name string) bool {
	goroutines, hold := 1, "short"
	if name != "lock.uncontended" {
		if found, _ := fmt.Sscanf(name, "lock.%d.%s", &goroutines, &hold); found != 2 {
			return false
		}
	}
	measure(name, "sync.Mutex", func(operations int) {
		if hold == "long" {
			lockLong(goroutines, operations/goroutines)
		} else {
			lockShort(goroutines, operations/goroutines)
		}
	})
	return true
}

type locked struct {
	mutex sync.Mutex
	value uint64
}

func lockShort(goroutines, share int) {
	var state locked
	onGoroutines(goroutines, func(int) {
		for count := 0; count < share; count++ {
			state.mutex.Lock()
			state.value++
			state.mutex.Unlock()
		}
	})
}

func lockLong(goroutines, share int) {
	var state locked
	onGoroutines(goroutines, func(int) {
		for count := 0; count < share; count++ {
			state.mutex.Lock()
			state.value = workAboutAMicrosecond(state.value)
			state.mutex.Unlock()
		}
	})
}

// A buffered channel is Go's semaphore.
func measureSemaphore(name string) bool {
	goroutines, permits, kind := 1, 1, ""
	if found, _ := fmt.Sscanf(name, "semaphore.%dx%d.%s", &goroutines, &permits, &kind); found != 3 {
		goroutines, permits = 1, 1
		if found, _ := fmt.Sscanf(name, "semaphore.uncontended.%s", &kind); found != 1 {
			return false
		}
	}
	measure(name, "buffered channel", func(operations int) {
		free := make(chan struct{}, permits)
		onGoroutines(goroutines, func(int) {
			for count := 0; count < operations/goroutines; count++ {
				free <- struct{}{}
				<-free
			}
		})
	})
	return true
}
