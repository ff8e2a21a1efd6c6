package main

import (
	"bytes"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

func residentBytes() int64 {
	status, _ := os.ReadFile("/proc/self/statm")
	var size, resident int64
	fmt.Fscan(bytes.NewReader(status), &size, &resident)
	return resident * int64(os.Getpagesize())
}

// Time and memory of 100,000 goroutines that wait for one channel and are released.
func measureWaiters(name string) bool {
	if name != "waiters.100000.tasks" {
		return false
	}
	const count = 100_000
	released := make(chan struct{})
	var waiting int64
	var group sync.WaitGroup
	group.Add(count)
	before := residentBytes()
	started := time.Now()
	for index := 0; index < count; index++ {
		go func() {
			atomic.AddInt64(&waiting, 1)
			<-released
			group.Done()
		}()
	}
	for atomic.LoadInt64(&waiting) < count {
		time.Sleep(time.Millisecond)
	}
	growth := residentBytes() - before
	for index := 0; index < count; index++ {
		released <- struct{}{}
	}
	group.Wait()
	fmt.Printf("{\"case\": %q, \"by\": \"chan\", \"ns\": %.2f, \"operations\": %d, \"bytes\": %d}\n",
		name, time.Since(started).Seconds()*1e9/count, count, growth/count)
	return true
}
