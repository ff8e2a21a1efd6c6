import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.ReentrantLock;

final class Locks {
  private static final class Locked {
    final ReentrantLock lock = new ReentrantLock();
    long value = 1;
  }

  static void lock(Measure measure) throws Exception {
    boolean isUncontended = measure.parts[1].equals("uncontended");
    int threads = isUncontended ? 1 : Integer.parseInt(measure.parts[1]);
    boolean isLong = !isUncontended && measure.parts[2].equals("long");
    measure.run("ReentrantLock", operations -> {
      var locked = new Locked();
      int share = operations / threads;
      Measure.onThreads(threads, index -> {
        if (isLong) lockLong(locked, share);
        else lockShort(locked, share);
      });
    });
  }

  private static void lockShort(Locked locked, int share) {
    for (int count = 0; count < share; count++) {
      locked.lock.lock();
      try {
        locked.value++;
      } finally {
        locked.lock.unlock();
      }
    }
  }

  private static void lockLong(Locked locked, int share) {
    for (int count = 0; count < share; count++) {
      locked.lock.lock();
      try {
        locked.value = Measure.workAboutAMicrosecond(locked.value);
      } finally {
        locked.lock.unlock();
      }
    }
  }

  static void semaphore(Measure measure) throws Exception {
    if (!measure.parts[2].equals("threads")) return;
    boolean isUncontended = measure.parts[1].equals("uncontended");
    int threads = isUncontended ? 1 : Integer.parseInt(measure.parts[1].split("x")[0]);
    int permits = isUncontended ? 1 : Integer.parseInt(measure.parts[1].split("x")[1]);
    measure.run("Semaphore", operations -> {
      var free = new Semaphore(permits);
      int share = operations / threads;
      Measure.onThreads(threads, index -> acquireRelease(free, share));
    });
  }

  private static void acquireRelease(Semaphore free, int share) throws InterruptedException {
    for (int count = 0; count < share; count++) {
      free.acquire();
      free.release();
    }
  }
}
