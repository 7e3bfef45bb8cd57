package io.clipstream.streams.live;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.clipstream.schemas.models.ModelLogException;
import io.clipstream.schemas.models.ModelTopicSetup;
import io.clipstream.schemas.models.ModelTopics;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.config.ConfigResource;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(900)
class ModelTopicSetupIT {
  @TempDir static Path directory;
  private static ModelCluster cluster;

  @BeforeAll
  static void start() {
    cluster = new ModelCluster(directory);
  }

  @AfterAll
  static void stop() {
    cluster.close();
  }

  @Test
  void shouldCreateWhatIsMissingAndKeepWhatIsThere() throws Exception {
    ModelTopicSetup setup = new ModelTopicSetup(cluster.admin, cluster.topics);
    assertThatThrownBy(setup::check)
        .isInstanceOf(ModelLogException.class)
        .hasMessageContaining("do not exist: models.artifacts, models.releases, models.rollouts");

    assertThat(setup.create()).containsExactlyInAnyOrderElementsOf(cluster.topics.all());
    assertThat(setup.create()).isEmpty();
    setup.check();

    var described =
        cluster
            .admin
            .describeTopics(cluster.topics.all())
            .allTopicNames()
            .get(60, TimeUnit.SECONDS);
    assertThat(described.get("models.artifacts").partitions()).hasSize(8);
    for (String topic : List.of("models.releases", "models.rollouts", "models.status")) {
      assertThat(described.get(topic).partitions()).as(topic).hasSize(1);
    }
    Config artifacts = settings("models.artifacts");
    assertThat(artifacts.get("cleanup.policy").value()).isEqualTo("compact");
    assertThat(artifacts.get("max.message.bytes").value()).isEqualTo("1048588");
    assertThat(artifacts.get("segment.bytes").value()).isEqualTo("268435456");
    assertThat(artifacts.get("max.compaction.lag.ms").value()).isEqualTo("86400000");
    assertThat(settings("models.status").get("cleanup.policy").value()).isEqualTo("compact");
  }

  @Test
  void shouldNameEverySettingThatWouldLoseModels() throws Exception {
    ModelTopics topics = new ModelTopics("x.artifacts", "x.releases", "x.rollouts", "x.status");
    cluster.kafka.createTopics(
        List.of(
            topic("x.artifacts", Map.of("cleanup.policy", "compact,delete")),
            topic("x.releases", Map.of("cleanup.policy", "compact", "max.message.bytes", "1000")),
            topic("x.status", Map.of())));

    assertThatThrownBy(() -> new ModelTopicSetup(cluster.admin, topics).create())
        .isInstanceOf(ModelLogException.class)
        .hasMessageContaining("x.artifacts has cleanup.policy=compact,delete, expected compact")
        .hasMessageContaining("x.releases has max.message.bytes=1000, expected at least 65536")
        .hasMessageContaining("x.status has cleanup.policy=delete, expected compact");
  }

  private static NewTopic topic(String name, Map<String, String> settings) {
    return new NewTopic(name, Optional.of(1), Optional.empty()).configs(settings);
  }

  private static Config settings(String topic) throws Exception {
    ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
    return cluster
        .admin
        .describeConfigs(List.of(resource))
        .all()
        .get(60, TimeUnit.SECONDS)
        .get(resource);
  }
}
