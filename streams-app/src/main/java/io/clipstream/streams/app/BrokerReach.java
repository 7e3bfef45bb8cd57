package io.clipstream.streams.app;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.NoRouteToHostException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.common.utils.Utils;

/**
 * Why brokers do not answer, found out by connecting to them: Kafka's clients try again in silence
 * until their time is over, and then tell that alone.
 */
final class BrokerReach {
  private static final int PATIENCE_MILLIS = 2000;

  /** More servers than these would say the same again. */
  private static final int MOST = 3;

  private BrokerReach() {}

  /**
   * What becomes of a connection to each of the first servers, in one line. Takes {@value
   * #PATIENCE_MILLIS} ms at most for each.
   *
   * @param servers {@code HOST:PORT}, separated by commas
   */
  static String of(String servers) {
    List<String> each = Stream.of(servers.split(",")).map(String::strip).limit(MOST).toList();
    return each.stream().map(BrokerReach::one).distinct().collect(Collectors.joining("; "));
  }

  private static String one(String server) {
    String host = Utils.getHost(server);
    Integer port = Utils.getPort(server);
    if (host == null || port == null) {
      return server + " is no HOST:PORT";
    }
    InetSocketAddress address = new InetSocketAddress(host, port);
    if (address.isUnresolved()) {
      return "there is no host " + host;
    }
    try (Socket socket = new Socket()) {
      socket.connect(address, PATIENCE_MILLIS);
      return server
          + " takes connections but does not speak Kafka there, or another"
          + " kafka.security.protocol than the one that is set";
    } catch (ConnectException e) {
      return "nothing listens at " + server;
    } catch (SocketTimeoutException e) {
      return server + " does not take connections: is it up, or does a firewall stand before it?";
    } catch (NoRouteToHostException e) {
      return "no way leads to " + server;
    } catch (IOException e) {
      return server + ": " + e.getMessage();
    }
  }
}
