package io.clipstream.streams.tracing;

import io.clipstream.streams.classify.VideoLabeller;
import io.clipstream.streams.classify.VideoRequest;
import io.clipstream.streams.classify.WatchingLabeller;
import java.util.Optional;
import org.apache.kafka.common.header.Headers;

/** Has the videos of a labeller traced. All threads. */
final class TracedLabeller extends WatchingLabeller<TracedLabeller.Video> {
  private final TracedVideos videos;

  /** One that the labeller was given. */
  record Video(VideoRequest request, Optional<VideoTrace> trace) {}

  /**
   * @param labeller closed with this
   */
  TracedLabeller(VideoLabeller labeller, TracedVideos videos) {
    super(labeller);
    this.videos = videos;
  }

  @Override
  protected Video entered(VideoRequest request) {
    return new Video(request, videos.add(request));
  }

  @Override
  protected void leaving(Video video, Headers headers) {
    video.trace().ifPresent(trace -> trace.written(headers));
  }

  @Override
  protected void left(Video video) {
    videos.remove(video.request());
    video.trace().filter(trace -> !trace.hasOutcome()).ifPresent(VideoTrace::givenUp);
  }

  @Override
  protected void cancelled(Video video) {
    video.trace().ifPresent(VideoTrace::givenUp);
  }
}
