package io.clipstream.streams.cli;

import io.clipstream.model.Settings;
import io.clipstream.streams.config.ConnectionSettings;
import io.clipstream.streams.config.LiveSettings;
import io.clipstream.streams.live.rollout.Wanted;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.Map;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The options of every command on the models in Kafka, and where its results go. */
final class ModelLogOptions {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Mixin private ConfigOptions config;

  @Option(names = "--json", description = "One JSON object a line.")
  private boolean json;

  /** Nothing is asked of Kafka yet. */
  ModelRegistry registry() throws IOException {
    Settings settings = config.load(DemoCommand.ADDRESSES);
    return new ModelRegistry(ConnectionSettings.read(settings), LiveSettings.topics(settings));
  }

  boolean json() {
    return json;
  }

  PrintWriter out() {
    return spec.commandLine().getOut();
  }

  PrintWriter err() {
    return spec.commandLine().getErr();
  }

  /** A result, for machines or for people. */
  void print(Map<String, Object> object, String text) {
    out().println(json ? OutcomeWriter.toJson(object) : text);
    out().flush();
  }

  void print(Wanted wanted) {
    print(RolloutText.json(wanted), RolloutText.line(wanted));
  }
}
