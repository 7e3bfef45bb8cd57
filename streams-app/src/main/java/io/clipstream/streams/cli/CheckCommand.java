package io.clipstream.streams.cli;

import io.clipstream.model.Settings;
import io.clipstream.streams.app.CheckLine;
import io.clipstream.streams.app.HostCheck;
import io.clipstream.streams.app.KafkaCheck;
import io.clipstream.streams.config.AppSettings;
import io.clipstream.streams.config.LiveSettings;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code clipstream check}: whether an instance could run with these settings. */
@Command(
    name = "check",
    description = {
      "Look at all that an instance needs, and change nothing: brokers, rights, topics, registry,"
          + " model, devices, folders and disk, a line each.",
      "Exit code 1: something failed, and run would, or videos would wait."
    })
final class CheckCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private ConfigOptions options;

  @Option(names = "--json", description = "One JSON object a line.")
  private boolean json;

  private boolean failed;

  @Override
  public Integer call() throws IOException, InterruptedException {
    Settings given = options.load(Map.of());
    AppSettings settings = AppSettings.read(given);
    new KafkaCheck(
            settings.connection(),
            settings.live().fromLog() ? Optional.of(LiveSettings.topics(given)) : Optional.empty(),
            this::print)
        .run();
    new HostCheck(settings, this::print).run();
    return failed ? 1 : 0;
  }

  private void print(CheckLine line) {
    failed |= line.state() == CheckLine.State.FAILED;
    String state = line.state().name().toLowerCase(Locale.ROOT);
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      Map<String, Object> object = new LinkedHashMap<>();
      object.put("type", "check");
      object.put("part", line.part());
      object.put("state", state);
      object.put("detail", line.detail());
      out.println(OutcomeWriter.toJson(object));
    } else {
      out.println("%-7s  %-28s  %s".formatted(state, line.part(), line.detail()));
    }
    out.flush();
  }
}
