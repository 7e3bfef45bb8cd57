package io.clipstream.streams.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.clipstream.schemas.registry.EmbeddedRegistry;
import io.clipstream.streams.app.Assembly;
import io.clipstream.streams.app.LabelApp;
import io.clipstream.streams.config.AppSettings;
import io.clipstream.streams.config.SettingsSources;
import io.clipstream.streams.embedded.EmbeddedKafka;
import io.clipstream.streams.topology.InstantLabeller;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code submit --wait} and {@code watch}, with a broker that goes away in between. */
@Timeout(900)
class OutcomesIT {
  private static final List<String> TOPICS =
      List.of("videos.incoming", "videos.labeled", "videos.rejected", "videos.dead-letter");

  @TempDir private Path folder;

  /** A command on a thread of its own. */
  private static final class Command {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();
    private final FutureTask<Integer> running;

    Command(String... arguments) {
      running =
          new FutureTask<>(
              () ->
                  Clipstream.commandLine()
                      .setOut(new PrintWriter(out, true))
                      .setErr(new PrintWriter(err, true))
                      .execute(arguments));
      Thread thread = new Thread(running, arguments[0]);
      thread.setDaemon(true);
      thread.start();
    }

    int code() throws Exception {
      return running.get(120, TimeUnit.SECONDS);
    }

    List<JsonNode> lines() throws Exception {
      List<JsonNode> objects = new ArrayList<>();
      for (String line : out.toString().lines().toList()) {
        objects.add(new ObjectMapper().readTree(line));
      }
      return objects;
    }

    void awaitError(String text) throws Exception {
      await()
          .atMost(Duration.ofMinutes(2))
          .until(() -> running.isDone() || err.toString().contains(text));
      assertThat(err.toString()).contains(text);
    }
  }

  @Test
  void shouldFollowOutcomesThroughAnOutage() throws Exception {
    Path data = folder.resolve("kafka");
    Path video = Files.writeString(folder.resolve("v.mp4"), "whatever");
    EmbeddedKafka kafka = new EmbeddedKafka(data, 0);
    int port = kafka.port();
    try (EmbeddedRegistry registry = new EmbeddedRegistry(0)) {
      String[] addresses = {
        "--set=kafka.bootstrap.servers=127.0.0.1:" + port,
        "--set=serde.schema.registry.url=" + registry.url()
      };
      kafka.createTopics(1, TOPICS.toArray(String[]::new));
      Command watch = command(addresses, "watch", "--json", "--count=2");
      Command slow =
          command(addresses, "submit", "--wait", "--json", "--id=" + id(false), video.toString());
      await()
          .atMost(Duration.ofMinutes(2))
          .until(() -> slow.running.isDone() || !slow.lines().isEmpty());
      // It is sent, and nobody labels it yet.
      assertThat(slow.running.isDone()).as(slow.err.toString()).isFalse();

      kafka.close();
      watch.awaitError("clipstream: no answer from the brokers at 127.0.0.1:" + port);
      slow.awaitError("clipstream: no answer from the brokers at 127.0.0.1:" + port);
      kafka = new EmbeddedKafka(data, port);
      watch.awaitError("clipstream: the brokers at 127.0.0.1:" + port + " answer again");
      slow.awaitError("clipstream: the brokers at 127.0.0.1:" + port + " answer again");

      try (LabelApp app = app(kafka, registry)) {
        app.start();
        assertThat(slow.code()).isZero();
        Command rejected =
            command(addresses, "submit", "--wait", "--json", "--id=" + id(true), video.toString());
        assertThat(rejected.code()).isEqualTo(1);
        assertThat(watch.code()).isZero();
        assertThat(slow.lines())
            .extracting(line -> line.get("type").textValue())
            .containsExactly("submitted", "labelled");
        assertThat(rejected.lines())
            .extracting(line -> line.get("type").textValue())
            .containsExactly("submitted", "rejected");
        assertThat(watch.lines())
            .extracting(line -> line.get("id").textValue())
            .containsExactly(id(false), id(true));
      }
    } finally {
      kafka.close();
    }
  }

  private static Command command(String[] addresses, String... arguments) {
    List<String> all = new ArrayList<>(List.of(arguments));
    all.addAll(List.of(addresses));
    return new Command(all.toArray(String[]::new));
  }

  private LabelApp app(EmbeddedKafka kafka, EmbeddedRegistry registry) throws Exception {
    Map<String, String> settings =
        Map.of(
            "kafka.bootstrap.servers", kafka.bootstrapServers(),
            "serde.schema.registry.url", registry.url(),
            "kafka.state.dir", folder.resolve("state").toString());
    return new Assembly(AppSettings.read(SettingsSources.load(settings, null, Map.of(), Map.of())))
        .labelApp(new InstantLabeller(5));
  }

  /** One that the labeller rejects, or does not. */
  private static String id(boolean rejected) {
    int i = 0;
    while (("v" + i).hashCode() % 8 == 0 != rejected) {
      i++;
    }
    return "v" + i;
  }
}
