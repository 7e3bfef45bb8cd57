package io.clipstream.model.fetch;

/**
 * Whether this process, or the machine, has no file descriptors left (EMFILE, ENFILE). Java has no
 * exception of its own for it, whatever was to be opened: a file, a socket, the name service.
 */
final class OutOfFiles {
  private OutOfFiles() {}

  static boolean isCauseOf(Throwable failed) {
    int depth = 0;
    for (Throwable cause = failed; cause != null && depth < 20; cause = cause.getCause()) {
      String message = cause.getMessage();
      if (message != null && message.contains("Too many open files")) {
        return true;
      }
      depth++;
    }
    return false;
  }
}
