package io.clipstream.schemas.serde;

import static io.clipstream.schemas.serde.StubServer.reply;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.clipstream.schemas.Examples;
import io.clipstream.schemas.VideoReference;
import io.clipstream.schemas.registry.EmbeddedRegistry;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.InvalidConfigurationException;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Registries that answer before they have read what they know, and ids that nobody knows. */
@Timeout(300)
class LateSchemasTest {
  private static final Duration LIMIT = Duration.ofMinutes(2);
  private static final String UNKNOWN = "{\"error_code\":40403,\"message\":\"Schema not found\"}";
  private static final String KNOWN =
      JsonNodeFactory.instance
          .objectNode()
          .put("schema", VideoReference.getClassSchema().toString())
          .toString();

  @Test
  void shouldNotBlameARecordOfWhichARegistryThatJustBeganToAnswerKnowsNothing() throws IOException {
    byte[] record = written();
    try (StubServer server =
            new StubServer(
                (exchange, nth) ->
                    reply(exchange, nth < 4 ? 404 : 200, nth < 4 ? UNKNOWN : KNOWN));
        AvroSerde<VideoReference> serde = serde(server.url(), 3600)) {
      for (int i = 0; i < 3; i++) {
        Throwable error = catchThrowable(() -> serde.deserializer().deserialize("t", record));

        assertThat(error)
            .isInstanceOf(SchemaNotYetKnownException.class)
            .hasMessageMatching(
                "the schema registry does not know schema id 1, but the registry answers for \\d+ s only, and .*"
                    + "it has missing.id.patience.sec=3600 for that");
        assertThat(SerdeErrors.isBadRecord(error)).isFalse();
      }

      assertThat(serde.deserializer().deserialize("t", record)).isEqualTo(Examples.reference());
    }
  }

  @Test
  void shouldWaitOnceForAnyNumberOfInventedIdsWhateverClientAsks() throws IOException {
    try (StubServer server = new StubServer((exchange, nth) -> reply(exchange, 404, UNKNOWN))) {
      try (AvroSerde<VideoReference> serde = serde(server.url(), 1)) {
        assertThatThrownBy(() -> serde.deserializer().deserialize("t", ofId(7)))
            .isInstanceOf(SchemaNotYetKnownException.class);
        await(() -> isBad(serde, 7));
      }

      int before = server.requests.size();
      try (AvroSerde<VideoReference> serde = serde(server.url(), 1)) {
        for (int i = 1; i <= 1000; i++) {
          assertThat(isBad(serde, i)).isTrue();
        }
      }
      assertThat(server.requests).hasSize(before + 1000);
    }
  }

  @Test
  void shouldWaitOnceMoreAfterTheRegistryWasAway() throws IOException {
    try (StubServer server =
            new StubServer(
                (exchange, nth) -> {
                  boolean away = exchange.getRequestURI().getPath().endsWith("/66");
                  reply(exchange, away ? 503 : 404, away ? "" : UNKNOWN);
                });
        AvroSerde<VideoReference> serde = serde(server.url(), 1)) {
      await(() -> isBad(serde, 7));
      assertThatThrownBy(() -> serde.deserializer().deserialize("t", ofId(66)))
          .isInstanceOf(RegistryUnavailableException.class);

      assertThatThrownBy(() -> serde.deserializer().deserialize("t", ofId(7)))
          .isInstanceOf(SchemaNotYetKnownException.class);
      await(() -> isBad(serde, 7));
    }
  }

  /** As with settings for production, where others register the schemas. */
  @Test
  void shouldNotRefuseToWriteWhatARegistryMayKnowSoon() throws IOException {
    for (Map<String, Object> settings :
        List.<Map<String, Object>>of(
            Map.of("auto.register.schemas", false),
            Map.of("auto.register.schemas", false, "use.latest.version", true))) {
      String known =
          JsonNodeFactory.instance
              .objectNode()
              .put("schema", VideoReference.getClassSchema().toString())
              .put("id", 1)
              .put("version", 1)
              .toString();
      try (StubServer server =
              new StubServer(
                  (exchange, nth) ->
                      reply(exchange, nth < 3 ? 404 : 200, nth < 3 ? UNKNOWN : known));
          AvroSerde<VideoReference> serde = serde(server.url(), 3600, settings)) {
        for (int i = 0; i < 2; i++) {
          assertThatThrownBy(() -> serde.serializer().serialize("t", Examples.reference()))
              .isInstanceOf(SchemaNotYetKnownException.class)
              .hasMessageMatching(
                  ".* subject t-value.*, but .* it has missing.id.patience.sec=3600 for that");
        }
        assertThat(serde.serializer().serialize("t", Examples.reference())).isEqualTo(written());
      }
      try (StubServer server = new StubServer((exchange, nth) -> reply(exchange, 404, UNKNOWN));
          AvroSerde<VideoReference> serde = serde(server.url(), 1, settings)) {
        await(
            () ->
                catchThrowable(() -> serde.serializer().serialize("t", Examples.reference()))
                    instanceof RegistryRefusedException);
      }
    }
  }

  /** Such as an ingress whose backend is away. */
  @Test
  void shouldNotTakeTheAnswerOfAServerBeforeTheRegistryForItsOwn() throws IOException {
    try (StubServer server =
            new StubServer(
                (exchange, nth) -> {
                  boolean other = exchange.getRequestURI().getPath().endsWith("/66");
                  reply(exchange, 404, other ? "<html>nothing here</html>" : UNKNOWN);
                });
        AvroSerde<VideoReference> serde = serde(server.url(), 1)) {
      await(() -> isBad(serde, 7));
      assertThatThrownBy(() -> serde.deserializer().deserialize("t", ofId(66)))
          .isInstanceOf(RegistryRefusedException.class);

      assertThatThrownBy(() -> serde.deserializer().deserialize("t", ofId(7)))
          .isInstanceOf(SchemaNotYetKnownException.class);
    }
  }

  @Test
  void shouldNotAskForIdsThatNoRegistryGives() throws IOException {
    try (StubServer server = new StubServer((exchange, nth) -> reply(exchange, 404, UNKNOWN));
        AvroSerde<VideoReference> serde = serde(server.url(), 3600)) {
      for (int id : new int[] {0, -1, Integer.MIN_VALUE}) {
        assertThatThrownBy(() -> serde.deserializer().deserialize("t", ofId(id)))
            .isInstanceOf(SerializationException.class)
            .hasMessageContaining("schema id is " + id + ", expected a positive number");
      }
      assertThat(server.requests).isEmpty();
    }
  }

  @Test
  void shouldWaitWithinACallWhereThatIsWanted() throws IOException {
    byte[] record = written();
    try (StubServer server =
            new StubServer(
                (exchange, nth) -> {
                  boolean known = exchange.getRequestURI().getPath().endsWith("/1") && nth > 3;
                  reply(exchange, known ? 200 : 404, known ? KNOWN : UNKNOWN);
                });
        AvroSerde<VideoReference> serde = serde(server.url(), 2);
        Deserializer<VideoReference> patient = new PatientDeserializer<>(serde.deserializer())) {
      assertThat(patient.deserialize("t", record)).isEqualTo(Examples.reference());
      assertThat(server.requests).hasSize(4);

      assertThatThrownBy(() -> patient.deserialize("t", null, ByteBuffer.wrap(ofId(7))))
          .isInstanceOf(SerializationException.class)
          .hasMessageContaining("does not know schema id 7");
    }
  }

  @Test
  void shouldEndItsWaitWhenInterrupted() throws Exception {
    ExecutorService thread = Executors.newSingleThreadExecutor();
    try (StubServer server = new StubServer((exchange, nth) -> reply(exchange, 404, UNKNOWN));
        AvroSerde<VideoReference> serde = serde(server.url(), 3600);
        Deserializer<VideoReference> patient = new PatientDeserializer<>(serde.deserializer())) {
      Future<Throwable> error =
          thread.submit(() -> catchThrowable(() -> patient.deserialize("t", null, ofId(7))));
      await(() -> server.requests.size() > 1);
      thread.shutdownNow();

      assertThat(error.get(LIMIT.toSeconds(), TimeUnit.SECONDS))
          .isInstanceOf(InterruptException.class);
    } finally {
      thread.shutdownNow();
    }
  }

  /** Knows nothing, and says so as Confluent's does. */
  public static final class Foreign extends Serdes.WrapperSerde<VideoReference> {
    public Foreign() {
      super(
          (topic, value) -> null,
          (topic, bytes) -> {
            throw new InvalidConfigurationException("Schema 7 not found; error code: 40403");
          });
    }
  }

  @Test
  void shouldWaitOnceWhereAnotherSerdeSaysThatTheRegistryKnowsNothing() {
    Map<String, Object> config = Map.of("missing.id.patience.sec", 1);
    try (Serde<VideoReference> serde =
        AvroSerde.create(Foreign.class.getName(), VideoReference.class, config)) {
      Throwable first =
          catchThrowable(() -> serde.deserializer().deserialize("t", null, new byte[0]));
      assertThat(first).isInstanceOf(SchemaNotYetKnownException.class);
      assertThat(SerdeErrors.isBadRecord(first)).isFalse();
      await(() -> isBad(serde, 7));
    }
    try (Serde<VideoReference> serde =
        AvroSerde.create(Foreign.class.getName(), VideoReference.class, config)) {
      assertThat(isBad(serde, 7)).isTrue();
    }
  }

  private static void await(BooleanSupplier condition) {
    long end = System.nanoTime() + LIMIT.toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).isLessThan(end);
    }
  }

  private static boolean isBad(Serde<?> serde, int id) {
    Throwable error = catchThrowable(() -> serde.deserializer().deserialize("t", ofId(id)));
    assertThat(error).isNotNull();
    return SerdeErrors.isBadRecord(error);
  }

  private static byte[] ofId(int id) {
    return ByteBuffer.allocate(6).put((byte) 0).putInt(id).array();
  }

  /** A record of the schema 1. */
  private static byte[] written() {
    try (EmbeddedRegistry registry = new EmbeddedRegistry(0);
        AvroSerde<VideoReference> serde = serde(registry.url(), 0)) {
      return serde.serializer().serialize("t", Examples.reference());
    }
  }

  private static AvroSerde<VideoReference> serde(String url, int patience) {
    return serde(url, patience, Map.of());
  }

  private static AvroSerde<VideoReference> serde(
      String url, int patience, Map<String, Object> more) {
    Map<String, Object> config = new HashMap<>(more);
    config.put("schema.registry.url", url);
    config.put("max.retries", 0);
    config.put("missing.id.patience.sec", patience);
    AvroSerde<VideoReference> serde = new AvroSerde<>(VideoReference.class);
    serde.configure(config, false);
    return serde;
  }
}
