package io.clipstream.model.infer;

/**
 * In which form a model's network runs.
 *
 * @param kernels with clipstream's own GPU kernels; else in the plain form, which computes the same
 * @param reason why in the plain form, one line; empty with kernels
 */
public record NetworkForm(boolean kernels, String reason) {
  static final NetworkForm KERNELS = new NetworkForm(true, "");

  static NetworkForm plain(String reason) {
    return new NetworkForm(false, reason);
  }

  /** {@code kernels}, or {@code plain} and why. */
  @Override
  public String toString() {
    return kernels ? "kernels" : "plain: " + reason;
  }
}
