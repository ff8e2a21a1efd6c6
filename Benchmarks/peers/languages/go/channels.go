package main

import (
	"strconv"
	"strings"
)

// Go has no unbounded channel.
func measureQueue(name string) bool {
	parts := strings.Split(name, ".")
	if len(parts) != 4 || parts[0] != "queue" {
		return false
	}
	capacity, err := strconv.Atoi(parts[2])
	if err != nil {
		return false
	}
	producers, consumers := 4, 4
	if parts[1][0] == 's' {
		producers = 1
	}
	if parts[1][2] == 's' {
		consumers = 1
	}
	measure(name, "chan", func(operations int) { handOver(producers, consumers, capacity, operations) })
	return true
}

func handOver(producers, consumers, capacity, operations int) {
	channel := make(chan int, capacity)
	onGoroutines(producers+consumers, func(index int) {
		if index < producers {
			for item := 0; item < operations/producers; item++ {
				channel <- item
			}
		} else {
			for item := 0; item < operations/consumers; item++ {
				<-channel
			}
		}
	})
}

// Go's semaphore is a channel, so that both kinds are one.
func measurePingPong(name string) bool {
	if !strings.HasPrefix(name, "pingpong.") {
		return false
	}
	measure(name, "chan", func(operations int) {
		sides := [2]chan int{make(chan int, 1), make(chan int, 1)}
		sides[0] <- 0
		onGoroutines(2, func(index int) {
			for round := 0; round < operations; round++ {
				sides[1-index] <- <-sides[index]
			}
		})
	})
	return true
}

func measureSelect(name string) bool {
	if !strings.HasPrefix(name, "select.8.") {
		return false
	}
	measure(name, "select", func(operations int) {
		var channels [8]chan int
		for index := range channels {
			channels[index] = make(chan int, 64)
		}
		onGoroutines(9, func(index int) {
			if index == 8 {
				receiveFromAny(&channels, operations)
				return
			}
			for item := 0; item < operations/8; item++ {
				channels[index] <- item
			}
		})
	})
	return true
}

func receiveFromAny(channels *[8]chan int, operations int) {
	for count := 0; count < operations; count++ {
		select {
		case <-channels[0]:
		case <-channels[1]:
		case <-channels[2]:
		case <-channels[3]:
		case <-channels[4]:
		case <-channels[5]:
		case <-channels[6]:
		case <-channels[7]:
		}
	}
}
