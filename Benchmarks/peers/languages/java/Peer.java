/** Usage: java Peer version | java Peer SECONDS CASE... */
final class Peer {
  public static void main(String[] arguments) throws Exception {
    if (arguments.length == 1 && arguments[0].equals("version")) {
      System.out.println(System.getProperty("java.vm.name") + " " + System.getProperty("java.version"));
      return;
    }
    if (arguments.length < 1) {
      System.err.println("usage: java Peer version | java Peer SECONDS CASE...");
      System.exit(2);
    }
    for (int index = 1; index < arguments.length; index++) {
      var measure = new Measure(arguments[index], Double.parseDouble(arguments[0]));
      switch (measure.parts[0]) {
        case "lock" -> Locks.lock(measure);
        case "semaphore" -> Locks.semaphore(measure);
        case "queue" -> Queues.handOver(measure);
        case "pingpong" -> Queues.pingPong(measure);
        case "dictionary" -> Dictionaries.mix(measure);
        default -> {
          if (!Pools.submitting(measure) && !Pools.computing(measure)) Pools.chapter(measure);
        }
      }
    }
  }
}
