import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedTransferQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.SynchronousQueue;

final class Queues {
  private static BlockingQueue<Integer> queue(String capacity) {
    return switch (capacity) {
      case "0" -> new SynchronousQueue<>();
      case "unbounded" -> new LinkedTransferQueue<>();
      default -> new ArrayBlockingQueue<>(Integer.parseInt(capacity));
    };
  }

  static void handOver(Measure measure) throws Exception {
    if (!measure.parts[3].equals("threads")) return;
    String shape = measure.parts[1];
    String capacity = measure.parts[2];
    int producers = shape.charAt(0) == 's' ? 1 : 4;
    int consumers = shape.charAt(2) == 's' ? 1 : 4;
    measure.run(queue(capacity).getClass().getSimpleName(), operations -> {
      var queue = queue(capacity);
      Measure.onThreads(producers + consumers, index -> {
        if (index < producers) put(queue, operations / producers);
        else take(queue, operations / consumers);
      });
    });
  }

  private static void put(BlockingQueue<Integer> queue, int count) throws InterruptedException {
    for (int item = 0; item < count; item++) queue.put(item);
  }

  private static void take(BlockingQueue<Integer> queue, int count) throws InterruptedException {
    for (int item = 0; item < count; item++) queue.take();
  }

  static void pingPong(Measure measure) throws Exception {
    if (!measure.parts[2].equals("threads")) return;
    if (measure.parts[1].equals("semaphore")) pingPongBySemaphore(measure);
    else pingPongByQueue(measure);
  }

  private static void pingPongBySemaphore(Measure measure) throws Exception {
    measure.run("Semaphore", operations -> {
      var sides = new Semaphore[] {new Semaphore(1), new Semaphore(0)};
      Measure.onThreads(2, index -> {
        for (int round = 0; round < operations; round++) {
          sides[index].acquire();
          sides[1 - index].release();
        }
      });
    });
  }

  private static void pingPongByQueue(Measure measure) throws Exception {
    measure.run("ArrayBlockingQueue", operations -> {
      var first = queue("1");
      var second = queue("1");
      first.put(0);
      Measure.onThreads(2, index -> {
        var mine = index == 0 ? first : second;
        var other = index == 0 ? second : first;
        for (int round = 0; round < operations; round++) other.put(mine.take());
      });
    });
  }
}
