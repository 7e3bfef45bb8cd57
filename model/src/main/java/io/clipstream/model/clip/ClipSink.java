package io.clipstream.model.clip;

/** Takes clips as soon as they are full. Called on the thread that decodes; may block. */
@FunctionalInterface
public interface ClipSink {
  /** Takes the clip over: the sink closes it, also when it throws. */
  void accept(Clip clip) throws InterruptedException;
}
