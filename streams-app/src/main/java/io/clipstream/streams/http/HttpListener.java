package io.clipstream.streams.http;

import io.clipstream.model.UserError;
import java.time.Duration;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.NetworkConnectionLimit;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A small HTTP server on one port, which tells nobody what it is. All threads. */
public final class HttpListener implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(HttpListener.class);
  private static final int MAX_REQUEST_HEADER = 8 * 1024;
  private static final long IDLE_MILLIS = 30_000;

  /** For a request to arrive. */
  private static final Duration REQUEST = Duration.ofSeconds(30);

  /** More wait until others end: an instance needs its files for other things. */
  private static final int MOST_CONNECTIONS = 256;

  private final String name;
  private final Server server;
  private final ServerConnector connector;
  private final PromptRequests requests;

  /**
   * Listens at once.
   *
   * @param name of its threads, and of the settings {@code NAME.port} and {@code NAME.host}
   * @param port 0: any that is free
   * @param threads at most
   * @throws UserError if it cannot listen there
   */
  public HttpListener(String name, String host, int port, int threads, Handler pages) {
    this(name, host, port, threads, REQUEST, pages);
  }

  /**
   * As above.
   *
   * @param request for a request to arrive in
   */
  HttpListener(String name, String host, int port, int threads, Duration request, Handler pages) {
    this.name = name;
    QueuedThreadPool pool = new QueuedThreadPool(threads, 1);
    pool.setName(name);
    pool.setDaemon(true);
    this.server = new Server(pool);
    HttpConfiguration http = new HttpConfiguration();
    http.setSendServerVersion(false);
    http.setRequestHeaderSize(MAX_REQUEST_HEADER);
    this.connector = new ServerConnector(server, 1, 1, new HttpConnectionFactory(http));
    connector.setHost(host);
    connector.setPort(port);
    connector.setIdleTimeout(IDLE_MILLIS);
    connector.addBean(new NetworkConnectionLimit(MOST_CONNECTIONS, connector));
    server.addConnector(connector);
    this.requests = new PromptRequests(connector, request, pages);
    server.setHandler(requests);
    start(host, port);
  }

  private void start(String host, int port) {
    try {
      server.start();
      requests.watch();
    } catch (Exception e) { // what Jetty declares
      close();
      Throwable root = e;
      while (root.getCause() != null) {
        root = root.getCause();
      }
      throw new UserError(
          name
              + ".port is "
              + port
              + " and "
              + name
              + ".host "
              + host
              + ": it cannot be listened there ("
              + (root.getMessage() == null ? root : root.getMessage())
              + "), expected a free port of an address of this machine",
          e);
    }
  }

  /** The port that it listens on. */
  public int port() {
    return connector.getLocalPort();
  }

  @Override
  public void close() {
    try {
      server.stop();
    } catch (Exception e) { // what Jetty declares
      log.warn("The server of {} did not end: {}", name, e.toString());
    }
  }
}
