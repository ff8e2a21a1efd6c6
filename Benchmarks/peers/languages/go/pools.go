package main

import (
	"fmt"
	"math"
	"sort"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// A fixed number of goroutines that take jobs from a channel; a result comes by a channel of its own.
type pool struct {
	jobs  chan func()
	group sync.WaitGroup
}

func newPool(workers int) *pool {
	made := &pool{jobs: make(chan func(), 1024)}
	made.group.Add(workers)
	for worker := 0; worker < workers; worker++ {
		go func() {
			defer made.group.Done()
			for job := range made.jobs {
				job()
			}
		}()
	}
	return made
}

func (pool *pool) submit(body func() int) chan int {
	result := make(chan int, 1)
	pool.jobs <- func() { result <- body() }
	return result
}

func (pool *pool) shutdown() {
	close(pool.jobs)
	pool.group.Wait()
}

func (pool *pool) sum(count int) {
	results := make([]chan int, count)
	for index := range results {
		own := index
		results[index] = pool.submit(func() int { return own })
	}
	sum := 0
	for _, result := range results {
		sum += <-result
	}
	check(sum == count*(count-1)/2)
}

func check(isRight bool) {
	if !isRight {
		panic("a case has a wrong result")
	}
}

func nothing() {}

func least(a, b int) int {
	if a < b {
		return a
	}
	return b
}

const poolMeans = "goroutines on a channel"

func measurePools(name string) bool {
	var made *pool
	prepare := func() { made = newPool(2) }
	switch name {
	case "latency":
		measure(name, poolMeans, func(operations int) {
			prepare()
			for step := 0; step < operations; step++ {
				<-made.submit(func() int { return 1 })
			}
			made.shutdown()
		})
	case "throughput":
		measure(name, poolMeans, func(operations int) {
			prepare()
			for start := 0; start < operations; start += 1000 {
				made.sum(least(1000, operations-start))
			}
			made.shutdown()
		})
	case "million":
		measureFixed(name, poolMeans, 1_000_000, prepare, func() {
			made.sum(1_000_000)
			made.shutdown()
		})
	case "producers":
		measureFixed(name, poolMeans, 1_000_000, prepare, func() {
			onGoroutines(4, func(int) { made.sum(250_000) })
			made.shutdown()
		})
	case "fan-out":
		measure(name, poolMeans, func(operations int) {
			prepare()
			for start := 0; start < operations; start += 100 {
				results := make([]chan int, least(100, operations-start))
				for index := range results {
					own := uint64(index)
					results[index] = made.submit(func() int { return int(workAboutAMicrosecond(own)) })
				}
				for _, result := range results {
					<-result
				}
			}
			made.shutdown()
		})
	case "as-completed":
		measureFixed(name, "a channel of results", 100_000, prepare, func() {
			results := make(chan int, 100_000)
			for index := 0; index < 100_000; index++ {
				own := index
				made.jobs <- func() { results <- own }
			}
			sum := 0
			for step := 0; step < 100_000; step++ {
				sum += <-results
			}
			check(sum == 100_000*99_999/2)
			made.shutdown()
		})
	case "growth.1", "growth.2":
		workers, _ := strconv.Atoi(strings.TrimPrefix(name, "growth."))
		measureFixed(name, poolMeans, primesBelow, func() { made = newPool(workers) }, func() {
			results := make([]chan int, primeChunks)
			for chunk := range results {
				own := chunk
				results[chunk] = made.submit(func() int { return countPrimes(own) })
			}
			count := 0
			for _, result := range results {
				count += <-result
			}
			check(count == 33_860)
			made.shutdown()
		})
	case "idle":
		measureIdle(name)
	default:
		return false
	}
	return true
}

func measureIdle(name string) {
	before := residentBytes()
	made := newPool(8)
	results := make([]chan int, 64)
	for index := range results {
		results[index] = made.submit(func() int { time.Sleep(5 * time.Millisecond); return 0 })
	}
	for _, result := range results {
		<-result
	}
	time.Sleep(200 * time.Millisecond)
	bytes := math.Max(0, float64(residentBytes()-before)) / 8
	used, started := processorTime(), time.Now()
	time.Sleep(time.Second)
	ns := float64(processorTime()-used) / time.Since(started).Seconds()
	made.shutdown()
	fmt.Printf("{\"case\": %q, \"by\": %q, \"ns\": %.1f, \"operations\": 8, \"bytes\": %.0f}\n", name, poolMeans, ns, bytes)
}

func processorTime() int64 {
	var usage syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return usage.Utime.Nano() + usage.Stime.Nano()
}

const (
	primesBelow = 400_000
	primeChunks = 64
)

func countPrimes(chunk int) int {
	size, count := primesBelow/primeChunks, 0
	for number := chunk * size; number < (chunk+1)*size; number++ {
		if isPrime(number) {
			count++
		}
	}
	return count
}

func isPrime(number int) bool {
	if number < 2 {
		return false
	}
	for divisor := 2; divisor*divisor <= number; divisor++ {
		if number%divisor == 0 {
			return false
		}
	}
	return true
}

// Work that computes, on goroutines.

const elements = 10_000_000

func fibonacci(number int) int {
	if number < 2 {
		return number
	}
	left := make(chan int, 1)
	go func() { left <- fibonacci(number - 1) }()
	right := fibonacci(number - 2)
	return <-left + right
}

func onChunks(body func(chunk, from, to int)) {
	onGoroutines(16, func(chunk int) { body(chunk, chunk*(elements/16), (chunk+1)*(elements/16)) })
}

func measureComputing(name string) bool {
	switch name {
	case "fork-join":
		measureFixed(name, "a goroutine for the left half", 317_810, nothing, func() { check(fibonacci(27) == 196_418) })
	case "map":
		input := make([]float64, elements)
		for index := range input {
			input[index] = float64(index)
		}
		measureFixed(name, "16 goroutines", elements, nothing, func() {
			output := make([]float64, elements)
			onChunks(func(_, from, to int) {
				for index := from; index < to; index++ {
					output[index] = math.Sqrt(input[index])*1.5 + 1
				}
			})
			check(output[4] == 4)
		})
	case "reduce":
		input, expected := make([]int64, elements), int64(0)
		for index := range input {
			input[index] = int64(index)
			expected += input[index] * input[index] & 1023
		}
		measureFixed(name, "16 goroutines", elements, nothing, func() {
			var partials [16]int64
			onChunks(func(chunk, from, to int) {
				sum := int64(0)
				for _, value := range input[from:to] {
					sum += value * value & 1023
				}
				partials[chunk] = sum
			})
			sum := int64(0)
			for _, partial := range partials {
				sum += partial
			}
			check(sum == expected)
		})
	case "sort":
		random, numbers := randomNumbers(), make([]uint64, elements)
		measureFixed(name, "sort.Slice of both halves, and a merge", elements, func() { copy(numbers, random) }, func() {
			sortHalves(numbers)
			check(sort.SliceIsSorted(numbers, func(a, b int) bool { return numbers[a] < numbers[b] }))
		})
	default:
		return false
	}
	return true
}

func sortHalves(numbers []uint64) {
	halves := [2][]uint64{numbers[:elements/2], numbers[elements/2:]}
	onGoroutines(2, func(half int) {
		numbers := halves[half]
		sort.Slice(numbers, func(a, b int) bool { return numbers[a] < numbers[b] })
	})
	merged := make([]uint64, 0, elements)
	left, right := halves[0], halves[1]
	for len(left) > 0 && len(right) > 0 {
		if left[0] <= right[0] {
			merged, left = append(merged, left[0]), left[1:]
		} else {
			merged, right = append(merged, right[0]), right[1:]
		}
	}
	copy(numbers, append(append(merged, left...), right...))
}

func randomNumbers() []uint64 {
	numbers, state := make([]uint64, elements), uint64(88172645463325252)
	for index := range numbers {
		state ^= state << 13
		state ^= state >> 7
		state ^= state << 17
		numbers[index] = state
	}
	return numbers
}

// The chapter's comparisons.

func addSquares(seed int) {
	total := uint64(seed)
	for index := uint64(0); index < elements; index++ {
		total = (total + index*index) ^ total>>3
	}
	check(total != 1)
}

func countTo(limit int) {
	total := uint64(0)
	for index := uint64(0); index < uint64(limit); index++ {
		total = (total + index) ^ total>>3
	}
	check(total != 1)
}

func measureChapter(name string) bool {
	const counted = 50_000_000
	nap := func(int) { time.Sleep(50 * time.Millisecond) }
	sequentially := func(body func(int)) func() {
		return func() {
			for index := 0; index < 4; index++ {
				body(index)
			}
		}
	}
	together := func(body func(int)) func() { return func() { onGoroutines(4, body) } }
	switch name {
	case "cpu-bound.sequential":
		measureFixed(name, "a loop", 4*elements, nothing, sequentially(addSquares))
	case "cpu-bound.threads":
		measureFixed(name, "4 goroutines", 4*elements, nothing, together(addSquares))
	case "io-bound.sequential":
		measureFixed(name, "a loop", 4, nothing, sequentially(nap))
	case "io-bound.threads":
		measureFixed(name, "4 goroutines", 4, nothing, together(nap))
	case "count.1":
		measureFixed(name, "a loop", counted, nothing, func() { countTo(counted) })
	case "count.4":
		measureFixed(name, "4 goroutines", counted, nothing, together(func(int) { countTo(counted / 4) }))
	default:
		return false
	}
	return true
}
