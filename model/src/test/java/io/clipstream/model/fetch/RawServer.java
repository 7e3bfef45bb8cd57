package io.clipstream.model.fetch;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * A server that answers each connection with whatever its script writes, well-formed or not. One
 * request a connection; requests are kept as they came over the wire.
 */
public final class RawServer implements AutoCloseable {
  /** Writes the answer; the connection closes when it returns. */
  public interface Script {
    void answer(int connection, String request, Exchange exchange) throws IOException;
  }

  /** One accepted connection. */
  public record Exchange(Socket socket, OutputStream out) {
    public Exchange send(String text) throws IOException {
      out.write(text.getBytes(ISO_8859_1));
      out.flush();
      return this;
    }

    public Exchange send(byte[] bytes, int from, int to) throws IOException {
      out.write(bytes, from, to - from);
      out.flush();
      return this;
    }

    /** Ends the connection with a reset instead of an orderly end. */
    void reset() throws IOException {
      socket.setSoLinger(true, 0);
      socket.close();
    }

    /** Waits until the client hangs up. */
    void awaitHangUp() throws IOException {
      InputStream in = socket.getInputStream();
      while (in.read() >= 0) {
        // Nothing more is expected.
      }
    }
  }

  final List<String> requests = new CopyOnWriteArrayList<>();
  private final ServerSocket listener;
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();
  private final Script script;

  public RawServer(Script script) throws IOException {
    this(InetAddress.getByName("127.0.0.1"), script);
  }

  RawServer(InetAddress address, Script script) throws IOException {
    this(new ServerSocket(0, 50, address), script);
  }

  /** On a listener of any kind, a TLS one for example. */
  RawServer(ServerSocket listener, Script script) {
    this.script = script;
    this.listener = listener;
    start(this::accept);
  }

  int port() {
    return listener.getLocalPort();
  }

  public String url(String pathAndQuery) {
    return "http://127.0.0.1:" + port() + pathAndQuery;
  }

  private void accept() {
    for (int i = 0; !listener.isClosed(); i++) {
      try {
        Socket socket = listener.accept();
        open.add(socket);
        int number = i;
        start(() -> serve(socket, number));
      } catch (IOException closed) {
        return;
      }
    }
  }

  private void serve(Socket socket, int number) {
    try (socket) {
      String request = readHead(new BufferedInputStream(socket.getInputStream()));
      requests.add(request);
      script.answer(number, request, new Exchange(socket, socket.getOutputStream()));
    } catch (IOException hungUp) {
      // Clients that refuse an answer hang up: expected here.
    } finally {
      open.remove(socket);
    }
  }

  private static String readHead(InputStream in) throws IOException {
    StringBuilder head = new StringBuilder();
    while (head.length() < 4 || !head.substring(head.length() - 4).equals("\r\n\r\n")) {
      int next = in.read();
      if (next < 0) {
        return head.toString();
      }
      head.append((char) next);
    }
    return head.toString();
  }

  private static void start(Runnable task) {
    Thread thread = new Thread(task, "raw-server");
    thread.setDaemon(true);
    thread.start();
  }

  @Override
  public void close() {
    try {
      listener.close();
      for (Socket socket : open) {
        socket.close();
      }
    } catch (IOException broken) {
      throw new UncheckedIOException(broken);
    }
  }
}
