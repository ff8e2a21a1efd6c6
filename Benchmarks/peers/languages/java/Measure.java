import java.util.Locale;

/** A case that was asked for. */
final class Measure {
  /** A case: does so many operations (a multiple of 16) and ends. */
  interface Body {
    void run(int operations) throws Exception;
  }

  /** What a thread of a case does. */
  interface Work {
    void run(int index) throws Exception;
  }

  final String name;
  final String[] parts;
  private final double seconds;

  Measure(String name, double seconds) {
    this.name = name;
    this.parts = name.split("\\.");
    this.seconds = seconds;
  }

  /** Runs work on so many threads and waits for their ends. */
  static void onThreads(int count, Work work) throws Exception {
    var threads = new Thread[count];
    for (int index = 0; index < count; index++) {
      int own = index;
      threads[index] = new Thread(() -> {
        try {
          work.run(own);
        } catch (Exception error) {
          error.printStackTrace();
          System.exit(1);
        }
      });
      threads[index].start();
    }
    for (var thread : threads) thread.join();
  }

  /** Finds how many operations take a part of the target time, repeats them for all of it and prints a line. */
  void run(String by, Body body) throws Exception {
    int operations = 160;
    double elapsed = shorterTime(body, operations);
    while (elapsed < seconds / 16) {
      double growth = Math.max(2, Math.min(10, seconds / 8 / elapsed));
      operations = (int) (operations * growth) / 16 * 16;
      elapsed = shorterTime(body, operations);
    }
    repeat(body, operations); // warms up
    var measured = repeat(body, operations);
    System.out.printf(
        Locale.ROOT, "{\"case\": \"%s\", \"by\": \"%s\", \"ns\": %.2f, \"operations\": %d}%n", name, by,
        measured.seconds * 1e9 / measured.operations, measured.operations);
  }

  private record Measured(double seconds, long operations) {}

  /** What a case of a fixed size works on, and what it does. */
  interface Prepare<T> {
    T make() throws Exception;
  }

  interface Go<T> {
    void run(T input) throws Exception;
  }

  /** Does a case of a fixed size three times to warm up, then three times, and prints a line. */
  <T> void fixed(String by, long operations, Prepare<T> prepare, Go<T> body) throws Exception {
    double elapsed = 0;
    for (int round = -3; round < 3; round++) {
      T input = prepare.make();
      long started = System.nanoTime();
      body.run(input);
      if (round >= 0) elapsed += (System.nanoTime() - started) / 1e9;
    }
    System.out.printf(
        Locale.ROOT, "{\"case\": \"%s\", \"by\": \"%s\", \"ns\": %.4f, \"operations\": %d}%n", name, by,
        elapsed * 1e9 / (3 * operations), 3 * operations);
  }

  /** Repeats so many operations for the target time. */
  private Measured repeat(Body body, int operations) throws Exception {
    double elapsed = 0;
    long total = 0;
    for (; elapsed < seconds; total += operations) elapsed += time(body, operations);
    return new Measured(elapsed, total);
  }

  /** Of two runs, so that what happens only the first time does not count. */
  private static double shorterTime(Body body, int operations) throws Exception {
    return Math.min(time(body, operations), time(body, operations));
  }

  private static double time(Body body, int operations) throws Exception {
    long started = System.nanoTime();
    body.run(operations);
    return (System.nanoTime() - started) / 1e9;
  }

  /** About a microsecond of work: a chain of multiplications that no compiler can shorten. */
  static long workAboutAMicrosecond(long value) {
    for (int step = 0; step < 650; step++) value = (value ^ value >>> 27) * 0x2545F4914F6CDD1DL;
    return value;
  }
}
