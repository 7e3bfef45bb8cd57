package io.clipstream.model.clip;

import io.clipstream.model.Count;
import java.util.StringJoiner;

/** What of the wanted frames was lost, and the note that says so. */
final class Losses {
  private final boolean tolerated;
  private int errors;
  private int damaged;
  private int missed;
  private int droppedClips;

  /**
   * @param tolerated if not, the first one throws {@link CardFailedException}
   */
  Losses(boolean tolerated) {
    this.tolerated = tolerated;
  }

  private void lost(String what) {
    if (!tolerated) {
      throw new CardFailedException(what);
    }
  }

  /** Whether anything was lost. */
  boolean any() {
    return errors + damaged + missed + droppedClips > 0;
  }

  /** A packet that the codec refused. */
  void packetRefused() {
    lost("a packet cannot be decoded");
    errors++;
  }

  /** A frame that the codec says is not as it should be. */
  void frameDamaged() {
    lost("a frame is damaged");
    damaged++;
  }

  /** A frame that never came and was replaced by a neighbour. */
  void frameMissed() {
    lost("a frame is missing");
    missed++;
  }

  /** Clips that too many frames were missing of. */
  void clipsDropped(int clips) {
    lost("too few frames came");
    droppedClips += clips;
  }

  /**
   * One line that says what was lost; empty if nothing was.
   *
   * @param fault of the file, empty if none
   */
  String note(String fault) {
    StringJoiner note = new StringJoiner("; ");
    if (!fault.isEmpty()) {
      note.add(fault);
    }
    if (errors > 0) {
      note.add(Count.of(errors, "packet") + " cannot be decoded");
    }
    if (damaged > 0) {
      note.add(Count.of(damaged, "frame") + " damaged");
    }
    if (missed > 0) {
      note.add(Count.of(missed, "frame") + " missing and replaced by neighbours");
    }
    if (droppedClips > 0) {
      note.add(Count.of(droppedClips, "clip") + " left out");
    }
    return note.toString();
  }
}
