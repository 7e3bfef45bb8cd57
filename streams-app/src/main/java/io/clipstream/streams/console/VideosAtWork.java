package io.clipstream.streams.console;

import io.clipstream.model.fetch.UriLabel;
import io.clipstream.streams.classify.PipelineObserver;
import io.clipstream.streams.classify.ServedModel;
import io.clipstream.streams.classify.VideoRequest;
import io.clipstream.streams.outcome.Outcome;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What this instance has taken and not finished: what each video waits for, and since when. Told by
 * {@link WatchedLabeller} what comes and goes, and by the pipeline how far it is. All threads.
 */
final class VideosAtWork implements PipelineObserver {
  /** The oldest that are shown one by one. */
  private static final int SHOWN = 8;

  /** More than these are counted and not sorted. */
  private static final int SORTED = 20_000;

  /** How far a video is. */
  enum Stage {
    /** Waits for a thread that fetches it, or is fetched. */
    FETCH,
    /** Waits for a turn to be decoded, or is decoded. */
    DECODE,
    /** All of its clips are cut; they wait for a device or are on it. */
    DEVICE
  }

  private static final class Video {
    private final VideoRequest request;
    private final long since = System.nanoTime();
    private Stage stage = Stage.FETCH;

    Video(VideoRequest request) {
      this.request = request;
    }
  }

  private final IdentityHashMap<VideoRequest, Video> videos = new IdentityHashMap<>();

  /** Clips that wait for a device, by the model's name and version; none of those without. */
  private final Map<String, Integer> queuedClips = new HashMap<>();

  synchronized void add(VideoRequest request) {
    videos.put(request, new Video(request));
  }

  synchronized void remove(VideoRequest request) {
    videos.remove(request);
  }

  private synchronized void at(VideoRequest request, Stage stage) {
    Video video = videos.get(request);
    if (video != null) { // Else it is labelled on the side, by a shadow version.
      video.stage = stage;
    }
  }

  @Override
  public void fetched(VideoRequest request, long bytes, long nanos) {
    at(request, Stage.DECODE);
  }

  @Override
  public void decoded(
      VideoRequest request, ServedModel model, int clips, long nanos, boolean complete) {
    at(request, Stage.DEVICE);
  }

  @Override
  public synchronized void queued(ServedModel model, int depth) {
    queuedClips.put(model.manifest().id(), depth);
  }

  @Override
  public synchronized void batch(
      ServedModel model, String device, int size, int capacity, long waitNanos, long passNanos) {
    queuedClips.computeIfPresent(
        model.manifest().id(), (id, clips) -> clips > size ? clips - size : null);
  }

  @Override
  public void outcome(
      VideoRequest request, Optional<ServedModel> model, Outcome outcome, long nanos) {
    remove(request);
  }

  synchronized Map<String, Object> page() {
    long now = System.nanoTime();
    Map<String, Integer> stages = new LinkedHashMap<>();
    for (Stage stage : Stage.values()) {
      stages.put(stage.name(), 0);
    }
    videos.values().forEach(video -> stages.merge(video.stage.name(), 1, Integer::sum));
    Map<String, Object> page = new LinkedHashMap<>();
    page.put("stages", stages);
    page.put("queuedClips", queuedClips.values().stream().mapToInt(clips -> clips).sum());
    page.put("oldest", oldest(now));
    return page;
  }

  private List<Map<String, Object>> oldest(long now) {
    if (videos.size() > SORTED) {
      return List.of();
    }
    List<Video> all = new ArrayList<>(videos.values());
    all.sort(Comparator.comparingLong(video -> video.since - now));
    return all.stream()
        .limit(SHOWN)
        .map(
            video -> {
              Map<String, Object> page = new LinkedHashMap<>();
              page.put("id", Shown.text(video.request.reference().getId()));
              page.put("uri", Shown.text(UriLabel.of(video.request.reference().getUri())));
              page.put("stage", video.stage.name());
              page.put("millis", (now - video.since) / 1_000_000);
              return page;
            })
        .toList();
  }
}
