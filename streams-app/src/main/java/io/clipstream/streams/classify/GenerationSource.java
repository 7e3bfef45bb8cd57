package io.clipstream.streams.classify;

import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Says which generation labels a video. All threads; nobody waits here. */
public interface GenerationSource extends AutoCloseable {
  /** The generation that the video shall go to. */
  Answer acquire(VideoRequest request);

  /** For the pipeline that gives videos here: is told what becomes of them. */
  default PipelineObserver observer() {
    return PipelineObserver.NONE;
  }

  /** Ends every generation, once no video holds it any more. Later requests are answered so. */
  @Override
  void close();

  /** Where a video goes. */
  sealed interface Answer {
    /**
     * To this one, which was acquired for it and is released once when the video leaves.
     *
     * @param cutter of its clips: the generation's, or one like it
     * @param rollout that chose its version; 0: none did
     */
    record Acquired(Generation generation, Cutter cutter, long rollout) implements Answer {
      public Acquired(Generation generation, long rollout) {
        this(generation, generation.cutter(), rollout);
      }
    }

    /**
     * Nowhere: the model that its reference names is not served.
     *
     * @param served the ids of those that are
     */
    record Unknown(String model, List<String> served) implements Answer {}

    /**
     * Nowhere yet: its model is not loaded.
     *
     * @param ready completes when it is to be asked for anew, or with an exception whose message
     *     says why the video is rejected
     */
    record Later(CompletableFuture<Void> ready) implements Answer {}

    /** Nowhere: the end has come, and the video stays without an outcome. */
    record Closed() implements Answer {}
  }
}
