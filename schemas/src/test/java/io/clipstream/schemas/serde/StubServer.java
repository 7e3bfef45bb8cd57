package io.clipstream.schemas.serde;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import javax.net.ssl.SSLContext;
import org.apache.kafka.common.utils.Utils;

/** An HTTP server that answers as a test says, and notes what it was asked. */
final class StubServer implements AutoCloseable {
  static {
    System.setProperty("sun.net.httpserver.nodelay", "true"); // see EmbeddedRegistry
  }

  /** What it does with a request. */
  interface Behaviour {
    void answer(HttpExchange exchange, int nth) throws IOException;
  }

  /** {@code METHOD PATH} of each request so far. */
  final List<String> requests = new CopyOnWriteArrayList<>();

  private final HttpServer server;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final String scheme;

  StubServer(Behaviour behaviour) throws IOException {
    this(null, behaviour);
  }

  StubServer(SSLContext tls, Behaviour behaviour) throws IOException {
    InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    if (tls == null) {
      server = HttpServer.create(address, 0);
    } else {
      HttpsServer https = HttpsServer.create(address, 0);
      https.setHttpsConfigurator(
          new HttpsConfigurator(tls) {
            @Override
            public void configure(com.sun.net.httpserver.HttpsParameters parameters) {
              javax.net.ssl.SSLParameters wanted = tls.getDefaultSSLParameters();
              wanted.setNeedClientAuth(true);
              parameters.setSSLParameters(wanted);
            }
          });
      server = https;
    }
    scheme = tls == null ? "http" : "https";
    server.setExecutor(threads);
    server.createContext(
        "/",
        exchange -> {
          requests.add(exchange.getRequestMethod() + " " + exchange.getRequestURI());
          try {
            exchange.getRequestBody().readAllBytes();
            behaviour.answer(exchange, requests.size());
          } finally {
            exchange.close();
          }
        });
    server.start();
  }

  String url() {
    return scheme + "://127.0.0.1:" + server.getAddress().getPort();
  }

  static void reply(HttpExchange exchange, int status, String body) throws IOException {
    byte[] bytes = Utils.utf8(body);
    exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
    exchange.getResponseBody().write(bytes);
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
