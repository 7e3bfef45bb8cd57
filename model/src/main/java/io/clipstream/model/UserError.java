package io.clipstream.model;

/**
 * Something the user can mend. The message is the whole report, one line: what was wrong, what was
 * expected, what to do.
 */
public final class UserError extends RuntimeException {
  private static final long serialVersionUID = 1;

  public UserError(String message) {
    super(message);
  }

  public UserError(String message, Throwable cause) {
    super(message, cause);
  }
}
