package io.clipstream.model.fetch;

import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/** A file's address as its reference gives it: a file or something to request over HTTP. */
sealed interface FetchUri {
  record OfFile(Path path) implements FetchUri {}

  record OfHttp(HttpTarget target) implements FetchUri {}

  int LONGEST = 16_384;
  Pattern SCHEME = Pattern.compile("^[A-Za-z][A-Za-z0-9+.-]*:.*", Pattern.DOTALL);
  List<String> SCHEMES = List.of("file", "http", "https");

  static FetchUri parse(String text) throws FetchFailure {
    if (text.isBlank()) {
      throw unsupported("the address is empty");
    }
    if (text.length() > LONGEST) {
      throw unsupported(
          UriLabel.of(text) + " has " + text.length() + " characters; at most " + LONGEST);
    }
    for (int i = 0; i < text.length(); i++) {
      if (Character.isISOControl(text.charAt(i))) {
        throw unsupported(UriLabel.of(text) + " has a control character at position " + (i + 1));
      }
    }
    if (!SCHEME.matcher(text).matches()) {
      throw unsupported(
          "'"
              + UriLabel.of(text)
              + "' has no scheme; a file is written as file:///folder/video.mp4");
    }
    URI uri;
    try {
      uri = new URI(text);
    } catch (URISyntaxException malformed) {
      throw unsupported(
          UriLabel.of(text)
              + " cannot be read: "
              + malformed.getReason().toLowerCase(Locale.ROOT)
              + (malformed.getIndex() >= 0 ? " at position " + (malformed.getIndex() + 1) : "")
              + "; characters such as spaces are written as %20");
    }
    String scheme = uri.getScheme().toLowerCase(Locale.ROOT);
    return switch (scheme) {
      case "http", "https" -> new OfHttp(HttpTarget.of(uri));
      case "file" -> new OfFile(file(uri));
      case "s3", "gs", "az" ->
          throw unsupported(
              UriLabel.of(text)
                  + ": "
                  + scheme
                  + ": is not fetched; use a presigned https address");
      default ->
          throw unsupported(
              UriLabel.of(text)
                  + ": scheme "
                  + scheme
                  + ": is not one of "
                  + String.join(", ", SCHEMES));
    };
  }

  private static Path file(URI uri) throws FetchFailure {
    String label = UriLabel.of(uri.toString());
    if (uri.isOpaque() || uri.getRawPath().isEmpty()) {
      throw unsupported(label + " is relative; a file is written as file:///folder/video.mp4");
    }
    String host = uri.getRawAuthority();
    if (host != null && !host.equalsIgnoreCase("localhost")) {
      throw unsupported(
          label + " names the host '" + UriLabel.of(host) + "'; three slashes come after file:");
    }
    if (uri.getRawQuery() != null || uri.getRawFragment() != null) {
      throw unsupported(
          label + " has a query or fragment; in a file's name ? is written %3F and # %23");
    }
    try {
      return Path.of(uri.getPath());
    } catch (InvalidPathException malformed) {
      throw unsupported(label + " is not the path of a file");
    }
  }

  private static FetchFailure unsupported(String detail) {
    return FetchFailure.lasting(FetchReason.UNSUPPORTED_URI, detail);
  }
}
