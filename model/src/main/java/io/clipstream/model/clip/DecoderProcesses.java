package io.clipstream.model.clip;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;

/**
 * Decodes files in processes of their own, so that a crash of native code, or memory that it takes
 * without end, costs the video and nothing else. Each process decodes one file at a time; there are
 * as many as files were ever decoded at once within a minute, each with some 100 MB of memory
 * beside its clips. They are started when they are needed, used again, and end when they were not
 * for a minute, or with this process, however it ends. All threads.
 */
public final class DecoderProcesses implements AutoCloseable {
  private static final long WATCH_MILLIS = 50;
  private static final Duration IDLE = Duration.ofMinutes(1);

  private final Set<DecoderProcess> all = ConcurrentHashMap.newKeySet();

  /** Those that have nothing to do, the one used last at the end; guarded by itself. */
  private final ArrayDeque<DecoderProcess> idle = new ArrayDeque<>();

  /** Lives while there are processes; guarded by {@link #idle}. */
  private Thread watcher;

  private volatile boolean closed;

  /**
   * As {@link VideoDecoder#decode}, in another process.
   *
   * @return {@link DecodeReason#CRASHED} if that process ended
   * @throws DecodeSystemException if no process can be started
   * @throws UncheckedIOException as {@link VideoDecoder#decode}
   */
  public DecodeResult decode(
      Path file,
      ClipSpec spec,
      Sampling sampling,
      DecodeLimits limits,
      Optional<TimeRange> range,
      ClipBuffers buffers,
      ClipSink sink)
      throws InterruptedException {
    DecodeRequest request = DecodeRequest.of(file, spec, sampling, range, limits);
    DecoderProcess process = take();
    try {
      return process.decode(request, buffers, sink);
    } finally {
      give(process);
    }
  }

  /** Process ids. Tests kill by them. */
  Set<Long> pids() {
    return all.stream().map(DecoderProcess::pid).collect(Collectors.toSet());
  }

  private DecoderProcess take() throws InterruptedException {
    synchronized (idle) {
      for (DecoderProcess next = idle.pollLast(); next != null; next = idle.pollLast()) {
        if (next.isAlive()) {
          return next;
        }
        remove(next);
      }
    }
    DecoderProcess process = null;
    boolean ready = false;
    try {
      process = new DecoderProcess();
      add(process);
      process.awaitReady();
      ready = true;
      return process;
    } catch (IOException e) {
      throw new DecodeSystemException("no process can be started to decode in", e);
    } finally {
      if (process != null && !ready) {
        remove(process);
      }
    }
  }

  private void give(DecoderProcess process) {
    synchronized (idle) {
      if (!closed && process.isAlive()) {
        idle.addLast(process);
        return;
      }
    }
    remove(process);
  }

  private void add(DecoderProcess process) {
    synchronized (idle) {
      all.add(process);
      if (watcher == null) {
        watcher = new Thread(this::watch, "decoder-processes");
        watcher.setDaemon(true);
        watcher.start();
      }
    }
  }

  private void remove(DecoderProcess process) {
    process.close();
    all.remove(process);
  }

  private void watch() {
    try {
      while (true) {
        Thread.sleep(WATCH_MILLIS);
        long now = System.nanoTime();
        all.forEach(process -> process.watch(now));
        synchronized (idle) {
          while (!idle.isEmpty() && idle.peekFirst().isIdleSince(now - IDLE.toNanos())) {
            remove(idle.pollFirst());
          }
          if (all.isEmpty()) {
            watcher = null;
            return;
          }
        }
      }
    } catch (InterruptedException end) {
      Thread.currentThread().interrupt();
    }
  }

  /** Ends them all; files that are decoded now are {@link DecodeReason#CRASHED}. */
  @Override
  public void close() {
    synchronized (idle) {
      closed = true;
      idle.clear();
    }
    all.forEach(this::remove);
  }
}
