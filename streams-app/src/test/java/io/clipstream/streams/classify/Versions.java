package io.clipstream.streams.classify;

import io.clipstream.model.artifact.ModelManifest;
import io.clipstream.model.clip.Clip;
import io.clipstream.model.clip.ClipBuffers;
import io.clipstream.model.clip.ClipSpec;
import io.clipstream.model.clip.PixelBudget;
import io.clipstream.model.clip.TimeRange;
import io.clipstream.model.infer.Classifier;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Generations of fake models, each with its own number as version: their cutters write it into
 * every clip, their classifiers check that they are given no other and make scores of it. Versions
 * with odd numbers have larger clips than the even ones.
 */
public final class Versions {
  static final BatchPolicy BATCH = BatchPolicy.upTo(4, Duration.ofMillis(1));

  /** What went wrong, in words. */
  final Queue<String> faults = new ConcurrentLinkedQueue<>();

  /** Every classifier that was made. */
  final Queue<Counted> classifiers = new ConcurrentLinkedQueue<>();

  final PixelBudget budget = new PixelBudget(10_000);
  final PipelineObserver observer;

  public Versions(PipelineObserver observer) {
    this.observer = observer;
  }

  public PixelBudget budget() {
    return budget;
  }

  /** The score of "yes" that a version gives. */
  static float yes(int version) {
    return (1 + version % 99) / 100f;
  }

  static ServedModel model(int version) {
    ClipSpec even = Fixtures.SPEC;
    ClipSpec spec =
        version % 2 == 0
            ? even
            : new ClipSpec(even.frames(), 10, 12, 12, false, even.mean(), even.std());
    return new ServedModel(
        new ModelManifest(
            "swapped",
            Integer.toString(version),
            List.of("no", "yes"),
            spec,
            "1",
            Map.of(),
            "serving",
            "fp32",
            Map.of(),
            Map.of(),
            ""),
        String.format("%064x", version));
  }

  /** Not started; on two devices. */
  Generation generation(int version) {
    return generation(version, new CountDownLatch(0));
  }

  /**
   * The same, whose second classifier is not made before the latch opens or its thread is
   * interrupted.
   */
  Generation generation(int version, CountDownLatch warm) {
    return new Generation(
        model(version),
        cutter(version),
        List.of(
            new DeviceModel("one", () -> new Counted(version)),
            new DeviceModel(
                "two",
                () -> {
                  try {
                    warm.await();
                  } catch (InterruptedException e) {
                    throw new IllegalStateException("interrupted while it loads");
                  }
                  return new Counted(version);
                })),
        BATCH,
        observer);
  }

  /** Ready. */
  public Generation started(int version) {
    Generation generation = generation(version);
    generation.start();
    generation.awaitReady();
    return generation;
  }

  /** Three clips of every video, two of them open at once. */
  Cutter cutter(int version) {
    ClipSpec spec = model(version).manifest().clip();
    ClipBuffers buffers = new ClipBuffers(spec.clipBytes(), budget);
    return (video, range, sink) -> {
      for (int i = 0; i < 3; i++) {
        Clip clip = buffers.take(new TimeRange(i, i + 1), 0);
        clip.pixels().putInt(0, version);
        clip.pixels().putInt(clip.pixels().capacity() - 4, version);
        sink.accept(clip);
      }
      return new CutResult.Cut(Fixtures.INFO, 3, true, "", "", 0);
    };
  }

  /** A classifier that knows its thread and whether it is closed. */
  final class Counted implements Classifier {
    private final int version;
    private final Thread thread = Thread.currentThread();
    final AtomicInteger closed = new AtomicInteger();

    Counted(int version) {
      this.version = version;
      classifiers.add(this);
    }

    @Override
    public ModelManifest manifest() {
      return model(version).manifest();
    }

    @Override
    public int maxBatch() {
      return 4;
    }

    @Override
    public float[][] classify(List<Clip> clips) {
      check(closed.get() == 0, "classifies after it was closed");
      List<float[]> rows = new ArrayList<>();
      for (Clip clip : clips) {
        int first = clip.pixels().getInt(0);
        int last = clip.pixels().getInt(clip.pixels().capacity() - 4);
        check(first == version && last == version, "is given a clip of " + first + ", " + last);
        rows.add(new float[] {1 - yes(version), yes(version)});
      }
      return rows.toArray(float[][]::new);
    }

    @Override
    public void close() {
      check(closed.getAndIncrement() == 0, "is closed twice");
    }

    private void check(boolean fine, String otherwise) {
      if (!fine) {
        faults.add(version + " " + otherwise);
      }
      if (Thread.currentThread() != thread) {
        faults.add(version + " is called by " + Thread.currentThread().getName());
      }
    }
  }
}
