package io.clipstream.streams.topology;

import io.clipstream.model.UserError;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Counts, for all tasks of an instance, the processes that died while a video was in work, so that
 * no video ends one process after the other for ever.
 *
 * <p><b>What is written.</b> A pending reference may carry a mark: the deaths that were counted up
 * to now, and the process that works on it. A process that finds the mark of another one in {@link
 * PendingVideos} when a task comes to it counts one more death. The mark is committed before the
 * video's content is touched ({@link Attempt#begin}), so what a dead process's aborted transaction
 * takes back is never a mark whose video had been begun.
 *
 * <p><b>Which are marked.</b> Those that were pending when the task came here, as one of them may
 * have ended the process before; and the first {@link TaskAttempts#CAREFUL} references that a task
 * takes after that. These are for what kills so fast that its first owner had not even committed
 * that it is pending: every new owner meets it at the same offset, soon. All others begin without a
 * mark, at once: steady work costs no write and no time. A mark costs one more write of the
 * reference and the wait for a commit, which is asked for at once.
 *
 * <p><b>Suspects.</b> A video that a process died with is tried alone from then on: begun when
 * nothing else is in work in its instance, which begins nothing else until a commit says that it is
 * over: a process that died of the next one would be one more death of the innocent. One with
 * {@code maxDeaths} deaths is not tried any more, but rejected. As marks are made within a turn to
 * decode, few videos are blamed for one death.
 *
 * <p><b>What is no death.</b> An instance that ends, a task that is revoked by a rebalance, and a
 * pipeline that reports a broken device or model take their marks back before they let go of a
 * task; a stream thread that failed and was replaced finds marks of its own process. What cannot be
 * told from a death counts as one: SIGKILL, a host that lost power, a process that was frozen for
 * so long that its tasks were given away. That is why one death, or one alone, rejects nothing.
 *
 * <p>All threads.
 */
public final class Attempts {
  private final UUID process = UUID.randomUUID();
  private final Commits commits = new Commits();
  private final InWork inWork = new InWork();
  private final int maxDeaths;

  /** Of the tasks that are here, by partition. */
  private final Map<Integer, TaskAttempts> tasks = new ConcurrentHashMap<>();

  private volatile boolean ending;

  /**
   * @param maxDeaths of processes with a video in work after which it is rejected, at least 2, so
   *     that it was alone at the last one; 0: nothing is counted
   */
  public Attempts(int maxDeaths) {
    if (maxDeaths < 0 || maxDeaths == 1) {
      throw new UserError("maxDeaths is " + maxDeaths + ", expected 0, or at least 2");
    }
    this.maxDeaths = maxDeaths;
  }

  /**
   * Before an end in good order, after the work: every task takes its marks back.
   *
   * @return false if that takes longer than {@code limit}
   */
  public synchronized boolean takeBack(Duration limit) throws InterruptedException {
    ending = true;
    long end = System.nanoTime() + limit.toNanos();
    while (tasks.values().stream().anyMatch(TaskAttempts::hasMarks)) {
      long millis = (end - System.nanoTime()) / 1_000_000;
      if (millis <= 0) {
        return false;
      }
      wait(millis);
    }
    return true;
  }

  /** A rebalance takes a task away; what its thread writes now is still committed. */
  void revoked(int partition) {
    TaskAttempts task = tasks.get(partition);
    if (task != null) {
      task.takeBack();
    }
  }

  void add(int partition, TaskAttempts task) {
    tasks.put(partition, task);
  }

  void remove(int partition, TaskAttempts task) {
    tasks.remove(partition, task);
    tookBack();
  }

  /** A task has no marks any more. */
  synchronized void tookBack() {
    notifyAll();
  }

  /**
   * A pending reference that processes died with.
   *
   * @param partition of the input
   * @param offset there
   * @param deaths as far as is known, at least 1
   */
  public record Suspect(int partition, long offset, int deaths) {}

  /** Those of this instance, in no order. */
  public List<Suspect> suspects() {
    List<Suspect> all = new ArrayList<>();
    tasks.forEach(
        (partition, task) ->
            task.suspects()
                .forEach((offset, deaths) -> all.add(new Suspect(partition, offset, deaths))));
    return all;
  }

  boolean isEnding() {
    return ending;
  }

  UUID process() {
    return process;
  }

  Commits commits() {
    return commits;
  }

  InWork inWork() {
    return inWork;
  }

  int maxDeaths() {
    return maxDeaths;
  }
}
