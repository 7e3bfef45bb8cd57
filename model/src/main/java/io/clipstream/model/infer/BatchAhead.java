package io.clipstream.model.infer;

import ai.djl.ndarray.NDArray;
import io.clipstream.model.clip.Clip;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/**
 * A batch that is prepared before the call that brings it: copied by other threads, and perhaps
 * begun. What fails is for that call. One thread, the classifier's.
 */
final class BatchAhead implements AutoCloseable {
  static final BatchAhead NONE = new BatchAhead(List.of(), CompletableFuture.completedFuture(null));

  private final List<Clip> clips;
  private final CompletableFuture<NDArray> input;
  private TorchNetwork.Run begun;
  private RuntimeException failure;

  /**
   * @param input on its way to the device
   */
  BatchAhead(List<Clip> clips, CompletableFuture<NDArray> input) {
    this.clips = clips;
    this.input = input;
  }

  List<Clip> clips() {
    return clips;
  }

  /** Gives it to the device, behind what that is at work on. */
  void begin(TorchNetwork network) {
    try {
      begun = network.begin(input.join());
    } catch (CompletionException e) {
      failure = e.getCause() instanceof RuntimeException cause ? cause : e;
    } catch (RuntimeException e) {
      failure = e;
    }
  }

  /** Waits until its pixels are on the device, or could not be copied. */
  void awaitCopy() {
    input.handle((array, error) -> array).join();
  }

  /** The batch at work; closed with this. */
  TorchNetwork.Run run(TorchNetwork network) {
    if (begun == null && failure == null) {
      begin(network);
    }
    if (failure != null) {
      throw failure;
    }
    return begun;
  }

  /** Its copy is done, and its result will not be read any more. */
  @Override
  public void close() {
    awaitCopy();
    if (begun != null) {
      begun.close();
    }
  }
}
