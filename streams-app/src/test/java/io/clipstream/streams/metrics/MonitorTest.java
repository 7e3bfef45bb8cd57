package io.clipstream.streams.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.clipstream.model.UserError;
import io.clipstream.model.infer.NetworkForm;
import io.clipstream.streams.classify.ActiveModel;
import io.clipstream.streams.classify.ServedModel;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(300)
class MonitorTest {
  private static final String HOST = "127.0.0.1";

  private final HttpClient client = HttpClient.newHttpClient();
  private final Monitor monitor = new Monitor(HOST, OptionalInt.of(0));

  @AfterEach
  void stop() {
    monitor.close();
  }

  @Test
  void shouldBeReadyOnceEveryNeedIsMet() throws Exception {
    assertThat(get("/health/live").statusCode()).isEqualTo(200);
    assertThat(get("/health/ready").statusCode()).isEqualTo(503);
    assertThat(get("/health/ready").body()).contains("\"model\":\"no model serves yet\"");
    assertThat(get("/metrics").body()).contains("\nclipstream_ready 0.0\n");

    monitor.models(() -> List.of(new ActiveModel(MetricModels.version(1), 3)));
    assertThat(get("/health/ready").statusCode()).isEqualTo(200);
    assertThat(get("/metrics").body()).contains("\nclipstream_ready 1.0\n");

    monitor.readiness().need("registry", () -> Optional.of("it does not answer"));
    assertThat(get("/health/ready").statusCode()).isEqualTo(503);
    assertThat(get("/health/ready").body())
        .isEqualTo(
            "{\"status\":\"not ready\",\"model\":\"ok\",\"registry\":\"it does not answer\"}\n");
    assertThat(get("/health/live").statusCode()).isEqualTo(200);
  }

  @Test
  void shouldSayWhyItIsDead() throws Exception {
    monitor.deadWhen(() -> Optional.of("device lost"));

    HttpResponse<String> answer = get("/health/live");
    assertThat(answer.statusCode()).isEqualTo(503);
    assertThat(answer.body()).isEqualTo("{\"status\":\"dead: device lost\"}\n");
  }

  @Test
  void shouldTellWhatRuns() throws Exception {
    ServedModel model = MetricModels.version(7);
    monitor.observer().loaded(model, "cpu", new NetworkForm(false, "there is no GPU"));
    monitor.models(() -> List.of(new ActiveModel(model, 3)));

    assertThat(get("/info").body())
        .contains("\"java\":\"" + Runtime.version(), "\"kafka\":\"4.", "\"djl\":\"0.")
        .contains("\"pytorch\":\"2.", "\"ffmpeg\":\"")
        .contains("\"name\":\"measured\",\"version\":\"7\",\"digest\":\"" + model.digest())
        .contains("\"rollout\":3,\"devices\":{\"cpu\":\"plain: there is no GPU\"}");
  }

  @Test
  void shouldAnswerGetAloneWithSecurityHeaders() throws Exception {
    HttpRequest post =
        HttpRequest.newBuilder(uri("/metrics")).POST(BodyPublishers.ofString("x")).build();
    HttpResponse<String> refused = client.send(post, BodyHandlers.ofString());
    assertThat(refused.statusCode()).isEqualTo(405);
    assertThat(refused.headers().firstValue("Allow")).contains("GET");
    for (String path : List.of("/", "/health", "/info/..", "/%2e%2e/etc/passwd", "/nowhere")) {
      assertThat(get(path).statusCode()).as(path).isBetween(400, 404);
    }
    for (String path : List.of("/metrics", "/info", "/health/live", "/health/ready", "/nowhere")) {
      HttpResponse<String> answer = get(path);
      assertThat(answer.headers().firstValue("X-Content-Type-Options")).contains("nosniff");
      assertThat(answer.headers().firstValue("X-Frame-Options")).contains("DENY");
      assertThat(answer.headers().firstValue("Cache-Control")).contains("no-store");
      assertThat(answer.headers().firstValue("Content-Security-Policy"))
          .hasValueSatisfying(policy -> assertThat(policy).contains("default-src 'none'"));
      assertThat(answer.headers().firstValue("Server")).isEmpty();
    }
  }

  @Test
  void shouldNameTheKeyOfAPortThatIsTaken() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      assertThatThrownBy(() -> new Monitor(HOST, OptionalInt.of(taken.getLocalPort())).close())
          .isInstanceOf(UserError.class)
          .hasMessageContaining("health.port is " + taken.getLocalPort())
          .hasMessageContaining("in use")
          .hasMessageContaining("expected a free port");
    }
    assertThatThrownBy(() -> new Monitor("no-such-host.invalid", OptionalInt.of(0)).close())
        .isInstanceOf(UserError.class)
        .hasMessageContaining("health.host no-such-host.invalid");
  }

  @Test
  void shouldListenNowhereWhenItIsOff() {
    try (Monitor quiet = new Monitor(HOST, OptionalInt.empty())) {
      assertThat(quiet.port()).isEmpty();
    }
  }

  private HttpResponse<String> get(String path) throws Exception {
    return client.send(HttpRequest.newBuilder(uri(path)).build(), BodyHandlers.ofString());
  }

  private URI uri(String path) {
    return URI.create("http://" + HOST + ":" + monitor.port().getAsInt() + path);
  }
}
