package io.clipstream.trainer.data;

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
public final class Batches implements AutoCloseable {
  private static final int AHEAD = 6;

  /**
   * One batch.
   *
   * @param pixels direct, RGB uint8 {@code [N, T, crop, crop, 3]}
   * @param shown classes of the N clips
   * @param clips their indices in the set
   */
  @SuppressWarnings("ArrayRecordComponent") // holds, is never compared
  public record Batch(ByteBuffer pixels, Shown shown, int[] clips) {
    public int size() {
      return clips.length;
    }
  }

  private final ClipSet clips;
  private final Augmentation augmentation;
  private final Mixing mixing;
  private final EpochPlan plan;
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
  public Batches(
      ClipSet clips,
      Augmentation augmentation,
      Mixing mixing,
      EpochPlan plan,
      long seed,
      int firstStep,
      int steps,
      int threads) {
    this.clips = clips;
    this.augmentation = augmentation;
    this.mixing = mixing;
    this.plan = plan;
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

  private void submit() {
    if (nextStep < steps) {
      int step = nextStep++;
      ahead.add(workers.submit(() -> make(step)));
    }
  }

  /** The batch of the next step. */
  public Batch next() throws InterruptedException {
    try {
      Batch batch = ahead.remove().get();
      submit();
      return batch;
    } catch (ExecutionException e) {
      throw new IllegalStateException("a batch could not be made", e.getCause());
    }
  }

  /** Gives the pixels of a batch back for reuse. */
  public void done(Batch batch) {
    synchronized (free) {
      free.add(batch.pixels.clear());
    }
  }

  private Batch make(int step) {
    int[] order = order(step / plan.steps());
    int first = plan.first(step % plan.steps());
    int size = plan.size(step % plan.steps());
    ByteBuffer pixels;
    synchronized (free) {
      pixels = free.poll();
    }
    if (pixels == null) {
      pixels = ByteBuffer.allocateDirect(plan.largest() * clips.clipBytes());
    }
    int[] classes = new int[size];
    int[] chosen = new int[size];
    for (int i = 0; i < size; i++) {
      int clip = order[first + i];
      chosen[i] = clip;
      SplittableRandom random = ClipRandom.of(seed, step, clip, ClipRandom.Purpose.AUGMENTATION);
      Augmentation.Change change = augmentation.draw(clips.room(clip), clips.crop(), random);
      clips.read(clip, change, pixels);
      classes[i] = augmentation.classOf(clips.classOf(clip), change);
    }
    pixels.flip();
    return new Batch(pixels, mixing.mix(pixels, clips.crop(), classes, chosen, seed, step), chosen);
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
