package io.clipstream.streams.classify;

import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A queue of several flows that take turns, so that a long one keeps no other waiting; first come,
 * first served within each. All threads.
 *
 * @param <T> what waits
 */
final class FairQueue<T> {
  /** Those that are not empty, the one whose turn it is first. */
  private final Map<Integer, ArrayDeque<T>> flows = new LinkedHashMap<>();

  synchronized void add(int flow, T item) {
    flows.computeIfAbsent(flow, first -> new ArrayDeque<>()).add(item);
    notifyAll();
  }

  /** The next one; waits for it. */
  synchronized T take() throws InterruptedException {
    while (flows.isEmpty()) {
      wait();
    }
    return poll();
  }

  /** The next one, or null. */
  synchronized T poll() {
    Iterator<Map.Entry<Integer, ArrayDeque<T>>> turns = flows.entrySet().iterator();
    if (!turns.hasNext()) {
      return null;
    }
    Map.Entry<Integer, ArrayDeque<T>> turn = turns.next();
    int flow = turn.getKey();
    ArrayDeque<T> items = turn.getValue();
    turns.remove();
    T item = items.remove();
    if (!items.isEmpty()) {
      flows.put(flow, items); // Behind the others.
    }
    return item;
  }

  /** Whether it was there, and is not any more. */
  synchronized boolean remove(int flow, T item) {
    ArrayDeque<T> items = flows.get(flow);
    boolean removed = items != null && items.remove(item);
    if (removed && items.isEmpty()) {
      flows.remove(flow);
    }
    return removed;
  }

  synchronized int size() {
    return flows.values().stream().mapToInt(ArrayDeque::size).sum();
  }

  synchronized boolean isEmpty() {
    return flows.isEmpty();
  }
}
