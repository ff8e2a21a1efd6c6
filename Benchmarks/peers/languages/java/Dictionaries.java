import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

final class Dictionaries {
  private static final int KEYS = 100_000;

  /** What was read, so that the reads are not idle. */
  private static final LongAdder sum = new LongAdder();

  static void mix(Measure measure) throws Exception {
    int percent = measure.parts[1].equals("read") ? 5 : 50;
    var table = new ConcurrentHashMap<Integer, Integer>();
    for (int key = 0; key < KEYS; key++) table.put(key, key);
    measure.run("ConcurrentHashMap", operations ->
        Measure.onThreads(4, index -> mix(table, index + 1, percent, operations / 4)));
  }

  /** Reads and writes at random keys; percent of the operations write. */
  private static void mix(
      ConcurrentHashMap<Integer, Integer> table, long random, int percent, int operations) {
    long read = 0;
    for (int count = 0; count < operations; count++) {
      random ^= random << 13;
      random ^= random >>> 7;
      random ^= random << 17;
      int key = (int) ((random >>> 32) % KEYS);
      if (Long.remainderUnsigned(random, 100) < percent) table.put(key, key);
      else read += table.get(key);
    }
    sum.add(read);
  }
}
