package io.clipstream.schemas.serde;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.clipstream.schemas.serde.RegistryConfig.Endpoint;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.ProxySelector;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpResponse.BodySubscribers;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Flow.Subscription;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.security.ssl.DefaultSslEngineFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One request at a time to whichever URL of the registry answers. Starts with the URL that answered
 * last; a URL that fails is followed by the next; when all failed, a wait with exponential backoff
 * and jitter and another round, {@code max.retries} times. Every call of the protocol may be sent
 * twice, registering included. All threads.
 *
 * <p>An HTTP client of its own beside the fetcher's of module {@code model}, since this module
 * depends on none of ours.
 */
final class RegistryHttp implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(RegistryHttp.class);
  private static final String CONTENT_TYPE = "application/vnd.schemaregistry.v1+json";
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int MAX_MESSAGE = 300;

  /** Registries keep schemas of about 1 MiB at most. */
  private static final int MAX_ANSWER_BYTES = 16 << 20;

  private final RegistryConfig config;
  private final HttpClient http;
  private volatile int preferred;

  /**
   * @throws ConfigException when a key store cannot be read
   */
  RegistryHttp(RegistryConfig config) {
    this.config = config;
    HttpClient.Builder builder =
        HttpClient.newBuilder()
            // Registries speak 1.1; asking for 2 costs an upgrade request at each connection.
            .version(HttpClient.Version.HTTP_1_1)
            // The client would send our credentials along to wherever it is redirected.
            .followRedirects(HttpClient.Redirect.NEVER)
            .connectTimeout(config.connectTimeout());
    config
        .proxy()
        .ifPresent(
            proxy ->
                builder.proxy(ProxySelector.of(new InetSocketAddress(proxy.host(), proxy.port()))));
    if (!config.ssl().isEmpty()) {
      try (DefaultSslEngineFactory ssl = new DefaultSslEngineFactory()) {
        ssl.configure(config.ssl());
        builder.sslContext(ssl.sslContext());
      } catch (KafkaException e) {
        Throwable cause = e.getCause();
        throw new ConfigException(
            "schema.registry.ssl.*: "
                + e.getMessage()
                + (cause == null ? "" : ": " + cause.getMessage()));
      }
    }
    this.http = builder.build();
  }

  /** For how long the URL that answered last has answered without a failure. */
  Duration answering() {
    return AnsweringSince.time(config.endpoints().get(preferred).base());
  }

  JsonNode get(String path) throws RegistryResponseException {
    return send("GET", path, null);
  }

  JsonNode post(String path, JsonNode body) throws RegistryResponseException {
    return send("POST", path, body);
  }

  /**
   * @return the answer's JSON
   * @throws RegistryResponseException for an answer that no retry changes
   * @throws RegistryUnavailableException when every try failed
   * @throws InterruptException when the thread is interrupted; its flag stays set
   */
  private JsonNode send(String method, String path, JsonNode body)
      throws RegistryResponseException {
    IOException last = null;
    int endpoints = config.endpoints().size();
    for (int round = 0; round <= config.maxRetries(); round++) {
      if (round > 0) {
        pause(round);
      }
      int first = preferred;
      for (int i = 0; i < endpoints; i++) {
        int index = (first + i) % endpoints;
        Endpoint endpoint = config.endpoints().get(index);
        try {
          JsonNode answer = exchange(endpoint, method, path, body);
          preferred = index;
          AnsweringSince.answered(endpoint.base());
          return answer;
        } catch (RegistryResponseException e) {
          preferred = index;
          if (e.isOfRegistry()) {
            AnsweringSince.answered(endpoint.base());
          } else {
            AnsweringSince.failed(endpoint.base());
          }
          throw e;
        } catch (IOException e) {
          last = e;
          AnsweringSince.failed(endpoint.base());
          if (round < config.maxRetries() || i < endpoints - 1) { // Else the error below says so.
            log.warn(
                "Schema registry {}: {} {} failed: {}", endpoint.base(), method, path, describe(e));
          }
        }
      }
    }
    throw new RegistryUnavailableException(
        "schema registry does not answer at "
            + config.endpoints().stream().map(e -> e.base().toString()).toList()
            + " after "
            + (config.maxRetries() + 1)
            + (config.maxRetries() == 0 ? " try: " : " tries: ")
            + describe(last),
        last);
  }

  /**
   * Waits between half and all of retryWait * 2^(round - 1), so that clients do not come back as
   * one.
   */
  private void pause(int round) {
    long full = config.retryWait().toMillis() << Math.min(round - 1, 20);
    long most = Math.min(full, config.maxRetryWait().toMillis());
    long wait = most / 2 + ThreadLocalRandom.current().nextLong(most / 2 + 1);
    try {
      TimeUnit.MILLISECONDS.sleep(wait);
    } catch (InterruptedException e) {
      throw new InterruptException(e);
    }
  }

  private JsonNode exchange(Endpoint endpoint, String method, String path, JsonNode body)
      throws IOException, RegistryResponseException {
    URI uri = URI.create(endpoint.base() + path);
    HttpRequest.Builder request =
        HttpRequest.newBuilder(uri)
            .timeout(config.readTimeout())
            .header("Accept", CONTENT_TYPE + ", application/json");
    for (Map.Entry<String, String> header : config.headers().entrySet()) {
      request.header(header.getKey(), header.getValue());
    }
    if (!endpoint.authorization().isEmpty()) {
      request.header("Authorization", endpoint.authorization());
    }
    if (body == null) {
      request.method(method, BodyPublishers.noBody());
    } else {
      request
          .header("Content-Type", CONTENT_TYPE)
          .method(method, BodyPublishers.ofByteArray(JSON.writeValueAsBytes(body)));
    }
    HttpResponse<byte[]> response = await(request.build());
    int status = response.statusCode();
    if (status == 408 || status == 429 || status >= 500) {
      throw new IOException("HTTP " + status + message(response.body()));
    }
    if (status >= 200 && status < 300) {
      JsonNode answer = json(response.body());
      if (answer == null) {
        throw new RegistryResponseException(
            status, 0, uri + " answered without JSON: it is not a schema registry");
      }
      return answer;
    }
    JsonNode error = json(response.body());
    int code = error == null ? 0 : error.path("error_code").asInt(0);
    throw new RegistryResponseException(
        status,
        code,
        method
            + " "
            + uri
            + " gave HTTP "
            + status
            + (code == 0 || code == status ? "" : ", error " + code)
            + message(response.body()));
  }

  /** The request's own time-out ends with the headers; this one covers the body too. */
  private HttpResponse<byte[]> await(HttpRequest request) throws IOException {
    CompletableFuture<HttpResponse<byte[]>> answer =
        http.sendAsync(request, head -> new BoundedBody());
    Duration most = config.connectTimeout().plus(config.readTimeout());
    try {
      return answer.get(most.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      answer.cancel(true);
      throw new InterruptException(e);
    } catch (TimeoutException e) {
      answer.cancel(true);
      throw new IOException("no whole answer within " + most.toMillis() + " ms");
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException io) {
        throw io;
      }
      throw new IOException(rootMessage(e), e.getCause());
    }
  }

  /** The JSON, or null when it is none. */
  private static JsonNode json(byte[] body) {
    try {
      JsonNode node = JSON.readTree(body);
      return node == null || node.isMissingNode() ? null : node;
    } catch (IOException e) {
      return null;
    }
  }

  private static String message(byte[] body) {
    JsonNode node = json(body);
    String text =
        node != null && node.hasNonNull("message")
            ? node.get("message").asText()
            : new String(body, 0, Math.min(body.length, MAX_MESSAGE), StandardCharsets.UTF_8);
    String line = text.replaceAll("\\s+", " ").trim();
    if (line.isEmpty()) {
      return "";
    }
    return ": " + (line.length() > MAX_MESSAGE ? line.substring(0, MAX_MESSAGE) + "..." : line);
  }

  private static String describe(IOException e) {
    if (e instanceof ConnectException) {
      return "connection refused or timed out";
    }
    return rootMessage(e);
  }

  private static String rootMessage(Throwable error) {
    Throwable at = error;
    while (at.getCause() != null && at.getCause() != at) {
      at = at.getCause();
    }
    String message = at.getMessage();
    return message == null ? at.getClass().getSimpleName() : message;
  }

  /** Collects a body; one that is too long ends the request, whatever server it came from. */
  private static final class BoundedBody implements BodySubscriber<byte[]> {
    private final BodySubscriber<byte[]> collected = BodySubscribers.ofByteArray();
    private Subscription subscription;
    private long length;

    @Override
    public CompletionStage<byte[]> getBody() {
      return collected.getBody();
    }

    @Override
    public void onSubscribe(Subscription subscription) {
      this.subscription = subscription;
      collected.onSubscribe(subscription);
    }

    @Override
    public void onNext(List<ByteBuffer> buffers) {
      for (ByteBuffer buffer : buffers) {
        length += buffer.remaining();
      }
      if (length > MAX_ANSWER_BYTES) {
        subscription.cancel();
        collected.onError(
            new IOException("the answer is longer than " + MAX_ANSWER_BYTES + " bytes"));
      } else {
        collected.onNext(buffers);
      }
    }

    @Override
    public void onError(Throwable error) {
      collected.onError(error);
    }

    @Override
    public void onComplete() {
      collected.onComplete();
    }
  }

  /** Java 21's client can be closed; that of 17 ends when nothing refers to it. */
  @Override
  public void close() {
    if (http instanceof AutoCloseable closeable) {
      try {
        closeable.close();
      } catch (Exception e) {
        log.debug("Closing the schema registry's HTTP client failed", e);
      }
    }
  }
}
