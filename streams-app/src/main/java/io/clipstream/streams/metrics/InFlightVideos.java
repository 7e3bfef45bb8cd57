package io.clipstream.streams.metrics;

import io.clipstream.streams.classify.VideoLabeller;
import io.clipstream.streams.classify.VideoRequest;
import io.clipstream.streams.classify.WatchingLabeller;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Knows the videos that a labeller was given and that have no outcome yet. All threads. */
public final class InFlightVideos extends WatchingLabeller<InFlightVideos.Video> {
  private final Set<Video> videos = ConcurrentHashMap.newKeySet();

  /** One of them; each is another. */
  static final class Video {
    private final long since = System.nanoTime();
    private volatile Submission submission = () -> {};
  }

  /**
   * @param labeller closed with this
   */
  public InFlightVideos(VideoLabeller labeller) {
    super(labeller);
  }

  @Override
  protected Video entered(VideoRequest request) {
    Video video = new Video();
    videos.add(video);
    return video;
  }

  @Override
  protected void submitted(Video video, Submission submission) {
    video.submission = submission;
  }

  @Override
  protected void left(Video video) {
    videos.remove(video);
  }

  public int count() {
    return videos.size();
  }

  /**
   * For how long the oldest of them has been here, without those that wait for what is out of
   * order; zero if there is none.
   */
  public Duration oldest() {
    long now = System.nanoTime();
    return Duration.ofNanos(
        videos.stream()
            .filter(video -> !video.submission.isHeldUp())
            .mapToLong(video -> Math.max(0, now - video.since))
            .max()
            .orElse(0));
  }
}
