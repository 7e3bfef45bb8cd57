package io.clipstream.streams.classify;

import io.clipstream.streams.outcome.Outcome;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ConcurrentHashMap;

/** Writes down the first lines of what an observer is told, without times. */
final class Recorder implements PipelineObserver {
  private static final int MOST = 1000;

  private final Queue<String> lines = new ArrayBlockingQueue<>(MOST);
  private final Set<String> versions = ConcurrentHashMap.newKeySet();
  private final Runnable after;

  Recorder() {
    this(() -> {});
  }

  /**
   * @param after called after each line; may throw
   */
  Recorder(Runnable after) {
    this.after = after;
  }

  List<String> lines() {
    return List.copyOf(lines);
  }

  /** Versions that gave labels. */
  Set<String> versions() {
    return versions;
  }

  @Override
  public void fetched(VideoRequest request, long bytes, long nanos) {
    write("fetched " + request.reference().getId() + " " + bytes, nanos);
  }

  @Override
  public void decoded(
      VideoRequest request, ServedModel model, int clips, long nanos, boolean complete) {
    String id = request.reference().getId();
    write("decoded " + id + " " + model.manifest().id() + " " + clips + " " + complete, nanos);
  }

  @Override
  public void queued(ServedModel model, int depth) {
    write("queued " + model.manifest().id() + " " + depth, 0);
  }

  @Override
  public void batch(
      ServedModel model, String device, int size, int capacity, long waitNanos, long passNanos) {
    write(
        "batch " + model.manifest().id() + " " + device + " " + size + " of " + capacity,
        Math.min(waitNanos, passNanos));
  }

  @Override
  public void outcome(
      VideoRequest request, Optional<ServedModel> model, Outcome outcome, long nanos) {
    String what =
        outcome instanceof Outcome.Rejected rejected
            ? rejected.video().getReason().toString()
            : "labelled";
    if (outcome instanceof Outcome.Labelled) {
      versions.add(model.orElseThrow().manifest().version());
    }
    String by = model.map(served -> served.manifest().id()).orElse("nobody");
    write("outcome " + request.reference().getId() + " " + what + " by " + by, nanos);
  }

  private void write(String line, long nanos) {
    boolean unused = lines.offer(nanos < 0 ? line + " in a negative time" : line);
    after.run();
  }
}
