package io.clipstream.streams.classify;

import io.clipstream.model.UserError;
import io.clipstream.streams.intake.WaitRules;

/**
 * How {@link LabelPipeline} works.
 *
 * @param decodeThreads local videos that are read at once, at least 1; remote ones are read by as
 *     many threads as {@link Fetcher#maxRemote} says
 * @param batch how clips become batches
 * @param clipsPerVideo most clips of one video that wait for a device at once, so that a long video
 *     does not fill the queue before short ones, at least 1
 * @param topLabels labels given for the whole video and for each segment, at least 1
 * @param waits how long and how many videos wait for what is out of order
 */
public record PipelineSettings(
    int decodeThreads, BatchPolicy batch, int clipsPerVideo, int topLabels, WaitRules waits) {

  /** With the defaults of waiting. */
  public PipelineSettings(int decodeThreads, BatchPolicy batch, int clipsPerVideo, int topLabels) {
    this(decodeThreads, batch, clipsPerVideo, topLabels, WaitRules.defaults());
  }

  public PipelineSettings {
    atLeastOne("decodeThreads", decodeThreads);
    atLeastOne("clipsPerVideo", clipsPerVideo);
    atLeastOne("topLabels", topLabels);
  }

  /** The same with more threads that read local videos. */
  public PipelineSettings withMoreDecodeThreads(int more) {
    return new PipelineSettings(decodeThreads + more, batch, clipsPerVideo, topLabels, waits);
  }

  private static void atLeastOne(String name, int value) {
    if (value < 1) {
      throw new UserError(name + " is " + value + ", expected at least 1");
    }
  }
}
