package io.clipstream.model.fetch;

import io.clipstream.model.UserError;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The SHA-256 that a file must have.
 *
 * @param digits all 64 hex digits of it, or at least the first 8; kept in lower case
 */
public record ExpectedDigest(String digits) {
  private static final int ALL = 64;
  private static final Pattern HEX = Pattern.compile("[0-9a-f]{8,64}");

  /**
   * @throws UserError if these are no such digits
   */
  public ExpectedDigest {
    digits = digits.strip().toLowerCase(Locale.ROOT);
    if (!HEX.matcher(digits).matches()) {
      throw new UserError(
          "SHA-256 is '"
              + UriLabel.printable(digits, 80)
              + "', expected its first 8 to 64 hexadecimal digits");
    }
  }

  /** The digest that a reference promises, which must be a whole one. */
  static Optional<ExpectedDigest> ofReference(Optional<String> sha256) throws FetchFailure {
    if (sha256.isEmpty()) {
      return Optional.empty();
    }
    String text = sha256.get().strip();
    if (text.length() != ALL || !HEX.matcher(text.toLowerCase(Locale.ROOT)).matches()) {
      throw FetchFailure.lasting(
          FetchReason.DIGEST_MISMATCH,
          "the reference's sha256 is not 64 hexadecimal digits but "
              + text.length()
              + " characters");
    }
    return Optional.of(new ExpectedDigest(text));
  }

  /** Whether a file with this SHA-256, 64 lower-case hex digits, is the expected one. */
  public boolean matches(String sha256) {
    return sha256.startsWith(digits);
  }

  void check(String sha256) throws FetchFailure {
    if (!matches(sha256)) {
      throw FetchFailure.lasting(
          FetchReason.DIGEST_MISMATCH,
          "its SHA-256 is "
              + sha256
              + ", expected "
              + (digits.length() == ALL ? "" : "one that begins with ")
              + digits);
    }
  }
}
