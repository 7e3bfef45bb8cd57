package io.clipstream.streams.live.rollout;

/**
 * What an instance's rollout wants done, in the order given. Of {@link Prepare} and {@link Load}
 * one is under way at a time, and each ends in exactly one input: {@link Input.Prepared}, {@link
 * Input.Loaded} or {@link Input.StepFailed}.
 */
public sealed interface Output {
  /**
   * Write this to {@code models.status}. Where a {@link Load} follows, the broker must have
   * acknowledged the record before it begins: a version that kills the process is found by it.
   */
  record Publish(Report report) implements Output {}

  /** Write the answer to {@code models.rollouts}, again and again until it is in or void. */
  record Reply(Answer answer) implements Output {}

  /** Write this to {@code models.rollouts} if nothing of the model is there. */
  record Restore(Wanted wanted) implements Output {}

  /** Delete the record of an instance that has been silent for long. */
  record Forget(String instance) implements Output {}

  /** Download and verify the version. */
  record Prepare(String version) implements Output {}

  /**
   * Load, warm and prove it; without room for two, after the version that serves has been let go.
   */
  record Load(String version) implements Output {}

  /** What is under way is not wanted any more: let it fail soon. */
  record Abandon() implements Output {}

  /** From the next video on these versions label; all of them are loaded. */
  record Use(Roles roles) implements Output {}

  /** The watch over a new version begins. */
  record StartSoak(String version) implements Output {}

  /** Close the version once its last video has left. */
  record Drop(String version) implements Output {}
}
