package io.clipstream.model.clip;

/**
 * A GPU cannot decode a video as the CPU does, or what it gave is not to be relied upon: the CPU
 * decodes it then. Never seen outside of {@link VideoDecoder}.
 */
final class CardFailedException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final boolean always;

  CardFailedException(String message) {
    this(message, false);
  }

  /**
   * @param always whether every video of its kind fails so
   */
  CardFailedException(String message, boolean always) {
    super(message);
    this.always = always;
  }

  boolean isAlways() {
    return always;
  }
}
