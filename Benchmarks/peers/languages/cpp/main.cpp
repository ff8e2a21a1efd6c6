// Usage: pools version | pools SECONDS CASE...
//
// oneTBB: an arena of two threads, with a promise for each result.

#include <oneapi/tbb.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <future>
#include <numeric>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

constexpr long elements = 10'000'000;
constexpr const char *pool_means = "task_arena.enqueue, std::promise";
const char *name;
double target;

double seconds_of(const auto &body) {
  auto started = Clock::now();
  body();
  return std::chrono::duration<double>(Clock::now() - started).count();
}

void print(const char *by, double elapsed, long operations) {
  std::printf("{\"case\": \"%s\", \"by\": \"%s\", \"ns\": %.4f, \"operations\": %ld}\n", name, by,
              elapsed * 1e9 / double(operations), operations);
  std::fflush(stdout);
}

// Finds how many operations (a multiple of 16) take a part of the target time, repeats them for all of it and prints.
void measure(const char *by, const auto &body) {
  auto time_of = [&](long operations) { return seconds_of([&] { body(operations); }); };
  auto shorter = [&](long operations) { return std::min(time_of(operations), time_of(operations)); };
  long operations = 160;
  double elapsed = shorter(operations);
  while (elapsed < target / 16) {
    operations = long(double(operations) * std::clamp(target / 8 / elapsed, 2.0, 10.0)) / 16 * 16;
    elapsed = shorter(operations);
  }
  long total = 0;
  for (elapsed = 0; elapsed < target; total += operations) elapsed += time_of(operations);
  print(by, elapsed, total);
}

// Does a case of a fixed size once to warm up, then three times, and prints. What `prepare` makes is not timed.
void fixed(const char *by, long operations, const auto &prepare, const auto &body) {
  double elapsed = 0;
  for (int round = 0; round <= 3; round++) {
    auto input = prepare();
    double seconds = seconds_of([&] { body(input); });
    if (round > 0) elapsed += seconds;
  }
  print(by, elapsed, 3 * operations);
}

constexpr auto nothing = [] { return 0; };

void check(bool is_right) {
  if (!is_right) std::abort();
}

void on_threads(int count, const auto &work) {
  std::vector<std::jthread> threads;
  for (int index = 0; index < count; index++) threads.emplace_back([&work, index] { work(index); });
}

struct Pool {
  oneapi::tbb::task_arena arena;
  explicit Pool(int threads) : arena(threads, 0) {}

  template <typename Body> auto submit(Body body) {
    auto promise = std::make_shared<std::promise<decltype(body())>>();
    auto future = promise->get_future();
    arena.enqueue([promise, body] { promise->set_value(body()); });
    return future;
  }
};

void sum(Pool &pool, long count) {
  std::vector<std::future<long>> futures;
  futures.reserve(count);
  for (long index = 0; index < count; index++) futures.push_back(pool.submit([index] { return index; }));
  long sum = 0;
  for (auto &future : futures) sum += future.get();
  check(sum == count * (count - 1) / 2);
}

uint64_t work_about_a_microsecond(uint64_t value) {
  for (int step = 0; step < 650; step++) value = (value ^ value >> 27) * 0x2545F4914F6CDD1D;
  return value;
}

constexpr int primes_below = 400'000, chunks = 64;

bool is_prime(int number) {
  if (number < 2) return false;
  for (int divisor = 2; divisor * divisor <= number; divisor++)
    if (number % divisor == 0) return false;
  return true;
}

long count_primes(int chunk) {
  long count = 0;
  for (int size = primes_below / chunks, number = chunk * size; number < (chunk + 1) * size; number++)
    count += is_prime(number);
  return count;
}

long resident_bytes() {
  long size = 0, resident = 0;
  FILE *file = std::fopen("/proc/self/statm", "r");
  if (std::fscanf(file, "%ld %ld", &size, &resident) != 2) resident = 0;
  std::fclose(file);
  return resident * sysconf(_SC_PAGESIZE);
}

double processor_nanoseconds() {
  timespec time;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return double(time.tv_sec) * 1e9 + double(time.tv_nsec);
}

void nap(int milliseconds) { std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds)); }

void idle() {
  long before = resident_bytes();
  oneapi::tbb::global_control control(oneapi::tbb::global_control::max_allowed_parallelism, 9);
  Pool pool(8);
  std::vector<std::future<int>> futures;
  for (int index = 0; index < 64; index++) futures.push_back(pool.submit([] { return nap(5), 1; }));
  for (auto &future : futures) future.get();
  nap(200);
  double bytes = double(std::max(0L, resident_bytes() - before)) / 8;
  double used = processor_nanoseconds();
  double elapsed = seconds_of([] { nap(1000); });
  std::printf("{\"case\": \"%s\", \"by\": \"%s\", \"ns\": %.1f, \"operations\": 8, \"bytes\": %.0f}\n", name,
              pool_means, (processor_nanoseconds() - used) / elapsed, bytes);
}

void growth(int threads) {
  oneapi::tbb::global_control control(oneapi::tbb::global_control::max_allowed_parallelism, threads + 1);
  fixed(pool_means, primes_below, nothing, [&](int) {
    Pool pool(threads);
    std::vector<std::future<long>> futures;
    for (int chunk = 0; chunk < chunks; chunk++)
      futures.push_back(pool.submit([chunk] { return count_primes(chunk); }));
    long count = 0;
    for (auto &future : futures) count += future.get();
    check(count == 33'860);
  });
}

bool is(const char *wanted) { return std::strcmp(name, wanted) == 0; }

bool submitting() {
  // The thread that submits is no worker: one more than the workers.
  oneapi::tbb::global_control control(oneapi::tbb::global_control::max_allowed_parallelism, 3);
  if (is("latency")) {
    Pool pool(2);
    measure(pool_means, [&](long operations) {
      for (long step = 0; step < operations; step++) pool.submit([] { return 1; }).get();
    });
  } else if (is("throughput")) {
    Pool pool(2);
    measure(pool_means, [&](long operations) {
      for (long start = 0; start < operations; start += 1000) sum(pool, std::min(1000L, operations - start));
    });
  } else if (is("million")) {
    Pool pool(2);
    fixed(pool_means, 1'000'000, nothing, [&](int) { sum(pool, 1'000'000); });
  } else if (is("producers")) {
    Pool pool(2);
    fixed(pool_means, 1'000'000, nothing, [&](int) { on_threads(4, [&](int) { sum(pool, 250'000); }); });
  } else if (is("fan-out")) {
    Pool pool(2);
    measure(pool_means, [&](long operations) {
      for (long start = 0; start < operations; start += 100) {
        std::vector<std::future<uint64_t>> futures;
        for (long index = 0; index < std::min(100L, operations - start); index++)
          futures.push_back(pool.submit([index] { return work_about_a_microsecond(uint64_t(index)); }));
        for (auto &future : futures) future.get();
      }
    });
  } else if (is("as-completed")) {
    Pool pool(2);
    fixed("concurrent_bounded_queue of results", 100'000, nothing, [&](int) {
      oneapi::tbb::concurrent_bounded_queue<long> results;
      for (long index = 0; index < 100'000; index++) pool.arena.enqueue([&results, index] { results.push(index); });
      long sum = 0;
      for (int step = 0; step < 100'000; step++) {
        long result;
        results.pop(result);
        sum += result;
      }
      check(sum == 100'000L * 99'999 / 2);
    });
  } else {
    return false;
  }
  return true;
}

long fibonacci(int number) {
  if (number < 2) return number;
  long a, b;
  oneapi::tbb::parallel_invoke([&] { a = fibonacci(number - 1); }, [&] { b = fibonacci(number - 2); });
  return a + b;
}

std::vector<uint64_t> random_numbers() {
  std::vector<uint64_t> numbers(elements);
  uint64_t state = 88172645463325252;
  for (auto &number : numbers) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    number = state;
  }
  return numbers;
}

using Range = oneapi::tbb::blocked_range<long>;

bool computing() {
  oneapi::tbb::global_control control(oneapi::tbb::global_control::max_allowed_parallelism, 2);
  if (is("fork-join")) {
    fixed("parallel_invoke", 317'810, nothing, [](int) { check(fibonacci(27) == 196'418); });
  } else if (is("map")) {
    std::vector<double> input(elements);
    std::iota(input.begin(), input.end(), 0.0);
    fixed("parallel_for", elements, nothing, [&](int) {
      std::unique_ptr<double[]> output(new double[elements]);
      oneapi::tbb::parallel_for(Range(0, elements), [&](const Range &range) {
        for (long index = range.begin(); index < range.end(); index++)
          output[index] = std::sqrt(input[index]) * 1.5 + 1;
      });
      check(output[4] == 4);
    });
  } else if (is("reduce")) {
    std::vector<int64_t> input(elements);
    std::iota(input.begin(), input.end(), 0);
    int64_t expected = 0;
    for (auto value : input) expected += value * value & 1023;
    fixed("parallel_reduce", elements, nothing, [&](int) {
      int64_t sum = oneapi::tbb::parallel_reduce(
          Range(0, elements), int64_t(0),
          [&](const Range &range, int64_t sum) {
            for (long index = range.begin(); index < range.end(); index++) sum += input[index] * input[index] & 1023;
            return sum;
          },
          std::plus<>());
      check(sum == expected);
    });
  } else if (is("sort")) {
    auto random = random_numbers();
    fixed("parallel_sort", elements, [&] { return random; }, [](std::vector<uint64_t> &numbers) {
      oneapi::tbb::parallel_sort(numbers.begin(), numbers.end());
      check(std::is_sorted(numbers.begin(), numbers.end()));
    });
  } else {
    return false;
  }
  return true;
}

void add_squares(int seed) {
  uint64_t total = uint64_t(seed);
  for (uint64_t index = 0; index < uint64_t(elements); index++) total = (total + index * index) ^ (total >> 3);
  check(total != 1);
}

void count_to(uint64_t limit) {
  uint64_t total = 0;
  for (uint64_t index = 0; index < limit; index++) total = (total + index) ^ (total >> 3);
  check(total != 1);
}

void alone(long operations, const auto &work) {
  fixed("a loop", operations, nothing, [&](int) {
    for (int index = 0; index < 4; index++) work(index);
  });
}

void together(long operations, const auto &work) {
  fixed("4 threads", operations, nothing, [&](int) { on_threads(4, work); });
}

void chapter() {
  constexpr long counted = 50'000'000;
  if (is("cpu-bound.sequential")) alone(4 * elements, add_squares);
  if (is("cpu-bound.threads")) together(4 * elements, add_squares);
  if (is("io-bound.sequential")) alone(4, [](int) { nap(50); });
  if (is("io-bound.threads")) together(4, [](int) { nap(50); });
  if (is("count.1")) fixed("a loop", counted, nothing, [](int) { count_to(counted); });
  if (is("count.4")) together(counted, [](int) { count_to(counted / 4); });
}

}  // namespace

int main(int count, char **arguments) {
  if (count == 2 && std::strcmp(arguments[1], "version") == 0) {
    std::printf("oneTBB %s, gcc %s\n", TBB_runtime_version(), __VERSION__);
    return 0;
  }
  if (count < 2) {
    std::fprintf(stderr, "usage: %s version | %s SECONDS CASE...\n", arguments[0], arguments[0]);
    return 2;
  }
  target = std::atof(arguments[1]);
  for (int index = 2; index < count; index++) {
    name = arguments[index];
    if (is("idle")) idle();
    else if (is("growth.1")) growth(1);
    else if (is("growth.2")) growth(2);
    else if (!submitting() && !computing()) chapter();
  }
}
