package io.clipstream.streams.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.clipstream.model.UserError;
import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.streams.classify.VideoLabeller;
import io.clipstream.streams.classify.VideoRequest;
import io.clipstream.streams.config.AppSettings;
import io.clipstream.streams.config.SettingsSources;
import io.clipstream.streams.outcome.Outcome;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.kafka.common.KafkaException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AssemblyTest {
  private static final String WORK = "pipeline.work-directory";

  @TempDir Path folder;

  @Test
  void shouldCloseTheLabellerOfAnApplicationThatCannotBeMade() throws IOException {
    Assembly assembly = assembly(Map.of("kafka.bootstrap.servers", "no.such.host.invalid:9092"));
    Labeller labeller = new Labeller();

    assertThatThrownBy(() -> assembly.labelApp(labeller)).isInstanceOf(KafkaException.class);

    assertThat(labeller.closed).isTrue();
  }

  @Test
  void shouldLeaveNothingInTheWorkDirectoryIfNoModelCanBeMade() throws IOException {
    Path work = folder.resolve("work");
    Assembly assembly = assembly(Map.of(WORK, work.toString(), "pipeline.max-decoded", "1KiB"));
    ModelArtifact model = ModelArtifact.bundled();

    assertThatThrownBy(() -> assembly.pipeline(model)).isInstanceOf(UserError.class);

    assertThat(work).doesNotExist();
  }

  @Test
  void shouldLeaveNoSessionInTheWorkDirectoryIfNoLogCanBeFollowed() throws IOException {
    Path work = folder.resolve("work");
    Assembly assembly = assembly(Map.of(WORK, work.toString(), "model.cache", "/proc/none/models"));

    try (var models = assembly.liveModels(assembly.generations())) {
      assertThatThrownBy(models::start)
          .isInstanceOf(UserError.class)
          .hasMessageContaining("model.cache");
    }

    assertThat(work).isDirectoryNotContaining("glob:**/clipstream-fetch-????????-*");
  }

  private static Assembly assembly(Map<String, String> values) throws IOException {
    return new Assembly(AppSettings.read(SettingsSources.load(Map.of(), null, Map.of(), values)));
  }

  private static final class Labeller implements VideoLabeller {
    private boolean closed;

    @Override
    public Submission submit(
        VideoRequest request, Consumer<Outcome> done, Consumer<Throwable> broken) {
      throw new AssertionError("nothing is submitted");
    }

    @Override
    public boolean drain(Duration limit) {
      return true;
    }

    @Override
    public void close() {
      closed = true;
    }
  }
}
