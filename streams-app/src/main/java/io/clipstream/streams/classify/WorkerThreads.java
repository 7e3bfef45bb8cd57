package io.clipstream.streams.classify;

import io.clipstream.model.infer.NetworkThread;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The threads of a generation's workers, one each, which loads the model and closes its classifier
 * in the end. All threads.
 */
final class WorkerThreads {
  private static final Logger log = LoggerFactory.getLogger(WorkerThreads.class);

  private final String name;
  private final List<GpuWorker> workers;
  private final Consumer<Throwable> broken;
  private final CompletableFuture<Void> ready = new CompletableFuture<>();
  private final CompletableFuture<Void> ended = new CompletableFuture<>();

  /** Guards what follows. Nothing is called while it is held. */
  private final Object lock = new Object();

  private final List<Thread> threads = new ArrayList<>();

  /** Workers that are not ready yet. */
  private int warming;

  /** Threads that have not ended. */
  private int running;

  private boolean started;
  private boolean stopped;

  /**
   * Starts nothing.
   *
   * @param name of the threads, which are numbered
   * @param broken takes what ended a worker after all were ready, on its thread
   */
  WorkerThreads(String name, List<GpuWorker> workers, Consumer<Throwable> broken) {
    this.name = name;
    this.workers = List.copyOf(workers);
    this.broken = broken;
  }

  /** Starts all of them; a second call does nothing more, nor does one after {@link #stop}. */
  void start() {
    synchronized (lock) {
      if (started || stopped) {
        return;
      }
      started = true;
      warming = workers.size();
      for (GpuWorker worker : workers) {
        Thread thread = new NetworkThread(() -> run(worker), name + "-" + (threads.size() + 1));
        thread.start();
        threads.add(thread);
        running++;
      }
    }
  }

  /** Completes when every worker is ready, or with what kept the first one from it. */
  CompletableFuture<Void> ready() {
    return ready;
  }

  /** Completes when every thread has ended, after {@link #stop}. */
  CompletableFuture<Void> ended() {
    return ended;
  }

  /**
   * Ends the threads, also those that load a model still. Once, after the workers' queue was
   * closed; also by one of the threads, which ends when it has done what it does.
   */
  void stop() {
    ready.completeExceptionally(new CancellationException(name + " was closed while it warmed"));
    boolean none;
    synchronized (lock) {
      stopped = true;
      for (Thread thread : threads) {
        if (thread != Thread.currentThread()) {
          thread.interrupt();
        }
      }
      none = running == 0;
    }
    if (none) {
      ended.complete(null);
    }
  }

  private void run(GpuWorker worker) {
    try {
      worker.run(this::warmed);
    } catch (InterruptedException end) {
      log.debug("{} ends", Thread.currentThread().getName());
    } catch (Throwable e) {
      failed(e);
    } finally {
      boolean last;
      synchronized (lock) {
        running--;
        last = stopped && running == 0;
      }
      if (last) {
        ended.complete(null);
      }
    }
  }

  private void warmed() {
    boolean all;
    synchronized (lock) {
      all = --warming == 0;
    }
    if (all) {
      ready.complete(null);
    }
  }

  /** A worker could not load the model, or cannot go on. */
  private void failed(Throwable error) {
    if (ready.completeExceptionally(error)) {
      return; // Who waits for them to be ready is told.
    }
    if (ready.isCompletedExceptionally()) {
      log.debug("{} failed on a further device, or after it was closed", name, error);
    } else {
      broken.accept(error);
    }
  }
}
