package io.clipstream.streams.live.watch;

import java.util.ArrayDeque;
import java.util.List;
import java.util.Random;

/**
 * Forward passes of two versions on one device as they may be: batches form by arrival, passes vary
 * (log-normal), the machine gets faster and slower over {@value #CHANGES_SECONDS} s
 * (autocorrelated), other work takes a part of it now and then (bursts), and a version's first
 * passes are slow. Seeded.
 *
 * @param videosPerSecond on average while the base serves alone, each of 1 to 30 clips, 4 on
 *     average
 * @param loadAfter how many times as many arrive once there is a trial
 * @param sigma of the logarithm of a pass
 * @param speedSigma of the logarithm of the machine's speed
 * @param burstsPerMinute of other work
 * @param burstSeconds that it takes on average
 * @param burstFactor how many times as long passes take meanwhile
 * @param share of the videos on trial; 1: the trial replaces the base
 */
record SimulatedLoad(
    String name,
    double videosPerSecond,
    double loadAfter,
    double sigma,
    double speedSigma,
    double burstsPerMinute,
    double burstSeconds,
    double burstFactor,
    double share) {
  private static final double CHANGES_SECONDS = 30;
  private static final int BATCH = 16;
  private static final long DELAY_MILLIS = 20;
  private static final double BESIDE_ANOTHER = 1.3;

  /** Hears of each pass. */
  @FunctionalInterface
  interface Listener {
    /**
     * @param seconds since the start
     * @return false to end the simulation
     */
    boolean passed(Arm arm, int clips, double seconds, double millis);
  }

  /** A version on the device. */
  private static final class Server {
    final Arm arm;
    final double slowness;

    /** When each clip came that waits, in milliseconds. */
    final ArrayDeque<Long> waiting = new ArrayDeque<>();

    int batch;
    long busyUntil;
    double millis;
    int passes;

    Server(Arm arm, double slowness) {
      this.arm = arm;
      this.slowness = slowness;
    }

    /** When something happens to it by itself: a pass ends, or one begins with what waits. */
    long next() {
      if (batch > 0) {
        return busyUntil;
      }
      return waiting.isEmpty() ? Long.MAX_VALUE : waiting.element() + DELAY_MILLIS;
    }
  }

  /**
   * @param slowness how many times as long the trial's passes take
   * @param before seconds for which the base serves alone
   * @param after seconds with the trial
   */
  void run(double slowness, int before, int after, Random random, Listener listener) {
    Server base = new Server(Arm.BASE, 1);
    Server trial = new Server(Arm.TRIAL, slowness);
    List<Server> servers = List.of(base, trial);
    double speed = speedSigma * random.nextGaussian();
    double keeps = Math.exp(-1 / CHANGES_SECONDS);
    double nextVideo = 0;
    double nextBurst = burstsPerMinute == 0 ? Double.MAX_VALUE : wait(60 / burstsPerMinute, random);
    double burstEnd = 0;
    double usual = 1;
    for (long now = 0, next; now < (before + after) * 1_000L; now = next) {
      boolean tried = now >= before * 1_000L;
      if (now % 1_000 == 0) {
        speed = keeps * speed + Math.sqrt(1 - keeps * keeps) * speedSigma * random.nextGaussian();
        usual = Math.exp(speed);
      }
      if (now >= nextBurst) {
        burstEnd = now + wait(burstSeconds, random);
        nextBurst = burstEnd + wait(60 / burstsPerMinute, random);
      }
      while (nextVideo <= now) {
        Server server = tried && random.nextDouble() < share ? trial : base;
        int clips = (int) Math.min(30, 1 + wait(0.0035, random));
        for (int clip = 0; clip < clips; clip++) {
          server.waiting.add(now);
        }
        nextVideo += wait(1 / (videosPerSecond * (tried ? loadAfter : 1)), random);
      }
      double machine = usual * (now < burstEnd ? burstFactor : 1);
      next = Math.min(now + 1_000 - now % 1_000, millisecond(Math.min(nextVideo, nextBurst)));
      for (Server server : servers) {
        if (server.batch > 0 && now >= server.busyUntil) {
          if (!listener.passed(server.arm, server.batch, now / 1e3, server.millis)) {
            return;
          }
          server.batch = 0;
        }
        boolean other = (server == base ? trial : base).batch > 0;
        begin(server, now, machine * (other ? BESIDE_ANOTHER : 1), random);
        next = Math.min(next, server.next());
      }
    }
  }

  /** The first one that is not before. */
  private static long millisecond(double millis) {
    return (long) Math.ceil(millis);
  }

  /** Exponential, in milliseconds. */
  private static double wait(double meanSeconds, Random random) {
    return -1_000 * meanSeconds * Math.log(1 - random.nextDouble());
  }

  private void begin(Server server, long now, double machine, Random random) {
    int waiting = server.waiting.size();
    if (server.batch > 0
        || waiting == 0
        || (waiting < BATCH && now - server.waiting.element() < DELAY_MILLIS)) {
      return;
    }
    server.batch = Math.min(BATCH, Integer.highestOneBit(waiting));
    for (int i = 0; i < server.batch; i++) {
      server.waiting.remove();
    }
    double cold = 1 + 4 * Math.exp(-server.passes++ / 3.0);
    double varies = Math.exp(sigma * random.nextGaussian());
    server.millis = (6 + 3 * server.batch) * server.slowness * cold * machine * varies;
    server.busyUntil = now + Math.max(1, Math.round(server.millis));
  }
}
