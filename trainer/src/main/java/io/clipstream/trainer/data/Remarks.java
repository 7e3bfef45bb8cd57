package io.clipstream.trainer.data;

import io.clipstream.model.Count;
import io.clipstream.model.Progress;

/** Tells what is to be known of single videos, a line each, of many only the first. All threads. */
public final class Remarks {
  private static final int TOLD = 10;

  private final Progress progress;
  private int count;

  public Remarks(Progress progress) {
    this.progress = progress;
  }

  public synchronized void add(String line) {
    if (count++ < TOLD) {
      progress.note(line);
    }
  }

  /**
   * Says how many more there were.
   *
   * @param where all of them are, or empty
   */
  public synchronized void end(String where) {
    if (count > TOLD) {
      progress.note(
          "%s incomplete%s"
              .formatted(
                  Count.of(count - TOLD, "more video", "is", "are"),
                  where.isEmpty() ? "" : ", " + where + " names all"));
    }
    count = 0;
  }
}
