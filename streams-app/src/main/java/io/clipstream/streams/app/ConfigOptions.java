package io.clipstream.streams.app;

import io.clipstream.model.Nearest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Option;

/** The options of every command that reads the configuration. */
final class ConfigOptions {
  private static final Logger log = LoggerFactory.getLogger(ConfigOptions.class);

  @Option(
      names = {"-c", "--config"},
      paramLabel = "FILE",
      description = "Settings that differ from the defaults (properties).")
  private Path file;

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description = "One setting; may be given again.")
  private Map<String, String> overrides = new LinkedHashMap<>();

  /** Whether the user named a file. */
  boolean named() {
    return file != null;
  }

  /**
   * Reads the settings and warns of those that may be mistyped.
   *
   * @param fallbacks settings of the command itself, weaker than the user's
   */
  AppConfig load(Map<String, String> fallbacks) {
    if (file != null && !Files.isRegularFile(file)) {
      throw new UserError(
          "no configuration at " + file + Nearest.hint(file) + ": expected a properties file");
    }
    AppConfig config = AppConfig.load(fallbacks, file, System.getenv(), overrides);
    UnknownSettings.warnings(config).forEach(log::warn);
    return config;
  }
}
