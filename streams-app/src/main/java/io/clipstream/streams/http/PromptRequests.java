package io.clipstream.streams.http;

import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.Callback;

/**
 * Ends connections on which no request arrives within a while. By its idle time alone a connection
 * would stay for ever that sends a byte of a request now and then. All threads.
 */
final class PromptRequests extends Handler.Wrapper {
  private final ServerConnector connector;
  private final Duration limit;

  /** Those on which a request is being answered. */
  private final Set<EndPoint> busy = ConcurrentHashMap.newKeySet();

  /** When the last request of a connection was answered, by {@link System#currentTimeMillis}. */
  private final Map<EndPoint, Long> answered = new ConcurrentHashMap<>();

  /**
   * @param limit for a request's first byte to its last header
   */
  PromptRequests(ServerConnector connector, Duration limit, Handler pages) {
    super(pages);
    this.connector = connector;
    this.limit = limit;
  }

  @Override
  public boolean handle(Request request, Response response, Callback callback) throws Exception {
    EndPoint connection = request.getConnectionMetaData().getConnection().getEndPoint();
    busy.add(connection);
    Request.addCompletionListener(
        request,
        failure -> {
          answered.put(connection, System.currentTimeMillis());
          busy.remove(connection);
        });
    return super.handle(request, response, callback);
  }

  /** Looks now, and again until the connector stops. */
  void watch() {
    if (!connector.isRunning()) {
      return;
    }
    long now = System.currentTimeMillis();
    Set<EndPoint> open = Set.copyOf(connector.getConnectedEndPoints());
    for (EndPoint connection : open) {
      long since =
          Math.max(connection.getCreatedTimeStamp(), answered.getOrDefault(connection, 0L));
      if (!busy.contains(connection) && now - since > limit.toMillis()) {
        connection.close();
      }
    }
    answered.keySet().retainAll(open);
    busy.retainAll(open);
    var unused =
        connector.getScheduler().schedule(this::watch, limit.toMillis() / 4, TimeUnit.MILLISECONDS);
  }
}
