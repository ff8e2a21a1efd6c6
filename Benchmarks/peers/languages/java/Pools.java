import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.Future;
import java.util.concurrent.RecursiveTask;
import java.util.stream.IntStream;

/** Thread pools, the fork/join pool and parallel streams. */
final class Pools {
  private static final String POOL = "ThreadPoolExecutor";
  private static final int ELEMENTS = 10_000_000;

  private interface OnPool {
    void run(ExecutorService pool) throws Exception;
  }

  private static void withPool(OnPool body) throws Exception {
    var pool = Executors.newFixedThreadPool(2);
    body.run(pool);
    pool.shutdown();
  }

  /** Ends the program where a result is wrong: after an exception the threads of a pool would keep it running. */
  private static void check(boolean isRight) {
    if (isRight) return;
    System.err.println("a case has a wrong result");
    System.exit(1);
  }

  private static void sum(ExecutorService pool, int count) throws Exception {
    List<Future<Integer>> futures = new ArrayList<>(count);
    for (int index = 0; index < count; index++) {
      int own = index;
      futures.add(pool.submit(() -> own));
    }
    long sum = 0;
    for (var future : futures) sum += future.get();
    check(sum == (long) count * (count - 1) / 2);
  }

  static boolean submitting(Measure measure) throws Exception {
    switch (measure.parts[0]) {
      case "latency" -> measure.run(POOL, operations -> withPool(pool -> {
        for (int step = 0; step < operations; step++) pool.submit(() -> 1).get();
      }));
      case "throughput" -> measure.run(POOL, operations -> withPool(pool -> {
        for (int start = 0; start < operations; start += 1000) sum(pool, Math.min(1000, operations - start));
      }));
      case "million" -> measure.fixed(POOL, 1_000_000, () -> null, none -> withPool(pool -> sum(pool, 1_000_000)));
      case "producers" -> measure.fixed(POOL, 1_000_000, () -> null,
          none -> withPool(pool -> Measure.onThreads(4, index -> sum(pool, 250_000))));
      case "fan-out" -> measure.run(POOL, operations -> withPool(pool -> fanOut(pool, operations)));
      case "as-completed" -> measure.fixed("ExecutorCompletionService", 100_000, () -> null,
          none -> withPool(Pools::asCompleted));
      case "growth" -> growth(measure, Integer.parseInt(measure.parts[1]));
      case "idle" -> idle(measure);
      default -> {
        return false;
      }
    }
    return true;
  }

  private static void fanOut(ExecutorService pool, int operations) throws Exception {
    for (int start = 0; start < operations; start += 100) {
      List<Future<Long>> futures = new ArrayList<>(100);
      for (int index = 0; index < Math.min(100, operations - start); index++) {
        long own = index;
        futures.add(pool.submit(() -> Measure.workAboutAMicrosecond(own)));
      }
      for (var future : futures) future.get();
    }
  }

  private static void asCompleted(ExecutorService pool) throws Exception {
    var service = new ExecutorCompletionService<Integer>(pool);
    for (int index = 0; index < 100_000; index++) {
      int own = index;
      service.submit(() -> own);
    }
    long sum = 0;
    for (int step = 0; step < 100_000; step++) sum += service.take().get();
    check(sum == 100_000L * 99_999 / 2);
  }

  // Growth, and what idle workers cost

  private static final int PRIMES_BELOW = 400_000;
  private static final int CHUNKS = 64;

  private static void growth(Measure measure, int threads) throws Exception {
    measure.fixed(POOL, PRIMES_BELOW, () -> Executors.newFixedThreadPool(threads), pool -> {
      List<Future<Integer>> futures = new ArrayList<>();
      for (int chunk = 0; chunk < CHUNKS; chunk++) {
        int own = chunk;
        futures.add(pool.submit(() -> countPrimes(own)));
      }
      int count = 0;
      for (var future : futures) count += future.get();
      check(count == 33_860);
      pool.shutdown();
    });
  }

  private static int countPrimes(int chunk) {
    int size = PRIMES_BELOW / CHUNKS, count = 0;
    for (int number = chunk * size; number < (chunk + 1) * size; number++) if (isPrime(number)) count++;
    return count;
  }

  private static boolean isPrime(int number) {
    if (number < 2) return false;
    for (int divisor = 2; divisor * divisor <= number; divisor++) if (number % divisor == 0) return false;
    return true;
  }

  private static void idle(Measure measure) throws Exception {
    long before = residentBytes();
    var pool = Executors.newFixedThreadPool(8);
    List<Future<?>> futures = new ArrayList<>();
    for (int index = 0; index < 64; index++) futures.add(pool.submit(() -> {
      Thread.sleep(5);
      return null;
    }));
    for (var future : futures) future.get();
    Thread.sleep(200);
    long bytes = Math.max(0, residentBytes() - before) / 8;
    long used = processorNanoseconds(), started = System.nanoTime();
    Thread.sleep(1000);
    double ns = (processorNanoseconds() - used) / ((System.nanoTime() - started) / 1e9);
    pool.shutdown();
    System.out.printf(Locale.ROOT, "{\"case\": \"%s\", \"by\": \"%s\", \"ns\": %.1f, \"operations\": 8, \"bytes\": %d}%n",
        measure.name, POOL, ns, bytes);
  }

  private static long residentBytes() throws Exception {
    return Long.parseLong(Files.readString(Path.of("/proc/self/statm")).split(" ")[1]) * 4096;
  }

  /** Of all threads: what Java itself can tell of its process comes in steps of ten milliseconds. */
  private static long processorNanoseconds() throws Exception {
    long sum = 0;
    try (var threads = Files.list(Path.of("/proc/self/task"))) {
      for (var thread : threads.toList()) {
        sum += Long.parseLong(Files.readString(thread.resolve("schedstat")).split(" ")[0]);
      }
    }
    return sum;
  }

  // Work that computes

  private static final class Fibonacci extends RecursiveTask<Long> {
    private final int number;

    Fibonacci(int number) {
      this.number = number;
    }

    @Override
    protected Long compute() {
      if (number < 2) return (long) number;
      var left = new Fibonacci(number - 1);
      left.fork();
      return new Fibonacci(number - 2).compute() + left.join();
    }
  }

  static boolean computing(Measure measure) throws Exception {
    switch (measure.parts[0]) {
      case "fork-join" -> measure.fixed("ForkJoinPool", 317_810, () -> new ForkJoinPool(2), pool -> {
        check(pool.invoke(new Fibonacci(27)) == 196_418);
        pool.shutdown();
      });
      case "map" -> {
        var input = IntStream.range(0, ELEMENTS).asDoubleStream().toArray();
        measure.fixed("parallel stream", ELEMENTS, () -> input, numbers -> {
          var output = Arrays.stream(numbers).parallel().map(x -> Math.sqrt(x) * 1.5 + 1).toArray();
          check(output[4] == 4);
        });
      }
      case "reduce" -> {
        var input = IntStream.range(0, ELEMENTS).asLongStream().toArray();
        long expected = Arrays.stream(input).map(x -> x * x & 1023).sum();
        measure.fixed("parallel stream", ELEMENTS, () -> input,
            numbers -> check(Arrays.stream(numbers).parallel().map(x -> x * x & 1023).sum() == expected));
      }
      case "sort" -> {
        var random = randomNumbers();
        // The numbers are signed here, which changes nothing for a sort of them.
        measure.fixed("Arrays.parallelSort", ELEMENTS, random::clone, numbers -> {
          Arrays.parallelSort(numbers);
          for (int index = 1; index < numbers.length; index++) check(numbers[index - 1] <= numbers[index]);
        });
      }
      default -> {
        return false;
      }
    }
    return true;
  }

  private static long[] randomNumbers() {
    var numbers = new long[ELEMENTS];
    long state = 88172645463325252L;
    for (int index = 0; index < ELEMENTS; index++) {
      state ^= state << 13;
      state ^= state >>> 7;
      state ^= state << 17;
      numbers[index] = state;
    }
    return numbers;
  }

  // The chapter's comparisons

  private static void addSquares(int seed) {
    long total = seed;
    for (long index = 0; index < ELEMENTS; index++) total = total + index * index ^ total >>> 3;
    check(total != 1);
  }

  private static void countTo(int limit) {
    long total = 0;
    for (long index = 0; index < limit; index++) total = total + index ^ total >>> 3;
    check(total != 1);
  }

  static void chapter(Measure measure) throws Exception {
    int counted = 50_000_000;
    switch (measure.name) {
      case "cpu-bound.sequential" -> alone(measure, 4L * ELEMENTS, Pools::addSquares);
      case "cpu-bound.threads" -> together(measure, 4L * ELEMENTS, Pools::addSquares);
      case "io-bound.sequential" -> alone(measure, 4, index -> Thread.sleep(50));
      case "io-bound.threads" -> together(measure, 4, index -> Thread.sleep(50));
      case "count.1" -> measure.fixed("a loop", counted, () -> null, none -> countTo(counted));
      case "count.4" -> together(measure, counted, index -> countTo(counted / 4));
      default -> {}
    }
  }

  private static void alone(Measure measure, long operations, Measure.Work work) throws Exception {
    measure.fixed("a loop", operations, () -> null, none -> {
      for (int index = 0; index < 4; index++) work.run(index);
    });
  }

  private static void together(Measure measure, long operations, Measure.Work work) throws Exception {
    measure.fixed("4 threads", operations, () -> null, none -> Measure.onThreads(4, work));
  }
}
