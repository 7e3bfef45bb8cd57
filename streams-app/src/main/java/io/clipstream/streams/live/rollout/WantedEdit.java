package io.clipstream.streams.live.rollout;

/**
 * The wanted state that follows from another one, in the making: all as before but for the reason.
 */
final class WantedEdit {
  private final Wanted from;
  private long rollout;
  private String active;
  private long activeBy;
  private String settled;
  private long settledBy;
  private String canary;
  private double share;
  private long canaryBy;
  private String shadow;
  private long shadowBy;
  String previous;
  boolean urgent;
  boolean stopped;
  boolean pinned;
  String reason;

  WantedEdit(Wanted from) {
    this.from = from;
    rollout = from.rollout();
    active = from.active();
    activeBy = from.chosenBy().active();
    settled = from.settled();
    settledBy = from.chosenBy().settled();
    canary = from.canary();
    share = from.share();
    canaryBy = from.chosenBy().canary();
    shadow = from.shadow();
    shadowBy = from.chosenBy().shadow();
    previous = from.previous();
    urgent = from.urgent();
    stopped = from.stopped();
    pinned = from.pinned();
  }

  /** Other versions are wanted than before: what is chosen from here on, this rollout chose. */
  WantedEdit rollout() {
    rollout = from.rollout() + 1;
    return this;
  }

  void activate(String version) {
    active = version;
    activeBy = rollout;
  }

  /** Every instance took the active version up. */
  void settle() {
    settled = active;
    settledBy = activeBy;
  }

  /** A version on trial, or another share for it, which is no other choice. */
  void trial(String version, double newShare) {
    canaryBy = version.equals(from.canary()) ? canaryBy : rollout;
    canary = version;
    share = newShare;
  }

  /**
   * @param version null: none
   */
  void shadow(String version) {
    shadow = version;
    shadowBy = rollout;
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
        reason,
        new ChosenBy(activeBy, settledBy, canaryBy, shadowBy));
  }
}
