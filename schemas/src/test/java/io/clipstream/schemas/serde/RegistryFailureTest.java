package io.clipstream.schemas.serde;

import static io.clipstream.schemas.serde.StubServer.reply;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.clipstream.schemas.Examples;
import io.clipstream.schemas.VideoReference;
import io.clipstream.schemas.registry.EmbeddedRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.SerializationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(300)
class RegistryFailureTest {
  private static final String REGISTERED = "{\"id\":7}";
  private static final byte[] OF_ID_7 = {0, 0, 0, 0, 7, 0};

  @Test
  void shouldGoOnWithTheNextUrl() {
    try (EmbeddedRegistry registry = new EmbeddedRegistry(0);
        AvroSerde<VideoReference> serde =
            serde(Map.of("schema.registry.url", deadUrl() + " , " + registry.url() + "/"))) {
      assertRoundTrip(serde);
    }
  }

  @Test
  void shouldFailOverWhileRunningAndStayThere() throws IOException {
    try (StubServer second = new StubServer((exchange, nth) -> reply(exchange, 200, REGISTERED));
        StubServer first =
            new StubServer(
                (exchange, nth) -> reply(exchange, nth == 1 ? 200 : 503, "{\"id\":" + nth + "}"));
        AvroSerde<VideoReference> serde =
            serde(Map.of("schema.registry.url", first.url() + "," + second.url()))) {
      serde.serializer().serialize("a", Examples.reference());
      serde.serializer().serialize("b", Examples.reference());
      serde.serializer().serialize("c", Examples.reference());

      assertThat(first.requests)
          .containsExactly("POST /subjects/a-value/versions", "POST /subjects/b-value/versions");
      assertThat(second.requests)
          .containsExactly("POST /subjects/b-value/versions", "POST /subjects/c-value/versions");
    }
  }

  @Test
  void shouldTellThatTheRegistryIsDownAndWorkOnceItIsBack() {
    try (EmbeddedRegistry registry = new EmbeddedRegistry(0);
        AvroSerde<VideoReference> serde = serde(Map.of("schema.registry.url", registry.url()));
        AvroSerde<VideoReference> late =
            serde(Map.of("schema.registry.url", registry.url(), "max.schemas.per.subject", "9"))) {
      byte[] known = serde.serializer().serialize("known", Examples.reference());
      registry.suspend();

      // What was learnt needs no registry.
      assertThat(serde.serializer().serialize("known", Examples.reference())).isEqualTo(known);
      assertThat(serde.deserializer().deserialize("known", known)).isEqualTo(Examples.reference());
      assertUnavailable(() -> serde.serializer().serialize("new", Examples.reference()));
      assertUnavailable(() -> late.deserializer().deserialize("known", known));

      registry.resume();

      assertThat(late.deserializer().deserialize("known", known)).isEqualTo(Examples.reference());
      assertThat(serde.serializer().serialize("new", Examples.reference())).isEqualTo(known);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {408, 429, 500, 502, 503, 504})
  void shouldRetryWhatMayPass(int status) throws IOException {
    try (StubServer server =
            new StubServer(
                (exchange, nth) ->
                    reply(exchange, nth < 3 ? status : 200, nth < 3 ? "" : REGISTERED));
        AvroSerde<VideoReference> serde = serde(Map.of("schema.registry.url", server.url()))) {
      assertThat(serde.serializer().serialize("t", Examples.reference())).startsWith(0, 0, 0, 0, 7);
      assertThat(server.requests).hasSize(3);
    }
  }

  @Test
  void shouldGiveUpAfterMaxRetries() throws IOException {
    try (StubServer server =
            new StubServer((exchange, nth) -> reply(exchange, 503, "{\"message\":\"no leader\"}"));
        AvroSerde<VideoReference> serde =
            serde(Map.of("schema.registry.url", server.url(), "max.retries", 4))) {
      assertThatThrownBy(() -> serde.serializer().serialize("t", Examples.reference()))
          .isInstanceOf(RegistryUnavailableException.class)
          .hasMessage(
              "schema registry does not answer at [%s] after 5 tries: HTTP 503: no leader",
              server.url());
      assertThat(server.requests).hasSize(5);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {401, 403, 400, 301, 409, 422})
  void shouldNotRetryARefusalNorBlameTheRecord(int status) throws IOException {
    try (StubServer server =
            new StubServer(
                (exchange, nth) ->
                    reply(
                        exchange,
                        status,
                        "{\"error_code\":" + status + ",\"message\":\"no\\nway\"}"));
        AvroSerde<VideoReference> serde = serde(Map.of("schema.registry.url", server.url()))) {
      for (Throwable error :
          new Throwable[] {
            catchThrowable(() -> serde.serializer().serialize("t", Examples.reference())),
            catchThrowable(() -> serde.deserializer().deserialize("t", OF_ID_7))
          }) {
        assertThat(error)
            .isInstanceOf(RegistryRefusedException.class)
            .hasMessageContaining("HTTP " + status + ": no way");
        assertThat(SerdeErrors.isBadRecord(error)).isFalse();
      }
      assertThat(server.requests).hasSize(2);
    }
  }

  @Test
  void shouldNotTakeAnotherServersNotFoundForAnUnknownId() throws IOException {
    try (StubServer server =
            new StubServer((exchange, nth) -> reply(exchange, 404, "<html>nothing here</html>"));
        AvroSerde<VideoReference> serde = serde(Map.of("schema.registry.url", server.url()))) {
      assertThatThrownBy(() -> serde.deserializer().deserialize("t", OF_ID_7))
          .isInstanceOf(RegistryRefusedException.class)
          .hasMessageContaining("HTTP 404: <html>nothing here</html>");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"<html>welcome</html>", "", "[]", "{\"ok\":true}", "null"})
  void shouldNoticeAServerThatIsNoRegistry(String body) throws IOException {
    try (StubServer server = new StubServer((exchange, nth) -> reply(exchange, 200, body));
        AvroSerde<VideoReference> serde = serde(Map.of("schema.registry.url", server.url()))) {
      assertThatThrownBy(() -> serde.serializer().serialize("t", Examples.reference()))
          .isInstanceOf(RegistryRefusedException.class)
          .hasMessageContaining("not");
      assertThatThrownBy(() -> serde.deserializer().deserialize("t", OF_ID_7))
          .isInstanceOf(RegistryRefusedException.class);
    }
  }

  @Test
  void shouldNotWaitForeverForAnAnswer() throws IOException {
    CountDownLatch never = new CountDownLatch(1);
    try (StubServer server = new StubServer((exchange, nth) -> hold(never));
        AvroSerde<VideoReference> serde = impatient(server.url())) {
      assertUnavailable(() -> serde.serializer().serialize("t", Examples.reference()));
    }
  }

  @Test
  void shouldNotWaitForeverForTheRestOfAnAnswer() throws IOException {
    CountDownLatch never = new CountDownLatch(1);
    try (StubServer server =
            new StubServer(
                (exchange, nth) -> {
                  exchange.sendResponseHeaders(200, 100);
                  exchange.getResponseBody().write('{');
                  exchange.getResponseBody().flush();
                  hold(never);
                });
        AvroSerde<VideoReference> serde = impatient(server.url())) {
      assertUnavailable(() -> serde.serializer().serialize("t", Examples.reference()));
    }
  }

  @Test
  void shouldNotTakeInAnEndlessAnswer() throws IOException {
    try (StubServer server =
            new StubServer(
                (exchange, nth) -> {
                  exchange.sendResponseHeaders(200, 0);
                  byte[] block = new byte[1 << 20];
                  while (true) {
                    exchange.getResponseBody().write(block); // until the client hangs up
                  }
                });
        AvroSerde<VideoReference> serde =
            serde(Map.of("schema.registry.url", server.url(), "max.retries", 0))) {
      assertThatThrownBy(() -> serde.serializer().serialize("t", Examples.reference()))
          .isInstanceOf(RegistryUnavailableException.class)
          .hasMessageContaining("the answer is longer than 16777216 bytes");
    }
  }

  @Test
  void shouldEndAtOnceWhenInterrupted() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch never = new CountDownLatch(1);
    ExecutorService thread = Executors.newSingleThreadExecutor();
    try (StubServer server =
            new StubServer(
                (exchange, nth) -> {
                  asked.countDown();
                  hold(never);
                });
        AvroSerde<VideoReference> serde = serde(Map.of("schema.registry.url", server.url()))) {
      Future<Throwable> error =
          thread.submit(
              () -> catchThrowable(() -> serde.serializer().serialize("t", Examples.reference())));
      asked.await();
      thread.shutdownNow();

      assertThat(error.get(10, TimeUnit.SECONDS)).isInstanceOf(InterruptException.class);
    } finally {
      thread.shutdownNow();
    }
  }

  @Test
  void shouldAskForAMissingIdAgainOnlyAfterItsTime() throws IOException {
    String unknown = "{\"error_code\":40403,\"message\":\"Schema 7 not found\"}";
    try (StubServer server = new StubServer((exchange, nth) -> reply(exchange, 404, unknown));
        AvroSerde<VideoReference> eager = serde(Map.of("schema.registry.url", server.url()));
        AvroSerde<VideoReference> patient =
            serde(
                Map.of("schema.registry.url", server.url(), "missing.id.cache.ttl.sec", "3600"))) {
      for (int i = 0; i < 3; i++) {
        assertThatThrownBy(() -> patient.deserializer().deserialize("t", OF_ID_7))
            .isInstanceOf(SerializationException.class);
      }
      assertThat(server.requests).hasSize(1);
      for (int i = 0; i < 3; i++) {
        assertThatThrownBy(() -> eager.deserializer().deserialize("t", OF_ID_7))
            .isInstanceOf(SerializationException.class);
      }
      assertThat(server.requests).hasSize(4);
    }
  }

  private static void hold(CountDownLatch never) {
    try {
      never.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void assertRoundTrip(AvroSerde<VideoReference> serde) {
    byte[] bytes = serde.serializer().serialize("t", Examples.reference());
    assertThat(serde.deserializer().deserialize("t", bytes)).isEqualTo(Examples.reference());
  }

  private static void assertUnavailable(
      org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
    Throwable error = catchThrowable(call);
    assertThat(error)
        .isInstanceOf(RegistryUnavailableException.class)
        .hasMessageContaining("schema registry does not answer");
    assertThat(error.getMessage()).doesNotContain("\n");
    assertThat(SerdeErrors.isBadRecord(error)).isFalse();
    assertThat(SerdeErrors.registryFailure(new IllegalStateException(error)))
        .containsSame((RegistryException) error);
  }

  private static AvroSerde<VideoReference> impatient(String url) {
    return serde(
        Map.of(
            "schema.registry.url",
            url,
            "http.read.timeout.ms",
            "200",
            "http.connect.timeout.ms",
            "200",
            "max.retries",
            "1"));
  }

  private static AvroSerde<VideoReference> serde(Map<String, ?> config) {
    Map<String, Object> quick =
        new HashMap<>(Map.of("retries.wait.ms", 1, "missing.id.patience.sec", 0));
    quick.putAll(config);
    AvroSerde<VideoReference> serde = new AvroSerde<>(VideoReference.class);
    serde.configure(quick, false);
    return serde;
  }

  /** A URL of a port that nothing listens on. */
  private static String deadUrl() {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return "http://127.0.0.1:" + socket.getLocalPort();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }
}
