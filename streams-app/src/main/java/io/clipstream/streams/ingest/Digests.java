package io.clipstream.streams.ingest;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/** SHA-256 digests in hex. */
final class Digests {
  private static final Pattern HEX = Pattern.compile("[0-9a-f]{64}");

  private Digests() {}

  static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException("every Java runtime has SHA-256", impossible);
    }
  }

  /** The digest a reference promises, in lower case. */
  static Optional<String> normalise(Optional<String> sha256) throws FetchFailure {
    if (sha256.isEmpty()) {
      return sha256;
    }
    String hex = sha256.get().strip().toLowerCase(Locale.ROOT);
    if (!HEX.matcher(hex).matches()) {
      throw FetchFailure.lasting(
          FetchReason.DIGEST_MISMATCH,
          "the reference's sha256 is not 64 hexadecimal digits but "
              + hex.length()
              + " characters");
    }
    return Optional.of(hex);
  }

  static void compare(String expected, String actual) throws FetchFailure {
    if (!expected.equals(actual)) {
      throw FetchFailure.lasting(
          FetchReason.DIGEST_MISMATCH, "sha256 is " + actual + ", the reference says " + expected);
    }
  }
}
