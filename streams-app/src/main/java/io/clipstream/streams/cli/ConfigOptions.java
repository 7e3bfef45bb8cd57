package io.clipstream.streams.cli;

import io.clipstream.model.Settings;
import io.clipstream.streams.config.SettingsSources;
import io.clipstream.streams.config.UnknownSettings;
import java.io.IOException;
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

  /**
   * Reads the settings and warns of those that may be mistyped.
   *
   * @param fallbacks settings of the command itself, weaker than the user's
   */
  Settings load(Map<String, String> fallbacks) throws IOException {
    Settings settings = SettingsSources.load(fallbacks, file, System.getenv(), overrides);
    UnknownSettings.warnings(settings).forEach(log::warn);
    return settings;
  }
}
