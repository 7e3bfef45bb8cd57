package io.clipstream.streams.intake;

/** What waits. Called by any thread, without a lock. */
public interface Guest {
  /**
   * It may be worked on now; whoever does, gives the place back in the end.
   *
   * @param place its own, for this time
   */
  void begin(Place place);

  /**
   * Others wait for its place, and its origin sent nothing yet: the work is to be stopped, and
   * {@link WaitingRoom#makeWay} to be called, unless something came after all.
   */
  void makeWay(Place place);

  /** It waited too long, and is gone. */
  void giveUp(GivenUp why);
}
