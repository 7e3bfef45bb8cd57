package io.clipstream.model.clip;

/** Ends a decode with a verdict; never leaves this package. */
@SuppressWarnings("serial")
final class UnusableVideoException extends Exception {
  private final DecodeReason reason;

  UnusableVideoException(DecodeReason reason, String detail) {
    super(detail, null, false, false);
    this.reason = reason;
  }

  /** Whether it says that there are no pictures, or none that can be decoded. */
  boolean hasNoPicture() {
    return reason == DecodeReason.CORRUPT || reason == DecodeReason.TOO_SHORT;
  }

  DecodeResult.Rejected rejected() {
    return new DecodeResult.Rejected(reason, getMessage());
  }
}
