package io.clipstream.streams.cli;

/**
 * Ends the process at once when it is asked to (Ctrl-C, SIGTERM), with exit code {@value #CODE},
 * while a command computes whose files are whole at any moment. An ordinary exit would take
 * PyTorch's libraries apart under the step that runs in them, which ends in a crash and its log.
 * Made and closed by the main thread.
 */
final class EndAtOnce implements AutoCloseable {
  /** As shells have it for what Ctrl-C ended. */
  static final int CODE = 130;

  private final Thread hook;

  /**
   * @param said to who asks, one line
   */
  EndAtOnce(String said) {
    this.hook =
        new Thread(
            () -> {
              System.err.println("\nclipstream: " + said);
              StopSignal.leave(CODE);
            },
            "end");
    try {
      Runtime.getRuntime().addShutdownHook(hook);
    } catch (IllegalStateException alreadyEnding) {
      StopSignal.leave(CODE);
    }
  }

  @Override
  public void close() {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException ending) { // The hook ends the process in a moment.
      return;
    }
  }
}
