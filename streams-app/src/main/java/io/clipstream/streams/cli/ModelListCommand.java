package io.clipstream.streams.cli;

import io.clipstream.model.Printable;
import io.clipstream.schemas.ModelIdentity;
import io.clipstream.schemas.ModelRelease;
import io.clipstream.streams.live.ModelCatalog;
import java.io.IOException;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code clipstream model list}: the versions that Kafka holds. */
@Command(
    name = "list",
    description = "Print the versions that Kafka holds, their metrics and who runs them.")
final class ModelListCommand implements Callable<Integer> {
  @Mixin private ModelLogOptions options;

  @Parameters(arity = "0..1", paramLabel = "NAME", description = "Of this model alone.")
  private String name;

  @Override
  public Integer call() throws IOException, InterruptedException {
    ModelCatalog catalog = options.registry().read();
    String only = name == null ? null : catalog.model(name);
    if (catalog.releases().isEmpty() && !options.json()) {
      options.out().println("no model yet: publish one with ./clipstream model publish FILE");
    }
    for (ModelRelease release : catalog.releases()) {
      if (only == null || release.getModel().getName().equals(only)) {
        options.print(json(catalog, release), text(catalog, release));
      }
    }
    return 0;
  }

  private static Map<String, Object> json(ModelCatalog catalog, ModelRelease release) {
    Map<String, Object> object = ReleaseText.json(release);
    object.put("metrics", ReleaseText.metrics(release));
    object.put("wanted", catalog.wanted(release.getModel()));
    object.put("reason", catalog.reason(release.getModel()).orElse(null));
    object.put("instances", catalog.runBy(release.getModel()));
    return object;
  }

  private static String text(ModelCatalog catalog, ModelRelease release) {
    ModelIdentity model = release.getModel();
    StringBuilder text = new StringBuilder();
    text.append(
        printable(
            "%-28s %10s  %s%s, %s%s",
            ModelCatalog.id(model),
            ReleaseText.size(release),
            release.getPublishedAt().truncatedTo(ChronoUnit.SECONDS),
            release.getPublishedBy() == null ? "" : " by " + release.getPublishedBy(),
            ReleaseText.signature(release),
            release.getUri() == null ? "" : ", at " + release.getUri()));
    line(text, "metrics", metrics(release));
    line(text, "wanted", String.join(", ", catalog.wanted(model)));
    line(text, "because", catalog.reason(model).orElse(""));
    List<String> instances = catalog.runBy(model);
    line(
        text,
        "runs on",
        instances.isEmpty() ? "" : instances.size() + ": " + String.join(", ", instances));
    return text.toString();
  }

  private static void line(StringBuilder text, String title, String value) {
    if (!value.isEmpty()) {
      text.append(String.format("%n")).append(printable("  %-8s %s", title, value));
    }
  }

  /** Anybody may have written the records. */
  private static String printable(String format, Object... values) {
    return Printable.of(String.format(Locale.ROOT, format, values));
  }

  private static String metrics(ModelRelease release) {
    return ReleaseText.metrics(release).entrySet().stream()
        .map(metric -> String.format(Locale.ROOT, "%s %.4g", metric.getKey(), metric.getValue()))
        .collect(Collectors.joining(", "));
  }
}
