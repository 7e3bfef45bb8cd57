package io.clipstream.streams.console;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedInputStream;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.Callback;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(300)
class EventClientTest {
  private static final byte[] EVENT = "x".repeat(1 << 16).getBytes(StandardCharsets.UTF_8);
  private static final int EVENTS = 4096; // more than sockets and queue hold

  private final BlockingQueue<EventClient> clients = new LinkedBlockingQueue<>();
  private final CountDownLatch gone = new CountDownLatch(1);
  private final Server server = new Server();
  private final ServerConnector connector = new ServerConnector(server);
  private Socket socket;

  @BeforeEach
  void start() throws Exception {
    connector.setHost("127.0.0.1");
    server.addConnector(connector);
    server.setHandler(
        new Handler.Abstract() {
          @Override
          public boolean handle(Request request, Response response, Callback callback) {
            clients.add(new EventClient(response, callback, gone::countDown));
            return true;
          }
        });
    server.start();
  }

  @AfterEach
  void stop() throws Exception {
    socket.close();
    server.stop();
  }

  @Test
  void shouldWriteEverythingToWhoReads() throws Exception {
    open();
    EventClient client = clients.take();
    InputStream in = new BufferedInputStream(socket.getInputStream());
    for (int i = 0; i < 64; i++) {
      client.send(EVENT);
    }
    client.end();

    int received = 0;
    for (int read = in.read(); read >= 0; read = in.read()) {
      received += read == 'x' ? 1 : 0;
    }
    assertThat(received).isEqualTo(64 * EVENT.length);
    assertThat(gone.await(30, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void shouldCutOffWhoDoesNotRead() throws Exception {
    open();
    EventClient client = clients.take();
    // Not before: on a busy machine the request itself may take as long.
    connector.getConnectedEndPoints().forEach(endPoint -> endPoint.setIdleTimeout(500));

    for (int i = 0; i < EVENTS; i++) {
      client.send(EVENT);
    }

    assertThat(gone.await(30, TimeUnit.SECONDS)).isTrue();
    client.send(EVENT); // to nobody, and throws nothing
  }

  private void open() throws Exception {
    socket = new Socket(InetAddress.getLoopbackAddress(), connector.getLocalPort());
    socket
        .getOutputStream()
        .write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(StandardCharsets.UTF_8));
  }
}
