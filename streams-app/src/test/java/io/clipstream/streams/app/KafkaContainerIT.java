package io.clipstream.streams.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import io.clipstream.streams.embedded.TestBroker;
import io.clipstream.streams.topology.InstantLabeller;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.LoggerFactory;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.containers.ContainerFetchException;
import org.testcontainers.kafka.KafkaContainer;

/**
 * The application on a broker of the official image. Skipped, saying so, where it cannot be had;
 * fails there with {@code -Pcontainers}.
 */
class KafkaContainerIT {
  private static final String IMAGE = TestBroker.IMAGE;

  @Test
  @Timeout(900)
  void shouldGiveEveryReferenceOneOutcomeOnTheOfficialImage() throws Exception {
    if (!DockerClientFactory.instance().isDockerAvailable()) {
      skip("there is no Docker here to run " + IMAGE);
    }
    try (KafkaContainer kafka = new KafkaContainer(IMAGE)) {
      try {
        kafka.start();
      } catch (ContainerFetchException e) {
        skip("the image " + IMAGE + " is not here and cannot be fetched");
      }
      try (Cluster cluster = new Cluster(kafka.getBootstrapServers());
          LabelApp app = cluster.start("app", new InstantLabeller(20))) {
        cluster.produce(2000);
        cluster.assertOneOutcomeEachInOrder(Duration.ofSeconds(90));
        assertThat(app.exit()).isNotDone();
      }
    }
  }

  /** Also in the log, as a build's summary tells that something was skipped, but not why. */
  private static void skip(String why) {
    assertThat(TestBroker.IN_CONTAINERS).as(why).isFalse();
    LoggerFactory.getLogger(KafkaContainerIT.class).warn("KafkaContainerIT is skipped: {}", why);
    abort(why);
  }
}
