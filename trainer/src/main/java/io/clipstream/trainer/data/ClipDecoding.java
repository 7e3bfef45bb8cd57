package io.clipstream.trainer.data;

import io.clipstream.model.Progress;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/** Decodes the videos that an index lacks, with several threads. Used once. */
final class ClipDecoding {
  private final ClipIndex index;
  private final Progress progress;
  private final Remarks remarks;
  private final ThreadLocal<ClipCutter> cutters;

  ClipDecoding(ClipIndex index, Kept kept, Progress progress) {
    this.index = index;
    this.progress = progress;
    this.remarks = new Remarks(progress);
    this.cutters = ThreadLocal.withInitial(() -> new ClipCutter(kept, remarks::add));
  }

  /** Decodes each content once; those that were done when it fails or is stopped are kept. */
  void run(List<ClipList.Entry> videos, ContentDigests digests, int threads)
      throws IOException, InterruptedException {
    Map<String, ClipList.Entry> missing = new LinkedHashMap<>();
    for (ClipList.Entry video : videos) {
      String content = digests.of(video);
      if (index.get(content) == null) {
        missing.putIfAbsent(content, video);
      }
    }
    if (missing.isEmpty()) {
      return;
    }
    progress.start("decoding", missing.size());
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    List<Future<?>> all = new ArrayList<>();
    try {
      missing.forEach(
          (content, video) ->
              all.add(
                  pool.submit(
                      () -> {
                        decode(content, video);
                        return null;
                      })));
      for (Future<?> one : all) {
        one.get();
      }
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException io) {
        throw io;
      }
      if (e.getCause() instanceof UncheckedIOException file) { // that went, or may not be read
        throw file.getCause();
      }
      throw new IllegalStateException("decoding failed", e.getCause());
    } finally {
      // Not interrupted, which would close the file under the other threads: each ends its video.
      all.forEach(one -> one.cancel(false));
      pool.shutdown();
      pool.awaitTermination(1, TimeUnit.HOURS);
      index.flush();
    }
    progress.end();
    remarks.end("");
  }

  private void decode(String content, ClipList.Entry video)
      throws IOException, InterruptedException {
    Optional<String> reason =
        cutters
            .get()
            .cut(
                video,
                (pixels, frames, width, height) ->
                    index.store(content, pixels, frames, width, height));
    if (reason.isPresent()) {
      index.reject(content, reason.get());
    }
    progress.step();
  }
}
