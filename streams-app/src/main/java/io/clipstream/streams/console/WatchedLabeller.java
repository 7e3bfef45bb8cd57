package io.clipstream.streams.console;

import io.clipstream.streams.classify.VideoLabeller;
import io.clipstream.streams.classify.VideoRequest;
import io.clipstream.streams.classify.WatchingLabeller;

/** Tells {@link VideosAtWork} what a labeller is given and what has left it. All threads. */
final class WatchedLabeller extends WatchingLabeller<VideoRequest> {
  private final VideosAtWork videos;

  /**
   * @param labeller closed with this
   */
  WatchedLabeller(VideoLabeller labeller, VideosAtWork videos) {
    super(labeller);
    this.videos = videos;
  }

  @Override
  protected VideoRequest entered(VideoRequest request) {
    videos.add(request);
    return request;
  }

  @Override
  protected void left(VideoRequest request) {
    videos.remove(request);
  }
}
