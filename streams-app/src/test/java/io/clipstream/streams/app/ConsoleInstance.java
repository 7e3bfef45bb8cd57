package io.clipstream.streams.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.clipstream.streams.classify.GenerationFactory;
import io.clipstream.streams.config.AppSettings;
import io.clipstream.streams.config.SettingsSources;
import io.clipstream.streams.live.LiveModels;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** An instance with a console, put together as {@code run} does. */
final class ConsoleInstance implements AutoCloseable {
  private static final Duration LIMIT = Duration.ofMinutes(5);

  final InstanceConsole console;
  private final LiveModels models;
  private final LabelApp app;

  /** Starts it, and returns once it labels. */
  ConsoleInstance(Map<String, String> settings) throws Exception {
    console = new InstanceConsole(read(settings));
    Assembly assembly = new Assembly(console.settings(), console.observer());
    GenerationFactory factory = assembly.generations();
    models = assembly.liveModels(factory);
    models.start();
    models.serving().get(LIMIT.toSeconds(), TimeUnit.SECONDS);
    app = assembly.labelApp(console.watch(assembly.shadowed(models, factory)));
    app.start();
    console.watch(app, assembly);
    assertThat(app.awaitRunning(LIMIT)).isTrue();
  }

  static AppSettings read(Map<String, String> settings) throws IOException {
    return AppSettings.read(SettingsSources.load(Map.of(), null, Map.of(), settings));
  }

  String address() {
    return console.address().orElseThrow();
  }

  @Override
  public void close() {
    app.close();
    models.close();
    console.close();
  }
}
