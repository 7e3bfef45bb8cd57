package io.clipstream.streams.console;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.IteratingCallback;

/**
 * A page that listens: what it is sent is written one after the other, without a thread that waits.
 * One that reads too slowly is cut off, and may come again. All threads.
 */
final class EventClient extends IteratingCallback {
  private static final int MOST_BYTES = 8 << 20;

  private final Response response;
  private final Callback end;
  private final Runnable gone;
  private final Deque<byte[]> queue = new ArrayDeque<>();
  private long queuedBytes;
  private boolean ending;

  /**
   * @param end told when the response is over
   * @param gone called once it is, whatever the reason
   */
  EventClient(Response response, Callback end, Runnable gone) {
    this.response = response;
    this.end = end;
    this.gone = gone;
  }

  /**
   * @param event as it is written
   */
  void send(byte[] event) {
    synchronized (this) {
      if (ending) {
        return;
      }
      // One alone is taken however long it is: who has nothing else to read is not slow.
      ending = !queue.isEmpty() && queuedBytes + event.length > MOST_BYTES;
      queue.addLast(event);
      queuedBytes += event.length;
      if (ending) {
        queue.clear();
      }
    }
    iterate();
  }

  /** Ends it after what was sent. */
  void end() {
    synchronized (this) {
      ending = true;
    }
    iterate();
  }

  @Override
  protected Action process() {
    byte[] next;
    synchronized (this) {
      next = queue.pollFirst();
      if (next == null) {
        return ending ? Action.SUCCEEDED : Action.IDLE;
      }
      queuedBytes -= next.length;
    }
    response.write(false, ByteBuffer.wrap(next), this);
    return Action.SCHEDULED;
  }

  @Override
  protected void onCompleteSuccess() {
    gone.run();
    end.succeeded();
  }

  @Override
  protected void onCompleteFailure(Throwable cause) {
    gone.run();
    end.failed(cause);
  }
}
