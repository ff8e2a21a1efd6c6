// Usage: peer version | peer SECONDS CASE...
//
// Goroutines stand for both threads and tasks: Go has no distinction.
package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
)

// The families; each answers whether the case is one of its own, and measures it then.
var families = []func(name string) bool{
	measureLock, measureSemaphore, measureQueue, measurePingPong, measureSelect, measureWaiters,
	measureDictionary, measurePools, measureComputing, measureChapter,
}

func main() {
	if len(os.Args) == 2 && os.Args[1] == "version" {
		fmt.Println(runtime.Version())
		return
	}
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: peer version | peer SECONDS CASE...")
		os.Exit(2)
	}
	target, _ = strconv.ParseFloat(os.Args[1], 64)
	for _, name := range os.Args[2:] {
		for _, measured := range families {
			if measured(name) {
				break
			}
		}
	}
}
