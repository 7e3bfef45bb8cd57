package io.clipstream.streams.config;

import io.clipstream.model.Bounds;
import io.clipstream.model.Settings;
import java.util.OptionalInt;
import java.util.regex.Pattern;

/**
 * Where an instance tells how it is.
 *
 * @param host name or address of this machine that is listened on
 * @param port empty: it does not listen; 0: any that is free
 */
public record HealthSettings(String host, OptionalInt port) {
  private static final Bounds<Integer> PORT = Bounds.of(0, 65_535);
  private static final Pattern HOST = Pattern.compile("[A-Za-z0-9._-]+|\\[?[0-9A-Fa-f:.]+]?");

  static HealthSettings read(Settings settings) {
    return new HealthSettings(host(settings, "health.host"), port(settings, "health.port"));
  }

  /** A name or address of this machine. */
  static String host(Settings settings, String key) {
    return settings.value(
        key, "a host name or an address", text -> HOST.matcher(text).matches() ? text : null);
  }

  /** A port, or empty for {@code off}. */
  static OptionalInt port(Settings settings, String key) {
    return settings.value(key, "off or a whole number from " + PORT, HealthSettings::port);
  }

  private static OptionalInt port(String text) {
    if (text.equals("off")) {
      return OptionalInt.empty();
    }
    int port = Integer.parseInt(text);
    return PORT.contain(port) ? OptionalInt.of(port) : null;
  }
}
