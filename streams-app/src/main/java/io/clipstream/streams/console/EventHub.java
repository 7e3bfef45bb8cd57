package io.clipstream.streams.console;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The pages that listen. All threads. */
final class EventHub {
  /** Pages at once. */
  static final int MOST_PAGES = 64;

  private final Set<EventClient> clients = ConcurrentHashMap.newKeySet();

  boolean isFull() {
    return clients.size() >= MOST_PAGES;
  }

  void add(EventClient client) {
    clients.add(client);
  }

  void remove(EventClient client) {
    clients.remove(client);
  }

  boolean hasNone() {
    return clients.isEmpty();
  }

  void send(byte[] event) {
    clients.forEach(client -> client.send(event));
  }

  void end() {
    clients.forEach(EventClient::end);
  }

  /**
   * An event of {@code text/event-stream}.
   *
   * @param data written as JSON, which has no line breaks
   */
  static byte[] event(String name, Object data) {
    ByteArrayOutputStream event = new ByteArrayOutputStream();
    event.writeBytes(("event: " + name + "\ndata: ").getBytes(StandardCharsets.UTF_8));
    event.writeBytes(Json.bytes(data));
    event.writeBytes("\n\n".getBytes(StandardCharsets.UTF_8));
    return event.toByteArray();
  }
}
