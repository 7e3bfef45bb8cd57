package io.clipstream.trainer.data;

import io.clipstream.model.UserError;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

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
  private final ArrayDeque<CompletableFuture<Batch>> ahead = new ArrayDeque<>();
  private final PixelMemory memory;
  private int nextStep;

  /**
   * Starts making batches.
   *
   * @param firstStep of the training, 0 or where it goes on
   * @param steps of the whole training
   * @param threads that make batches
   * @param gpu whether GPUs read them
   */
  public Batches(
      ClipSet clips,
      Augmentation augmentation,
      Mixing mixing,
      EpochPlan plan,
      long seed,
      int firstStep,
      int steps,
      int threads,
      boolean gpu) {
    this.clips = clips;
    this.augmentation = augmentation;
    this.mixing = mixing;
    this.plan = plan;
    this.seed = seed;
    this.steps = steps;
    this.nextStep = firstStep;
    this.memory = new PixelMemory(plan.largest() * clips.clipBytes(), gpu);
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

  /** Begins a batch, whose clips are made by all threads. */
  private void submit() {
    if (nextStep >= steps) {
      return;
    }
    int step = nextStep++;
    int[] order = order(step / plan.steps());
    int first = plan.first(step % plan.steps());
    int[] chosen = Arrays.copyOfRange(order, first, first + plan.size(step % plan.steps()));
    int[] classes = new int[chosen.length];
    ByteBuffer pixels = memory.take().limit(chosen.length * clips.clipBytes());
    CompletableFuture<?>[] made = new CompletableFuture<?>[chosen.length];
    for (int i = 0; i < chosen.length; i++) {
      int index = i;
      made[i] =
          CompletableFuture.runAsync(() -> make(step, index, chosen, classes, pixels), workers);
    }
    ahead.add(
        CompletableFuture.allOf(made)
            .thenApplyAsync(
                unused ->
                    new Batch(
                        pixels,
                        mixing.mix(pixels, clips.crop(), classes, chosen, seed, step),
                        chosen),
                workers));
  }

  /** Makes one clip of a batch, and says its class. */
  private void make(int step, int index, int[] chosen, int[] classes, ByteBuffer pixels) {
    int clip = chosen[index];
    SplittableRandom random = ClipRandom.of(seed, step, clip, ClipRandom.Purpose.AUGMENTATION);
    Augmentation.Change change = augmentation.draw(clips.room(clip), clips.crop(), random);
    clips.read(clip, change, pixels.slice(index * clips.clipBytes(), clips.clipBytes()));
    classes[index] = augmentation.classOf(clips.classOf(clip), change);
  }

  /**
   * The batch of the next step.
   *
   * @throws UserError if a video is not what it was any more
   */
  public Batch next() throws InterruptedException {
    try {
      Batch batch = ahead.remove().get();
      submit();
      return batch;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof UserError error) {
        throw error;
      }
      throw new IllegalStateException("a batch could not be made", e.getCause());
    }
  }

  /** Gives the pixels of a batch back for reuse. */
  public void done(Batch batch) {
    memory.give(batch.pixels);
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

  /** Waits until no batch is being made; none that was given out may be in use. */
  @Override
  public void close() {
    workers.shutdownNow();
    boolean interrupted = Thread.interrupted();
    try {
      for (boolean ended = false; !ended; ) {
        try {
          ended = workers.awaitTermination(1, TimeUnit.MINUTES);
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    } finally {
      memory.close();
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
