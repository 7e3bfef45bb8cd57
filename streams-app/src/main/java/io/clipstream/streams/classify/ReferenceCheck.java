package io.clipstream.streams.classify;

import io.clipstream.schemas.VideoReference;
import java.util.Optional;
import java.util.regex.Pattern;

/** What the schema of a reference cannot say. */
final class ReferenceCheck {
  private static final Pattern SHA256 = Pattern.compile("[0-9a-fA-F]{64}");

  private ReferenceCheck() {}

  /** What is wrong with the reference, in one line; empty if nothing is. */
  static Optional<String> problem(VideoReference reference) {
    Long start = reference.getStartMillis();
    Long end = reference.getEndMillis();
    if (reference.getId().isBlank()) {
      return Optional.of("id is empty");
    }
    if (reference.getUri().isBlank()) {
      return Optional.of("uri is empty");
    }
    if (reference.getSha256() != null && !SHA256.matcher(reference.getSha256()).matches()) {
      return Optional.of(
          "sha256 is '" + reference.getSha256() + "', expected 64 hexadecimal digits");
    }
    if (start != null && start < 0) {
      return Optional.of("startMillis is " + start + ", expected 0 or more");
    }
    // In seconds, which is how the range is used: large numbers of milliseconds may be the same.
    if (end != null && !(end / 1000.0 > (start == null ? 0 : start / 1000.0))) {
      return Optional.of(
          "endMillis is " + end + ", expected more than " + (start == null ? 0 : start));
    }
    return Optional.empty();
  }
}
