package io.clipstream.trainer.data;

import io.clipstream.model.Progress;
import io.clipstream.model.Sha256;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * SHA-256 of the content of a list's videos, of a folder of frames that of all its pictures. A file
 * beside the run remembers them with size and time of change, so that only new and changed videos
 * are read. Immutable.
 */
public final class ContentDigests {
  private static final Pattern KNOWN = Pattern.compile("([0-9a-f]{64})\t(.+)");

  private final Map<Path, String> digests;
  private final Map<Path, Integer> shifts;

  /**
   * @param shifts of folders whose frame 0 is not their first picture, by how many numbers
   */
  private ContentDigests(Map<Path, String> digests, Map<Path, Integer> shifts) {
    this.digests = digests;
    this.shifts = shifts;
  }

  /**
   * Computes what is not remembered.
   *
   * @param memory file of earlier digests, rewritten
   * @param threads that read
   */
  public static ContentDigests of(
      List<ClipList.Entry> videos, Path memory, int threads, Progress progress)
      throws IOException, InterruptedException {
    Map<String, String> known = new HashMap<>();
    if (Files.exists(memory)) {
      String text = new String(Files.readAllBytes(memory), StandardCharsets.UTF_8);
      for (String line : text.lines().toList()) { // what is damaged is computed again
        Matcher remembered = KNOWN.matcher(line);
        if (remembered.matches()) {
          known.put(remembered.group(2), remembered.group(1));
        }
      }
    }
    Map<Path, String> stamps = new LinkedHashMap<>();
    Map<Path, Integer> shifts = new HashMap<>();
    Map<Path, ClipList.Entry> unknown = new LinkedHashMap<>();
    for (ClipList.Entry video : videos) {
      if (!stamps.containsKey(video.path())) {
        String stamp = stamp(video, shifts);
        stamps.put(video.path(), stamp);
        if (!known.containsKey(stamp)) {
          unknown.put(video.path(), video);
        }
      }
    }
    Map<Path, String> computed = compute(unknown, threads, progress);
    Map<Path, String> digests = new HashMap<>();
    StringBuilder lines = new StringBuilder();
    stamps.forEach(
        (path, stamp) -> {
          String digest = computed.getOrDefault(path, known.get(stamp));
          digests.put(path, digest);
          lines.append(digest).append('\t').append(stamp).append('\n');
        });
    WholeFile.write(memory, lines);
    return new ContentDigests(digests, shifts);
  }

  private static Map<Path, String> compute(
      Map<Path, ClipList.Entry> files, int threads, Progress progress)
      throws IOException, InterruptedException {
    Map<Path, String> digests = new HashMap<>();
    if (files.isEmpty()) {
      return digests;
    }
    progress.start("reading videos", files.size());
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    try {
      Map<Path, Future<String>> futures = new LinkedHashMap<>();
      files.forEach(
          (file, video) ->
              futures.put(
                  file,
                  pool.submit(
                      () -> {
                        String digest = digest(video);
                        progress.step();
                        return digest;
                      })));
      for (Map.Entry<Path, Future<String>> future : futures.entrySet()) {
        digests.put(future.getKey(), future.getValue().get());
      }
    } catch (ExecutionException e) {
      throw e.getCause() instanceof IOException io ? io : new IOException(e.getCause());
    } finally {
      pool.shutdownNow();
    }
    progress.end();
    return digests;
  }

  private static String digest(ClipList.Entry video) throws IOException {
    return video.series().isPresent()
        ? FrameFolder.list(video.path(), video.series().get()).digest()
        : Sha256.of(video.path());
  }

  private static String stamp(ClipList.Entry video, Map<Path, Integer> shifts) throws IOException {
    Path file = video.path();
    if (video.series().isPresent()) {
      FrameFolder folder = FrameFolder.list(file, video.series().get());
      if (folder.shift() > 0) {
        shifts.put(file, folder.shift());
      }
      return "frames\t" + folder.stamp() + "\t" + file;
    }
    return Files.size(file) + "\t" + Files.getLastModifiedTime(file) + "\t" + file;
  }

  /** The digest of one of the list's videos, 64 lower-case hex digits. */
  public String of(Path video) {
    return digests.get(video);
  }

  /**
   * What an entry shows: the digest of its video and, if it has one, the part, and of a folder of
   * frames the rate.
   */
  public String of(ClipList.Entry entry) {
    String part = entry.part().replace('#', '@');
    return video(entry)
        + part
        + entry.series().map(series -> "/" + series.framesPerSecond()).orElse("");
  }

  /**
   * The digest of an entry's video; of a folder of frames also where its numbers begin, if that
   * decides which of them the entry's are.
   */
  public String video(ClipList.Entry entry) {
    boolean counted = entry.frames().map(span -> span.first().isPresent()).orElse(false);
    Integer shift = counted ? shifts.get(entry.path()) : null;
    return of(entry.path()) + (shift == null ? "" : "-" + shift);
  }
}
