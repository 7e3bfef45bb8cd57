package io.clipstream.model.clip;

/** Ends a decode with a verdict; never leaves this package. */
@SuppressWarnings("serial")
final class UnusableVideoException extends Exception {
  private final DecodeReason reason;

  UnusableVideoException(DecodeReason reason, String detail) {
    super(detail, null, false, false);
    this.reason = reason;
  }

  DecodeResult.Rejected rejected() {
    return new DecodeResult.Rejected(reason, getMessage());
  }
}
