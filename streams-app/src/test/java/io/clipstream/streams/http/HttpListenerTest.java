package io.clipstream.streams.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Clients that want to be a burden. */
@Timeout(300)
class HttpListenerTest {
  private static final String WHOLE = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

  /** Long enough for a whole request on a busy machine. */
  private static final Duration LIMIT = Duration.ofSeconds(2);

  private final List<Socket> sockets = new ArrayList<>();
  private final CountDownLatch answer = new CountDownLatch(1);
  private HttpListener listener;

  private void start(Duration request) {
    Handler pages =
        new Handler.Abstract() {
          @Override
          public boolean handle(Request asked, Response response, Callback callback)
              throws InterruptedException {
            if (asked.getHttpURI().getPath().equals("/slow")) {
              answer.await();
            }
            response.write(true, null, callback);
            return true;
          }
        };
    listener = new HttpListener("test", "127.0.0.1", 0, 8, request, pages);
  }

  @AfterEach
  void stop() throws IOException {
    for (Socket socket : sockets) {
      socket.close();
    }
    listener.close();
  }

  @Test
  void shouldHangUpOnWhoNeverEndsARequest() throws Exception {
    start(LIMIT);
    Socket slow = open("GET / HTTP/1.1\r\nX-Endless: ");

    // A byte now and then, so that it is never idle.
    assertThat(isHungUpOn(slow, "a")).isTrue();
  }

  @Test
  void shouldHangUpOnWhoNeverEndsASecondRequest() throws Exception {
    start(LIMIT);
    Socket slow = open(WHOLE);
    assertThat(slow.getInputStream().read()).isEqualTo('H');

    assertThat(isHungUpOn(slow, "G")).isTrue();
  }

  @Test
  void shouldLetAnAnswerTakeAsLongAsItTakes() throws Exception {
    start(LIMIT);
    Socket patient = open("GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n");
    Socket other = open("GET / HTTP/1.1\r\nX-Endless: ");
    assertThat(isHungUpOn(other, "a")).isTrue(); // It has been looked at, the patient one too.

    answer.countDown();
    assertThat(patient.getInputStream().read()).isEqualTo('H');
  }

  @Test
  void shouldLeaveFilesForOthersHoweverManyCome() throws Exception {
    start(Duration.ofMinutes(10));
    int taken = 0;
    for (int i = 0; i < 300; i++) {
      Socket socket = open(WHOLE);
      socket.setSoTimeout(i < 200 ? 0 : 200);
      try {
        taken += socket.getInputStream().read() == 'H' ? 1 : 0;
      } catch (SocketTimeoutException waits) {
        break;
      }
    }

    assertThat(taken).isBetween(200, 260);
    for (Socket socket : sockets.subList(0, 100)) {
      socket.close();
    }
    Socket last = sockets.get(sockets.size() - 1);
    last.setSoTimeout(0);
    assertThat(last.getInputStream().read()).isEqualTo('H');
  }

  private Socket open(String begin) throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), listener.port());
    sockets.add(socket);
    send(socket, begin);
    return socket;
  }

  private static void send(Socket socket, String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
  }

  /** Whether the other side ends the connection, though it is sent something again and again. */
  private static boolean isHungUpOn(Socket socket, String drop) throws Exception {
    long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(2);
    socket.setSoTimeout(20);
    InputStream in = socket.getInputStream();
    while (System.nanoTime() < end) {
      try {
        send(socket, drop);
        if (in.read() < 0) {
          return true;
        }
      } catch (SocketTimeoutException open) {
        continue;
      } catch (SocketException gone) {
        return true;
      }
    }
    return false;
  }
}
