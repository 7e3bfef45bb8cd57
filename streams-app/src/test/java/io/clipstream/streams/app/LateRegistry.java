package io.clipstream.streams.app;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A registry as it is when it has just started: it answers, but has not read yet which schemas it
 * knows. Then it is the other one that stands behind it.
 */
public final class LateRegistry implements AutoCloseable {
  private final HttpClient http = HttpClient.newHttpClient();
  private final HttpServer server;
  private final String registry;
  private final int inVain;
  private final AtomicInteger asked = new AtomicInteger();
  private volatile boolean knowsIds;
  private volatile boolean knows;

  /**
   * @param registry URL of the other one
   * @param inVain how often schemas are asked for in vain, unless it {@link #know}s them before
   */
  public LateRegistry(String registry, int inVain) throws IOException {
    this.registry = registry;
    this.inVain = inVain;
    this.server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", this::answer);
    server.start();
  }

  public String url() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  /** How often schemas were asked for that it may not know. */
  public int asked() {
    return asked.get();
  }

  /** It knows which schema an id is, but not whether a schema is registered. */
  public void knowIds() {
    knowsIds = true;
  }

  /** It has read everything. */
  public void know() {
    knows = true;
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      byte[] body = exchange.getRequestBody().readAllBytes();
      String path = exchange.getRequestURI().toString();
      // POST /subjects/NAME looks a schema up; to register one is another path.
      boolean schema =
          path.startsWith("/schemas/ids/") ? !knowsIds : path.matches("/subjects/[^/]*");
      if (schema && asked.incrementAndGet() <= inVain && !knows) {
        reply(exchange, 404, "{\"error_code\":40403,\"message\":\"No content\"}".getBytes(UTF_8));
        return;
      }
      HttpRequest request =
          HttpRequest.newBuilder(URI.create(registry + path))
              .header("Content-Type", "application/vnd.schemaregistry.v1+json")
              .method(exchange.getRequestMethod(), BodyPublishers.ofByteArray(body))
              .build();
      HttpResponse<byte[]> response = http.send(request, BodyHandlers.ofByteArray());
      reply(exchange, response.statusCode(), response.body());
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
  }

  private static void reply(HttpExchange exchange, int status, byte[] body) throws IOException {
    exchange.sendResponseHeaders(status, body.length);
    exchange.getResponseBody().write(body);
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
