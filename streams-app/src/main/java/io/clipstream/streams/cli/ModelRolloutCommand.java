package io.clipstream.streams.cli;

import io.clipstream.model.Progress;
import io.clipstream.streams.live.CatalogReader;
import io.clipstream.streams.live.ModelCatalog;
import java.io.IOException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code clipstream model rollout}: where rollouts are, as it changes, until interrupted. */
@Command(
    name = "rollout",
    description = "Follow what is wanted and what each instance runs, until interrupted.")
final class ModelRolloutCommand implements Callable<Integer> {
  private static final Duration POLL = Duration.ofMillis(200);

  @Mixin private ModelLogOptions options;

  @Parameters(arity = "0..1", paramLabel = "NAME", description = "This model; all by default.")
  private String name;

  @Option(names = "--once", description = "Print it once and end.")
  private boolean once;

  @Override
  public Integer call() throws IOException, InterruptedException {
    boolean screen = !options.json() && !once && Progress.onTerminal();
    RolloutBoard board =
        new RolloutBoard(
            options.json()
                ? RolloutBoard.Form.JSON
                : screen || once ? RolloutBoard.Form.SCREEN : RolloutBoard.Form.LINES);
    LiveLines lines = new LiveLines(options.out(), screen);
    try (CatalogReader reader = options.registry().open()) {
      ModelCatalog catalog = reader.readToEnd();
      String only = name == null ? null : catalog.model(name);
      lines.show(board.lines(catalog, only, reader::silence), this::gone);
      while (!once) {
        lines.show(board.lines(reader.poll(POLL), only, reader::silence), this::gone);
      }
    }
    return 0;
  }

  /**
   * @param key {@code NAME}, or {@code INSTANCE/NAME}
   */
  private String gone(String key) {
    if (!options.json()) {
      return "  " + key + "  gone";
    }
    int slash = key.lastIndexOf('/'); // Names of models have none.
    Map<String, Object> object = new LinkedHashMap<>();
    object.put("type", "gone");
    object.put("model", key.substring(slash + 1));
    object.put("instance", slash < 0 ? null : key.substring(0, slash));
    return OutcomeWriter.toJson(object);
  }
}
