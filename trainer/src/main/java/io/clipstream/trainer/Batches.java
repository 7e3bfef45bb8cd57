package io.clipstream.trainer;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Training batches, made ahead of the training thread. Which clips a step sees, and how they are
 * changed, depends on the seed and the step alone. Used by one thread.
 */
final class Batches implements AutoCloseable {
  private static final int AHEAD = 6;

  /**
   * One batch.
   *
   * @param pixels direct, RGB uint8 {@code [N, T, crop, crop, 3]}
   * @param classes of the N clips
   */
  @SuppressWarnings("ArrayRecordComponent") // holds, is never compared
  record Batch(ByteBuffer pixels, int[] classes) {}

  private final ClipCache clips;
  private final Augmentation augmentation;
  private final int batchSize;
  private final int crop;
  private final long seed;
  private final int steps;
  private final ExecutorService workers;
  private final ArrayDeque<Future<Batch>> ahead = new ArrayDeque<>();
  private final ArrayDeque<ByteBuffer> free = new ArrayDeque<>();
  private int nextStep;

  /**
   * Starts making batches.
   *
   * @param firstStep of the training, 0 or where it goes on
   * @param steps of the whole training
   * @param threads that make batches
   */
  Batches(
      ClipCache clips,
      Augmentation augmentation,
      int batchSize,
      int crop,
      long seed,
      int firstStep,
      int steps,
      int threads) {
    this.clips = clips;
    this.augmentation = augmentation;
    this.batchSize = batchSize;
    this.crop = crop;
    this.seed = seed;
    this.steps = steps;
    this.nextStep = firstStep;
    this.workers =
        Executors.newFixedThreadPool(
            threads,
            task -> {
              Thread thread = new Thread(task, "batches");
              thread.setDaemon(true);
              return thread;
            });
    for (int i = 0; i < AHEAD; i++) {
      submit();
    }
  }

  /** Steps of one pass over the clips; what is left over waits for the next pass's order. */
  static int stepsPerEpoch(int clips, int batchSize) {
    return Math.max(1, clips / batchSize);
  }

  private void submit() {
    if (nextStep < steps) {
      int step = nextStep++;
      ahead.add(workers.submit(() -> make(step)));
    }
  }

  /** The batch of the next step. */
  Batch next() throws InterruptedException {
    try {
      Batch batch = ahead.remove().get();
      submit();
      return batch;
    } catch (ExecutionException e) {
      throw new IllegalStateException("a batch could not be made", e.getCause());
    }
  }

  /** Gives the pixels of a batch back for reuse. */
  void done(Batch batch) {
    synchronized (free) {
      free.add(batch.pixels.clear());
    }
  }

  private Batch make(int step) {
    int perEpoch = stepsPerEpoch(clips.size(), batchSize);
    int[] order = order(step / perEpoch);
    int size = Math.min(batchSize, clips.size());
    ByteBuffer pixels;
    synchronized (free) {
      pixels = free.poll();
    }
    if (pixels == null) {
      pixels = ByteBuffer.allocateDirect(size * clips.frames() * crop * crop * 3);
    }
    SplittableRandom random = new SplittableRandom(seed * 31 + step);
    int[] classes = new int[size];
    for (int i = 0; i < size; i++) {
      int clip = order[step % perEpoch * size + i];
      Augmentation.Change change = augmentation.draw(clips.side(), crop, random);
      clips.read(clip, crop, change, pixels);
      classes[i] = augmentation.classOf(clips.classOf(clip), change);
    }
    return new Batch(pixels.flip(), classes);
  }

  /** A random order of the clips, its own for every epoch. */
  private int[] order(int epoch) {
    SplittableRandom random = new SplittableRandom(seed * 17 + epoch);
    int[] order = new int[clips.size()];
    for (int i = 0; i < order.length; i++) {
      int j = random.nextInt(i + 1);
      order[i] = order[j];
      order[j] = i;
    }
    return order;
  }

  @Override
  public void close() {
    workers.shutdownNow();
  }
}
