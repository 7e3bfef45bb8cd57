package io.clipstream.streams.live.rollout;

/**
 * The wanted state that follows from another one, in the making: all as before but for the reason.
 */
final class WantedEdit {
  private final Wanted from;
  private long rollout;
  String active;
  String settled;
  String previous;
  boolean urgent;
  boolean stopped;
  boolean pinned;
  String canary;
  double share;
  String shadow;
  String reason;

  WantedEdit(Wanted from) {
    this.from = from;
    rollout = from.rollout();
    active = from.active();
    settled = from.settled();
    previous = from.previous();
    urgent = from.urgent();
    stopped = from.stopped();
    pinned = from.pinned();
    canary = from.canary();
    share = from.share();
    shadow = from.shadow();
  }

  /** Other versions are wanted than before. */
  WantedEdit rollout() {
    rollout = from.rollout() + 1;
    return this;
  }

  /** The version is on trial no longer. */
  void forget(String version) {
    if (version != null && version.equals(canary)) {
      canary = null;
      share = 0;
    }
    if (version != null && version.equals(shadow)) {
      shadow = null;
    }
  }

  Wanted done() {
    return new Wanted(
        from.model(),
        from.revision() + 1,
        rollout,
        active,
        settled,
        previous,
        urgent,
        stopped,
        pinned,
        canary,
        share,
        shadow,
        reason);
  }
}
