package io.clipstream.streams.config;

import io.clipstream.model.Bounds;
import io.clipstream.model.Settings;
import io.clipstream.streams.console.ConsoleOptions;
import io.clipstream.streams.console.Thumbnails;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.regex.Pattern;

/** Reads how the console is set up. */
final class ConsoleReader {
  private static final Bounds<Long> UPLOAD = Bounds.of(1L << 10, 1L << 40);
  private static final Bounds<Integer> TOKEN = Bounds.of(16, 200);

  /** Addresses of this machine that no other one reaches. */
  private static final Pattern LOOPBACK =
      Pattern.compile("localhost|127(\\.\\d{1,3}){3}|::1|\\[::1]");

  private ConsoleReader() {}

  /** How it is set up; empty where there is none. */
  static Optional<ConsoleOptions> read(Settings settings) {
    String host = HealthSettings.host(settings, "console.host");
    OptionalInt port = HealthSettings.port(settings, "console.port");
    Optional<String> token = token(settings);
    boolean write = settings.flag("console.write");
    Thumbnails.Of thumbnails =
        settings.value("console.thumbnails", "none, files or all", ConsoleReader::thumbnails);
    long maxUpload = settings.bytes("console.max-upload", UPLOAD);
    long maxModel = settings.bytes("console.max-model", UPLOAD);
    // A model is a program that every instance runs: for those alone who have signed in, and not
    // where instances take signed ones only.
    boolean publishes =
        write && token.isPresent() && settings.text("models.trusted-keys").isBlank();
    if (port.isPresent() && token.isEmpty() && !LOOPBACK.matcher(host).matches()) {
      throw settings.wrong(
          "console.host",
          "localhost or another address of loopback, or a console.token that people sign in with");
    }
    return port.isEmpty()
        ? Optional.empty()
        : Optional.of(
            new ConsoleOptions(
                host,
                port.getAsInt(),
                token,
                write,
                thumbnails,
                maxUpload,
                publishes ? OptionalLong.of(maxModel) : OptionalLong.empty()));
  }

  /** Never part of a message. */
  private static Optional<String> token(Settings settings) {
    String token = settings.text("console.token");
    if (!token.isEmpty() && (!TOKEN.contain(token.length()) || !token.matches("[!-~]+"))) {
      throw settings.refused(
          "console.token", "expected " + TOKEN + " characters of ASCII, without spaces");
    }
    return token.isEmpty() ? Optional.empty() : Optional.of(token);
  }

  private static Thumbnails.Of thumbnails(String text) {
    return switch (text) {
      case "none" -> Thumbnails.Of.NONE;
      case "files" -> Thumbnails.Of.FILES;
      case "all" -> Thumbnails.Of.ALL;
      default -> null;
    };
  }
}
