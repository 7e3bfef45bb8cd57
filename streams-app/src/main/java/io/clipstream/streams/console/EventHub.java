package io.clipstream.streams.console;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;

/** The pages that listen. All threads. */
final class EventHub {
  /** Pages at once. */
  static final int MOST_PAGES = 64;

  private final Set<EventClient> clients = ConcurrentHashMap.newKeySet();

  /** Free ones. A page has its own from its request on until it is gone. */
  private final Semaphore places = new Semaphore(MOST_PAGES);

  /** Takes a place for a page, if there is one. */
  boolean enter() {
    return places.tryAcquire();
  }

  void add(EventClient client) {
    clients.add(client);
  }

  /** One that has entered is gone. Once. */
  void leave(EventClient client) {
    clients.remove(client);
    places.release();
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
