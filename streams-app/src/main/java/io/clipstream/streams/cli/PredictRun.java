package io.clipstream.streams.cli;

import io.clipstream.model.FileProblem;
import io.clipstream.model.infer.DecodedVideo;
import io.clipstream.model.infer.Predictor;
import io.clipstream.model.infer.Predictor.Prediction;
import io.clipstream.schemas.RejectionReason;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Labels many videos: some threads bring and decode what the calling thread classifies and prints,
 * in the order of the arguments. One thread.
 */
final class PredictRun implements AutoCloseable {
  private final VideoInputs inputs;
  private final Predictor predictor;
  private final PredictionWriter writer;
  private final int jobs;
  private final ExecutorService decoders;

  /** A video on its way: decoded, or why it cannot be. */
  private record Coming(DecodedVideo decoded, String reason, String detail) {}

  private record Ahead(VideoInputs.Input input, Future<Coming> coming) {}

  /**
   * @param predictor made for as many decodes
   * @param jobs decodes at a time
   */
  PredictRun(VideoInputs inputs, Predictor predictor, PredictionWriter writer, int jobs) {
    this.inputs = inputs;
    this.predictor = predictor;
    this.writer = writer;
    this.jobs = jobs;
    this.decoders =
        Executors.newFixedThreadPool(
            jobs,
            work -> {
              Thread thread = new Thread(work, "decode");
              thread.setDaemon(true); // where printing fails, nobody waits for the rest
              return thread;
            });
  }

  /** Whether every video was labelled. */
  boolean run() throws InterruptedException {
    boolean all = true;
    Iterator<VideoInputs.Input> left = inputs.all().iterator();
    Deque<Ahead> ahead = new ArrayDeque<>();
    while (left.hasNext() || !ahead.isEmpty()) {
      while (left.hasNext() && ahead.size() <= jobs) {
        VideoInputs.Input input = left.next();
        ahead.add(new Ahead(input, decoders.submit(() -> decode(input))));
      }
      Ahead next = ahead.remove();
      all &= finish(next.input().name(), result(next.coming()));
    }
    return all;
  }

  private static Coming result(Future<Coming> coming) throws InterruptedException {
    try {
      return coming.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw new IllegalStateException(e.getCause());
    }
  }

  private Coming decode(VideoInputs.Input input) throws InterruptedException {
    VideoInputs.Opened opened = inputs.open(input);
    if (opened instanceof VideoInputs.Opened.Missing missing) {
      return new Coming(null, missing.reason(), missing.detail());
    }
    try (VideoInputs.Opened.Video video = (VideoInputs.Opened.Video) opened) {
      Path file = video.path();
      try {
        return new Coming(predictor.decode(file), "", "");
      } catch (UncheckedIOException e) {
        boolean denied = Files.exists(file) && !Files.isReadable(file);
        return new Coming(
            null,
            denied ? "ACCESS_DENIED" : "FETCH_FAILED",
            denied ? "it may not be read" : "it cannot be read: " + FileProblem.of(e.getCause()));
      }
    }
  }

  /** Whether the video was labelled. */
  private boolean finish(String name, Coming coming) {
    if (coming.decoded() == null) {
      writer.rejected(name, coming.reason(), coming.detail());
      return false;
    }
    Prediction prediction;
    try {
      prediction = predictor.classify(coming.decoded());
    } catch (IllegalStateException e) { // what the network gives for these pixels is no answer
      writer.rejected(name, RejectionReason.CLASSIFIER_FAILED.name(), e.getMessage());
      return false;
    }
    if (prediction instanceof Prediction.Rejected rejected) {
      writer.rejected(name, rejected.reason().name(), rejected.detail());
      return false;
    }
    writer.labelled(name, (Prediction.Labelled) prediction);
    return true;
  }

  @Override
  public void close() {
    decoders.shutdownNow();
  }
}
