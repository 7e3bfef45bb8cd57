package io.clipstream.model.clip;

import java.util.ArrayDeque;

/**
 * A number of bytes of which callers take shares and wait for them, first come first served: who
 * wants much is not passed by those who want little. All threads.
 */
final class ByteSemaphore {
  private final ArrayDeque<Object> waiting = new ArrayDeque<>();
  private long available;

  ByteSemaphore(long bytes) {
    this.available = bytes;
  }

  synchronized void acquire(long bytes) throws InterruptedException {
    if (!waiting.isEmpty() || bytes > available) {
      awaitTurn(bytes);
    }
    available -= bytes;
  }

  private void awaitTurn(long bytes) throws InterruptedException {
    Object ticket = new Object();
    waiting.add(ticket);
    try {
      while (waiting.peek() != ticket || bytes > available) {
        wait();
      }
    } finally {
      waiting.remove(ticket);
      notifyAll(); // The next in line may find enough.
    }
  }

  synchronized void release(long bytes) {
    available += bytes;
    if (!waiting.isEmpty()) {
      notifyAll();
    }
  }

  synchronized long available() {
    return available;
  }
}
