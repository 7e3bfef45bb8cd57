package io.clipstream.streams.classify;

import io.clipstream.model.fetch.FetchResult.Unavailable;
import io.clipstream.streams.intake.Place;
import io.clipstream.streams.intake.WaitingRoom;
import io.clipstream.streams.intake.WaitingRoom.Verdict;

/**
 * One time that a {@link WaitingVideo} is at work. All threads.
 *
 * @param video whose turn it is
 * @param place that it holds until {@link #end}
 */
record Turn(WaitingVideo video, Place place, WaitingRoom room) {
  /** Its origin served it, or had nothing for it. */
  void answered() {
    room.answered(place);
  }

  Verdict judge(Unavailable failure) {
    return room.judge(place, failure);
  }

  /** In the turns before. */
  int attempts() {
    return room.attempts(place);
  }

  /** It waits for another turn. */
  void failed(Unavailable failure) {
    room.failed(place, failure);
    video.waitsAgain(place);
  }

  /** It waits for another turn, as others wait for this one. */
  void makeWay() {
    room.makeWay(place);
    video.waitsAgain(place);
  }

  /** Nobody works on it for now. */
  void end() {
    room.giveBack(place);
  }
}
